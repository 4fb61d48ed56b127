"""Lambda 1: a GuardDuty finding arrived: parse it, decide, and write the tag. Of AWS it changes only tags."""

from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any

from quarantag.aws import wiring
from quarantag.catchup import catch_up, decide_one
from quarantag.policy import Policy, load
from quarantag.ports import TAGGER
from quarantag.sweep import is_sweep

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@cache
def policy() -> Policy:
    """Load the policy once for each sandbox, on its first event: a fault then reaches the queue with its event."""
    return load(wiring.policy_document())


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Take a GuardDuty finding event or `{"sweep": true}`; answer `{"decisions": [{finding_id, …, outcome}]}`.

    Raises `InvalidFinding`, or the first fault once all had their turn: Lambda tries again and then keeps
    the event in the failed-events queue.
    """
    return respond(event, context, policy(), wiring.wired("tag-finding"))


def respond(event: dict[str, Any], context: "LambdaContext", by: Policy, wired: wiring.Wired) -> dict[str, Any]:
    """Do so over these ports, by this policy."""
    settings, ports, log = wired
    holder = TAGGER + context.aws_request_id
    if is_sweep(event):
        done = catch_up(by, holder, ports, settings, wiring.seconds_left(context))
    else:
        log.append_keys(correlation_id=event.get("id") if isinstance(event, dict) else None)
        done = decide_one(event, by, holder, ports, settings)
    for reason in done.unreadable:
        log.error("a finding of GuardDuty can't be parsed", extra={"reason": reason})
    ports.meter.measure(done.measured)
    answers = [asdict(one.decision) | {"outcome": one.outcome} for one in (*done.tagged, *done.again)]
    for answer in answers:
        log.info("decision", extra={"policy_version": by.version, "policy_hash": by.hash, **answer})
    if done.fault:
        raise done.fault
    return {"decisions": answers}
