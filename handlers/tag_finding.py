"""Lambda 1: a GuardDuty finding arrived: parse it, decide, and write the tag. Of AWS it changes only tags."""

from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from quarantag.aws import wiring
from quarantag.finding import parse
from quarantag.policy import Policy
from quarantag.ports import Ports
from quarantag.settings import Settings
from quarantag.tagging import tag

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@cache
def wired() -> tuple[Settings, Policy, Ports, Logger]:
    """Wire once for each sandbox, on its first event: a fault of wiring then reaches the queue with its event."""
    settings, log = wiring.settings(), wiring.logger("tag-finding")
    return settings, wiring.policy(), wiring.ports(settings, log), log


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Take a GuardDuty finding event; answer `{"decisions": [{finding_id, instance_id, …, outcome}]}`.

    Raises `InvalidFinding`, or the first fault once every instance had its turn: Lambda tries again and then keeps
    the event in the failed-events queue.
    """
    settings, policy, ports, log = wired()
    log.append_keys(correlation_id=event.get("id") if isinstance(event, dict) else None)
    finding = parse(event)
    decided = tag(finding, policy, context.aws_request_id, ports, settings)
    answers = [asdict(one.decision) | {"outcome": one.outcome} for one in decided]
    about = {"type": finding.type, "severity": finding.severity}
    about |= {"policy_version": policy.version, "policy_hash": policy.hash}
    for answer in answers:
        log.info("decision", extra=about | answer)
    for one in decided:
        if one.fault:
            raise one.fault
    return {"decisions": answers}
