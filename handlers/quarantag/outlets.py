"""What goes out: messages to people, events to workflows; two more ports, with the message as a value.

Their methods raise what those of `ports` raise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Announcement:
    """A message for people: the subject says what, the text why, who and what to do next."""

    subject: str
    text: str
    detail: Mapping[str, Any] = field(default_factory=dict)


class Announcer(Protocol):
    """The stack's notification topic."""

    def announce(self, announcement: Announcement) -> None:
        """Publish; at least once."""


class Bus(Protocol):
    """The stack's event bus, where workflows begin."""

    def send(self, detail: Mapping[str, Any]) -> None:
        """Send a `Containment Status Change` (see `statuschange`); at least once."""
