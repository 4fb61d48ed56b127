"""What a loaded policy says: its hash, limits, exemptions; and how expectations are run."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from quarantag import expectations, policy
from quarantag.errors import InvalidPolicy
from quarantag.policy import Limit
from quarantag.settings import Settings

RULE: dict[str, Any] = {
    "id": "high",
    "match": {"severity": {"at_least": 7.0}},
    "then": "isolate",
    "beyond_limits": True,
}
EXEMPTION: dict[str, Any] = {
    "id": "erp",
    "match": {"instance_id": "i-99999999"},
    "reason": "No standby",
    "owner": "erp",
    "expires": "2026-11-30",
}
HIT = {"finding": {"type": "Backdoor:EC2/Spambot", "severity": 8.0}, "action": "isolate", "rule": "high"}
MISS = {"finding": {"type": "Backdoor:EC2/Spambot", "severity": 5.0}, "action": "ignore"}


def document(**more: object) -> dict[str, Any]:
    return {"version": 1, "rules": [RULE], **more}


def test_the_hash_is_of_the_content_not_of_its_order() -> None:
    first = policy.load({"version": 1, "rules": [RULE]})
    assert first.hash == policy.load({"rules": [dict(reversed(RULE.items()))], "version": 1}).hash
    assert len(first.hash) == 64
    assert first.hash != policy.load(document(description="another")).hash


def test_a_rule_is_found_by_the_id_that_a_decision_names() -> None:
    loaded = policy.load(document())
    found = loaded.rule("high")
    assert found is not None
    assert (found.action, found.beyond_limits) == ("isolate", True)
    assert loaded.rule("other") is None
    assert loaded.rule(None) is None


@pytest.mark.parametrize(
    ("per", "by", "limit"),
    [
        ("1h", "account", Limit(3, 3600, "account")),
        ("30m", "vpc", Limit(3, 1800, "vpc")),
        ("1d", "auto-scaling-group", Limit(3, 86400, "auto-scaling-group")),
        ("90m", "tag:Service: a", Limit(3, 5400, "tag", "Service: a")),
    ],
)
def test_a_limit_is_a_number_of_instances_in_seconds_by_something(per: str, by: str, limit: Limit) -> None:
    assert policy.load(document(limits=[{"max": 3, "per": per, "by": by}])).limits == (limit,)


def test_an_exemption_stands_through_its_last_day_in_utc() -> None:
    (exemption,) = policy.load(document(exemptions=[EXEMPTION])).exemptions
    assert exemption.expires == date(2026, 11, 30)
    assert exemption.stands(datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC))
    assert not exemption.stands(datetime(2026, 12, 1, tzinfo=UTC))


def by_tags(exemption: str, *keys: str) -> dict[str, Any]:
    return {**EXEMPTION, "id": exemption, "match": {"instance_tags": dict.fromkeys(keys, "yes")}}


@pytest.mark.parametrize("tag_key", ["SecurityIsolation", "Quarantine", "a:b"])
def test_the_guarded_tag_of_every_stack_may_exempt(tag_key: str) -> None:
    key = Settings("111122223333", "eu-central-1", "arn", tag_key=tag_key).exempt_key
    assert policy.load(document(exemptions=[by_tags("erp", key)])).exemptions


@pytest.mark.parametrize("key", ["Quarantine", "QuarantineExempted", "Quarantineexempt", "Exempt "])
def test_any_other_tag_may_not(key: str) -> None:
    with pytest.raises(InvalidPolicy, match="whoever may tag the instance can write") as refused:
        policy.load(document(exemptions=[by_tags("erp", key)]))
    assert refused.value.path == ("exemptions", 0, "match", "instance_tags", key)


def test_expectations_take_each_guarded_tag_for_the_stacks_own() -> None:
    held = [
        {**HIT, "finding": {**HIT["finding"], "instance_tags": {key: "yes"}}, "action": "hold"}  # type: ignore[dict-item]
        for key in ("SecurityIsolationExempt", "QuarantineExempt")
    ]
    exemptions = [by_tags("here", "SecurityIsolationExempt"), by_tags("there", "QuarantineExempt")]
    loaded = policy.load(document(exemptions=exemptions, expect=[HIT, MISS, *held]))
    expectations.check(loaded)


def test_load_does_not_run_expectations_but_check_does() -> None:
    loaded = policy.load(document(expect=[{**HIT, "action": "review"}]))
    with pytest.raises(
        InvalidPolicy, match="expected review by rule high, but the policy says isolate by rule high"
    ) as refused:
        expectations.check(loaded)
    assert refused.value.path == ("expect", 0)


def test_good_expectations_pass() -> None:
    expectations.check(policy.load(document(expect=[HIT, MISS])))


@pytest.mark.parametrize(
    ("expect", "problem"),
    [([MISS], "no expectation hits"), ([HIT], "no expectation shows what it spares"), ([], "hits")],
)
def test_each_rule_is_hit_and_each_isolating_rule_missed(expect: list[object], problem: str) -> None:
    with pytest.raises(InvalidPolicy, match=problem) as refused:
        expectations.check(policy.load(document(expect=expect)))
    assert refused.value.path == ("rules", 0)


def test_an_exemption_that_has_expired_still_stands_in_expectations() -> None:
    held = {**HIT, "finding": {**HIT["finding"], "instance_id": "i-99999999"}, "action": "hold"}  # type: ignore[dict-item]
    exemption = {**EXEMPTION, "expires": "2020-01-01"}
    expectations.check(policy.load(document(exemptions=[exemption], expect=[HIT, MISS, held])))


@pytest.mark.parametrize(
    "given", [None, 5, "text", [], [1], {1: 2}, {"version": True, "rules": []}, {"version": 1, "rules": [None]}]
)
def test_other_documents_are_refused(given: object) -> None:
    with pytest.raises(InvalidPolicy):
        policy.load(given)
