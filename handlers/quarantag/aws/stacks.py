"""The `Stacks` port over CloudFormation."""

from typing import TYPE_CHECKING

from quarantag.aws import faults
from quarantag.aws.clients import Clients

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient


class CloudFormationStacks:
    """The stack itself."""

    def __init__(self, clients: Clients) -> None:
        self._client: CloudFormationClient = clients.client("cloudformation")

    def status(self, stack_id: str) -> str:
        """`DescribeStacks`, by the stack's id: one that is deleted is found by nothing else."""
        with faults.translated(f"read the status of {stack_id}"):
            return str(self._client.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"])
