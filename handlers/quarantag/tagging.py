"""A finding becomes the tag: read, decide, and write control and reason tag in one call; never downgrade."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from quarantag import announcements
from quarantag.announcements import tag_value
from quarantag.case import Case
from quarantag.decision import Circumstances, Decision, decide, decisions
from quarantag.errors import LedgerUnavailable, QuarantagError, Retryable, TagLimitReached, Terminal
from quarantag.execution import fault_of, side_by_side
from quarantag.finding import Finding
from quarantag.instance import Instance
from quarantag.leasing import lease_of
from quarantag.limits import quotas_for
from quarantag.naming import NamedInstance
from quarantag.policy import Policy
from quarantag.ports import Entry, Ports
from quarantag.settings import Settings
from quarantag.telling import announce_once, held_status, reason_tag, send_held


@dataclass(frozen=True, slots=True)
class Tagged:
    """What became of one decision: `outcome` in a few words, `fault` where it must be tried again or looked at."""

    decision: Decision
    outcome: str
    fault: QuarantagError | None = None


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is read of one instance; `case_fault` says why nobody knows its case, `fault` why nobody knows anything."""

    instance: Instance | None = None
    case: Case | None = None
    case_fault: LedgerUnavailable | None = None
    fault: QuarantagError | None = None


_Place = tuple[str | None, str, str]
"""Instance id, account and Region: one finding may name one id in two places."""


def tag(finding: Finding, policy: Policy, holder: str, ports: Ports, settings: Settings) -> tuple[Tagged, ...]:
    """Decide about every instance of the finding and write what was decided; faults are in the answer.

    One instance that fails, be it to be read, stops no other.
    """
    return _Tagging(finding, policy, holder, ports, settings).run()


