"""Workflows are told of each end of a containment: all that they need, at least once, and again where more was done."""

from typing import Any

import pytest
from botocore.stub import Stubber

import isolate
import release
from quarantag.aws.bus import EventBridgeBus
from quarantag.errors import QuarantagError, Retryable, Terminal
from tests.cloud import ACCOUNT, REGION, SESSION, TABLE, Lab
from tests.faults import Fault, faulty
from tests.stack import KEY, Stack, forget_wiring


def statuses(stack: Stack) -> list[str]:
    return [one["status"] for one in stack.sent()]


def test_an_isolation_tells_what_was_isolated_and_why(stack: Stack, lab: Lab) -> None:
    instance = lab.instance(profile=lab.profile(), tags={f"{KEY}Reason": "rule-1 severity 8.0"})
    stack.tag_and_isolate(instance.id)

    (sent,) = stack.sent()

    case: Any = stack.case(instance.id)
    assert (sent["account"], sent["region"], sent["stack"]) == (ACCOUNT, REGION, "quarantag")
    assert (sent["ledger_table"], sent["status"], sent["case_id"]) == (TABLE, "Isolated", case["case_id"])
    assert (sent["finding"], sent["opened_at"]) == ("rule-1 severity 8.0", case["opened_at"])
    assert sent["opened_at"] < sent["isolated_at"] <= case["isolated_at"]
    assert sent["instance"] == {
        "id": instance.id,
        "state": "running",
        "vpc_id": instance.networks[0].vpc_id,
        "image_id": lab.describe(instance.id)["ImageId"],
        "auto_scaling_group": None,
    }


def test_an_isolation_tells_what_was_before(stack: Stack, lab: Lab) -> None:
    instance = lab.instance(profile=lab.profile())
    home = instance.networks[0]
    stack.tag_and_isolate(instance.id)
    (sent,) = stack.sent()
    assert sent["interfaces"] == [
        {
            "id": instance.interface_ids[0],
            "vpc_id": home.vpc_id,
            "groups_before": [home.group_id],
            "isolation_group": stack.isolation_group(home.vpc_id)["GroupId"],
        }
    ]
    assert sent["profile_before"]["arn"].endswith("instance-profile/web-server")
    assert sent["role_before"]["arn"].endswith("role/web-server")


def test_an_isolation_tells_where_the_evidence_is(stack: Stack, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNAPSHOT_VOLUMES", "true")
    forget_wiring()
    instance = lab.instance()
    stack.tag_and_isolate(instance.id)
    (sent,) = stack.sent()
    (snapshot,) = lab.ec2.describe_snapshots(Filters=[{"Name": "tag-key", "Values": ["QuarantagCase"]}])["Snapshots"]
    (device,) = lab.describe(instance.id)["BlockDeviceMappings"]
    assert sent["volumes"] == [{"id": snapshot["VolumeId"], "device": device["DeviceName"]}]
    assert sent["snapshots"] == [
        {"id": snapshot["SnapshotId"], "volume_id": snapshot["VolumeId"], "state": "completed", "copy_of": None}
    ]
    assert sent["measures"]["evidence"]["done"] is True


def test_a_sweep_that_changes_nothing_says_nothing(stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    stack.tag_and_isolate(instance.id)
    assert statuses(stack) == ["Isolated"]
    stack.sweep(isolate)
    assert statuses(stack) == []


def test_evidence_that_is_complete_later_is_told_again(stack: Stack, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNAPSHOT_VOLUMES", "true")
    forget_wiring()
    lab.cloud.snapshots_take_time()
    instance = lab.instance()
    stack.tag_and_isolate(instance.id)
    (first,) = stack.sent()
    assert [one["state"] for one in first["snapshots"]] == ["pending"]
    assert first["measures"]["evidence"]["done"] is False
    lab.cloud.end_snapshot(first["snapshots"][0]["id"])
    stack.sweep(isolate)
    (again,) = stack.sent()
    assert [one["state"] for one in again["snapshots"]] == ["completed"]
    assert (again["status"], again["reason"]) == ("Isolated", "done by now: evidence")
    stack.sweep(isolate)
    assert statuses(stack) == []


def test_release_failure_and_end_are_told(stack: Stack, lab: Lab) -> None:
    released, ended, failed = lab.instance(), lab.instance(), lab.instance()
    for one in (released, ended):
        stack.tag_and_isolate(one.id)
    stack.sent()
    stack.tag_and_release(released.id)
    assert statuses(stack) == ["Released"]
    lab.ec2.terminate_instances(InstanceIds=[ended.id])
    stack.sweep(release)
    assert statuses(stack) == ["Ended"]
    lab.cloud.refuse("ModifyNetworkInterfaceAttribute", failed.interface_ids[0], "UnauthorizedOperation")
    stack.tag_and_isolate(failed.id)
    assert statuses(stack) == ["Failed"]


def test_held_by_the_ceiling_is_told_once_and_without_a_case(
    stack: Stack, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_CONTAINMENTS_PER_HOUR", "1")
    forget_wiring()
    first, second = lab.instance(), lab.instance()
    stack.tag_and_isolate(first.id)
    stack.sent()
    for _ in range(2):
        stack.tag_and_isolate(second.id)
    (sent,) = stack.sent()
    assert (sent["status"], sent["case_id"], sent["instance"]["id"]) == ("Held", None, second.id)


def test_what_is_due_is_sent_by_the_next_run(stack: Stack, lab: Lab) -> None:
    """The case's status is moved last, so that a passing fault before it is made up for."""
    instance = lab.instance(tags={KEY: "Isolate"})
    bus = faulty(stack.ports().bus, Fault("send", Retryable("throttled"), times=1))
    with pytest.raises(Retryable):
        stack.reconcile(instance.id, bus=bus)
    assert statuses(stack) == []
    assert stack.reconcile(instance.id, bus=bus).status == "Isolated"
    assert statuses(stack) == ["Isolated"]


def test_what_can_t_be_sent_stops_nothing_and_is_recorded(stack: Stack, lab: Lab) -> None:
    instance = lab.instance(tags={KEY: "Isolate"})
    bus = faulty(stack.ports().bus, Fault("send", Terminal("AccessDenied")))
    assert stack.reconcile(instance.id, bus=bus).status == "Isolated"
    assert stack.entries(instance.id, "event-not-sent") == [{"status": "Isolated", "fault": "AccessDenied"}]


@pytest.mark.parametrize(
    ("code", "expected"), [("InternalFailure", Retryable), ("ThrottlingException", Retryable), ("Malformed", Terminal)]
)
def test_an_event_that_the_bus_did_not_take_is_no_success(code: str, expected: type[QuarantagError]) -> None:
    client = SESSION.client("events")
    answer: Any = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": code, "ErrorMessage": "no"}]}
    with Stubber(client) as stub:
        stub.add_response("put_events", answer)
        with pytest.raises(expected, match=f"{code}: no"):
            EventBridgeBus(lambda: client, "default").send({})
