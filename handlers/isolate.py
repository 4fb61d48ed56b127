"""Lambda 2: an instance's control tag changed, or the sweep is due: make the instance what the tag says."""

from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from quarantag.aws import wiring
from quarantag.isolation import instances_to_sweep, isolate
from quarantag.ports import Ports
from quarantag.reconcile import Outcome, Request
from quarantag.settings import Settings
from quarantag.sweep import Swept, is_sweep, sweep
from quarantag.tagchange import parse

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@cache
def wired() -> tuple[Settings, Ports, Logger]:
    """Wire once for each sandbox, on its first event: a fault of wiring then reaches the queue with its event."""
    settings, log = wiring.settings(), wiring.logger("isolate")
    return settings, wiring.ports(settings, log), log


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Take a tag-change event or `{"sweep": true}`; answer `{"cases": [{instance_id, status, …}]}`.

    Raises `InvalidEvent` for anything else, `Retryable` or `Terminal` as `isolation.isolate` does: Lambda tries again
    and then keeps the event in the failed-events queue.
    """
    settings, ports, log = wired()

    def one(instance_id: str, wanted: str | None = None, asked_at: datetime | None = None) -> Outcome:
        return isolate(Request(instance_id, wanted, context.aws_request_id, asked_at), ports, settings)

    if is_sweep(event):
        ports.announcer.flush()
        wiring.watch_rules(event, settings, log, ports.meter)
        done = sweep("isolate", instances_to_sweep(ports, settings), one, ports.ledger, wiring.seconds_left(context))
    else:
        change = parse(event, settings)
        log.append_keys(correlation_id=event.get("id"))
        done = Swept((one(change.instance_id, change.tags.get(settings.tag_key, ""), change.at),))
    return wiring.answer(done, log, ports.meter)
