"""Every volume of an isolated instance is snapshotted once a case, and the evidence is followed to its end and kept."""

from collections.abc import Callable
from typing import Any

import pytest

import isolate
import release
from tests.cloud import Lab, Launched
from tests.stack import KEY, Stack, forget_wiring

KMS_KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
Saving = Callable[..., Stack]


@pytest.fixture
def saving(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Saving:
    """The stack with these parameters, as environment variables; a cold start."""

    def make(**environment: str) -> Stack:
        for name, value in {"SNAPSHOT_VOLUMES": "true", **environment}.items():
            monkeypatch.setenv(name, value)
        forget_wiring()
        return stack

    return make


def with_two_volumes(lab: Lab) -> Launched:
    instance = lab.instance(tags={f"{KEY}Reason": "rule-1 severity 8.0"})
    zone = lab.describe(instance.id)["Placement"]["AvailabilityZone"]
    volume = lab.ec2.create_volume(Size=8, AvailabilityZone=zone)["VolumeId"]
    lab.ec2.attach_volume(VolumeId=volume, InstanceId=instance.id, Device="/dev/sdf")
    return instance


def volumes(lab: Lab, instance: Launched) -> dict[str, str]:
    return {one["Ebs"]["VolumeId"]: one["DeviceName"] for one in lab.describe(instance.id)["BlockDeviceMappings"]}


def snapshots(lab: Lab, *, copies: bool = False) -> list[dict[str, Any]]:
    """The snapshots that some case has, each with its tags as a mapping."""
    found = lab.ec2.describe_snapshots(Filters=[{"Name": "tag-key", "Values": ["QuarantagCase"]}])["Snapshots"]
    plain = [one | {"Tags": {tag["Key"]: tag["Value"] for tag in one["Tags"]}} for one in found]
    return [one for one in plain if ("QuarantagCopyOf" in one["Tags"]) == copies]


def test_every_volume_is_snapshotted_and_tagged_with_all_that_it_is_evidence_of(saving: Saving, lab: Lab) -> None:
    stack, instance = saving(), with_two_volumes(lab)

    assert stack.tag_and_isolate(instance.id)["status"] == "Isolated"

    case: Any = stack.case(instance.id)
    made = snapshots(lab)
    assert {one["VolumeId"]: one["Tags"].pop("QuarantagDevice") for one in made} == volumes(lab, instance)
    for one in made:
        assert case["opened_at"] <= one["Tags"].pop("QuarantagTime").replace("_", "+")
        assert one["Tags"] == {
            "QuarantagStack": "quarantag",
            "QuarantagCase": case["case_id"],
            "QuarantagInstance": instance.id,
            "QuarantagFinding": "rule-1 severity 8.0",
            "QuarantagVolume": one["VolumeId"],
        }
    (entry,) = stack.entries(instance.id, "measure-taken")
    assert set(entry["notes"]) >= {f"{one['SnapshotId']} of {one['VolumeId']} is completed" for one in made}


def test_never_twice_for_one_case_and_kept_by_a_release(saving: Saving, lab: Lab) -> None:
    stack, instance = saving(), with_two_volumes(lab)
    stack.tag_and_isolate(instance.id)
    first = snapshots(lab)
    for _ in range(2):
        stack.sweep(isolate)
    stack.tag_and_release(instance.id)
    stack.sweep(release)
    assert snapshots(lab) == first
    stack.tag_and_isolate(instance.id)
    assert len(snapshots(lab)) == 4


def test_the_sweep_follows_them_and_says_once_how_it_ended(saving: Saving, lab: Lab) -> None:
    stack, instance = saving(), with_two_volumes(lab)
    lab.cloud.snapshots_take_time()
    answer = stack.tag_and_isolate(instance.id)
    first, second = snapshots(lab)
    assert answer["status"] == "Isolated"
    assert f"{first['SnapshotId']} of {first['VolumeId']} is pending" in answer["reason"]
    assert stack.entries(instance.id, "measure-taken") == []

    lab.cloud.end_snapshot(first["SnapshotId"])
    lab.cloud.end_snapshot(second["SnapshotId"], "error")
    for _ in range(2):
        stack.sweep(isolate)

    (entry,) = stack.entries(instance.id, "measure-taken")
    assert f"{first['SnapshotId']} of {first['VolumeId']} is completed" in entry["notes"]
    device = volumes(lab, instance)[second["VolumeId"]]
    assert f"{second['VolumeId']} ({device}) has no good snapshot: make one by hand" in entry["notes"]


def test_they_are_locked_at_once_while_pending(saving: Saving, lab: Lab) -> None:
    stack, instance = saving(LOCK_SNAPSHOTS_DAYS="30"), with_two_volumes(lab)
    lab.cloud.snapshots_take_time()
    stack.tag_and_isolate(instance.id)
    ids = [one["SnapshotId"] for one in snapshots(lab)]
    locked = lab.ec2.describe_locked_snapshots(SnapshotIds=ids)["Snapshots"]
    assert {one["SnapshotId"]: one["LockDuration"] for one in locked} == dict.fromkeys(ids, 30)


def test_complete_ones_are_copied_once_under_the_key_and_the_copies_are_shared(saving: Saving, lab: Lab) -> None:
    stack = saving(EVIDENCE_KMS_KEY_ARN=KMS_KEY, EVIDENCE_ACCOUNT_ID="210987654321")
    instance = with_two_volumes(lab)
    lab.cloud.snapshots_take_time()
    stack.tag_and_isolate(instance.id)
    made = snapshots(lab)
    assert snapshots(lab, copies=True) == []
    for one in made:
        lab.cloud.end_snapshot(one["SnapshotId"])
    for _ in range(2):
        stack.sweep(isolate)
    copies = snapshots(lab, copies=True)
    assert {one["Tags"]["QuarantagCopyOf"] for one in copies} == {one["SnapshotId"] for one in made}
    assert {one["KmsKeyId"] for one in copies} == {KMS_KEY}
    assert {one["Tags"]["QuarantagDevice"] for one in copies} == set(volumes(lab, instance).values())
    assert stack.entries(instance.id, "measure-taken") == []
    for one in copies:
        lab.cloud.end_snapshot(one["SnapshotId"])
    for _ in range(2):
        stack.sweep(isolate)

    assert len(snapshots(lab, copies=True)) == 2
    assert {one["SnapshotId"]: shared_with(lab, one) for one in (*made, *copies)} == {
        **{one["SnapshotId"]: [] for one in made},
        **{one["SnapshotId"]: ["210987654321"] for one in copies},
    }
    assert len(stack.entries(instance.id, "measure-taken")) == 1


def shared_with(lab: Lab, one: dict[str, Any]) -> list[str]:
    asked = {"SnapshotId": one["SnapshotId"], "Attribute": "createVolumePermission"}
    return [one["UserId"] for one in lab.ec2.describe_snapshot_attribute(**asked)["CreateVolumePermissions"]]


def test_one_under_aws_s_own_key_can_t_be_shared_and_that_is_said(saving: Saving, lab: Lab) -> None:
    stack, instance = saving(EVIDENCE_ACCOUNT_ID="210987654321"), lab.instance()
    lab.cloud.refuse("ModifySnapshotAttribute", "210987654321", "OperationNotPermitted")
    answer = stack.tag_and_isolate(instance.id)
    assert answer["status"] == "Isolated"
    assert "one under AWS's own key can't be shared" in answer["reason"]


def test_a_refusal_does_not_hold_up_the_isolation_and_the_sweep_tries_again(saving: Saving, lab: Lab) -> None:
    stack, instance = saving(), lab.instance()
    lab.cloud.refuse("CreateSnapshots", instance.id, "SnapshotCreationPerVolumeRateExceeded", times=1)
    answer = stack.tag_and_isolate(instance.id)
    assert answer["status"] == "Isolated"
    assert "SnapshotCreationPerVolumeRateExceeded" in answer["reason"]
    assert snapshots(lab) == []
    stack.sweep(isolate)
    assert len(snapshots(lab)) == 1


def test_deleted_evidence_is_said_and_not_made_again(saving: Saving, lab: Lab) -> None:
    stack, instance = saving(), lab.instance()
    stack.tag_and_isolate(instance.id)
    for one in snapshots(lab):
        lab.ec2.delete_snapshot(SnapshotId=one["SnapshotId"])
    (answer,) = stack.sweep(isolate)
    assert snapshots(lab) == []
    assert "snapshots are gone" in answer["reason"]


def test_a_snapshot_that_somebody_tagged_is_not_taken_for_evidence(saving: Saving, lab: Lab) -> None:
    stack, instance = saving(), lab.instance()
    lab.cloud.refuse("CreateSnapshots", instance.id, "UnauthorizedOperation", times=1)
    stack.tag_and_isolate(instance.id)
    case: Any = stack.case(instance.id)
    other = lab.ec2.create_volume(Size=1, AvailabilityZone="eu-central-1a")["VolumeId"]
    forged = lab.ec2.create_snapshot(VolumeId=other)["SnapshotId"]
    lab.tag(forged, QuarantagStack="quarantag", QuarantagCase=str(case["case_id"]))
    stack.sweep(isolate)
    assert len(snapshots(lab)) == 2


@pytest.mark.parametrize(("instance_type", "lost"), [("i3.large", True), ("t3.micro", False)])
def test_instance_store_disks_are_said_to_be_lost(saving: Saving, lab: Lab, instance_type: str, lost: bool) -> None:  # noqa: FBT001
    stack, instance = saving(), lab.instance(stopped=True)
    lab.ec2.modify_instance_attribute(InstanceId=instance.id, InstanceType={"Value": instance_type})
    answer = stack.tag_and_isolate(instance.id)
    assert ("instance-store disks can't be snapshotted" in answer["reason"]) == lost


def test_without_the_parameter_nothing_is_made(stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    stack.tag_and_isolate(instance.id)
    assert snapshots(lab) == []
