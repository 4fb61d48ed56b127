"""Lambda 3: the release value was written, or the sweep is due: give back what the case recorded, nothing else."""

from typing import TYPE_CHECKING, Any

from quarantag.aws import wiring
from quarantag.outcome import Outcome, Request
from quarantag.ports import TagWrite
from quarantag.releasing import instances_to_sweep, release
from quarantag.sweep import Swept, is_sweep, sweep
from quarantag.tagchange import parse
from quarantag.tagwrite import is_tag_write, release_writes

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Take a tag-change event, CloudTrail's event of the tagging, or `{"sweep": true}`; answer `{"cases": […]}`.

    Raises `InvalidEvent` for anything else, `Retryable` or `Terminal` as `releasing.release` does: Lambda tries again
    and then keeps the event in the failed-events queue.
    """
    return respond(event, context, wiring.wired("release", wiring.Measures))


def respond(event: dict[str, Any], context: "LambdaContext", wired: wiring.Wired) -> dict[str, Any]:
    """Do so over these ports."""
    settings, ports, log = wired

    def one(instance_id: str, wanted: str | None = None, evidence: TagWrite | None = None) -> Outcome:
        request = Request(instance_id, wanted, context.aws_request_id)
        return release(request, ports, settings, evidence)

    if is_sweep(event):
        done = sweep("release", instances_to_sweep(ports, settings), one, ports.ledger, wiring.seconds_left(context))
    elif is_tag_write(event):
        done = Swept(tuple(one(write.instance_id, None, write) for write in release_writes(event, settings)))
    else:
        change = parse(event, settings)
        log.append_keys(correlation_id=event.get("id"))
        done = Swept((one(change.instance_id, change.tags.get(settings.tag_key, "")),))
    return wiring.answer(done, log, ports.meter)
