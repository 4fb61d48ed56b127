"""What the policy says for one instance of one finding, and why."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from quarantag.finding import Finding
from quarantag.instance import Instance
from quarantag.matching import INSTANCE_TYPES, Check, OneOf, Subject, TagGlobs
from quarantag.naming import NamedInstance, is_place
from quarantag.policy import Exemption, Policy, Rule

Action = Literal["isolate", "review", "hold", "ignore"]
FORBIDDEN = re.compile(r"[^\w +\-=.:/@]")
NATIVE = OneOf(INSTANCE_TYPES)


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision; `instance_id` is None for a finding about no instance, or one that can't be resolved."""

    finding_id: str
    instance_id: str | None
    account: str
    region: str
    action: Action
    rule: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a decision rests on beside finding and policy. `account` and `region` are this stack's; times are UTC.

    `instance` is the named instance as it is now, None where EC2 does not know it; `released_at` is when its last
    case was closed. `exempt_key` is the one guarded tag that exempts here; None (no stack is asked, only its policy)
    takes each that the policy names for the stack's own.
    """

    account: str
    region: str
    now: datetime
    act_on_sample_findings: bool = False
    exempt_key: str | None = "SecurityIsolationExempt"
    instance: Instance | None = None
    released_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One rule tried, with each of its matchers."""

    rule: Rule
    checks: tuple[Check, ...]

    @property
    def held(self) -> bool:
        """Whether every matcher held."""
        return all(check.held for check in self.checks)


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision, and the rules tried for it in order, up to and with the one that held."""

    decision: Decision
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class _Case:
    """All inputs of one decision, and the rule that the policy picks."""

    finding: Finding
    named: NamedInstance
    policy: Policy
    circumstances: Circumstances
    rule: Rule | None

    @property
    def acting(self) -> bool:
        """Whether the rule would do anything."""
        return self.rule is not None and self.rule.action != "ignore"

    @property
    def subject(self) -> Subject:
        """What matchers may look at."""
        return Subject(self.finding, self.named, self.circumstances.instance)


Verdict = tuple[Action, str]


def decide(finding: Finding, named: NamedInstance | None, policy: Policy, circumstances: Circumstances) -> Decision:
    """Decide about one named instance, or about a finding that names none. Total: it raises nothing."""
    subject = Subject(finding, named, circumstances.instance)
    rule = next((rule for rule in policy.rules if rule.match.holds(subject)), None)
    return _decided(finding, named, policy, circumstances, rule)


def decisions(
    finding: Finding, policy: Policy, circumstances_of: Callable[[NamedInstance], Circumstances]
) -> tuple[Decision, ...]:
    """Decide about every instance that the finding names; one decision with a null instance where that is none.

    `circumstances_of` is asked once for each named instance, also for one without an id; what it raises goes through.
    """
    return tuple(explanation.decision for explanation in explanations(finding, policy, circumstances_of))


def explanations(
    finding: Finding, policy: Policy, circumstances_of: Callable[[NamedInstance], Circumstances]
) -> tuple[Explanation, ...]:
    """Like `decisions`, each with the rules that were tried for it."""
    found = [explain(finding, named, policy, circumstances_of(named)) for named in finding.instances]
    first_of = {explanation.decision: explanation for explanation in reversed(found)}
    return tuple(reversed(first_of.values())) or (
        Explanation(_about_nothing(finding), _attempts(policy, Subject(finding))),
    )


def explain(finding: Finding, named: NamedInstance | None, policy: Policy, circumstances: Circumstances) -> Explanation:
    """Decide as `decide` does, and keep the rules that were tried: for `quarantag policy explain`."""
    attempts = _attempts(policy, Subject(finding, named, circumstances.instance))
    rule = attempts[-1].rule if attempts and attempts[-1].held else None
    return Explanation(_decided(finding, named, policy, circumstances, rule), attempts)


def _decided(
    finding: Finding, named: NamedInstance | None, policy: Policy, circumstances: Circumstances, rule: Rule | None
) -> Decision:
    if named is None or not (rule or finding.sequence or finding.resource_type in INSTANCE_TYPES):
        return _about_nothing(finding)
    case = _Case(finding, named, policy, circumstances, rule)
    barred = next((verdict for guard in (_archived, _sample, _foreign) if (verdict := guard(case))), None)
    action, reason = barred or _judge(case)
    decider = rule.id if rule and not barred else None
    instance_id = None if _problem(case) else named.instance_id
    return Decision(finding.id, instance_id, named.account, named.region, action, decider, _plain(reason))


def _attempts(policy: Policy, subject: Subject) -> tuple[Attempt, ...]:
    attempts: list[Attempt] = []
    for rule in policy.rules:
        attempts.append(Attempt(rule, rule.match.checks(subject)))
        if attempts[-1].held:
            break
    return tuple(attempts)


def _about_nothing(finding: Finding) -> Decision:
    what = f"resource type {finding.resource_type}" if finding.resource_type else "no resource type"
    reason = _plain(f"The finding is about no instance: {what}")
    return Decision(finding.id, None, finding.account, finding.region, "ignore", None, reason)


def _judge(case: _Case) -> Verdict:
    verdicts = (guard(case) for guard in (_unresolved, _unruled, _gone, _exempt, _released))
    return next((verdict for verdict in verdicts if verdict), None) or _ruled(case)


def _archived(case: _Case) -> Verdict | None:
    return ("ignore", "The finding is archived") if case.finding.archived else None


def _sample(case: _Case) -> Verdict | None:
    if case.finding.sample and not case.circumstances.act_on_sample_findings:
        return "ignore", "A sample finding: this stack does not act on samples"
    return None


def _foreign(case: _Case) -> Verdict | None:
    """What is no AWS account or Region (a redacted record) has no stack of its own: it is left to `_unresolved`."""
    named = case.named
    if _here(case) or not is_place(named.account, named.region):
        return None
    return "ignore", f"The instance is in {named.account} {named.region}: its own stack acts"


def _here(case: _Case) -> bool:
    return (case.named.account, case.named.region) == (case.circumstances.account, case.circumstances.region)


def _problem(case: _Case) -> str | None:
    named = case.named
    if named.instance_id is None:
        return named.problem or "names no instance id"
    if not _here(case) and not is_place(named.account, named.region):
        return f"{named.account} {named.region} is not an AWS account and Region"
    return None


def _unresolved(case: _Case) -> Verdict | None:
    problem = _problem(case)
    if problem is None or not (case.acting or case.finding.sequence):
        return None
    return "hold", f"An instance can not be resolved: {problem}"


def _unruled(case: _Case) -> Verdict | None:
    if case.rule is None:
        return "ignore", "No rule matches"
    return None if case.acting else _ruled(case)


def _gone(case: _Case) -> Verdict | None:
    instance = case.circumstances.instance
    if instance is None:
        return "ignore", f"EC2 does not know the instance {case.named.instance_id}"
    return ("ignore", f"The instance is {instance.state}: nothing is left to contain") if instance.ended else None


def _exempt(case: _Case) -> Verdict | None:
    exemption = next((exemption for exemption in case.policy.exemptions if _exempts(exemption, case)), None)
    if exemption is None or case.rule is None or case.rule.action != "isolate":
        return None
    return "hold", f"Exempt until {exemption.expires} by {exemption.id} of {exemption.owner}: a human decides"


def _exempts(exemption: Exemption, case: _Case) -> bool:
    tags = [wanted for _, wanted in exemption.match.matchers if isinstance(wanted, TagGlobs)]
    own = case.circumstances.exempt_key
    guarded = own is None or all(key == own for wanted in tags for key, _ in wanted.tags)
    return guarded and exemption.stands(case.circumstances.now) and exemption.match.holds(case.subject)


def _released(case: _Case) -> Verdict | None:
    released, last_seen = case.circumstances.released_at, case.finding.last_seen
    if released is None or (last_seen is not None and last_seen > released):
        return None
    isolating = case.rule is not None and case.rule.action == "isolate"
    action: Action = "hold" if isolating else "ignore"
    return action, f"Released at {released:%Y-%m-%dT%H:%M:%SZ} and no activity seen since"


def _ruled(case: _Case) -> Verdict:
    if case.rule is None:
        return "ignore", "No rule matches"
    names = [name.replace("_", " ") for name, wanted in case.rule.match.matchers if wanted != NATIVE]
    return case.rule.action, f"Rule {case.rule.id} matches by {' and '.join(names)}"


def _plain(reason: str) -> str:
    """The reason with only what AWS allows in every tag value: it ends in the reason tag.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions
    """
    return " ".join(FORBIDDEN.sub(" ", reason).split())
