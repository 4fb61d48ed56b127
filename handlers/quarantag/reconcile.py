"""The tag makes the instance: observe, plan, record, apply, verify by observing and planning again, record."""

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace

from quarantag import announcements
from quarantag.case import CaseStatus
from quarantag.errors import Retryable, Terminal
from quarantag.execution import fault_of, side_by_side
from quarantag.instance import Instance, Observation
from quarantag.plan import Plan, plan
from quarantag.ports import Announcement, Instances, Ports, Quota
from quarantag.record import Record
from quarantag.report import Report
from quarantag.settings import Settings
from quarantag.steps import Step

_PAUSES = (0.2, 0.4, 0.8, 1.6, 3.2)  # seconds; EC2 is eventually consistent, as a rule within seconds
_PATIENCE = (0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0)  # seconds, before trying again what made no progress
_MOST_PASSES = 12
_AGREEING_READS = 2


@dataclass(frozen=True, slots=True)
class Request:
    """What asks for a reconcile: `wanted` is the control tag's value in the event ("" = removed), None in a sweep."""

    instance_id: str
    wanted: str | None
    holder: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a reconcile ended: `status` is a case status, or `Held`, `Observed`, `NotRequested`."""

    instance_id: str
    status: str
    reason: str
    case_id: str | None = None


def isolate(request: Request, ports: Ports, settings: Settings) -> Outcome:
    """Make the instance what its live tag says, as far as that takes away.

    Raises `Retryable` where the end is not reached yet (a stale read, a lease held elsewhere, the ledger unreachable
    after the cut), `Terminal` where not even reading works. Both leave nothing half-recorded: run it again.
    """
    record = Record(request.instance_id, request.holder, ports, settings)
    try:
        return _Isolation(request, ports, settings, record).run()
    finally:
        record.end()


def observe(instances: Instances, instance_id: str) -> Observation | None:
    """Read all there is of one instance, side by side; None where EC2 does not know it."""
    with side_by_side() as pool:
        instance = pool.submit(instances.instance, instance_id)
        interfaces = pool.submit(instances.interfaces, instance_id)
        associations = pool.submit(instances.profile_associations, instance_id)
        groups = pool.submit(instances.isolation_groups)
    found = instance.result()
    if found is None:
        return None
    return Observation(found, interfaces.result(), associations.result(), groups.result())


class _Isolation:
    """One run over one instance; `failed` are the steps that would fail the same if tried again."""

    def __init__(self, request: Request, ports: Ports, settings: Settings, record: Record) -> None:
        self.id = request.instance_id
        self.request = request
        self.ports = ports
        self.settings = settings
        self.record = record
        self.report = Report(record, ports, settings)
        self.failed: dict[Step, Terminal] = {}
        self.superseded = False

    def run(self) -> Outcome:
        observation = self._agreed(self._begin())
        if observation is None or observation.instance.ended:
            return self._ended()
        self.report.watch(observation.instance, self.request.wanted)
        if not self._requested(observation.instance):
            return self._outcome("NotRequested", f"the control tag reads {self._live(observation.instance)!r}")
        if self.settings.mode == "observe":
            would = announcements.would_do(plan(observation, self.record.open_case, self.settings))
            self.report.announce(announcements.observed(self.id, would, self.settings))
            return self._outcome("Observed", would)
        return self._contain(observation)

    def _begin(self) -> Observation | None:
        for pause in _PAUSES:
            with side_by_side() as pool:
                taken = pool.submit(self.record.take)
                observation = pool.submit(self._observe)
            if taken.result():
                contended = self.record.lease is not None and self.record.lease.contended
                return self._observe() if contended else observation.result()
            self.ports.clock.sleep(pause)
        raise Retryable(f"{self.id}: another function is working on it")

    def _agreed(self, observation: Observation | None) -> Observation | None:
        """Read again until the live tag says what the event says: EC2 may show an older state for a while."""
        for pause in _PAUSES:
            if observation and (observation.instance.ended or self._agrees(observation.instance)):
                return observation
            self.ports.clock.sleep(pause)
            observation = self._observe()
        if observation is None or observation.instance.ended:
            return observation
        live = self._live(observation.instance)
        raise Retryable(f"{self.id}: the event says {self.request.wanted!r} but the instance's tag reads {live!r}")

    def _observe(self) -> Observation | None:
        with side_by_side() as pool:
            self.record.flush_beside(pool)
            observation = observe(self.ports.instances, self.id)
        if observation:
            self.report.seen(observation.instance)
        return observation

    def _contain(self, observation: Observation) -> Outcome:
        todo = plan(observation, self.record.open_case, self.settings)
        if not self.record.open_case:
            full = self._open(observation, todo)
            if full:
                return self._held(full)
            todo = replace(plan(observation, self.record.open_case, self.settings), preparation=())
        return self._converge(todo)

    def _converge(self, todo: Plan) -> Outcome:
        """Apply, observe and plan again; done once two readings in a row leave nothing that can be done."""
        settled, before, patience = 0, Plan(), iter(_PATIENCE)
        for _ in range(_MOST_PASSES):
            left = self._left(todo)
            settled = settled + 1 if left.settled else 0
            if settled == _AGREEING_READS:
                return self._finish(todo)
            if left == before and not settled:
                self.ports.clock.sleep(next(patience, _PATIENCE[-1]))
            before = left
            if not settled and not self._apply(left):
                return self._outcome("NotRequested", "the control tag changed meanwhile")
            again = self._observe()
            if again is None or again.instance.ended:
                return self._ended()
            todo = plan(again, self.record.open_case, self.settings)
        waiting = ", ".join(todo.pending)
        raise Retryable(f"{self.id}: not verified yet; {announcements.would_do(todo)} {waiting}".rstrip())

    def _left(self, todo: Plan) -> Plan:
        waiting = [step for step in todo.steps if step.needs_ledger and self.record.fault]
        return todo.without([*self.failed, *waiting])

    def _open(self, observation: Observation, todo: Plan) -> Quota | None:
        """Write the state before; beside it goes what touches nothing of the instance."""
        with side_by_side() as pool:
            opening = pool.submit(self.record.open, observation)
            calls = {step: pool.submit(step.apply, self.ports.instances) for step in todo.preparation}
            live = pool.submit(self.ports.instances.instance, self.id)
        self._judge(calls)
        full = opening.result()
        self._reread(live)
        return full

    def _apply(self, todo: Plan) -> bool:
        """Run the stages; False where the control tag asks for something else by now."""
        changing = {step.target for step in todo.steps}
        self.record.keep([interface for interface in todo.unrecorded if interface.id in changing])
        for stage in (todo.preparation, *todo.stages):
            if self.superseded:
                return False
            with side_by_side() as pool:
                calls = {step: pool.submit(step.apply, self.ports.instances) for step in stage}
                shown = pool.submit(self.report.show, "Isolating", self._why)
                live = pool.submit(self.ports.instances.instance, self.id)
                self.record.flush_beside(pool)
            self._judge(calls)
            self._reread(live)
            shown.result()
        return not self.superseded

    def _reread(self, live: Future[Instance | None]) -> None:
        """Heed the tag as it is by now; a fault of this read stops nothing, the next observation reads it too."""
        instance = live.result() if fault_of(live) is None else None
        self.superseded = instance is not None and not self._requested(instance)

    def _judge(self, calls: Mapping[Step, Future[None]]) -> None:
        for step, call in calls.items():
            fault = fault_of(call)
            if isinstance(fault, Terminal):
                self.failed[step] = fault
            result = f"{type(fault).__name__}: {fault}" if fault else "done"
            self.record.note("step", step=type(step).__name__, target=step.target, result=result)

    def _finish(self, todo: Plan) -> Outcome:
        """Both readings agree that nothing is left that can be done."""
        notes = [f"{refusal.target}: {refusal.reason}" for refusal in todo.refusals if not refusal.critical]
        if self.record.fault:
            self.report.show("Isolating", "network cut, but the ledger is unreachable; tried again")
            raise self.record.fault
        if todo.contained:
            return self._conclude(
                "Isolated", "verified", announcements.isolated(self.id, self._why, notes, self.settings)
            )
        problems = [f"{step.target}: {fault}" for step, fault in self.failed.items()]
        problems += [f"{refusal.target}: {refusal.reason}" for refusal in todo.refusals if refusal.critical]
        message = announcements.failed(self.id, self._why, problems, self.settings)
        return self._conclude("Failed", "; ".join(problems), message)

    def _conclude(self, status: CaseStatus, reason: str, message: Announcement) -> Outcome:
        """Tell people and the instance's status tag; the case last, so that a crash before it tells again."""
        if self.record.case and self.record.case.status != status:
            self.report.announce(message)
        self.report.show(status, reason)
        self.record.move(status)
        return self._outcome(status, reason)

    def _ended(self) -> Outcome:
        self.record.move("Ended")
        return self._outcome("Ended", "the instance is terminated or EC2 does not know it")

    def _held(self, full: Quota) -> Outcome:
        reason = f"the stack's ceiling of {full.maximum} isolations an hour is reached"
        self.record.note("held", reason=reason)
        self.report.announce(announcements.held(self.id, reason, self.settings))
        self.report.show("Held", reason)
        return self._outcome("Held", reason)

    @property
    def _why(self) -> str:
        return self.record.case.reason if self.record.case else "ledger unreachable: the case is written later"

    def _outcome(self, status: str, reason: str) -> Outcome:
        return Outcome(self.id, status, reason, self.record.case.id if self.record.case else None)

    def _live(self, instance: Instance) -> str:
        return instance.tags.get(self.settings.tag_key, "")

    def _agrees(self, instance: Instance) -> bool:
        return self.request.wanted is None or self._live(instance) == self.request.wanted

    def _requested(self, instance: Instance) -> bool:
        live = self._live(instance)
        if live == self.settings.isolate_value:
            return True
        return self.record.open_case is not None and live != self.settings.release_value
