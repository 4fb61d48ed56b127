"""The `Outbox` over the ledger's table: counters `messages#<kind>`, and messages that wait under `digest`.

All that a digest says is in the sort key, since the index has keys only; the whole message is in the item and the log.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import uuid4

from aws_lambda_powertools import Logger

from quarantag.aws.items import OPEN_CASES_INDEX
from quarantag.aws.table import Table
from quarantag.digest import Waiting
from quarantag.messages import Announcement
from quarantag.ports import Clock

_WAITING = "digest"
_KEPT = timedelta(days=90)
_ALWAYS = "attribute_exists(pk) OR attribute_not_exists(pk)"
_MOST_OF_TEXT = 200  # characters, at most 4 bytes each: a sort key has 1,024 bytes (DynamoDB, "Quotas")


class DynamoDbOutbox:
    """Counts and keeps messages."""

    def __init__(self, table: Table, clock: Clock, log: Logger) -> None:
        self._table = table
        self._clock = clock
        self._log = log

    def count(self, event: str, window: datetime) -> int:
        """Add one to the window's counter, unconditionally."""
        given = {":one": 1, ":expires": self._expires()}
        key = f"messages#{event}", window.isoformat()
        update = self._table.updating(key, "ADD messages :one SET expires_at = :expires", _ALWAYS, given)
        return int(self._table.update(update).get("messages", 0)) + 1

    def put_aside(self, message: Announcement, at: datetime) -> None:
        """Put one item into the sparse index."""
        self._log.warning("message put aside", subject=message.subject, text=message.text)
        said = f"{message.subject}: {message.said[0] if message.said else ''}"[:_MOST_OF_TEXT]
        key = f"{at.isoformat()}#{uuid4().hex[:12]}#{message.event}#{said}"
        item = {"pk": _WAITING, "sk": key, "open_case": _WAITING, "text": message.text, "expires_at": self._expires()}
        self._table.put(item)

    def waiting(self) -> Iterator[Waiting]:
        """Query the sparse index."""
        for item in self._table.query(OPEN_CASES_INDEX, "open_case", _WAITING):
            _, _, event, said = item["sk"].split("#", 3)
            yield Waiting(item["sk"], event, said)

    def set_sent(self, waiting: Waiting) -> None:
        """Take the item out of the index; it stays until it expires."""
        given = {":sent": self._clock.now().isoformat()}
        key = _WAITING, waiting.key
        self._table.update(self._table.updating(key, "SET sent_at = :sent REMOVE open_case", _ALWAYS, given))

    def _expires(self) -> int:
        return int((self._clock.now() + _KEPT).timestamp())
