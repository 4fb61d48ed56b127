"""What goes out: messages to people, events to workflows; two more ports.

Their methods raise what those of `ports` raise.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from quarantag.messages import Announcement


class Announcer(Protocol):
    """The stack's notification topic."""

    def announce(self, announcement: Announcement) -> None:
        """Publish, or put aside for a digest; at least once."""

    def flush(self) -> None:
        """Send what was put aside as one message; the sweep asks for it."""


class Bus(Protocol):
    """The stack's event bus, where workflows begin."""

    def send(self, detail: Mapping[str, Any]) -> None:
        """Send a `Containment Status Change` (see `statuschange`); at least once."""
