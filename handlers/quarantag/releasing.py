"""The tag gives back: what `Release` asks for, exactly what the case recorded and nothing else."""

from quarantag import announcements
from quarantag.authority import Verdict, judge_writer
from quarantag.case import Case, CaseStatus
from quarantag.errors import Retryable
from quarantag.execution import side_by_side
from quarantag.instance import Instance, Observation
from quarantag.measures import Supported
from quarantag.outcome import Outcome, Request
from quarantag.plan import Plan, would_do
from quarantag.ports import Ports, TagWrite
from quarantag.reconcile import Reconcile
from quarantag.record import Record
from quarantag.restoration import Givable, plan_release
from quarantag.settings import Settings
from quarantag.supporting import Supporting


def release(request: Request, ports: Ports, settings: Settings, evidence: TagWrite | None = None) -> Outcome:
    """Give the instance back what its open case recorded, as far as it still exists, verify it and close the case.

    `evidence` is the write of the release tag, where CloudTrail's own event brought the request. Raises `Retryable`
    where the end is not reached yet, `Terminal` where not even reading works: run it again.
    """
    record = Record(request.instance_id, request.holder, ports, settings)
    try:
        return _Release(request, ports, settings, record, evidence).run()
    finally:
        record.end()


def instances_to_sweep(ports: Ports, settings: Settings) -> frozenset[str]:
    """Every instance with an open case whose release is asked for, or that is gone."""
    contained = frozenset(ports.ledger.open_instances())
    asked = contained & frozenset(ports.instances.tagged(settings.release_value))
    return asked | ports.instances.ended(sorted(contained))


class _Release(Reconcile):
    working: CaseStatus = "Releasing"

    @property
    def value(self) -> str:
        return self.settings.release_value

    def __init__(
        self, request: Request, ports: Ports, settings: Settings, record: Record, evidence: TagWrite | None
    ) -> None:
        super().__init__(request, ports, settings, record)
        self.evidence = evidence
        self.supporting = Supporting(record, ports, settings)

    def run(self) -> Outcome:
        if self.request.wanted not in (None, self.settings.release_value):
            return self.outcome("NotRequested", "no release is asked for")
        observation = self.begin()
        if self.record.fault:
            raise self.record.fault
        if self.record.paused:
            return self.outcome("Paused", self.record.paused)
        if observation is None or observation.instance.ended:
            return self._clear_up(observation)
        case = self.record.open_case
        if case is None or not self.requested(observation.instance):
            reason = (
                f"the control tag reads {self.live(observation.instance)!r}, the case is {'open' if case else 'none'}"
            )
            return self.outcome("NotRequested", reason)
        verdict = self._authority(case)
        if verdict.action != "go":
            return self._not_yet(verdict)
        return self._give_back(observation, verdict)

    def plan(self, observation: Observation) -> Plan:
        """Give what is left; what still exists is read anew each time."""
        case = self.record.case
        if case is None:
            return Plan()
        groups = sorted({group for interface in case.before.interfaces for group in interface.groups})
        with side_by_side() as pool:
            existing = pool.submit(self.ports.instances.existing_groups, groups)
            profile = case.before.profile and pool.submit(self.ports.instances.profile, case.before.profile.arn)
        givable = Givable(existing.result(), profile.result() if profile else None)
        return plan_release(observation, givable, case)

    def requested(self, instance: Instance) -> bool:
        return self.live(instance) == self.settings.release_value and self.record.open_case is not None

    def _authority(self, case: Case) -> Verdict:
        since = case.isolated_at or case.opened_at  # an older write asked for something that is over
        usable = self.evidence is not None and self.evidence.at > since
        write = self.evidence if usable else self.ports.trail.last_write(self.id, since)
        contained = write is not None and write.session_instance is not None and self._is_contained(write)
        return judge_writer(write, self.settings, contained=contained)

    def _is_contained(self, write: TagWrite) -> bool:
        case = self.ports.ledger.case(write.session_instance or "")
        return case is not None and case.open

    def _not_yet(self, verdict: Verdict) -> Outcome:
        """Nothing is given: a person not allowed to release is told, a write not seen yet is waited for."""
        self.record.note(f"release-{verdict.action}", reason=verdict.reason, principal=verdict.principal)
        if verdict.action == "refuse":
            self.report.announce(announcements.tampering(self.id, verdict.reason, self.settings))
            self.report.send("Held", verdict.reason)
            self.report.show("Held", verdict.reason)
            return self.outcome("Held", verdict.reason)
        self.report.show("Releasing", verdict.reason)
        self.record.move("Releasing")  # so that a new isolation has a newer `isolated_at` than this request
        return self.outcome("Waiting", verdict.reason)

    def _give_back(self, observation: Observation, verdict: Verdict) -> Outcome:
        todo = self.plan(observation)
        if self.settings.mode == "observe":
            would = would_do(todo)
            self.report.announce(announcements.observed(self.id, would, self.settings))
            return self.outcome("Observed", would)
        self.record.note("release-started", principal=verdict.principal)
        if self.record.case and self.record.case.status != "Failed":  # a failed release is announced once
            self.record.move("Releasing")
        end = self.converge(todo)
        if isinstance(end, Outcome):
            return end
        supported = self.supporting.give_back(observation) if end.contained else ()
        return self._finish(end, supported, verdict.principal)

    def _clear_up(self, observation: Observation | None) -> Outcome:
        """Of an instance that is gone, give back what outlives it: nobody need ask, since nobody gets power from it."""
        gone = observation or Observation(Instance(self.id, "terminated", None, {}), (), (), ())
        self.report.supported = supported = self.supporting.give_back(gone, ended=True)
        self._raise_what_is_left(supported)
        waiting = [f"{one.name}: {text}" for one in supported for text in one.waiting]
        refused = [text for one in supported if one.refused for text in one.said]
        if waiting and not refused:
            return self.outcome("Waiting", "; ".join(waiting))
        if not refused:
            return self.ended()
        message = announcements.not_released(self.id, refused, self.settings)
        return self.conclude("Failed", "cleaning up: " + "; ".join(refused), message)

    def _raise_what_is_left(self, supported: tuple[Supported, ...]) -> None:
        left = [text for one in supported if one.left for text in one.said]
        if left:
            raise Retryable(f"{self.id}: not given back yet: {'; '.join(left)}")

    def _finish(self, todo: Plan, supported: tuple[Supported, ...], who: str | None) -> Outcome:
        self._raise_what_is_left(supported)
        self.report.supported = supported
        refused = [text for one in supported for text in one.refused]
        notes = [f"{refusal.target}: {refusal.reason}" for refusal in todo.refusals if not refusal.critical]
        notes += [text for one in supported for text in one.notes]
        if todo.contained and not refused:
            reason = "; ".join(["verified", *notes])
            return self.conclude("Released", reason, announcements.released(self.id, notes, self.settings, who))
        problems = [f"{step.target}: {fault}" for step, fault in self.failed.items()]
        problems += [f"{refusal.target}: {refusal.reason}" for refusal in todo.refusals if refusal.critical]
        problems += refused
        message = announcements.not_released(self.id, problems, self.settings)
        return self.conclude("Failed", "release: " + "; ".join(problems), message)
