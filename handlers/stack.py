"""The stack's own function: CloudFormation asks it before it changes what a containment is, or deletes the stack."""

from typing import TYPE_CHECKING, Any

from quarantag.aws import wiring
from quarantag.aws.answering import answer
from quarantag.errors import QuarantagError
from quarantag.stacklife import parse
from quarantag.takedown import live

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_OWN_FAULT = "Quarantag's function for the stack failed; its log says why"


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:  # noqa: ARG001 - Lambda's shape
    """Take a request of CloudFormation for a custom resource; send the answer, and give it: `{"refused": reason}`.

    CloudFormation always gets an answer, and so does the stack not hang. Raises `InvalidEvent` where the event is no
    such request, `Retryable` where the answer can't be delivered: Lambda tries again.
    """
    request = parse(event)
    reason = _OWN_FAULT
    try:
        ports, of = wiring.living()
        reason = live(request, ports, of)
    except QuarantagError as error:
        reason = str(error)
    finally:
        answer(request, reason)
    return {"refused": reason}
