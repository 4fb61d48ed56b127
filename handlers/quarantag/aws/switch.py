"""The `Switch` port over one item of the ledger."""

from quarantag.aws.table import Table
from quarantag.errors import LedgerUnavailable
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
