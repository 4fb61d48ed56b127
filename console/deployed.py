"""The deployed stack, found and asked what it says of itself: what every operator's command begins with."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from quarantag.aws import faults
from quarantag.errors import Terminal

if TYPE_CHECKING:
    from types_boto3_cloudformation.type_defs import StackTypeDef

    from console.operate_aws import Place

PATIENT = Config(retries={"mode": "standard", "total_max_attempts": 6}, connect_timeout=5, read_timeout=20)
_NO_STACK = "ValidationError"


@dataclass(frozen=True, slots=True)
class Deployed:
    """The stack that is meant, as it is deployed."""

    session: boto3.Session
    outputs: dict[str, str]
    parameters: dict[str, str]


def deployed(place: "Place") -> Deployed:
    """Ask the stack what it says of itself. Raises `Retryable` or `Terminal`."""
    session = session_of(place)
    return Deployed(session, *says(stack_of(session, place.stack)))


def says(stack: "StackTypeDef") -> tuple[dict[str, str], dict[str, str]]:
    """Give the stack's outputs and parameters, by name."""
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}
    return outputs, {one["ParameterKey"]: one["ParameterValue"] for one in stack.get("Parameters", [])}


def session_of(place: "Place") -> boto3.Session:
    """Open a session of this profile and Region. Raises `Terminal` where either or the credentials are missing."""
    with faults.translated("find AWS"):
        session = boto3.Session(region_name=place.region, profile_name=place.profile)
        session.client("ec2", config=PATIENT)  # fails where no Region is named
        if session.get_credentials() is None:
            raise Terminal("no AWS credentials: sign in, and name your profile by --profile or AWS_PROFILE")
    return session


def stack_of(session: boto3.Session, name: str) -> "StackTypeDef":
    """Describe the stack (CloudFormation `DescribeStacks`). Raises `Terminal` where there is none."""
    with faults.translated(f"read the stack {name} in {session.region_name}"):
        try:
            answer = session.client("cloudformation", config=PATIENT).describe_stacks(StackName=name)
        except ClientError as error:
            if faults.code_of(error) != _NO_STACK:
                raise
            problem = f"there is no stack {name} in {session.region_name}: give --stack, --region or --profile"
            raise Terminal(problem) from error
    return answer["Stacks"][0]
