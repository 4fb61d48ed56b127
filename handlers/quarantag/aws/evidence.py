"""The port of `measures.evidence` over EC2."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from quarantag.aws import faults, reading
from quarantag.execution import side_by_side
from quarantag.ports import Clock
from quarantag.settings import CASE_TAG_KEY, CREATION_TAG_KEY, Settings
from quarantag.steps.evidence import Evidence, Snapshot, Tags

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.type_defs import SnapshotTypeDef, TagSpecificationTypeDef, TagTypeDef

_LOCKED = frozenset({"governance", "compliance", "compliance-cooloff"})


class Ec2Evidence:
    """`CreateSnapshots` of all volumes in one call, and what follows (Amazon EC2 API Reference).

    Neither that call nor `CopySnapshot` takes a client token: they go by `once`, a client that never sends a request
    again by itself, and what was sent and not refused is remembered, since an answer may be lost.
    """

    def __init__(self, client: "EC2Client", once: "Callable[[], EC2Client]", clock: Clock, settings: Settings) -> None:
        self._client = client
        self._once = once
        self._clock = clock
        self._settings = settings
        self._asked: dict[str, datetime] = {}
        self._refused: set[str] = set()
        self._has_instance_store = cache(self._instance_store)

    def evidence(self, instance_id: str, case_id: str, *, locks: bool, shares: bool) -> Evidence:
        """`DescribeInstances`, and `DescribeSnapshots` by the case's tag; of each what `_locked` and `_shared` say."""
        with faults.translated(f"read the evidence of {instance_id}"), side_by_side() as pool:
            instance = pool.submit(self._instance, instance_id)
            found = self._snapshots(case_id)
            locked = self._locked(found) if locks else frozenset()
            shared = {one["SnapshotId"]: self._shared(one["SnapshotId"]) for one in found} if shares else {}
            devices = [one for one in instance.result().get("BlockDeviceMappings", []) if "Ebs" in one]
            return Evidence(
                volumes={one["DeviceName"]: one["Ebs"]["VolumeId"] for one in devices},
                snapshots=tuple(_snapshot_of(one, locked, shared) for one in found),
                instance_store=self._has_instance_store(instance.result()["InstanceType"]),
                asked=dict(self._asked),
                refused=frozenset(self._refused),
            )

    def create_snapshots(self, instance_id: str, tags: Tags) -> None:
        """`CreateSnapshots`, the boot volume included; remembered by the case."""
        specifications = _for_snapshots(tags)
        with faults.translated(f"snapshot the volumes of {instance_id}"):
            self._ask_once(
                dict(tags)[CASE_TAG_KEY],
                lambda: self._once().create_snapshots(
                    InstanceSpecification={"InstanceId": instance_id, "ExcludeBootVolume": False},
                    Description=f"Quarantag evidence of {instance_id}",
                    TagSpecifications=specifications,
                ),
            )

    def tag_snapshot(self, snapshot_id: str, tags: Tags) -> None:
        """`CreateTags`."""
        with faults.translated(f"tag {snapshot_id}"):
            self._client.create_tags(Resources=[snapshot_id], Tags=_pairs(tags))

    def lock_snapshot(self, snapshot_id: str, days: int) -> None:
        """`LockSnapshot`; one that is pending can be locked (Amazon EBS User Guide, "Lock an Amazon EBS snapshot")."""
        with faults.translated(f"lock {snapshot_id}"):
            self._client.lock_snapshot(SnapshotId=snapshot_id, LockMode="governance", LockDuration=days)

    def copy_snapshot(self, snapshot_id: str, kms_key_arn: str, tags: Tags) -> None:
        """`CopySnapshot` in this Region; remembered by the snapshot."""
        with faults.translated(f"copy {snapshot_id}"):
            self._ask_once(
                snapshot_id,
                lambda: self._once().copy_snapshot(
                    SourceRegion=self._settings.region,
                    SourceSnapshotId=snapshot_id,
                    Description=f"Quarantag evidence, a copy of {snapshot_id}",
                    Encrypted=True,
                    KmsKeyId=kms_key_arn,
                    TagSpecifications=_for_snapshots(tags),
                ),
            )

    def share_snapshot(self, snapshot_id: str, account: str) -> None:
        """`ModifySnapshotAttribute`; AWS refuses it for a snapshot under the key that AWS manages."""
        with faults.translated(f"share {snapshot_id} with {account} (one under AWS's own key can't be shared)"):
            self._client.modify_snapshot_attribute(
                SnapshotId=snapshot_id, Attribute="createVolumePermission", OperationType="add", UserIds=[account]
            )

    def _ask_once(self, of: str, ask: Callable[[], object]) -> None:
        """Remember what was asked for, until AWS says that it was not done."""
        self._asked[of] = self._clock.now()
        self._refused.discard(of)
        try:
            ask()
        except ClientError as error:
            if not faults.may_be_done(error):
                del self._asked[of]
                self._refused.add(of)
            raise

    def _instance(self, instance_id: str) -> Mapping[str, Any]:
        answer = self._client.describe_instances(InstanceIds=[instance_id])
        (found,) = (one for reservation in answer["Reservations"] for one in reservation.get("Instances", []))
        return found

    def _instance_store(self, instance_type: str) -> bool:
        """`DescribeInstanceTypes`: the instance's own block devices do not show NVMe instance-store volumes."""
        answer = self._client.describe_instance_types(InstanceTypes=[instance_type])  # type: ignore[list-item]
        return any(one.get("InstanceStorageSupported", False) for one in answer["InstanceTypes"])

    def _snapshots(self, case_id: str) -> "list[SnapshotTypeDef]":
        pages = self._client.get_paginator("describe_snapshots").paginate(
            OwnerIds=["self"],
            Filters=[
                {"Name": f"tag:{CASE_TAG_KEY}", "Values": [case_id]},
                {"Name": f"tag:{CREATION_TAG_KEY}", "Values": [self._settings.stack]},
            ],
        )
        return [one for page in pages for one in page["Snapshots"]]

    def _locked(self, snapshots: "list[SnapshotTypeDef]") -> frozenset[str]:
        """`DescribeLockedSnapshots`, which shows expired locks too."""
        ids = [one["SnapshotId"] for one in snapshots]
        found = self._client.describe_locked_snapshots(SnapshotIds=ids)["Snapshots"] if ids else []
        return frozenset(one["SnapshotId"] for one in found if one["LockState"] in _LOCKED)

    def _shared(self, snapshot_id: str) -> tuple[str, ...]:
        answer = self._client.describe_snapshot_attribute(SnapshotId=snapshot_id, Attribute="createVolumePermission")
        return tuple(one["UserId"] for one in answer["CreateVolumePermissions"] if "UserId" in one)


def _snapshot_of(answer: "SnapshotTypeDef", locked: frozenset[str], shared: Mapping[str, tuple[str, ...]]) -> Snapshot:
    """One of `DescribeSnapshots`; a copy's own `VolumeId` is arbitrary, so its tag says which volume it is of."""
    tags = reading.tags_of(answer.get("Tags", []))
    copy_of, snapshot_id = tags.get("QuarantagCopyOf"), answer["SnapshotId"]
    return Snapshot(
        id=snapshot_id,
        volume_id=tags.get("QuarantagVolume", "") if copy_of else answer["VolumeId"],
        state=answer["State"],
        started_at=answer["StartTime"],
        device=tags.get("QuarantagDevice", ""),
        copy_of=copy_of,
        locked=snapshot_id in locked,
        shared_with=shared.get(snapshot_id, ()),
    )


def _for_snapshots(tags: Tags) -> "list[TagSpecificationTypeDef]":
    return [{"ResourceType": "snapshot", "Tags": _pairs(tags)}]


def _pairs(tags: Tags) -> "list[TagTypeDef]":
    return [{"Key": key, "Value": value} for key, value in tags]
