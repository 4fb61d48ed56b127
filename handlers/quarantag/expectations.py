"""A policy's own tests, run: by the build (so the artifact holds no unchecked file) and by `quarantag policy check`.

Not by `policy.load`: the outcome can't change after the build, and a cold start should not pay for it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from quarantag.decision import Circumstances, Decision, Explanation, decide, explain
from quarantag.errors import InvalidPolicy
from quarantag.examples import Example, Expectation
from quarantag.finding import Finding
from quarantag.instance import Instance
from quarantag.matching import Subject
from quarantag.naming import NamedInstance
from quarantag.policy import Policy
from quarantag.strict import Refusals

BEFORE_ANY_EXPIRY = datetime(1970, 1, 1, tzinfo=UTC)
"""Every exemption stands in an expectation, so that a policy does not stop building on the day that one expires."""


def check(policy: Policy) -> None:
    """Run every expectation of the policy; also, each rule must be hit by one, and each isolate rule missed by one.

    Raises `InvalidPolicy` at the first that fails, with its place, and the others beside it.
    """
    Refusals((*_failing(policy), *_untested(policy))).end()


def explained(policy: Policy, expected: Expectation) -> Explanation:
    """What the policy decides about the example of an expectation, with the rules that it tried."""
    subject = _subject(expected.example)
    return explain(subject.finding, subject.named, policy, _around(subject))


def decided(policy: Policy, expected: Expectation) -> Decision:
    """The same without the rules, which is faster."""
    subject = _subject(expected.example)
    return decide(subject.finding, subject.named, policy, _around(subject))


def _failing(policy: Policy) -> Iterator[InvalidPolicy]:
    for position, expected in enumerate(policy.expectations):
        decision = decided(policy, expected)
        if (decision.action, decision.rule) != (expected.action, expected.rule):
            wanted = words(expected.action, expected.rule)
            seen = f"{words(decision.action, decision.rule)} ({decision.reason})"
            problem = f"expected {wanted}, but the policy says {seen}: mend the rule or the expectation"
            yield InvalidPolicy(problem, ("expect", position))


def _untested(policy: Policy) -> Iterator[InvalidPolicy]:
    hit = {expected.rule for expected in policy.expectations}
    subjects = [_subject(expected.example) for expected in policy.expectations]
    for position, rule in enumerate(policy.rules):
        if rule.id not in hit:
            one = f"`- {{finding: {{type: …, severity: …}}, action: {rule.action}, rule: {rule.id}}}`"
            problem = f"no expectation hits rule {rule.id}: write one under `expect`, {one}"
            yield InvalidPolicy(problem, ("rules", position))
        elif rule.action == "isolate" and all(rule.match.holds(subject) for subject in subjects):
            problem = f"rule {rule.id} isolates, and no expectation shows what it spares: write one under `expect`"
            yield InvalidPolicy(problem, ("rules", position))


def words(action: str, rule: str | None) -> str:
    """An outcome in words: `review by rule high`."""
    return f"{action} by rule {rule}" if rule else f"{action} by no rule"


def _around(subject: Subject) -> Circumstances:
    named = subject.named
    return Circumstances(
        account=named.account if named else "",
        region=named.region if named else "",
        now=BEFORE_ANY_EXPIRY,
        exempt_key=None,
        instance=subject.instance,
    )


def _subject(example: Example) -> Subject:
    sequence = example.type.startswith("AttackSequence:") if example.sequence is None else example.sequence
    named = NamedInstance(
        example.instance_id or "i-0123456789abcdef0", example.account or "111122223333", example.region or "us-east-1"
    )
    finding = Finding(
        id="expectation",
        type=example.type,
        severity=float(example.severity),
        account=named.account,
        region=named.region,
        resource_type=example.resource_type or ("AttackSequence" if sequence else "Instance"),
        resource_role=example.resource_role,
        instances=(named,),
        sample=False,
        archived=False,
        count=example.count or 1,
        feature=example.feature,
        sequence=sequence,
        last_seen=None,
    )
    tags = dict(example.instance_tags or ())
    return Subject(finding, named, Instance(str(named.instance_id), "running", example.vpc, tags))
