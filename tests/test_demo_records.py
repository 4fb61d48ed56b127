"""What the demo expects of the ledger and the topic can fail: each probe against records that are nearly right."""

import json
from typing import Any

import pytest

from console.cloud.state import ANALYST
from console.demo import records
from tests.cloud import SESSION, Lab
from tests.demo import Scene, furnished, holds

OPEN = {"status": "Isolated", "open_case": "open", "closed_at": None}
CLOSED = {"status": "Released", "closed_at": "2026-01-01T00:00:00+00:00"}


@pytest.fixture
def scene(lab: Lab, isolation_profile_arn: str, ledger_table: Any) -> Scene:  # noqa: ANN401, ARG001
    return furnished(lab, isolation_profile_arn)


def case_of(scene: Scene) -> dict[str, Any]:
    """The true case of `shop`, as yet of no status."""
    actor = scene.world.actors["shop"]
    role = SESSION.client("iam").get_role(RoleName="web-server")["Role"]
    return {
        "pk": actor.id,
        "sk": "case",
        "case_id": "c",
        "interfaces_before": {
            one.id: {"vpc_id": one.vpc_id, "groups": list(one.groups_before)} for one in actor.interfaces
        },
        "profile_before": {"arn": actor.profile_arn, "id": "AIPA"},
        "role_before": {"arn": role["Arn"], "id": role["RoleId"]},
    }


def spoil(case: dict[str, Any], wrong: str | None) -> dict[str, Any]:
    """The case with one thing wrong in its state before."""
    interfaces = case["interfaces_before"]
    if wrong == "groups":
        interfaces.popitem()
    if wrong == "order":
        next(iter(interfaces.values()))["groups"].reverse()
    if wrong == "profile":
        case["profile_before"]["arn"] = "another"
    if wrong == "role":
        case["role_before"]["id"] = "AROAANAMESAKE"
    return case


def entry(table: Any, scene: Scene, kind: str, **detail: object) -> None:  # noqa: ANN401 - a boto3 table
    """Append an audit entry about bastion."""
    key = {"pk": scene.world.actors["bastion"].id, "sk": f"entry#{kind}#{len(str(detail))}"}
    table.put_item(Item=key | {"kind": kind, "detail": json.dumps(detail)})


@pytest.mark.parametrize("wrong", [None, "groups", "order", "profile", "role"])
@pytest.mark.parametrize("status", [OPEN, CLOSED], ids=["recorded", "closed"])
def test_case_needs_the_whole_state_before(
    scene: Scene,
    ledger_table: Any,  # noqa: ANN401
    status: dict[str, Any],
    wrong: str | None,
) -> None:
    probe = (records.recorded if status is OPEN else records.closed)(scene.world, "shop")
    assert not holds(probe)
    ledger_table.put_item(Item=spoil(case_of(scene), wrong) | status)
    assert holds(probe) is (wrong is None)


@pytest.mark.parametrize("wrong", [{"status": "Isolating"}, CLOSED, {"status": "Releasing"}])
def test_recorded_needs_an_open_case_that_is_isolated(
    scene: Scene,
    ledger_table: Any,  # noqa: ANN401
    wrong: dict[str, Any],
) -> None:
    ledger_table.put_item(Item=case_of(scene) | OPEN | wrong)
    assert not holds(records.recorded(scene.world, "shop"))


def test_recorded_needs_the_case_among_the_open_ones(scene: Scene, ledger_table: Any) -> None:  # noqa: ANN401
    ledger_table.put_item(Item=case_of(scene) | {"status": "Isolated"})
    assert not holds(records.recorded(scene.world, "shop"))


@pytest.mark.parametrize("wrong", [{"status": "Ended"}, {"closed_at": None}, {"open_case": "open"}])
def test_closed_needs_status_time_and_no_place_among_the_open(
    scene: Scene,
    ledger_table: Any,  # noqa: ANN401
    wrong: dict[str, Any],
) -> None:
    ledger_table.put_item(Item=case_of(scene) | CLOSED | wrong)
    assert not holds(records.closed(scene.world, "shop"))


def test_drifted_needs_exactly_these_interfaces(scene: Scene, ledger_table: Any) -> None:  # noqa: ANN401
    probe = records.drifted(scene.world, "bastion", ["eni-1", "eni-2"])
    entry(ledger_table, scene, "step", seen=["SetInterfaceGroups for eni-1 and eni-2"])
    assert not holds(probe)
    entry(ledger_table, scene, "drift", seen=["needed again for eni-1"])
    assert not holds(probe)
    entry(ledger_table, scene, "drift", seen=["needed again for eni-1", "needed again for eni-2"])
    assert holds(probe)
    assert not holds(records.drifted(scene.world, "bastion", ["eni-1"]))


def test_asked_for_by_analyst_needs_the_principal(scene: Scene, ledger_table: Any) -> None:  # noqa: ANN401
    probe = records.asked_for_by_analyst(scene.world, "bastion")
    entry(ledger_table, scene, "release-refuse", principal=ANALYST)
    entry(ledger_table, scene, "release-started", principal="not known")
    assert not holds(probe)
    entry(ledger_table, scene, "release-started", principal=ANALYST)
    assert holds(probe)


def test_announced_needs_this_event_about_this_instance(scene: Scene) -> None:
    probe = records.announced(scene.world, "shop", "Released")
    for name, event, arrives in (
        ("bastion", "Released", False),
        ("shop", "Isolated", False),
        ("shop", "Released", True),
    ):
        publish(scene, name, event)
        assert holds(probe) is arrives


def test_inbox_keeps_more_than_one_answer_holds(scene: Scene) -> None:
    for number in range(12):
        publish(scene, "shop", f"event {number}")
    told = [scene.world.inbox.about(scene.world.actors["shop"].id) for _ in range(2)]
    assert told[0] == told[1]
    assert sorted(told[0]) == sorted(f"event {number}" for number in range(12))


def publish(scene: Scene, name: str, event: str) -> None:
    """Publish as the functions do, as far as the inbox reads it; an alarm, which has no attributes, comes with it."""
    attributes = {"instance_id": scene.world.actors[name].id, "event": event}
    values: dict[str, Any] = {key: {"DataType": "String", "StringValue": value} for key, value in attributes.items()}
    sns, topic = SESSION.client("sns"), scene.world.stack.resources["Notifications"]
    sns.publish(TopicArn=topic, Message=event, MessageAttributes=values)
    sns.publish(TopicArn=topic, Message="an alarm")
