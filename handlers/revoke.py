"""The role function: the sessions of one role are denied, or no longer, as the case of an instance says.

It is there only where `RevokeCredentials` is `role`, and is alone in having the power to write a role's policy.
"""

from functools import cache
from typing import TYPE_CHECKING, Any

from quarantag.aws import wiring
from quarantag.aws.role_policies import CaseWishes, IamRolePolicies
from quarantag.revoking import instance_named, revoke

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger
    from aws_lambda_powertools.utilities.typing import LambdaContext


@cache
def wired() -> "tuple[CaseWishes, IamRolePolicies, Logger]":
    """Wire once for each sandbox, on its first event."""
    base = wiring.base()
    policies = IamRolePolicies(base.clients.later("iam"), base.settings.stack)
    return CaseWishes(base.table), policies, wiring.logger("revoke")


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:  # noqa: ARG001 - Lambda's shape
    """Take `{"instance_id": "i-…"}`; answer `{"instance_id", "denied_before"}`, "" where none is denied (any more).

    Raises `InvalidEvent` for anything else, `Retryable` or `Terminal` by what IAM and the ledger answer: whoever
    invoked it gets the error.
    """
    wishes, roles, log = wired()
    instance_id = instance_named(event)
    answer = {"instance_id": instance_id, "denied_before": revoke(instance_id, wishes, roles)}
    log.info("role policy", extra=answer)
    return answer
