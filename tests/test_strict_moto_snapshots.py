"""Strict moto: snapshots. Each test fails on plain moto 5.2.5."""

from typing import Any

from tests.cloud import REGION, Lab
from tests.test_strict_moto_network import code


def snapshots(lab: Lab) -> Any:  # noqa: ANN401 - boto's answer
    instance = lab.instance()
    return lab.ec2.create_snapshots(InstanceSpecification={"InstanceId": instance.id})["Snapshots"]


def test_new_snapshots_have_a_state_and_take_time(lab: Lab) -> None:
    lab.cloud.snapshots_take_time()
    (made,) = snapshots(lab)
    assert made["State"] == "pending"
    lab.cloud.end_snapshot(made["SnapshotId"])
    (shown,) = lab.ec2.describe_snapshots(SnapshotIds=[made["SnapshotId"]])["Snapshots"]
    assert shown["State"] == "completed"


def test_only_a_completed_snapshot_is_copied_and_a_copy_has_no_volume_of_its_own(lab: Lab) -> None:
    lab.cloud.snapshots_take_time()
    (made,) = snapshots(lab)
    wanted = {"SourceRegion": REGION, "SourceSnapshotId": made["SnapshotId"]}
    assert code(lab.ec2.copy_snapshot, **wanted) == "IncorrectState"
    lab.cloud.end_snapshot(made["SnapshotId"])
    copy = lab.ec2.copy_snapshot(**wanted)["SnapshotId"]
    (shown,) = lab.ec2.describe_snapshots(SnapshotIds=[copy])["Snapshots"]
    assert (shown["State"], shown["VolumeId"]) == ("pending", "vol-ffffffff")


def test_a_locked_snapshot_is_shown_so_and_not_deleted(lab: Lab) -> None:
    (first,), (second,) = snapshots(lab), snapshots(lab)
    lab.ec2.lock_snapshot(SnapshotId=first["SnapshotId"], LockMode="governance", LockDuration=30)
    ids = [first["SnapshotId"], second["SnapshotId"]]
    (locked,) = lab.ec2.describe_locked_snapshots(SnapshotIds=ids)["Snapshots"]
    assert (locked["SnapshotId"], locked["LockState"], locked["LockDuration"]) == (ids[0], "governance", 30)
    assert code(lab.ec2.delete_snapshot, SnapshotId=ids[0]) == "SnapshotLocked"
    assert code(lab.ec2.delete_snapshot, SnapshotId=ids[1]) == "accepted"
