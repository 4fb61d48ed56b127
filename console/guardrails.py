"""The guardrails around a decision, for an explanation: what each asks, what it saw, and whether it applies.

The engine decides (`quarantag.decision`); this tells it in the engine's order, and a test holds the two together.
"""

from dataclasses import dataclass

from quarantag.decision import Circumstances, Decision
from quarantag.finding import Finding, NamedInstance
from quarantag.instance import AUTO_SCALING_GROUP_TAG
from quarantag.limits import quotas_for
from quarantag.matching import Subject
from quarantag.naming import is_place
from quarantag.policy import Exemption, Limit, Policy, Rule


@dataclass(frozen=True, slots=True)
class Guardrail:
    """One guardrail: what it asks of the finding or the instance, what it saw, and whether it changes the decision.

    `applies` is None where only AWS, or the stack's ledger, could say.
    """

    guardrail: str
    asks: str
    saw: str
    applies: bool | None


@dataclass(frozen=True, slots=True)
class Around:
    """All that the guardrails look at; `rule` is the one that matched, whatever came of it."""

    finding: Finding
    named: NamedInstance
    policy: Policy
    circumstances: Circumstances
    rule: Rule | None
    decision: Decision

    @property
    def isolating(self) -> bool:
        """Whether the rule that matched isolates."""
        return self.rule is not None and self.rule.action == "isolate"


def guardrails(around: Around) -> tuple[Guardrail, ...]:
    """Every guardrail, in the order in which the engine asks them; limits last, which are counted when it tags."""
    finding, here = around.finding, around.circumstances
    return (
        Guardrail("archived", "not archived", "archived" if finding.archived else "not archived", finding.archived),
        _sample(finding, samples_act=here.act_on_sample_findings),
        _place(around),
        _resolved(around),
        *(_exemption(around, exemption) for exemption in around.policy.exemptions),
        Guardrail("earlier release", "activity since then", "no AWS is asked", None),
        *(_limit(around, limit) for limit in around.policy.limits),
    )


def _sample(finding: Finding, *, samples_act: bool) -> Guardrail:
    asks = "any (ActOnSampleFindings is true)" if samples_act else "not a sample"
    return Guardrail(
        "sample", asks, "a sample" if finding.sample else "not a sample", finding.sample and not samples_act
    )


def _place(around: Around) -> Guardrail:
    named, circumstances = around.named, around.circumstances
    here = (named.account, named.region) == (circumstances.account, circumstances.region)
    asks = f"{circumstances.account} {circumstances.region}"
    away = not here and is_place(named.account, named.region)
    return Guardrail("account and Region", asks, f"{named.account} {named.region}", away)


def _resolved(around: Around) -> Guardrail:
    problem = around.named.problem or "no instance id"
    saw = around.named.instance_id or problem
    held = around.decision.action == "hold" and around.decision.instance_id is None
    return Guardrail("instance", "an instance id", saw, held)


def _exemption(around: Around, exemption: Exemption) -> Guardrail:
    subject = Subject(around.finding, around.named, around.circumstances.instance)
    asks = " and ".join(f"{name} {wanted}" for name, wanted in exemption.match.matchers)
    fits, stands = exemption.match.holds(subject), exemption.stands(around.circumstances.now)
    saw = "not this instance" if not fits else "this instance" if stands else "this instance, but it has expired"
    name = f"exemption {exemption.id} until {exemption.expires}"
    return Guardrail(name, asks, saw, fits and stands and around.isolating)


def _limit(around: Around, limit: Limit) -> Guardrail:
    name, asks = f"limit by {limit.scope}", f"fewer than {limit.maximum} in {limit.window_seconds // 60} minutes"
    counted, saw = _counted(around, limit)
    return Guardrail(name, asks, saw, None if counted else False)


def _counted(around: Around, limit: Limit) -> tuple[bool, str]:
    """Whether the isolation would be counted, and why; how full the window is only the stack's ledger knows."""
    instance = around.circumstances.instance
    if around.decision.action != "isolate" or instance is None:
        return False, f"not counted: {around.decision.action}"
    if around.rule and around.rule.beyond_limits:
        return False, f"not counted: {around.rule.id} goes beyond limits"
    quotas = list(quotas_for([limit], instance, around.circumstances.now))
    if quotas:
        return True, f"counted for {quotas[0].scope}"
    tag = {"auto-scaling-group": AUTO_SCALING_GROUP_TAG, "tag": limit.tag_key}.get(limit.by)
    return False, f"not counted: no tag {tag}" if tag else f"not counted: no {limit.by}"
