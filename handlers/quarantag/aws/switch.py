"""The `Switch` port, and that of who may flip it (`takedown.Pausing`), over one item of the ledger."""

from quarantag.aws.table import Table
from quarantag.errors import LedgerUnavailable
from quarantag.ports import Clock
from quarantag.switch import ITEM


class DynamoDbSwitch:
    """The switch that `quarantag pause` and `quarantag resume` write."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def paused(self) -> str:
        """Read the item; none, or no ledger to read it from, means that nobody paused."""
        try:
            values = self._table.get(*ITEM) or {}
        except LedgerUnavailable:
            return ""
        if values.get("paused") is not True:
            return ""
        return f"paused by {values.get('by')} at {values.get('at')}: {values.get('reason') or 'no reason given'}"


class FlippedSwitch:
    """The same item, for the stack's own function: it may write it, and a ledger out of reach stops it."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def paused_by(self) -> str:
        """Read the item."""
        values = self._table.get(*ITEM) or {}
        return str(values.get("by")) if values.get("paused") is True else ""

    def flip(self, *, paused: bool, by: str) -> None:
        """Put the whole item, as `quarantag pause` does."""
        pk, sk = ITEM
        at = self._clock.now().isoformat(timespec="seconds")
        self._table.put({"pk": pk, "sk": sk, "paused": paused, "by": by, "at": at, "reason": ""})
