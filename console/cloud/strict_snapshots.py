"""Corrections of moto: EBS snapshots, their state and their locks."""

from datetime import timedelta

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.models import EC2Backend
from moto.ec2.models.elastic_block_store import EBSBackend, Snapshot
from moto.ec2.responses.elastic_block_store import ElasticBlockStore

from console.cloud.correction import Moto, Original, corrects, corrects_property, refuse
from console.cloud.state import STATE

_ANY_VOLUME = "vol-ffffffff"
_COPY = "_quarantag_is_copy"


@corrects_property(Snapshot, "state")
def show_state(_original: Original, self: Snapshot) -> str:
    """FACTS E1: CreateSnapshots answers each snapshot's `State`; moto leaves it out."""
    return str(self.status)


@corrects_property(Snapshot, "volume_id")
def hide_volume_of_copy(original: Original, self: Snapshot) -> str:
    """EC2 API Reference, Snapshot: a copy's volume id is arbitrary and means nothing; moto shows the original's."""
    return _ANY_VOLUME if getattr(self, _COPY, False) else str(original(self))


@corrects(EBSBackend, "create_snapshot")
def take_time(original: Original, self: EC2Backend, *args: Moto, **kwargs: Moto) -> Moto:
    """EC2 API Reference, CreateSnapshots: a snapshot is `pending` at first; here where a test says so."""
    snapshot = original(self, *args, **kwargs)
    snapshot.status = "pending" if STATE.snapshots_take_time else "completed"
    return snapshot


@corrects(EBSBackend, "copy_snapshot")
def copy_completed(original: Original, self: EC2Backend, source_snapshot_id: str, *args: Moto, **kwargs: Moto) -> Moto:
    """Amazon EBS User Guide, "Copy an Amazon EBS snapshot": only a completed one can be copied."""
    if self.get_snapshot(source_snapshot_id).status != "completed":
        refuse("IncorrectState", f"Snapshot is in invalid state - {source_snapshot_id}")
    snapshot = original(self, source_snapshot_id, *args, **kwargs)
    setattr(snapshot, _COPY, True)
    snapshot.status = "pending" if STATE.snapshots_take_time else "completed"
    return snapshot


@corrects(EBSBackend, "delete_snapshot")
def keep_locked(original: Original, self: EC2Backend, snapshot_id: str) -> Moto:
    """Amazon EBS User Guide, "Amazon EBS snapshot lock": nobody deletes a locked snapshot."""
    if snapshot_id in STATE.locks:
        refuse("SnapshotLocked", f"The snapshot {snapshot_id} is locked")
    return original(self, snapshot_id)


@corrects(ElasticBlockStore, "lock_snapshot")
def lock_snapshot(_original: Original, self: ElasticBlockStore) -> ActionResult:
    """EC2 API Reference, LockSnapshot: moto has none."""
    snapshot = self.ec2_backend.get_snapshot(self._get_param("SnapshotId"))
    if snapshot.status == "error":
        refuse("IncorrectState", f"Snapshot is in invalid state - {snapshot.id}")
    STATE.locks[snapshot.id] = int(self._get_param("LockDuration"))
    return ActionResult(_lock_of(snapshot))


@corrects(ElasticBlockStore, "describe_locked_snapshots")
def describe_locked_snapshots(_original: Original, self: ElasticBlockStore) -> ActionResult:
    """EC2 API Reference, DescribeLockedSnapshots: moto has none."""
    asked = self._get_param("SnapshotIds", [])
    found = self.ec2_backend.describe_snapshots(snapshot_ids=asked)
    return ActionResult({"Snapshots": [_lock_of(one) for one in found if one.id in STATE.locks]})


def _lock_of(snapshot: Snapshot) -> dict[str, Moto]:
    days = STATE.locks[snapshot.id]
    return {
        "SnapshotId": snapshot.id,
        "OwnerId": snapshot.owner_id,
        "LockState": "governance",
        "LockDuration": days,
        "LockCreatedOn": utcnow(),
        "LockExpiresOn": utcnow() + timedelta(days=days),
    }