class _Tagging:
    def __init__(self, finding: Finding, policy: Policy, holder: str, ports: Ports, settings: Settings) -> None:
        self.finding = finding
        self.policy = policy
        self.holder = holder
        self.ports = ports
        self.settings = settings
        self.paused = ""

    def run(self) -> tuple[Tagged, ...]:
        named_of = {_place(named): named for named in self.finding.instances}
        facts = self._facts([place for place, named in named_of.items() if self._worth_reading(named)])
        decided = decisions(self.finding, self.policy, lambda named: self._circumstances(facts.get(_place(named))))
        with side_by_side() as pool:
            calls = [pool.submit(self._act, one, named_of.get(_place(one)), facts.get(_place(one))) for one in decided]
        return tuple(call.result() for call in calls)

    def _facts(self, places: Sequence[_Place]) -> dict[_Place, _Facts]:
        with side_by_side() as pool:
            paused = pool.submit(self.ports.switch.paused) if places else None
            reading = {place: pool.submit(self._read, place[0]) for place in places if place[0]}
        self.paused = paused.result() if paused else ""
        faults = {place: fault_of(call) for place, call in reading.items()}
        return {
            place: _Facts(fault=faults[place]) if faults[place] else call.result() for place, call in reading.items()
        }

    def _worth_reading(self, named: NamedInstance) -> bool:
        here = (named.account, named.region) == (self.settings.account, self.settings.region)
        sample = self.finding.sample and not self.settings.act_on_sample_findings
        return here and not sample and not self.finding.archived

    def _read(self, instance_id: str) -> _Facts:
        with side_by_side() as pool:
            instance = pool.submit(self.ports.instances.instance, instance_id)
            case = pool.submit(self.ports.ledger.case, instance_id)
        try:
            return _Facts(instance.result(), case.result())
        except LedgerUnavailable as fault:
            return _Facts(instance.result(), case_fault=fault)

    def _circumstances(self, facts: _Facts | None) -> Circumstances:
        case = facts.case if facts else None
        return Circumstances(
            account=self.settings.account,
            region=self.settings.region,
            now=self.ports.clock.now(),
            act_on_sample_findings=self.settings.act_on_sample_findings,
            exempt_key=self.settings.exempt_key,
            instance=facts.instance if facts else None,
            released_at=case.closed_at if case and case.status == "Released" else None,
        )

    def _act(self, decision: Decision, named: NamedInstance | None, facts: _Facts | None) -> Tagged:
        if facts and facts.fault:
            decision = replace(decision, action="ignore", rule=None, reason="The instance could not be read")
            return Tagged(decision, f"failed: {facts.fault}", facts.fault)
        try:
            return self._carry_out(decision, named, facts)
        except QuarantagError as fault:
            return Tagged(decision, f"failed: {fault}", fault)

    def _carry_out(self, decision: Decision, named: NamedInstance | None, facts: _Facts | None) -> Tagged:
        if decision.action == "ignore":
            return Tagged(decision, "none")
        if self.paused:
            return Tagged(decision, self.paused)
        if named is None or decision.instance_id is None:
            announce_once(announcements.held(None, self._told(decision), self.settings), self.ports)
            return Tagged(decision, "announced")
        if facts and facts.instance and self._sufficient(facts.instance.tags, decision):
            return Tagged(decision, "already")
        if self.settings.mode == "observe":
            would = f"would be tagged {self._control_value(decision)}: {self._told(decision)}"
            announce_once(announcements.observed(decision.instance_id, would, self.settings), self.ports)
            return Tagged(decision, "observed")
        return self._tag_alone(decision.instance_id, named)

    def _tag_alone(self, instance_id: str, named: NamedInstance) -> Tagged:
        """Decide anew under the instance's lease: no other function changes its tags meanwhile."""
        lease = lease_of(instance_id, self.holder, self.ports)
        try:
            return self._tag(instance_id, named)
        finally:
            if lease:
                self.ports.ledger.yield_lease(lease)

    def _tag(self, instance_id: str, named: NamedInstance) -> Tagged:
        facts = self._read(instance_id)
        decision = decide(self.finding, named, self.policy, self._circumstances(facts))
        if decision.action == "ignore" or facts.instance is None:
            return Tagged(decision, "none")
        if self._sufficient(facts.instance.tags, decision):
            return Tagged(decision, "already")
        if facts.instance.tags.get(self.settings.tag_key) == self.settings.release_value:
            self._heed_release(instance_id, facts)
        wanted, decision = decision, self._limited(decision, facts.instance)
        if self._sufficient(facts.instance.tags, decision):
            return Tagged(decision, "already")
        self._tell(decision, facts.instance, limited=decision != wanted)
        self._write(decision, facts.instance)
        self._record(decision, "tagged")
        return Tagged(decision, "tagged")

    def _heed_release(self, instance_id: str, facts: _Facts) -> None:
        if facts.case_fault:  # since when it is released, nobody knows
            raise facts.case_fault
        if facts.case and facts.case.open:
            raise Retryable(f"{instance_id}: a release is under way, the finding is decided after it")

    def _limited(self, decision: Decision, instance: Instance) -> Decision:
        """Count the isolation under every limit; where one is full a human decides."""
        rule = next((rule for rule in self.policy.rules if rule.id == decision.rule), None)
        if decision.action != "isolate" or rule is None or rule.beyond_limits:
            return decision
        quotas = list(quotas_for(self.policy.limits, instance, self.ports.clock.now()))
        full = self.ports.ledger.admit(instance.id, quotas) if quotas else None
        if full is None:
            return decision
        minutes = full.window_seconds // 60
        reason = f"The limit of {full.maximum} isolations in {minutes} minutes for {full.scope} is reached"
        return replace(decision, action="hold", reason=tag_value(reason))

    def _write(self, decision: Decision, instance: Instance) -> None:
        settings = self.settings
        control = {settings.tag_key: self._control_value(decision)}
        tags = control | {settings.reason_key: reason_tag(decision, self.finding)}
        if decision.action == "hold":
            tags[settings.status_key] = held_status(decision)
        try:
            self.ports.instances.tag(instance.id, tags)
        except TagLimitReached:
            self._write_control_alone(decision, instance, control)

    def _write_control_alone(self, decision: Decision, instance: Instance, control: Mapping[str, str]) -> None:
        try:
            self.ports.instances.tag(instance.id, control)
        except TagLimitReached as fault:
            problem = f"the instance carries 50 tags and has no room for {self.settings.tag_key}; remove one tag"
            self._record(decision, f"failed: {problem}")
            value = control[self.settings.tag_key]
            message = announcements.not_tagged(instance.id, value, self._told(decision), problem, self.settings)
            announce_once(message, self.ports)
            raise Terminal(f"{instance.id}: {problem}") from fault

    def _tell(self, decision: Decision, instance: Instance, *, limited: bool) -> None:
        """Tell people before the tag says that it was done: a message that could not be sent is then due still."""
        instance_id = instance.id
        if decision.action == "hold":
            message = announcements.held(instance_id, self._told(decision), self.settings, limit=limited)
            self.ports.announcer.announce(message)
            self.ports.ledger.set_held(instance_id, decision.finding_id, held=True)
            send_held(instance, decision, self.finding, self.ports, self.settings)
        elif decision.action == "review":
            self.ports.announcer.announce(announcements.review(instance_id, self._told(decision), self.settings))

    def _record(self, decision: Decision, outcome: str) -> None:
        policy = {"policy_version": self.policy.version, "policy_hash": self.policy.hash}
        detail = asdict(decision) | policy | {"outcome": outcome}
        entry = Entry(decision.instance_id or "", "decision", self.ports.clock.now(), detail, None, decision.finding_id)
        try:
            self.ports.ledger.record([entry])
        except LedgerUnavailable:
            return  # the entry is in the log already, and the tag is written: nothing is left to try again

    def _sufficient(self, tags: Mapping[str, str], decision: Decision) -> bool:
        """Whether the instance is tagged so, or more strictly, already."""
        control = tags.get(self.settings.tag_key)
        if control == self.settings.isolate_value:
            return True
        if control != self.settings.review_value or decision.action == "isolate":
            return False
        return decision.action == "review" or tags.get(self.settings.status_key, "").startswith("Held")

    def _control_value(self, decision: Decision) -> str:
        return self.settings.isolate_value if decision.action == "isolate" else self.settings.review_value

    def _told(self, decision: Decision) -> str:
        finding = self.finding
        return f"{decision.reason} ({finding.type}, severity {finding.severity}, finding {finding.id})"


def _place(of: NamedInstance | Decision) -> _Place:
    return of.instance_id, of.account, of.region
