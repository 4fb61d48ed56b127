"""Save the evidence: one crash-consistent snapshot of every volume after the cut; locked, copied, shared by parameter.

No API call of EC2 that makes snapshots takes a client token. So that no case gets them twice, the time of the intent is
what is kept, the snapshots are found again by the case's tag, and where the intent is recent and nothing is shown yet
the measure waits: EC2 may only not show them yet. A run that crashed keeps its lease on the instance for two minutes,
so the next one finds either the snapshots or an intent that is old enough.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from quarantag.announcements import tag_value
from quarantag.case import Kept
from quarantag.measures import Measure, MeasureStep, Subject, Todo
from quarantag.settings import CASE_TAG_KEY, CREATION_TAG_KEY, Settings
from quarantag.steps.evidence import (
    SHOWN_WITHIN,
    CopySnapshot,
    CreateSnapshots,
    Evidence,
    EvidencePort,
    LockSnapshot,
    ShareSnapshot,
    Snapshot,
    TagSnapshot,
)

_SKEW = timedelta(minutes=5)
_BY_HAND = "the sweep finishes no evidence of a closed case: do it by hand (docs/forensics.md, After a release)"
Copies = Mapping[str | None, Snapshot]
"""Each copy by the snapshot that it is of."""


@dataclass(frozen=True, slots=True)
class SaveEvidence(Measure[Evidence]):
    """Snapshots of all volumes, once a case; a release keeps them."""

    name: ClassVar[str] = "evidence"
    when: ClassVar = "after"
    reads: ClassVar[frozenset[str]] = frozenset(
        {
            *("ec2:DescribeInstances", "ec2:DescribeInstanceTypes", "ec2:DescribeSnapshots"),
            *("ec2:DescribeLockedSnapshots", "ec2:DescribeSnapshotAttribute"),
        }
    )
    taking: ClassVar[tuple[type[MeasureStep], ...]] = (
        *(CreateSnapshots, TagSnapshot, LockSnapshot),
        *(CopySnapshot, ShareSnapshot),
    )
    giving: ClassVar[tuple[type[MeasureStep], ...]] = ()

    port: EvidencePort

    def wanted(self, settings: Settings) -> bool:
        """`SnapshotVolumes`."""
        return settings.snapshot_volumes

    def observe(self, subject: Subject) -> Evidence:
        """Read it; locks and shares only where a parameter asks for them."""
        settings = subject.settings
        locks, shares = settings.lock_snapshots_days > 0, bool(settings.evidence_account_id)
        return self.port.evidence(subject.id, subject.case.id, locks=locks, shares=shares)

    def keep(self, seen: Evidence, subject: Subject) -> Kept:
        """The intent: when, and of which volumes by device."""
        return {"asked_at": subject.now.isoformat(), "volumes": dict(seen.volumes)}

    def plan(self, seen: Evidence, kept: Kept, subject: Subject) -> Todo:
        """The snapshots, then what is left of each; one that AWS still makes is followed, not waited for."""
        made = tuple(one for one in seen.snapshots if _is_of(one, kept))
        if not made:
            return self._missing(seen, kept, subject)
        copies: Copies = {one.copy_of: one for one in seen.snapshots if one.copy_of}
        copying = subject.settings.evidence_kms_key_arn
        awaited = [one.id for one in made if copying and one.id not in copies and one.state != "error"]
        return Todo(
            steps=tuple(_steps(made, copies, seen, subject, kept["volumes"])),
            following=(
                *(f"{one.id} is {one.state}" for one in (*made, *copies.values()) if one.state == "pending"),
                *(f"{snapshot_id} is not copied yet" for snapshot_id in awaited),
            ),
            notes=(*_listed(made, copies), *_lacking(made, kept["volumes"]), *_notes(seen)),
            detail=_detail(kept, (*made, *copies.values())),
        )

    def plan_release(self, seen: Evidence, kept: Kept, subject: Subject) -> Todo:
        """Nothing is given back: evidence stays. What is not finished is said: no sweep comes back to a closed case."""
        made = tuple(one for one in seen.snapshots if _is_of(one, kept))
        copies: Copies = {one.copy_of: one for one in seen.snapshots if one.copy_of}
        notes = tuple(_unfinished(made, copies, subject.settings, kept["volumes"]))
        return Todo(notes=(*notes, _BY_HAND) if notes else (), detail=_detail(kept, seen.snapshots))

    def _missing(self, seen: Evidence, kept: Kept, subject: Subject) -> Todo:
        """Create them, unless they were, or may have been."""
        detail = _detail(kept, ())
        if not kept["volumes"]:
            return Todo(notes=("no EBS volume is attached: nothing to snapshot", *_notes(seen)), detail=detail)
        if self.name in subject.case.taken:
            return Todo(notes=("its snapshots are gone: find in CloudTrail who deleted them",), detail=detail)
        first = self.name not in subject.case.kept
        recent = subject.now - datetime.fromisoformat(kept["asked_at"]) < SHOWN_WITHIN
        free = first or subject.case.id in seen.refused or not recent
        if not free or seen.awaited(subject.case.id, subject.now):
            return Todo(pending=("the snapshots were asked for and are not shown yet",), detail=detail)
        return Todo(steps=(CreateSnapshots(subject.id, _tags(kept, subject)),), notes=_notes(seen), detail=detail)


def _is_of(one: Snapshot, kept: Kept) -> bool:
    """Whether it was made for the case: who may tag could put the case's tag on any other snapshot."""
    asked = datetime.fromisoformat(kept["asked_at"])
    return one.copy_of is None and one.volume_id in kept["volumes"].values() and one.started_at > asked - _SKEW


