"""CloudFormation always gets an answer, within its limits, and the stack never hangs on us."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any, cast

import pytest

import stack
from quarantag.errors import InvalidEvent, Retryable
from quarantag.stacklife import CHANGE, DELETION, Contained, answer, parse, why_not_deleted
from tests.stack import Context
from tests.stacklives import STACK_ID, Life, event

CONTEXT = cast("Any", Context())


@dataclass(slots=True)
class Bucket:
    """Where answers are put: their bodies and content types; the next `failing` puts are refused."""

    url: str = ""
    failing: int = 0
    bodies: list[dict[str, Any]] = field(default_factory=list)
    types: list[str | None] = field(default_factory=list)


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    given = Bucket()

    class Put(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            refused = given.failing > 0
            given.failing -= 1
            if not refused:
                given.bodies.append(json.loads(body))
                given.types.append(self.headers["Content-Type"])
            self.send_response(500 if refused else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    server = HTTPServer(("127.0.0.1", 0), Put)
    Thread(target=server.serve_forever, daemon=True).start()
    given.url = f"http://127.0.0.1:{server.server_address[1]}/answer?signature=x"
    yield given
    server.shutdown()
    server.server_close()


@pytest.mark.usefixtures("life")
@pytest.mark.parametrize("resource", [DELETION, CHANGE])
def test_a_creation_is_answered(bucket: Bucket, resource: str) -> None:
    assert stack.handler(event("Create", resource, bucket.url), CONTEXT) == {"refused": ""}
    (body,) = bucket.bodies
    assert body == {
        "Status": "SUCCESS",
        "Reason": "done",
        "PhysicalResourceId": f"0f00-{resource.removeprefix('Custom::Quarantag')}",
        "StackId": STACK_ID,
        "RequestId": "request-1",
        "LogicalResourceId": resource.removeprefix("Custom::Quarantag"),
    }
    assert bucket.types == [""], "the URL is signed without a content type"


def test_what_aws_refuses_is_the_reason(bucket: Bucket, life: Life) -> None:
    """Here CloudFormation knows no such stack."""
    refused = stack.handler(event("Delete", DELETION, bucket.url, PhysicalResourceId="the-first"), CONTEXT)["refused"]
    (body,) = bucket.bodies
    assert (body["Status"], body["Reason"]) == ("FAILED", refused)
    assert "read the status" in refused
    assert body["PhysicalResourceId"] == "the-first"
    assert not life.paused()


def test_a_fault_of_our_own_is_answered_and_raised(bucket: Bucket, life: Life, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    monkeypatch.delenv("SESSIONS_POLICY_ARN")
    with pytest.raises(KeyError):
        stack.handler(event("Delete", DELETION, bucket.url), CONTEXT)
    assert [(body["Status"], "log" in body["Reason"]) for body in bucket.bodies] == [("FAILED", True)]


@pytest.mark.usefixtures("life")
def test_an_answer_that_is_not_taken_is_sent_again(bucket: Bucket) -> None:
    bucket.failing = 1
    stack.handler(event("Create", CHANGE, bucket.url), CONTEXT)
    assert [body["Status"] for body in bucket.bodies] == ["SUCCESS"]


@pytest.mark.usefixtures("life")
def test_an_answer_that_nobody_takes_is_lambda_s_to_try_again() -> None:
    with pytest.raises(Retryable, match="did not take the answer"):
        stack.handler(event("Create", CHANGE), CONTEXT)


@pytest.mark.usefixtures("life")
def test_what_asks_for_nothing_asks_nothing_of_aws(bucket: Bucket) -> None:
    """The last but one of a deletion: here CloudFormation knows no such stack, so asking would fail."""
    stack.handler(event("Delete", CHANGE, bucket.url), CONTEXT)
    stack.handler(event("Update", DELETION, bucket.url), CONTEXT)
    assert [body["Status"] for body in bucket.bodies] == ["SUCCESS", "SUCCESS"]


@pytest.mark.parametrize(
    "given",
    [{}, {"detail": "not a request"}, {"RequestType": "Delete"}, event("Delete", DELETION, "file:///etc/hosts")],
)
def test_what_is_no_request_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidEvent, match="not a request of CloudFormation"):
        stack.handler(given, CONTEXT)


@pytest.mark.parametrize("letter", ["a", "é", "\U0001f512"])
def test_an_answer_is_never_larger_than_cloudformation_takes(letter: str) -> None:
    body = answer(parse(event("Delete", DELETION)), letter * 10_000)
    assert len(body) <= 4096
    assert json.loads(body)["Reason"].startswith(letter)


def test_many_instances_are_counted_and_the_first_named() -> None:
    many = frozenset(f"i-{number:017x}" for number in range(60))
    reason = why_not_deleted(Contained(cases=many), {}, "Key", "Release")
    assert "i-00000000000000013 and 40 more." in reason
    assert len(reason) < 1000
