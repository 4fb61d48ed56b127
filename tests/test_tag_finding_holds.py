"""Where a human decides instead: limits of the policy, and instances that were released or are being released."""

from datetime import UTC, datetime, timedelta

import pytest

from quarantag.errors import Retryable
from tests.cloud import Lab
from tests.stack import KEY, Stack, about


def test_beyond_a_limit_of_the_policy_a_human_decides(stack: Stack, lab: Lab) -> None:
    vpc = lab.vpc()
    instances = [lab.instance([vpc]) for _ in range(11)]
    decided = [stack.find(about(instance.id))[0] for instance in instances]
    assert [decision["action"] for decision in decided] == ["isolate"] * 10 + ["hold"]
    tags = lab.tags(instances[-1].id)
    assert tags[KEY] == "Review"
    assert tags[f"{KEY}Status"].startswith("Held: The limit of 10 isolations")
    assert stack.find(about(instances[-1].id))[0]["outcome"] == "already"
    assert len(stack.announced()) == 1


def test_a_rule_beyond_limits_is_not_counted(stack: Stack, lab: Lab) -> None:
    vpc = lab.vpc()
    instances = [lab.instance([vpc]) for _ in range(11)]
    decided = [stack.find(about(instance.id, severity=9.5))[0] for instance in instances]
    assert {decision["action"] for decision in decided} == {"isolate"}


@pytest.mark.parametrize(("newer", "action"), [(False, "hold"), (True, "isolate")])
def test_a_released_instance_is_isolated_again_only_by_newer_activity(
    stack: Stack, lab: Lab, *, newer: bool, action: str
) -> None:
    instance = lab.instance()
    stack.tag_and_isolate(instance.id)
    release(stack, instance.id)
    released = datetime.now(UTC) + (timedelta(minutes=5) if newer else timedelta(minutes=-5))
    (decision,) = stack.find(about(instance.id, service__eventLastSeen=released.isoformat()))
    assert decision["action"] == action


def release(stack: Stack, instance_id: str) -> None:
    """Close the case as the release function will."""
    ports = stack.ports()
    lease = ports.ledger.acquire(instance_id, "release", ports.clock.now())
    case = ports.ledger.case(instance_id)
    assert lease
    assert case
    ports.ledger.set_status(case, lease, "Released", ports.clock.now())
    ports.ledger.yield_lease(lease)
    stack.lab.tag(instance_id, **{KEY: "Release"})


def test_a_finding_during_a_release_waits_for_its_end(stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    stack.tag_and_isolate(instance.id)
    lab.tag(instance.id, **{KEY: "Release"})
    with pytest.raises(Retryable, match="release is under way"):
        stack.find(about(instance.id))
    assert lab.tags(instance.id)[KEY] == "Release"
