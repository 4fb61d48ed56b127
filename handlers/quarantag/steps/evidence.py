"""The evidence: volumes and their snapshots, the port to them, and what is done with them for `measures.evidence`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Protocol

Tags = tuple[tuple[str, str], ...]
SHOWN_WITHIN = timedelta(minutes=2)
"""EC2 shows what was made within seconds; a crashed run keeps its lease on the instance for so long."""
_STAYS = "none: evidence stays"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot that carries a case's tag. `copy_of` is the snapshot that it is a copy of, None where it is none."""

    id: str
    volume_id: str
    state: str
    started_at: datetime
    device: str = ""
    copy_of: str | None = None
    locked: bool = False
    shared_with: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """The instance's volumes by device, and the snapshots of its case.

    `instance_store`: whether the instance's type has disks that can't be snapshotted. `asked` is when this process
    asked for the case's snapshots, or for a snapshot's copy, and was not refused; `refused` is what was.
    """

    volumes: Mapping[str, str]
    snapshots: tuple[Snapshot, ...] = ()
    instance_store: bool = False
    asked: Mapping[str, datetime] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()

    def awaited(self, of: str, now: datetime) -> bool:
        """Whether it was asked for so recently that EC2 may only not show it yet."""
        return of in self.asked and now - self.asked[of] < SHOWN_WITHIN


class EvidencePort(Protocol):
    """Volumes and snapshots of this account and Region."""

    def evidence(self, instance_id: str, case_id: str, *, locks: bool, shares: bool) -> Evidence:
        """What there is; whether a snapshot is locked, and with whom it is shared, only where it is asked for."""

    def create_snapshots(self, instance_id: str, tags: Tags) -> None:
        """Ask for a snapshot of every volume at one moment, tagged so. Sent once, whatever the answer."""

    def tag_snapshot(self, snapshot_id: str, tags: Tags) -> None:
        """Write these tags."""

    def lock_snapshot(self, snapshot_id: str, days: int) -> None:
        """Let nobody delete it for so many days, but who may unlock it."""

    def copy_snapshot(self, snapshot_id: str, kms_key_arn: str, tags: Tags) -> None:
        """Ask for a copy under this key, tagged so. Sent once, whatever the answer."""

    def share_snapshot(self, snapshot_id: str, account: str) -> None:
        """Let this account make volumes of it."""


@dataclass(frozen=True, slots=True)
class CreateSnapshots:
    """A snapshot of every volume of the instance, of one moment, tagged as they are made."""

    actions: ClassVar[frozenset[str]] = frozenset({"ec2:CreateSnapshots", "ec2:CreateTags"})
    undo: ClassVar[str] = _STAYS

    instance_id: str
    tags: Tags

    @property
    def target(self) -> str:
        """The instance."""
        return self.instance_id

    def apply(self, port: EvidencePort) -> None:
        """Ask for them."""
        port.create_snapshots(self.instance_id, self.tags)


@dataclass(frozen=True, slots=True)
class TagSnapshot:
    """Say on the snapshot which volume and device it is of."""

    actions: ClassVar[frozenset[str]] = frozenset({"ec2:CreateTags"})
    undo: ClassVar[str] = _STAYS

    snapshot_id: str
    tags: Tags

    @property
    def target(self) -> str:
        """The snapshot."""
        return self.snapshot_id

    def apply(self, port: EvidencePort) -> None:
        """Tag it."""
        port.tag_snapshot(self.snapshot_id, self.tags)


@dataclass(frozen=True, slots=True)
class LockSnapshot:
    """Lock the snapshot in governance mode."""

    actions: ClassVar[frozenset[str]] = frozenset({"ec2:LockSnapshot"})
    undo: ClassVar[str] = "UnlockSnapshot, by whoever may: no function of the stack"

    snapshot_id: str
    days: int

    @property
    def target(self) -> str:
        """The snapshot."""
        return self.snapshot_id

    def apply(self, port: EvidencePort) -> None:
        """Lock it."""
        port.lock_snapshot(self.snapshot_id, self.days)


@dataclass(frozen=True, slots=True)
class CopySnapshot:
    """Copy a completed snapshot under the key for evidence.

    Source of the KMS actions: Amazon EBS User Guide, "Share the KMS key used to encrypt a shared Amazon EBS snapshot".
    """

    actions: ClassVar[frozenset[str]] = frozenset(
        {
            *("ec2:CopySnapshot", "ec2:CreateTags", "kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey"),
            *("kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"),
        }
    )
    undo: ClassVar[str] = _STAYS

    snapshot_id: str
    kms_key_arn: str
    tags: Tags

    @property
    def target(self) -> str:
        """The snapshot that is copied."""
        return self.snapshot_id

    def apply(self, port: EvidencePort) -> None:
        """Ask for the copy."""
        port.copy_snapshot(self.snapshot_id, self.kms_key_arn, self.tags)


@dataclass(frozen=True, slots=True)
class ShareSnapshot:
    """Let the account for evidence make volumes of the snapshot."""

    actions: ClassVar[frozenset[str]] = frozenset({"ec2:ModifySnapshotAttribute"})
    undo: ClassVar[str] = _STAYS

    snapshot_id: str
    account: str

    @property
    def target(self) -> str:
        """The snapshot."""
        return self.snapshot_id

    def apply(self, port: EvidencePort) -> None:
        """Share it."""
        port.share_snapshot(self.snapshot_id, self.account)
