"""What the sweeps remember from run to run, in the ledger's table: nothing of it is part of a case.

Keys: a held decision is `held#<finding id>` of its instance; `finding#<id>` is one that no sweep could decide about,
`told#<hash>` what people were told, `sweep#<name>` where a sweep left off.
"""

from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256

from quarantag.aws.items import OPEN_CASES_INDEX
from quarantag.aws.table import Table
from quarantag.ports import Clock

_KEPT = timedelta(days=90)
"""As long as GuardDuty keeps a finding."""
_HELD = "held"
_UNDECIDED = "undecided"


class Memory:
    """Held and undecided findings, what was told, and cursors."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def set_held(self, instance_id: str, finding_id: str, *, held: bool) -> None:
        """Put one item for each held decision; it leaves the index once it is held no more."""
        item = {"pk": instance_id, "sk": f"{_HELD}#{finding_id}"} | self._kept()
        self._table.put(item | ({"open_case": _HELD} if held else {}))

    def held(self) -> Iterator[tuple[str, str]]:
        """Query the same sparse index."""
        for item in self._table.query(OPEN_CASES_INDEX, "open_case", _HELD):
            yield item["pk"], item["sk"].partition("#")[2]

    def set_undecided(self, finding_id: str, *, undecided: bool) -> None:
        """Put one item for each undecided finding, in and out of the index as a held one."""
        item = {"pk": f"finding#{finding_id}", "sk": _UNDECIDED} | self._kept()
        self._table.put(item | ({"open_case": _UNDECIDED} if undecided else {}))

    def undecided(self) -> Iterator[str]:
        """Query the same sparse index."""
        yield from (
            item["pk"].partition("#")[2] for item in self._table.query(OPEN_CASES_INDEX, "open_case", _UNDECIDED)
        )

    def told(self, key: str) -> bool:
        """Read the item of this key."""
        return self._table.get(_told(key), "told") is not None

    def set_told(self, key: str) -> None:
        """Put the item of this key; what was told twice is put twice."""
        self._table.put({"pk": _told(key), "sk": "told"} | self._kept())

    def cursor(self, sweep: str) -> str:
        """Read the sweep's own item."""
        return str((self._table.get(f"sweep#{sweep}", "cursor") or {}).get("left_off", ""))

    def set_cursor(self, sweep: str, instance_id: str) -> None:
        """Put the sweep's own item; two sweeps at once do no harm, each reconciles under leases."""
        self._table.put({"pk": f"sweep#{sweep}", "sk": "cursor", "left_off": instance_id})

    def _kept(self) -> dict[str, int]:
        return {"expires_at": int((self._clock.now() + _KEPT).timestamp())}


def _told(key: str) -> str:
    return f"told#{sha256(key.encode()).hexdigest()}"
