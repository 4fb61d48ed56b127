"""Lambda 2: an instance's control tag changed, or the sweep is due: make the instance what the tag says."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from quarantag.auditing import record_writes
from quarantag.aws import wiring
from quarantag.isolation import instances_to_sweep, isolate
from quarantag.outcome import Outcome, Request
from quarantag.sweep import Swept, is_sweep, sweep
from quarantag.tagchange import parse
from quarantag.tagwrite import is_tag_write, tag_writes

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Take a tag-change event or `{"sweep": true}`; answer `{"cases": [{instance_id, status, …}]}`.

    CloudTrail's event of the tagging is recorded only: who asked; the answer has no case then.

    Raises `InvalidEvent` for anything else, `Retryable` or `Terminal` as `isolation.isolate` does: Lambda tries again
    and then keeps the event in the failed-events queue.
    """
    return respond(event, context, wiring.wired("isolate", wiring.Measures))


def respond(event: dict[str, Any], context: "LambdaContext", wired: wiring.Wired) -> dict[str, Any]:
    """Do so over these ports."""
    settings, ports, log = wired

    def one(instance_id: str, wanted: str | None = None, asked_at: datetime | None = None) -> Outcome:
        return isolate(Request(instance_id, wanted, context.aws_request_id, asked_at), ports, settings)

    if is_sweep(event):
        ports.announcer.flush()
        wiring.watch_rules(event, settings, log, ports.meter)
        done = sweep("isolate", instances_to_sweep(ports, settings), one, ports.ledger, wiring.seconds_left(context))
    elif is_tag_write(event):
        record_writes(tag_writes(event, settings), ports, settings)
        done = Swept(())
    else:
        change = parse(event, settings)
        log.append_keys(correlation_id=event.get("id"))
        done = Swept((one(change.instance_id, change.tags.get(settings.tag_key, ""), change.at),))
    return wiring.answer(done, log, ports.meter)
