"""The stack's own function: CloudFormation asks it before it changes what a containment is, or deletes the stack."""

from functools import cache
from typing import TYPE_CHECKING, Any

from quarantag.aws import wiring
from quarantag.aws.answering import answer
from quarantag.aws.containments import Ec2Containments, MadeOutside, OwnGroups
from quarantag.aws.ledger import DynamoDbLedger
from quarantag.aws.stacks import CloudFormationStacks
from quarantag.aws.switch import FlippedSwitch
from quarantag.errors import QuarantagError
from quarantag.settings import Settings
from quarantag.stacklife import parse
from quarantag.takedown import LifePorts, live

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_OWN_FAULT = "Quarantag's function for the stack failed; its log says why"


@cache
def wired() -> tuple[LifePorts, Settings]:
    """Wire once for each sandbox, on its first event."""
    of, clients, table, clock, environment = wiring.base()
    log, ec2 = wiring.logger("stack"), clients.client("ec2")
    groups = OwnGroups(ec2, of.stack)
    policy = environment["SESSIONS_POLICY_ARN"]
    ports = LifePorts(
        stacks=CloudFormationStacks(clients),
        containments=Ec2Containments(ec2, DynamoDbLedger(table, clock, log), groups),
        leftovers=MadeOutside(ec2, clients.client("iam"), groups, policy, of.region),
        pausing=FlippedSwitch(table, clock),
        clock=clock,
        log=log.info,
    )
    return ports, of


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:  # noqa: ARG001 - Lambda's shape
    """Take a request of CloudFormation for a custom resource; send the answer, and give it: `{"refused": reason}`.

    CloudFormation always gets an answer, and so the stack does not hang. Raises `InvalidEvent` where the event is no
    such request, `Retryable` where the answer can't be delivered: Lambda tries again.
    """
    request = parse(event)
    reason = _OWN_FAULT
    try:
        reason = live(request, *wired())
    except QuarantagError as error:
        reason = str(error)
    finally:
        answer(request, reason)
    return {"refused": reason}
