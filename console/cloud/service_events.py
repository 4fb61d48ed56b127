"""Events that AWS's own services put on the event bus (`aws.guardduty`, `aws.tag`), which no customer can.

EventBridge refuses a customer's PutEvents with an `aws.` source (EventBridge user guide, PutEvents:
NotAuthorizedForSourceException), and ministack does as well. So the real template's event patterns are deployed as
they are, and the local cloud's stand-ins for AWS's services carry a header that only `aws_server` honours.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from console.cloud.place import new_client

SERVICE_HEADER = "x-quarantag-aws-service"


@cache
def service_bus(endpoint: str) -> Any:  # noqa: ANN401 - a boto3 client
    """An EventBridge client that speaks as an AWS service."""
    bus = new_client("events", endpoint)
    bus.meta.events.register("before-call", lambda params, **_: speak_as_service(params))
    return bus


def speak_as_service(request: dict[str, Any]) -> None:
    """Add the header to a request."""
    request["headers"][SERVICE_HEADER] = "true"


def put_service_event(endpoint: str, event: Mapping[str, Any]) -> None:
    """Put an event, given in EventBridge's own envelope, on the default bus. RuntimeError where it is refused."""
    entry = {
        "Source": event["source"],
        "DetailType": event["detail-type"],
        "Detail": json.dumps(event["detail"]),
        "Resources": list(event.get("resources", [])),
    }
    answer = service_bus(endpoint).put_events(Entries=[entry])
    if answer["FailedEntryCount"]:
        raise RuntimeError(f"The local event bus refused an event: {answer['Entries'][0]}")
