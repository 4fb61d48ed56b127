"""The `Bus` port over EventBridge."""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from quarantag.aws import faults
from quarantag.errors import Retryable, Terminal

if TYPE_CHECKING:
    from types_boto3_events import EventBridgeClient

SOURCE = "quarantag"
DETAIL_TYPE = "Containment Status Change"


class EventBridgeBus:
    """Sends to one event bus of this account and Region."""

    def __init__(self, client: "Callable[[], EventBridgeClient]", name: str) -> None:
        self._client = client
        self._name = name

    def send(self, detail: Mapping[str, Any]) -> None:
        """`PutEvents`: it answers well even where it took no event, and then counts it (EventBridge API Reference)."""
        with faults.translated(f"send an event to the bus {self._name}"):
            answer = self._client().put_events(
                Entries=[
                    {
                        "Source": SOURCE,
                        "DetailType": DETAIL_TYPE,
                        "Detail": json.dumps(detail, default=str),
                        "EventBusName": self._name,
                    }
                ]
            )
        if answer["FailedEntryCount"]:
            code, message = (answer["Entries"][0].get(key, "") for key in ("ErrorCode", "ErrorMessage"))
            text = f"send an event to the bus {self._name}: {code}: {message}"
            raise Retryable(text) if code in faults.RETRYABLE else Terminal(text)
