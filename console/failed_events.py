"""One message of the failed-events queue, understood: which event, for which function, why it failed. Pure."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FailedEvent:
    """What a message says. `problem` is why it can't be replayed; `function` is then perhaps not known."""

    id: str
    function: str | None
    event: Any
    reason: str
    problem: str = ""

    @property
    def name(self) -> str:
        """The function's name."""
        return (self.function or "").rpartition(":")[2]

    @property
    def about(self) -> str:
        """What the event is about, in a few words: an instance, a finding, the sweep."""
        event: dict[str, Any] = self.event if isinstance(self.event, dict) else {}
        if event.get("sweep") is True:
            return "sweep"
        detail, resources = event.get("detail"), event.get("resources")
        named = str(detail.get("id") or "") if isinstance(detail, dict) else ""
        if not named and isinstance(resources, list):
            named = ", ".join(str(one).rpartition("/")[2] for one in resources)
        return " ".join(str(part) for part in (event.get("detail-type"), named) if part) or "unknown"


def understood(message_id: str, body: str, attributes: Mapping[str, str], functions: Iterable[str]) -> FailedEvent:
    """Tell EventBridge's dead letter from Lambda's record of a failed invocation; refuse what is neither.

    A dead letter's body is the event itself, its attributes say rule, target and error (Amazon EventBridge User Guide,
    "Using dead-letter queues to process undelivered events"). A record holds the event as `requestPayload` (AWS Lambda
    Developer Guide, "Capturing records of Lambda asynchronous invocations"). Raises nothing.
    """
    try:
        document = json.loads(body)
    except ValueError:
        return FailedEvent(message_id, None, None, "", "its body is not JSON")
    if "TARGET_ARN" in attributes:
        error = attributes.get("ERROR_MESSAGE") or attributes.get("ERROR_CODE") or "not delivered"
        found = FailedEvent(message_id, attributes["TARGET_ARN"], document, error)
    elif isinstance(document, dict) and isinstance(document.get("requestContext"), dict):
        function = _unqualified(str(document["requestContext"].get("functionArn", "")))
        found = FailedEvent(message_id, function, document.get("requestPayload"), _failure(document))
    else:
        return FailedEvent(message_id, None, document, "", "neither EventBridge's dead letter nor Lambda's record")
    return _judged(found, frozenset(functions))


def _judged(found: FailedEvent, functions: frozenset[str]) -> FailedEvent:
    problem = ""
    if found.function not in functions:
        problem = f"{found.function or 'its target'} is no function of this stack"
    elif not isinstance(found.event, dict):
        problem = "it holds no event"
    return FailedEvent(found.id, found.function, found.event, found.reason, problem)


def _unqualified(arn: str) -> str:
    """A function's ARN without its version or alias: `arn:…:function:NAME:$LATEST`."""
    return ":".join(arn.split(":")[:7])


def _failure(record: Mapping[str, Any]) -> str:
    payload = record.get("responsePayload")
    told = payload if isinstance(payload, dict) else {}
    said = " ".join(str(told[key]) for key in ("errorType", "errorMessage") if told.get(key))
    return said or str(record["requestContext"].get("condition", "failed"))
