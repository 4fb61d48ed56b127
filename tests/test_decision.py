"""What is decided about one instance: the order of the guards, each with a recorded reason."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from quarantag import policy
from quarantag.decision import Circumstances, Decision, decide, decisions
from quarantag.finding import Finding, NamedInstance, parse
from quarantag.instance import Instance
from quarantag.policy import Policy
from quarantag.settings import Settings
from tests.findings import ACCOUNT, INSTANCE, REGION, finding, fixture, sequence

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
RULES: list[dict[str, Any]] = [
    {"id": "spared", "match": {"instance_tags": {"Honeypot": "*"}}, "then": "ignore"},
    {"id": "container", "match": {"resource_type": "Container", "severity": {"at_least": 7.0}}, "then": "isolate"},
    {
        "id": "robbed",
        "match": {"resource_type": "AccessKey", "type": "*InstanceCredentialExfiltration*"},
        "then": "review",
    },
    {"id": "high", "match": {"severity": {"at_least": 7.0}}, "then": "isolate"},
    {"id": "medium", "match": {"severity": {"at_least": 4.0}}, "then": "review"},
]
HERE = Circumstances(ACCOUNT, REGION, NOW, instance=Instance(INSTANCE, "running", "vpc-0aaa1", {"Environment": "live"}))


def loaded(**more: object) -> Policy:
    return policy.load({"version": 1, "rules": RULES, **more})


def exempting(match: dict[str, object], expires: str = "2026-11-01") -> Policy:
    return loaded(
        exemptions=[{"id": "erp", "match": match, "reason": "No standby", "owner": "erp team", "expires": expires}]
    )


def judged(parsed: Finding, circumstances: Circumstances = HERE, rules: Policy | None = None) -> Decision:
    return decide(parsed, parsed.instances[0], rules or loaded(), circumstances)


def live(**changes: Any) -> Circumstances:  # noqa: ANN401
    assert HERE.instance
    return replace(HERE, instance=replace(HERE.instance, **changes))


def test_the_first_rule_that_holds_decides_and_is_named() -> None:
    assert judged(finding()) == Decision(
        finding().id, INSTANCE, ACCOUNT, REGION, "isolate", "high", "Rule high matches by severity"
    )
    assert judged(finding(severity=6.9)).rule == "medium"


def test_no_rule_means_ignore() -> None:
    decision = judged(finding(severity=3.9))
    assert (decision.action, decision.rule, decision.reason) == ("ignore", None, "No rule matches")


def test_live_tags_are_matched_not_the_findings_copy() -> None:
    stale = [{"key": "Honeypot", "value": "yes"}]
    assert judged(finding(resource__instanceDetails__tags=stale)).action == "isolate"
    assert judged(finding(), live(tags={"Honeypot": "yes"})).rule == "spared"


@pytest.mark.parametrize(
    ("changes", "circumstances", "reason"),
    [
        ({"service__archived": True}, HERE, "The finding is archived"),
        ({"title": "[SAMPLE] x"}, HERE, "A sample finding: this stack does not act on samples"),
        ({}, replace(HERE, region="us-west-2"), f"The instance is in {ACCOUNT} {REGION}: its own stack acts"),
        ({}, replace(HERE, account="444455556666"), f"The instance is in {ACCOUNT} {REGION}: its own stack acts"),
        ({}, replace(HERE, instance=None), f"EC2 does not know the instance {INSTANCE}"),
        ({}, live(state="terminated"), "The instance is terminated: nothing is left to contain"),
        ({}, live(state="shutting-down"), "The instance is shutting-down: nothing is left to contain"),
    ],
)
def test_what_is_not_acted_on_has_a_recorded_reason(
    changes: dict[str, Any], circumstances: Circumstances, reason: str
) -> None:
    decision = judged(finding(**changes), circumstances)
    assert (decision.instance_id, decision.action, decision.reason) == (INSTANCE, "ignore", reason)


def test_a_sample_acts_where_the_stack_says_so_but_an_archived_finding_never() -> None:
    acting = replace(HERE, act_on_sample_findings=True)
    assert judged(finding(title="[SAMPLE] x"), acting).action == "isolate"
    assert judged(finding(title="[SAMPLE] x", service__archived=True), acting).action == "ignore"


def test_an_instance_that_can_not_be_resolved_is_held_when_a_rule_would_act() -> None:
    parsed = finding(resource__instanceDetails__instanceId="i-REPLACE_ME")
    decision = judged(parsed)
    assert (decision.instance_id, decision.action, decision.rule) == (None, "hold", "high")
    assert decision.reason == "An instance can not be resolved: i-REPLACE_ME is not an instance id"
    assert judged(replace(parsed, severity=2.0)).action == "ignore"


def test_a_sequence_member_that_can_not_be_resolved_is_held_whatever_the_rules() -> None:
    parsed = sequence({"uid": "web-1", "resourceType": "EC2_INSTANCE"}, severity=1.0)
    assert (judged(parsed).action, judged(parsed).rule) == ("hold", None)


def test_a_redacted_account_is_nobodys_and_is_held_never_left_to_another_stack() -> None:
    decision = judged(finding(accountId="1234567891234"))
    assert (decision.instance_id, decision.action) == (None, "hold")
    assert "1234567891234 eu-central-1 is not an AWS account and Region" in decision.reason


def test_a_sequence_decides_about_each_member_in_its_own_place() -> None:
    found = decisions(parse(fixture("sequence.event.json")), loaded(), lambda _: HERE)
    assert [(decision.instance_id, decision.action) for decision in found] == [
        ("i-0aaaaaaaaaaaaaaa1", "isolate"),
        ("i-0aaaaaaaaaaaaaaa2", "isolate"),
        ("i-0aaaaaaaaaaaaaaa3", "isolate"),
        ("i-0aaaaaaaaaaaaaaa4", "ignore"),
        (None, "hold"),
        ("i-0aaaaaaaaaaaaaaa6", "isolate"),
    ]


def about_nothing(parsed: Finding) -> Decision:
    (decision,) = decisions(parsed, loaded(), lambda _: HERE)
    return decision


@pytest.mark.parametrize(
    "resource_type", ["S3Bucket", "EKSCluster", "AccessKey", "ECSCluster", "Lambda", "SomethingNew", None]
)
def test_instance_details_alone_do_not_make_a_finding_about_the_instance(resource_type: str | None) -> None:
    decision = about_nothing(finding(resource__resourceType=resource_type))
    assert (decision.instance_id, decision.action, decision.rule) == (None, "ignore", None)
    assert decision.reason.startswith("The finding is about no instance")


def test_a_rule_that_names_the_resource_type_acts_on_its_instance() -> None:
    assert about_nothing(finding(resource__resourceType="Container")).rule == "container"
    assert about_nothing(finding(resource__resourceType="Container", severity=5.0)).instance_id is None
    robbed = about_nothing(parse(fixture("stolen-credentials.event.json")))
    assert (robbed.instance_id, robbed.action, robbed.rule) == (INSTANCE, "review", "robbed")


@pytest.mark.parametrize("match", [{"instance_id": INSTANCE}, {"vpc": "vpc-0aaa1"}, {"account": ACCOUNT}])
def test_an_exempt_instance_is_held_instead_of_isolated(match: dict[str, object]) -> None:
    decision = judged(finding(), rules=exempting(match))
    assert (decision.action, decision.rule) == ("hold", "high")
    assert decision.reason == "Exempt until 2026-11-01 by erp of erp team: a human decides"


def test_an_exemption_does_not_stop_a_review() -> None:
    assert judged(finding(severity=5.0), rules=exempting({"instance_id": INSTANCE})).action == "review"


def test_an_expired_exemption_no_longer_exempts() -> None:
    assert judged(finding(), rules=exempting({"instance_id": INSTANCE}, "2026-10-31")).action == "isolate"


@pytest.mark.parametrize(
    ("stack_key", "action"),
    [("OtherExempt", "hold"), ("SecurityIsolationExempt", "isolate"), (None, "hold")],
    ids=["its own", "another stack's", "of no stack: offline"],
)
def test_only_the_stacks_own_guarded_tag_exempts(stack_key: str | None, action: str) -> None:
    rules = exempting({"instance_tags": {"OtherExempt": "yes"}})
    tagged = live(tags={"OtherExempt": "yes"})
    assert judged(finding(), replace(tagged, exempt_key=stack_key), rules).action == action


def test_a_stack_that_names_no_key_has_the_default_one() -> None:
    tagged = live(tags={"OtherExempt": "yes"})
    assert judged(finding(), tagged, exempting({"instance_tags": {"OtherExempt": "yes"}})).action == "isolate"
    assert HERE.exempt_key == Settings(ACCOUNT, REGION, "arn").exempt_key


LAST_SEEN = datetime(2026, 11, 1, 9, 55, tzinfo=UTC)


@pytest.mark.parametrize(
    ("released", "severity", "action"),
    [
        (LAST_SEEN + timedelta(minutes=1), 8, "hold"),
        (LAST_SEEN, 8, "hold"),
        (LAST_SEEN - timedelta(seconds=1), 8, "isolate"),
        (LAST_SEEN, 5, "ignore"),
        (LAST_SEEN - timedelta(seconds=1), 5, "review"),
        (None, 8, "isolate"),
    ],
)
def test_a_release_is_respected_until_there_is_newer_activity(
    released: datetime | None, severity: int, action: str
) -> None:
    decision = judged(finding(severity=severity), replace(HERE, released_at=released))
    assert decision.action == action
    assert (
        decision.reason.startswith("Released at 2026-11-01T09:55")
        or action not in {"hold", "ignore"}
        or released != LAST_SEEN
    )


def test_activity_of_unknown_age_counts_as_old_after_a_release() -> None:
    parsed = finding(service__eventLastSeen=None)
    assert judged(parsed, replace(HERE, released_at=NOW - timedelta(days=300))).action == "hold"
    assert judged(parsed).action == "isolate"


def test_a_finding_that_names_nothing_needs_no_circumstances() -> None:
    def unasked(named: NamedInstance) -> Circumstances:
        raise AssertionError(named)

    (decision,) = decisions(finding(resource=None), loaded(), unasked)
    assert (decision.instance_id, decision.action) == (None, "ignore")
