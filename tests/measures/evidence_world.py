"""The port of the evidence measure in memory."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import RLock
from typing import Any

from quarantag.measures.evidence import SaveEvidence
from quarantag.ports import Clock
from quarantag.settings import CASE_TAG_KEY, Settings
from quarantag.steps.evidence import Evidence, Snapshot, Tags
from tests.crash.books import Books
from tests.crash.world import World


@dataclass(slots=True)
class WorldEvidence:
    """Every instance has two volumes; a snapshot of each is complete at once, and stays: it is in no one's `around`.

    EC2 shows what was made `lag` later. `keys` has the key of each copy, `asked` what the adapter remembers.
    """

    clock: Clock
    lag: timedelta = timedelta(0)
    snapshots: list[tuple[str, Snapshot]] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    asked: dict[str, datetime] = field(default_factory=dict)
    lock: RLock = field(default_factory=RLock)

    def evidence(self, instance_id: str, case_id: str, *, locks: bool, shares: bool) -> Evidence:
        with self.lock:
            shown = [one for case, one in self.snapshots if case == case_id and self._shown(one)]
            return Evidence(
                {"/dev/xvda": f"vol-{instance_id}-a", "/dev/xvdb": f"vol-{instance_id}-b"},
                tuple(
                    replace(one, locked=locks and one.locked, shared_with=one.shared_with if shares else ())
                    for one in shown
                ),
                asked=dict(self.asked),
            )

    def create_snapshots(self, instance_id: str, tags: Tags) -> None:
        with self.lock:
            self.asked[dict(tags)[CASE_TAG_KEY]] = self.clock.now()
            for volume in (f"vol-{instance_id}-a", f"vol-{instance_id}-b"):
                self._add(Snapshot("", volume, "completed", self.clock.now()), tags)

    def tag_snapshot(self, snapshot_id: str, tags: Tags) -> None:
        self._change(snapshot_id, device=dict(tags)["QuarantagDevice"])

    def lock_snapshot(self, snapshot_id: str, days: int) -> None:  # noqa: ARG002 - the port's shape
        self._change(snapshot_id, locked=True)

    def copy_snapshot(self, snapshot_id: str, kms_key_arn: str, tags: Tags) -> None:
        with self.lock:
            self.asked[snapshot_id] = self.clock.now()
            volume = dict(tags)["QuarantagVolume"]
            made = self._add(Snapshot("", volume, "completed", self.clock.now(), copy_of=snapshot_id), tags)
            self.keys[made] = kms_key_arn

    def share_snapshot(self, snapshot_id: str, account: str) -> None:
        """Sharing it again with the same account changes nothing."""
        with self.lock:
            (shared,) = (one.shared_with for _, one in self.snapshots if one.id == snapshot_id)
            self._change(snapshot_id, shared_with=tuple(dict.fromkeys((*shared, account))))

    def _shown(self, one: Snapshot) -> bool:
        return self.clock.now() >= one.started_at + self.lag

    def _add(self, made: Snapshot, tags: Tags) -> str:
        device = dict(tags).get("QuarantagDevice", "")
        numbered = replace(made, id=f"snap-{len(self.snapshots) + 1}", device=device)
        self.snapshots.append((dict(tags)[CASE_TAG_KEY], numbered))
        return numbered.id

    def _change(self, snapshot_id: str, **changed: Any) -> None:  # noqa: ANN401 - fields of a snapshot
        with self.lock:
            self.snapshots = [
                (case, replace(one, **changed) if one.id == snapshot_id else one) for case, one in self.snapshots
            ]


def save_evidence(world: World, books: Books, lag: float = 0.0) -> SaveEvidence:  # noqa: ARG001 - as all of them
    """Evidence over the world; EC2 shows a snapshot so many seconds late."""
    return SaveEvidence(WorldEvidence(books.clock, timedelta(seconds=lag)))


def problems_of_evidence(port: WorldEvidence, instance_id: str, case_id: str, settings: Settings) -> list[str]:
    """What the case's snapshots lack of what the parameters ask for, and what there is twice."""
    found = [one for case, one in port.snapshots if case == case_id]
    made, copies = [one for one in found if not one.copy_of], [one for one in found if one.copy_of]
    key, days, account = settings.evidence_kms_key_arn, settings.lock_snapshots_days, settings.evidence_account_id
    handed = {one.id for one in (copies if key else made)}
    seen = {
        "volumes": sorted(one.volume_id for one in made),
        "copied": sorted(str(one.copy_of) for one in copies),
        "keys": {port.keys[one.id] for one in copies},
        "locked": {one.id for one in found if one.locked},
        "shared": {one.id: one.shared_with for one in found if one.shared_with},
        "devices": {one.device for one in found},
    }
    expected = {
        "volumes": [f"vol-{instance_id}-a", f"vol-{instance_id}-b"],
        "copied": sorted(one.id for one in made) if key else [],
        "keys": {key} if key else set(),
        "locked": {one.id for one in found} if days else set(),
        "shared": dict.fromkeys(handed, (account,)) if account else {},
        "devices": {"/dev/xvda", "/dev/xvdb"},
    }
    return [f"evidence: {name} is {seen[name]}, not {expected[name]}" for name in seen if seen[name] != expected[name]]
