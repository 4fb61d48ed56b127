"""One run over one instance, whichever way it goes: observe, plan, record, apply, verify by planning again, record."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from concurrent.futures import Future

from quarantag import announcements
from quarantag.case import CLOSED, CaseStatus
from quarantag.errors import LedgerUnavailable, Retryable, Terminal
from quarantag.execution import fault_of, side_by_side
from quarantag.instance import Instance, Observation
from quarantag.messages import Announcement
from quarantag.observing import observe
from quarantag.outcome import Outcome, Request
from quarantag.plan import Plan, would_do
from quarantag.ports import Ports
from quarantag.record import Record
from quarantag.report import Report
from quarantag.settings import Settings
from quarantag.steps import Step

_PAUSES = (0.2, 0.4, 0.8, 1.6, 3.2)  # seconds; EC2 is eventually consistent, as a rule within seconds
_PATIENCE = (*_PAUSES, 5.0)  # seconds, before trying again what made no progress
_MOST_PASSES = 12
_AGREEING_READS = 2
_BETWEEN_AGREEING_READS = 0.3  # seconds, so that one stale view does not answer both


class Reconcile(ABC):
    """What both directions share; `failed` are the steps that would fail the same if tried again."""

    working: CaseStatus
    """What the status tag says meanwhile."""

    def __init__(self, request: Request, ports: Ports, settings: Settings, record: Record) -> None:
        self.id = request.instance_id
        self.request = request
        self.ports = ports
        self.settings = settings
        self.record = record
        self.report = Report(record, ports, settings)
        self.failed: dict[Step, Terminal] = {}
        self.superseded = False
        self.warning = ""
        self.beside: list[Callable[[], None]] = []  # work that the next steps do not wait for

    @property
    @abstractmethod
    def value(self) -> str:
        """The control tag's value that asks for this direction."""

    @abstractmethod
    def plan(self, observation: Observation) -> Plan:
        """Give what is left to do."""

    @abstractmethod
    def requested(self, instance: Instance) -> bool:
        """Whether the live tag and the case ask for this direction."""

    def begin(self) -> Observation | None:
        """Take the lease and read, side by side, until live tag and event agree. None: unknown to EC2.

        EC2 may show an older state for a while; meanwhile the lease is given back, for whom another event calls.
        """
        observation: Observation | None = None
        for pause in (*_PAUSES, None):
            with side_by_side() as pool:
                reading = pool.submit(self.observe)  # first: its answers are the long ones
                taken = pool.submit(self.record.take)
            if taken.result():
                contended = self.record.lease is not None and self.record.lease.contended
                observation = self._read_anew() if contended else reading.result()
                if observation and self._agrees(observation.instance, last=pause is None):
                    return observation
            if pause is None:
                break
            self.record.yield_lease()
            self.ports.clock.sleep(pause)
        if not taken.result():
            raise Retryable(f"{self.id}: another function is working on it")
        if observation is None:
            return None
        live = self.live(observation.instance)
        raise Retryable(f"{self.id}: the event says {self.request.wanted!r} but the instance's tag reads {live!r}")

    def _agrees(self, instance: Instance, *, last: bool) -> bool:
        """Whether event and live tag agree; in the end a tag that stably asks for this direction is enough."""
        agree = instance.ended or self.request.wanted in (None, self.live(instance))
        return agree or (last and self.live(instance) == self.value)

    def _read_anew(self) -> Observation | None:
        with side_by_side() as pool:
            reread = pool.submit(self.record.reread)
            observation = pool.submit(self.observe)
        reread.result()
        return observation.result()

    def observe(self) -> Observation | None:
        """Read everything, while what was done is written; no profile to record is as if there were no ledger."""
        with side_by_side() as pool:
            self.record.flush_beside(pool)
            observation = observe(self.ports.instances, self.id)
        if observation:
            self.report.seen(observation)
        if observation and observation.unread and not self.record.fault:
            self.record.fail(LedgerUnavailable(f"{self.id}: no case is written without it: {observation.unread}"))
        return observation

    def observe_again(self) -> Observation | None:
        """Read what was there a moment ago: one answer that EC2 does not know it is not believed."""
        for pause in _PAUSES:
            observation = self.observe()
            if observation:
                return observation
            self.ports.clock.sleep(pause)
        return self.observe()

    def converge(self, todo: Plan) -> Plan | Outcome:
        """Apply, observe and plan again, until two readings in a row leave nothing that can be done.

        Answers the last plan, or the outcome where the tag changed or the instance ended meanwhile.
        """
        settled, before, patience = 0, Plan(), iter(_PATIENCE)
        for _ in range(_MOST_PASSES):
            left = self._left(todo)
            settled = settled + 1 if left.settled else 0
            if settled == _AGREEING_READS:
                return todo
            if left == before and not settled:
                self.ports.clock.sleep(next(patience, _PATIENCE[-1]))
            before = left
            if not settled and not self._apply(left):
                return self.outcome("NotRequested", "the control tag changed meanwhile")
            if settled:
                self.ports.clock.sleep(_BETWEEN_AGREEING_READS)
            again = self.observe_again()
            if again is None or again.instance.ended:
                return self.ended()
            todo = self.plan(again)
        raise Retryable(" ".join((f"{self.id}: not verified yet;", would_do(todo), *todo.pending)))

    def conclude(self, status: CaseStatus, reason: str, message: Announcement) -> Outcome:
        """Tell people and the instance's status tag; the case last, so that a crash before it tells again."""
        with side_by_side() as pool:
            shown = pool.submit(self._show, status, reason)
            if self.record.case and self.record.case.status != status:
                self.report.conclude(status, reason, message)
        shown.result()
        self.record.move(status)
        return self.outcome(status, reason)

    def ended(self) -> Outcome:
        """Close the case of an instance that is gone."""
        case = self.record.open_case
        reason = "the instance is terminated or EC2 does not know it" + (case.left_at_end if case else "")
        if case:
            self.report.send("Ended", reason)
        self.record.move("Ended")
        return self.outcome("Ended", reason)

    def outcome(self, status: str, reason: str) -> Outcome:
        """Answer so, about this instance and its case."""
        return Outcome(self.id, status, reason, self.record.case_id, self.record.finding_id)

    def live(self, instance: Instance) -> str:
        """The control tag's value as it is, "" where there is none."""
        return instance.tags.get(self.settings.tag_key, "")

    @property
    def why(self) -> str:
        """Why the case was opened."""
        return self.record.case.reason if self.record.case else "ledger unreachable: the case is written later"

    @property
    def tampering(self) -> Announcement:
        """What people are told of the warning."""
        return announcements.tampering(self.id, self.warning, self.settings)

    def judge(self, calls: Mapping[Step, Future[None]]) -> frozenset[str]:
        """Note how each step ended and answer the targets of those that failed; for good: not again in this run."""
        faulty = set()
        for step, call in calls.items():
            fault = fault_of(call)
            if isinstance(fault, Terminal):
                self.failed[step] = fault
            if fault:
                faulty.add(step.target)
            result = f"{type(fault).__name__}: {fault}" if fault else "done"
            self.record.note("step", step=type(step).__name__, target=step.target, result=result)
        return frozenset(faulty)

    def heed(self, reading: Future[Instance | None]) -> None:
        """Heed the tag as it is by now; a fault of this read stops nothing, the next observation reads it too."""
        instance = reading.result() if fault_of(reading) is None else None
        self.superseded = instance is not None and not self.requested(instance)

    def _show(self, status: CaseStatus, reason: str) -> None:
        if self.warning:
            self.report.tell_once("tampering", status, self.warning, self.tampering)
        else:
            self.report.show(status, reason, last=status in CLOSED)

    def _left(self, todo: Plan) -> Plan:
        return todo.without([*self.failed, *(step for step in todo.steps if step.needs_ledger and self.record.fault)])

    def _apply(self, todo: Plan) -> bool:
        """Run the stages; False where the control tag asks for something else by now."""
        changing = {step.target for step in todo.steps}
        self.record.keep([interface for interface in todo.unrecorded if interface.id in changing])
        stages = [stage for stage in (todo.preparation, *todo.stages) if stage] or [()]
        faulty: frozenset[str] = frozenset()
        for stage in stages:  # one at least: the tag is read again also where there is only something to wait for
            if self.superseded:
                return False
            work, self.beside = (self.beside, []) if stage is stages[-1] else ([], self.beside)
            with side_by_side() as pool:
                steps = [step for step in stage if not step.relies_on & faulty]
                calls = {step: pool.submit(step.apply, self.ports.instances) for step in steps}
                shown = pool.submit(self.report.show, self.working, self.why)
                beside = [pool.submit(one) for one in work]
                reading = pool.submit(self.ports.instances.instance, self.id)
                self.record.flush_beside(pool)
            faulty |= self.judge(calls)
            self.heed(reading)
            for call in (shown, *beside):
                call.result()
        return not self.superseded
