"""A message for people, and how it reads in a mail and in a chat. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from quarantag.metrics import Measured

_MOST_IN_CHAT = 3000
"""Characters of one text: less than any chat platform takes of a message."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """A message for people: the subject says what, `said` why and who; `links` are names and addresses.

    `detail` is for filters, `measured` what the message counts.
    """

    subject: str
    said: tuple[str, ...]
    next_steps: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    detail: Mapping[str, str] = field(default_factory=dict)
    measured: tuple[Measured, ...] = ()

    @property
    def event(self) -> str:
        """What kind of message it is."""
        return self.detail.get("event", "")

    @property
    def text(self) -> str:
        """All of it for people, but the subject."""
        steps = (f"Next: {step}" for step in self.next_steps)
        links = (f"{name}: {address}" for name, address in self.links)
        return "\n".join((*self.said, *steps, *([""] if self.links else []), *links))


def chat(message: Announcement) -> dict[str, Any]:
    """Give the message in the schema of custom notifications, which Slack and Microsoft Teams show.

    One instance's messages are one thread, where the channel's preferences allow threads.
    Source: Amazon Q Developer in chat applications Administrator Guide, "Custom notifications", event schema.
    """
    place = {name: value for name, value in message.detail.items() if value}
    links = "\n".join(f"{name}: {address}" for name, address in message.links)
    description = "\n".join(message.said)[:_MOST_IN_CHAT]
    return {
        "version": "1.0",
        "source": "custom",
        "content": {
            "textType": "client-markdown",
            "title": message.subject,
            "description": "\n\n".join(part for part in (description, links) if part),
            "nextSteps": list(message.next_steps),
            "keywords": [value for name in ("event", "account", "region") if (value := place.get(name))],
        },
        "metadata": {
            "threadId": place.get("instance_id", message.subject),
            "summary": message.subject,
            "eventType": f"Quarantag: {place.get('event', 'message')}",
            "relatedResources": [place[name] for name in ("instance_id",) if name in place],
            "additionalContext": place,
        },
    }
