"""Runs the measures of one instance beside its cut, each in a thread of its own: read, keep, apply, read again."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime

from quarantag.case import Kept
from quarantag.errors import LedgerUnavailable, QuarantagError, Retryable, Terminal
from quarantag.execution import fault_of, side_by_side
from quarantag.instance import Observation
from quarantag.measures import Measure, MeasureStep, Subject, Supported, Todo, When
from quarantag.ports import Ports
from quarantag.record import Record
from quarantag.settings import Settings

_PAUSES = (0.5, 1.0, 2.0, 4.0)  # seconds between passes; EC2 and IAM show a change within seconds, as a rule


@dataclass(slots=True)
class Supporting:
    """The measures of one run, in either direction."""

    record: Record
    ports: Ports
    settings: Settings
    _calls: list[Future[Supported]] = field(default_factory=list)
    _begun: set[When] = field(default_factory=set)

    @property
    def wanted(self) -> tuple[Measure[object], ...]:
        """Those that the stack's parameters ask for."""
        return tuple(one for one in self.ports.measures if one.wanted(self.settings))

    def begin(self, observation: Observation, when: When) -> None:
        """Begin those of this moment, once, and return: only where a case is open, since it keeps what was found."""
        case = self.record.open_case
        if when in self._begun or case is None or self.record.fault:
            return
        self._begun.add(when)
        measures = [measure for measure in self.wanted if measure.when == when]
        if not measures:
            return
        pool = side_by_side()
        for measure in measures:
            self._calls.append(pool.submit(self._take, measure, observation))

    def end(self) -> tuple[Supported, ...]:
        """Wait for all that was begun. Raises what no measure should raise."""
        calls, self._calls = self._calls, []
        return tuple(call.result() for call in calls)

    def give_back(self, observation: Observation, *, ended: bool = False) -> tuple[Supported, ...]:
        """Give back what the case's measures kept; of an instance that `ended` only what outlives it."""
        case = self.record.open_case
        kept = case.kept if case else {}
        measures = [one for one in self.ports.measures if one.name in kept and (one.outlives or not ended)]
        with side_by_side() as pool:
            calls = [pool.submit(self._give, measure, kept[measure.name], observation) for measure in measures]
        return tuple(call.result() for call in calls)

    def outliving(self) -> tuple[str, ...]:
        """Names of the open case's measures that stay when the instance is gone."""
        kept = self.record.open_case.kept if self.record.open_case else {}
        return tuple(one.name for one in self.ports.measures if one.outlives and one.name in kept)

    def _take(self, measure: Measure[object], observation: Observation) -> Supported:
        case = self.record.open_case
        taken = case is not None and case.status == "Isolated" and measure.name in case.taken

        def left(seen: object, subject: Subject) -> Todo:
            kept = subject.case.kept.get(measure.name)
            if kept is None:
                kept = self._kept(measure, seen, subject)
            return Todo() if kept is None else measure.plan(seen, kept, subject)

        ended = self._converge(measure, observation, left)
        return ended if taken else replace(ended, repaired=())

    def _give(self, measure: Measure[object], kept: Kept, observation: Observation) -> Supported:
        return self._converge(measure, observation, lambda seen, subject: measure.plan_release(seen, kept, subject))

    def _kept(self, measure: Measure[object], seen: object, subject: Subject) -> Kept | None:
        """Write what was found, before anything is changed; what was written before counts."""
        found = measure.keep(seen, subject)
        return None if found is None else self.record.keep_measure(measure.name, found)

    def _converge(
        self, measure: Measure[object], observation: Observation, plan: Callable[[object, Subject], Todo]
    ) -> Supported:
        """Apply and read again until nothing is left, or nothing that this run can do."""
        failed: dict[MeasureStep, str] = {}
        repaired: list[str] = []
        began = self.ports.clock.now()
        try:
            for pause in (*_PAUSES, None):
                subject = self._subject(observation, failed, began)
                todo = plan(measure.observe(subject), subject)
                steps = [step for step in todo.steps if step not in failed]
                if not steps and not todo.pending:
                    return self._ended(measure, todo, failed, repaired=tuple(repaired))
                repaired += [f"{type(step).__name__} was needed again for {step.target}" for step in steps]
                self._apply(measure, steps, failed)
                if pause is not None:
                    self.ports.clock.sleep(pause)
        except QuarantagError as fault:
            return self._interrupted(measure, fault)
        waiting = (*(f"{type(step).__name__} {step.target} is not verified yet" for step in steps), *todo.pending)
        return self._ended(measure, todo, failed, left=waiting, repaired=tuple(repaired))

    def _ended(
        self, measure: Measure[object], todo: Todo, failed: Mapping[MeasureStep, str], **more: tuple[str, ...]
    ) -> Supported:
        more |= {"refused": tuple(failed.values()), "waiting": todo.waiting, "following": todo.following}
        return Supported(measure.name, todo.notes, detail=todo.detail, **more)

    def _interrupted(self, measure: Measure[object], fault: QuarantagError) -> Supported:
        self.record.note_beside([("measure-fault", {"measure": measure.name, "fault": _said(fault)})])
        if isinstance(fault, LedgerUnavailable):
            return Supported(measure.name, left=(f"waits for the ledger: {fault}",))
        passing = isinstance(fault, Retryable)
        return Supported(measure.name, left=(str(fault),) if passing else (), refused=() if passing else (str(fault),))

    def _apply(self, measure: Measure[object], steps: Sequence[MeasureStep], failed: dict[MeasureStep, str]) -> None:
        with side_by_side() as pool:
            calls = {step: pool.submit(step.apply, measure.port) for step in steps}
        ended = {step: fault_of(call) for step, call in calls.items()}
        failed |= {step: str(fault) for step, fault in ended.items() if isinstance(fault, Terminal)}
        notes = [
            ("step", {"step": type(step).__name__, "target": step.target, "result": _said(fault)})
            for step, fault in ended.items()
        ]
        if notes:
            self.record.note_beside(notes)

    def _subject(self, observation: Observation, failed: dict[MeasureStep, str], began: datetime) -> Subject:
        case = self.record.open_case
        if case is None:
            raise Retryable(f"{self.record.instance_id}: its case was closed meanwhile")
        return Subject(observation, case, self.settings, self.ports.clock.now(), dict(failed), began)


def _said(fault: QuarantagError | None) -> str:
    return f"{type(fault).__name__}: {fault}" if fault else "done"
