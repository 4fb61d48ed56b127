"""The tag takes away: what `Isolate` asks for, until observing again leaves nothing critical to do."""

from datetime import timedelta

from quarantag import announcements, connections
from quarantag.aftermath import look_back
from quarantag.case import CaseStatus, RoleBefore, cut_without_case, state_before
from quarantag.errors import LedgerUnavailable, QuarantagError
from quarantag.execution import side_by_side
from quarantag.instance import Instance, Observation
from quarantag.measures import Supported
from quarantag.outcome import Outcome, Request
from quarantag.plan import Plan, plan, would_do
from quarantag.ports import Ports, Quota
from quarantag.reconcile import Reconcile
from quarantag.record import Record
from quarantag.settings import Settings
from quarantag.supporting import Supporting


def isolate(request: Request, ports: Ports, settings: Settings) -> Outcome:
    """Make the instance what its live tag says, as far as that takes away.

    Raises `Retryable` where the end is not reached yet (a stale read, a lease held elsewhere, the ledger unreachable
    after the cut), `Terminal` where not even reading works. Both leave nothing half-recorded: run it again.
    """
    record = Record(request.instance_id, request.holder, ports, settings)
    isolation = _Isolation(request, ports, settings, record)
    try:
        outcome = isolation.run()
        look_back(isolation.report, ports, settings)
        return outcome
    finally:
        isolation.supporting.end()
        record.end()


def instances_to_sweep(ports: Ports, settings: Settings) -> frozenset[str]:
    """Every instance tagged to be isolated, with an open case whose release nobody asks for, or cut without a case.

    The last were cut while the ledger was away, and their tag was changed before it was back.
    """
    tagged = frozenset(ports.instances.tagged(settings.isolate_value))
    try:
        contained = frozenset(ports.ledger.open_instances())
    except LedgerUnavailable:
        return tagged
    cut_without_case = frozenset(ports.instances.groups_kept()) - contained
    return tagged | (contained - frozenset(ports.instances.tagged(settings.release_value))) | cut_without_case


