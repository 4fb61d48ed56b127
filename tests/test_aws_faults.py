"""What AWS answers, told apart: each code at the wire, through a real client, becomes one of this package's errors."""

from typing import Any, cast

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError

from quarantag.aws import faults
from quarantag.aws.instances import Ec2Instances
from quarantag.errors import Conflict, QuarantagError, Retryable, TagLimitReached, Terminal
from quarantag.settings import Settings

SETTINGS = Settings("111122223333", "eu-central-1", "arn:aws:iam::111122223333:instance-profile/isolation")


class Body:
    """The raw body of an answer."""

    def __init__(self, text: str) -> None:
        self.text = text

    def stream(self, **_: object) -> Any:  # noqa: ANN401
        yield self.text.encode()


def answering(status: int, code: str) -> Ec2Instances:
    """EC2 that answers everything with this error."""
    client = boto3.client(
        "ec2",
        region_name="eu-central-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(retries={"total_max_attempts": 1}),
    )
    text = f"<Response><Errors><Error><Code>{code}</Code><Message>why</Message></Error></Errors></Response>"
    answer = AWSResponse("https://ec2.invalid", status, HTTPHeaders(), Body(text))
    client.meta.events.register("before-send.ec2", cast("Any", lambda **_: answer))
    return Ec2Instances(client, cast("Any", None), SETTINGS)


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        *[(503, code, Retryable) for code in sorted(faults.RETRYABLE)],
        *[(400, code, Conflict) for code in sorted(faults.CONFLICT)],
        (500, "SomethingNew", Retryable),
        (400, "TagLimitExceeded", TagLimitReached),
        (403, "UnauthorizedOperation", Terminal),
        (400, "OperationNotPermitted", Terminal),
        (400, "SomethingNew", Terminal),
    ],
)
def test_each_code_has_its_meaning(status: int, code: str, meaning: type[QuarantagError]) -> None:
    with pytest.raises(QuarantagError) as raised:
        answering(status, code).set_interface_groups("eni-1", ["sg-1"])
    assert type(raised.value) is meaning
    assert str(raised.value) == f"set the groups of eni-1: {code}: why"


@pytest.mark.parametrize("code", sorted(faults.UNKNOWN_INSTANCE))
def test_an_unknown_instance_is_none(code: str) -> None:
    assert answering(400, code).instance("i-1") is None


def test_what_is_gone_already_is_fine() -> None:
    answering(400, faults.ASSOCIATION_GONE).disassociate_profile("iip-assoc-1")


def test_no_answer_at_all_is_retryable() -> None:
    with pytest.raises(Retryable, match="reading: Could not connect"), faults.translated("reading"):
        raise EndpointConnectionError(endpoint_url="https://ec2.invalid")
