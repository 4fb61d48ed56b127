"""A storm of messages becomes a digest: beyond some of one kind in a window they wait, and the sweep sends one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Protocol

from quarantag.announcements import digest
from quarantag.errors import LedgerUnavailable
from quarantag.execution import side_by_side
from quarantag.messages import Announcement
from quarantag.metrics import Meter
from quarantag.ports import Clock
from quarantag.settings import Settings

MOST_OF_A_KIND = 10
WINDOW_MINUTES = 10
MOST_IN_A_DIGEST = 1000


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that waits for the digest: its kind, and its subject with its first line; `key` is its place."""

    key: str
    event: str
    text: str


class Outbox(Protocol):
    """The ledger's part that counts and keeps messages. Each may raise `LedgerUnavailable`."""

    def count(self, event: str, window: datetime) -> int:
        """How many messages of this kind there were in the window, with this one."""

    def put_aside(self, message: Announcement, at: datetime) -> None:
        """Keep a message for the digest, mirrored to the log first."""

    def waiting(self) -> Iterator[Waiting]:
        """Every message that waits for the digest."""

    def set_sent(self, waiting: Waiting) -> None:
        """Remember that the digest with it was sent."""


class Gathering:
    """The `Announcer` port: counts each message, and puts aside those beyond the most of their kind.

    What a message counts is measured in any case, and first: so that an alarm tells where the topic can't.
    """

    def __init__(
        self, send: Callable[[Announcement], None], outbox: Outbox, clock: Clock, meter: Meter, settings: Settings
    ) -> None:
        """`send` publishes one message."""
        self._send = send
        self._outbox = outbox
        self._clock = clock
        self._meter = meter
        self._settings = settings

    def announce(self, announcement: Announcement) -> None:
        """Send, or put aside; without a ledger each is sent, since many are better than none."""
        self._meter.measure(announcement.measured)
        now = self._clock.now()
        window = now.replace(minute=now.minute - now.minute % WINDOW_MINUTES, second=0, microsecond=0)
        try:
            if self._outbox.count(announcement.event, window) > MOST_OF_A_KIND:
                self._outbox.put_aside(announcement, now)
                return
        except LedgerUnavailable:
            pass
        self._send(announcement)

    def flush(self) -> None:
        """Send the digest, then forget what is in it: at least once. A ledger out of reach waits for the next sweep."""
        try:
            waiting = sorted(islice(self._outbox.waiting(), MOST_IN_A_DIGEST), key=lambda one: one.key)
        except LedgerUnavailable:
            return
        if not waiting:
            return
        by_kind: dict[str, list[str]] = {}
        for one in waiting:
            by_kind.setdefault(one.event, []).append(one.text)
        self._send(digest(by_kind, self._settings))
        with side_by_side() as pool:
            calls = [pool.submit(self._outbox.set_sent, one) for one in waiting]
        for call in calls:
            call.result()
