"""Lambda 2: an instance's control tag changed, or the sweep is due: make the instance what the tag says."""

from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from quarantag.aws import wiring
from quarantag.errors import InvalidEvent
from quarantag.isolation import isolate
from quarantag.ports import Ports
from quarantag.reconcile import Request
from quarantag.settings import Settings
from quarantag.tagchange import parse

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@cache
def wired() -> tuple[Settings, Ports, Logger]:
    """Wire once for each sandbox, on its first event: a fault of wiring then reaches the queue with its event."""
    settings, log = wiring.settings(), wiring.logger("isolate")
    return settings, wiring.ports(settings, log), log


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Take a tag-change event; answer `{"cases": [{instance_id, status, reason, case_id}]}`.

    Raises `InvalidEvent` for anything else, `Retryable` or `Terminal` as `isolation.isolate` does: Lambda tries again
    and then keeps the event in the failed-events queue.
    """
    settings, ports, log = wired()
    change = parse(event)
    if (change.account, change.region) != (settings.account, settings.region):
        raise InvalidEvent(f"{change.instance_id} is in {change.account} {change.region}: its own stack acts")
    request = Request(change.instance_id, change.tags.get(settings.tag_key, ""), context.aws_request_id)
    log.append_keys(correlation_id=event.get("id"), instance_id=change.instance_id)
    outcome = isolate(request, ports, settings)
    log.info("reconciled", extra=asdict(outcome))
    return {"cases": [asdict(outcome)]}