class _Isolation(Reconcile):
    working: CaseStatus = "Isolating"
    drifted: tuple[str, ...] = ()
    orphaned = False  # cut while the ledger was away, with no case that says so

    def __init__(self, request: Request, ports: Ports, settings: Settings, record: Record) -> None:
        super().__init__(request, ports, settings, record)
        self.supporting = Supporting(record, ports, settings)

    @property
    def value(self) -> str:
        return self.settings.isolate_value

    def run(self) -> Outcome:
        if self.request.wanted == self.settings.release_value:
            return self.outcome("NotRequested", "a release is asked for: that is the release function's work")
        observation = self.begin()
        if self.record.paused:
            return self.outcome("Paused", self.record.paused)
        gone = observation is None or observation.instance.ended
        if self.record.fault and (gone or (observation and not self.requested(observation.instance))):
            raise self.record.fault  # whether a case is open is not known: that must not end as if none were
        if observation is None or gone:
            return self.ended()
        self.orphaned = not self.record.fault and not self.record.open_case and self._cut_already(observation)
        self.warning = self.report.warning(observation.instance, contained=self.orphaned)
        to_adopt = self.orphaned and self.live(observation.instance) == self.settings.release_value
        if not to_adopt and not self.requested(observation.instance):
            if self.warning and self.request.wanted is not None:
                self.report.tell("tampering", self.warning, self.tampering)
            return self.outcome("NotRequested", f"the control tag reads {self.live(observation.instance)!r}")
        if self.settings.mode == "observe":
            measures = [measure.name for measure in self.supporting.wanted]
            would = would_do(self.plan(observation), measures)
            self.report.announce(announcements.observed(self.id, would, self.settings))
            return self.outcome("Observed", would)
        return self._adopt(observation) if to_adopt else self._contain(observation)

    def plan(self, observation: Observation) -> Plan:
        return plan(observation, self.record.open_case, self.settings)

    def requested(self, instance: Instance) -> bool:
        """A containment stands until it is released: removing the tag, or writing nonsense, never releases."""
        live = self.live(instance)
        if live == self.settings.isolate_value:
            return True
        contained = self.orphaned or self.record.open_case is not None
        return contained and live != self.settings.release_value

    def _cut_already(self, observation: Observation) -> bool:
        return cut_without_case(observation, self.settings)

    def _adopt(self, observation: Observation) -> Outcome:
        """Write the case that the release needs: it gives only what a case recorded, and may record none itself."""
        full = self.record.open(observation)
        if self.record.fault:
            raise self.record.fault
        if full:
            return self._held(full)
        self.record.empty_tags(observation)
        self.report.announce(announcements.recorded_late(self.id, self.settings))
        return self.outcome("Isolating", "cut while the ledger was away: its case is written, the release can begin")

    def _contain(self, observation: Observation) -> Outcome:
        todo = self.plan(observation)
        self._see_drift(todo)
        if not self.record.open_case:
            full = self._open(observation, todo)
            if full:
                return self._held(full)
            if todo.preparation:  # a new group's rules must be read before anything is put into it
                again = self.observe_again()
                if again is None or again.instance.ended:
                    return self.ended()
                observation = again
            todo = self.plan(observation)
        self.beside.append(lambda: self.supporting.begin(observation, "beside"))
        end = self.converge(todo)
        if isinstance(end, Outcome):
            return end
        for when in ("beside", "after"):
            self.supporting.begin(observation, when)
        return self._finish(end, self.supporting.end())

    def ended(self) -> Outcome:
        """Close the case of an instance that is gone, unless something of it stays that only a release gives back."""
        staying = self.supporting.outliving()
        if not staying:
            return super().ended()
        return self.outcome("Ended", f"the instance is gone; the release function clears up: {', '.join(staying)}")

    def _open(self, observation: Observation, todo: Plan) -> Quota | None:
        """Write the state before; beside it goes what touches nothing of the instance."""
        with side_by_side() as pool:
            opening = pool.submit(self.record.open, observation)
            reading = pool.submit(self.ports.instances.instance, self.id)
            calls = {step: pool.submit(step.apply, self.ports.instances) for step in todo.preparation}
            pool.submit(tuple, self.ports.measures)  # last: a cold function reads their modules while AWS answers
        self.judge(calls)
        full = opening.result()
        if self.orphaned:
            self.beside.append(lambda: self.record.empty_tags(observation))
        self.heed(reading)
        self.beside.append(lambda: self._record_role(observation))
        return full

    def _record_role(self, observation: Observation) -> None:
        """Record the role of the profile before; where IAM does not tell, a release can't tell it from a namesake's."""
        profile = state_before(observation, self.settings).profile
        try:
            found = self.ports.instances.profile(profile.arn) if profile else None
        except QuarantagError as fault:
            self.record.note("role-not-recorded", fault=str(fault))
            return
        if found and found.role_arn and found.role_id:
            self.record.add_role(RoleBefore(found.role_arn, found.role_id))

    def _see_drift(self, todo: Plan) -> None:
        """Note what undid part of a verified isolation, before it is repaired."""
        undone = [step for step in todo.steps if step.critical]
        if self.record.open_case and self.record.open_case.status == "Isolated" and undone:
            self.drifted = tuple(f"{type(step).__name__} was needed again for {step.target}" for step in undone)
            self.record.note("drift", seen=self.drifted)

    def _supported(self, supported: tuple[Supported, ...]) -> list[str]:
        """Note how the measures ended; answers what people must know of them."""
        again = tuple(text for one in supported for text in one.repaired)
        if again:
            self.record.note("drift", seen=again)
            self.drifted += again
        self._taken(supported)
        return [text for one in supported for text in one.said]

    def _taken(self, supported: tuple[Supported, ...]) -> None:
        """Record which measures are done; where one was not when the instance was, workflows are told again."""
        self.report.supported, case = supported, self.record.open_case
        new = [one for one in supported if one.done and case and one.name not in case.taken]
        for one in new:
            self.record.note("measure-taken", measure=one.name, notes=one.notes)
        if new and case and case.status == "Isolated":
            self.report.send("Isolated", f"done by now: {', '.join(one.name for one in new)}")
        self.record.set_taken(frozenset(one.name for one in supported if one.done))

    def _finish(self, todo: Plan, supported: tuple[Supported, ...]) -> Outcome:
        """Both readings agree that nothing is left that can be done."""
        if self.record.fault:
            self.report.show("Isolating", "network cut, but the ledger is unreachable; tried again")
            raise self.record.fault
        notes = self._supported(supported)
        if self.drifted:
            self.report.announce(announcements.drift(self.id, self.drifted, self.settings))
        if todo.contained:
            failed = (str(fault) for step, fault in self.failed.items() if not step.critical)
            notes = [*(f"{refusal.target}: {refusal.reason}" for refusal in todo.refusals), *failed, *notes]
            existing = self._existing_connections(supported)
            message = announcements.isolated(self.id, self.why, notes, existing, self.settings, self._took())
            return self.conclude("Isolated", "; ".join(["verified", *notes]), message)
        problems = [f"{step.target}: {fault}" for step, fault in self.failed.items()]
        problems += [f"{refusal.target}: {refusal.reason}" for refusal in todo.refusals if refusal.critical]
        message = announcements.failed(self.id, self.why, problems, self.settings)
        return self.conclude("Failed", "; ".join(problems), message)

    def _took(self) -> timedelta | None:
        """How long it took since the tag was written; a sweep knows only when a first isolation began."""
        case = self.record.case
        began = self.request.asked_at or (case.opened_at if case and not case.isolated_at else None)
        return max(self.ports.clock.now() - began, timedelta(0)) if began else None

    def _existing_connections(self, supported: tuple[Supported, ...]) -> str:
        """Say what is known of what was open; the interfaces are read again, since measures changed their addresses."""
        taken = {one.name for one in supported if one.done}
        noted = {one.name for one in supported if one.notes}
        if not connections.closing(taken, noted):
            return connections.UNKNOWN
        try:
            known = connections.existing(self.ports.instances.interfaces(self.id))
        except QuarantagError:
            known = connections.UNKNOWN
        self.record.note("existing-connections", known=known)
        return known

    def _held(self, full: Quota) -> Outcome:
        reason = f"the stack's ceiling of {full.maximum} isolations an hour is reached"
        self.report.tell_once("held", "Held", reason, announcements.held_by_ceiling(self.id, reason, self.settings))
        return self.outcome("Held", reason)