def _steps(
    made: tuple[Snapshot, ...],
    copies: Copies,
    seen: Evidence,
    subject: Subject,
    volumes: Mapping[str, str],
) -> Iterator[MeasureStep]:
    settings = subject.settings
    devices = {volume_id: device for device, volume_id in volumes.items()}
    for one in made:
        if one.device != devices[one.volume_id]:
            yield TagSnapshot(one.id, _place(one.volume_id, devices[one.volume_id]))
        if settings.evidence_kms_key_arn and _may_be_copied(one, copies, seen, subject):
            tags = (*_common(subject), *_place(one.volume_id, devices[one.volume_id]), ("QuarantagCopyOf", one.id))
            yield CopySnapshot(one.id, settings.evidence_kms_key_arn, tags)
    for one in (*made, *copies.values()):
        if settings.lock_snapshots_days and not one.locked and one.state != "error":
            yield LockSnapshot(one.id, settings.lock_snapshots_days)
    for one in copies.values() if settings.evidence_kms_key_arn else made:
        account = settings.evidence_account_id
        if account and account not in one.shared_with and one.state == "completed":
            yield ShareSnapshot(one.id, account)


def _may_be_copied(one: Snapshot, copies: Copies, seen: Evidence, subject: Subject) -> bool:
    return one.state == "completed" and one.id not in copies and not seen.awaited(one.id, subject.now)


def _common(subject: Subject) -> tuple[tuple[str, str], ...]:
    return (
        (CREATION_TAG_KEY, subject.settings.stack),
        (CASE_TAG_KEY, subject.case.id),
        ("QuarantagInstance", subject.id),
        ("QuarantagFinding", tag_value(subject.case.reason)),
    )


def _tags(kept: Kept, subject: Subject) -> tuple[tuple[str, str], ...]:
    return (*_common(subject), ("QuarantagTime", tag_value(kept["asked_at"])))


def _place(volume_id: str, device: str) -> tuple[tuple[str, str], ...]:
    return (("QuarantagVolume", volume_id), ("QuarantagDevice", tag_value(device)))


def _listed(made: tuple[Snapshot, ...], copies: Copies) -> Iterator[str]:
    for one in made:
        copy = f", copied to {copies[one.id].id} ({copies[one.id].state})" if one.id in copies else ""
        yield f"{one.id} of {one.volume_id} is {one.state}{copy}"


def _lacking(made: tuple[Snapshot, ...], volumes: Mapping[str, str]) -> Iterator[str]:
    have = {one.volume_id for one in made if one.state != "error"}
    for device, volume_id in volumes.items():
        if volume_id not in have:
            yield f"{volume_id} ({device}) has no good snapshot: make one by hand"


def _unfinished(
    made: tuple[Snapshot, ...], copies: Copies, settings: Settings, volumes: Mapping[str, str]
) -> Iterator[str]:
    """What the parameters ask for and the case's snapshots lack, where a release closes it now."""
    every, key, account = (*made, *copies.values()), settings.evidence_kms_key_arn, settings.evidence_account_id
    yield from _lacking(made, volumes)
    yield from (f"{one.id} is pending still: AWS completes it" for one in every if one.state == "pending")
    good = [one for one in made if one.state != "error"]
    copied = {one.copy_of: one for one in copies.values() if one.state != "error"}
    to_share = [copied.get(one.id) for one in good] if key else good
    unlocked = [one.id for one in (*good, *copied.values()) if settings.lock_snapshots_days and not one.locked]
    unshared = [one.id for one in to_share if one and account and account not in one.shared_with]
    lacks = {
        f"not copied under {key}": [one.id for one in good if key and one.id not in copied],
        "not locked": unlocked,
        f"not shared with {account}": unshared,
    }
    yield from (f"{', '.join(ids)}: {what}" for what, ids in lacks.items() if ids)


def _notes(seen: Evidence) -> tuple[str, ...]:
    return ("its instance-store disks can't be snapshotted and are lost at a stop",) if seen.instance_store else ()


def _detail(kept: Kept, snapshots: tuple[Snapshot, ...]) -> Mapping[str, Any]:
    """What a workflow is told."""
    return {
        "volumes": [{"id": volume_id, "device": device} for device, volume_id in sorted(kept["volumes"].items())],
        "snapshots": [
            {"id": one.id, "volume_id": one.volume_id, "state": one.state, "copy_of": one.copy_of} for one in snapshots
        ],
    }
