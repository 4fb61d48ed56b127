"""The port of the evidence measure in memory."""

from dataclasses import dataclass, field, replace
from threading import RLock
from typing import Any

from quarantag.measures.evidence import SaveEvidence
from quarantag.ports import Clock
from quarantag.settings import CASE_TAG_KEY
from quarantag.steps.evidence import Evidence, Snapshot, Tags
from tests.crash.books import Books
from tests.crash.world import World


@dataclass(slots=True)
class WorldEvidence:
    """Every instance has two volumes; a snapshot of each is complete at once, and stays: it is in no one's `around`."""

    clock: Clock
    snapshots: list[tuple[str, Snapshot]] = field(default_factory=list)
    lock: RLock = field(default_factory=RLock)

    def evidence(self, instance_id: str, case_id: str, *, locks: bool, shares: bool) -> Evidence:  # noqa: ARG002
        with self.lock:
            return Evidence(
                {"/dev/xvda": f"vol-{instance_id}-a", "/dev/xvdb": f"vol-{instance_id}-b"},
                tuple(one for case, one in self.snapshots if case == case_id),
            )

    def create_snapshots(self, instance_id: str, tags: Tags) -> None:
        with self.lock:
            for volume in (f"vol-{instance_id}-a", f"vol-{instance_id}-b"):
                self._add(Snapshot("", volume, "completed", self.clock.now()), tags)

    def tag_snapshot(self, snapshot_id: str, tags: Tags) -> None:
        self._change(snapshot_id, device=dict(tags)["QuarantagDevice"])

    def lock_snapshot(self, snapshot_id: str, days: int) -> None:  # noqa: ARG002 - the port's shape
        self._change(snapshot_id, locked=True)

    def copy_snapshot(self, snapshot_id: str, kms_key_arn: str, tags: Tags) -> None:  # noqa: ARG002 - the port's shape
        with self.lock:
            self._add(Snapshot("", "", "completed", self.clock.now(), copy_of=snapshot_id), tags)

    def share_snapshot(self, snapshot_id: str, account: str) -> None:
        self._change(snapshot_id, shared_with=(account,))

    def _add(self, made: Snapshot, tags: Tags) -> None:
        numbered = replace(made, id=f"snap-{len(self.snapshots) + 1}")
        self.snapshots.append((dict(tags)[CASE_TAG_KEY], numbered))

    def _change(self, snapshot_id: str, **changed: Any) -> None:  # noqa: ANN401 - fields of a snapshot
        with self.lock:
            self.snapshots = [
                (case, replace(one, **changed) if one.id == snapshot_id else one) for case, one in self.snapshots
            ]


def save_evidence(world: World, books: Books) -> SaveEvidence:  # noqa: ARG001 - as all of them
    """Evidence over the world."""
    return SaveEvidence(WorldEvidence(books.clock))
