"""`quarantag failed`: both shapes are read and replayed, what is unknown stays, and nothing is lost on the way."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

import isolate
from console.failed_events import understood
from console.operate_failed_aws import Queue
from quarantag.errors import Terminal
from tests.cloud import ACCOUNT, REGION, SESSION, Lab
from tests.operators import FUNCTIONS, Operator
from tests.stack import KEY, tag_change

INSTANCE = "i-0123456789abcdef0"
ISOLATE = next(arn for arn in FUNCTIONS if arn.endswith("Isolation"))
EVENT = tag_change(INSTANCE, {KEY: "Isolate"})
RECORD = {
    "version": "1.0",
    "timestamp": "2026-11-23T12:03:00.000Z",
    "requestContext": {
        "requestId": "e4b46cbf-b738-xmpl-8880-a18cdf61200e",
        "functionArn": f"{ISOLATE}:$LATEST",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 3,
    },
    "requestPayload": EVENT,
    "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
    "responsePayload": {"errorMessage": "the ledger is away", "errorType": "LedgerUnavailable"},
}
DEAD_LETTER = {
    "RULE_ARN": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/quarantag-EC2TagChangeEvent",
    "TARGET_ARN": ISOLATE,
    "ERROR_CODE": "NO_PERMISSIONS",
    "ERROR_MESSAGE": "Lambda refused",
    "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
    "RETRY_ATTEMPTS": "185",
}


@dataclass(slots=True)
class Lambdas:
    """Lambda's asynchronous invocation, and what it accepted."""

    accepted: list[tuple[str, Any]] = field(default_factory=list)
    refuses: bool = False

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: str) -> dict[str, int]:  # noqa: N803
        if self.refuses:
            return {"StatusCode": 429}
        assert InvocationType == "Event"
        self.accepted.append((FunctionName, json.loads(Payload)))
        return {"StatusCode": 202}


@dataclass(slots=True)
class Letters:
    """The queue of the deployed stack."""

    sqs: Any
    url: str
    lambdas: Lambdas

    def put(self, body: object, **attributes: str) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        given = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
        self.sqs.send_message(QueueUrl=self.url, MessageBody=text, MessageAttributes=given)

    def visible(self) -> int:
        found = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["ApproximateNumberOfMessages"])
        return int(found["Attributes"]["ApproximateNumberOfMessages"])

    def queue(self) -> Queue:
        return Queue(self.sqs, self.lambdas, self.url, FUNCTIONS, {})  # type: ignore[arg-type]


@pytest.fixture
def letters(operator: Operator) -> Letters:
    return Letters(SESSION.client("sqs"), operator.failed_events, Lambdas())


def test_a_dead_letter_is_its_event() -> None:
    found = understood("m1", json.dumps(EVENT), DEAD_LETTER, FUNCTIONS)
    assert (found.function, found.event, found.reason, found.problem) == (ISOLATE, EVENT, "Lambda refused", "")
    assert found.about == f"Tag Change on Resource {INSTANCE}"


def test_a_record_of_lambda_holds_its_event() -> None:
    found = understood("m1", json.dumps(RECORD), {}, FUNCTIONS)
    assert (found.function, found.event, found.problem) == (ISOLATE, EVENT, "")
    assert found.reason == "LedgerUnavailable the ledger is away"


@pytest.mark.parametrize(
    ("body", "attributes", "problem"),
    [
        ("not json", {}, "its body is not JSON"),
        (json.dumps({"hello": 1}), {}, "neither EventBridge's dead letter"),
        (json.dumps([1]), {}, "neither EventBridge's dead letter"),
        (json.dumps(EVENT), DEAD_LETTER | {"TARGET_ARN": f"{ISOLATE}x"}, "is no function of this stack"),
        (json.dumps("text"), DEAD_LETTER, "it holds no event"),
        (json.dumps(RECORD | {"requestPayload": None}), {}, "it holds no event"),
        (json.dumps(RECORD | {"requestContext": {}}), {}, "is no function of this stack"),
    ],
)
def test_what_is_unknown_is_refused(body: str, attributes: dict[str, str], problem: str) -> None:
    assert problem in understood("m1", body, attributes, FUNCTIONS).problem


def test_a_replayed_event_leaves_the_queue_once_it_was_accepted(letters: Letters) -> None:
    letters.put(EVENT, **DEAD_LETTER)
    letters.put(RECORD)
    queue = letters.queue()
    for event in queue.take():
        queue.replay(event, json.dumps(event.event))
    queue.give_back()
    assert letters.lambdas.accepted == [(ISOLATE, EVENT)] * 2
    assert letters.visible() == 0
    assert letters.queue().take() == []


def test_what_lambda_does_not_accept_stays(letters: Letters) -> None:
    letters.put(EVENT, **DEAD_LETTER)
    letters.lambdas.refuses = True
    queue = letters.queue()
    (event,) = queue.take()
    with pytest.raises(Terminal, match="did not accept"):
        queue.replay(event, "{}")
    queue.give_back()
    assert letters.visible() == 1


def test_list_takes_nothing(letters: Letters, operator: Operator) -> None:
    for _ in range(12):
        letters.put(EVENT, **DEAD_LETTER)
    letters.put("rubbish")
    listed = operator.answered("failed", "list")["events"]
    assert len(listed) == 13
    assert sum(one["problem"] is not None for one in listed) == 1
    assert letters.visible() == 13
    assert "13 failed events" in operator.typed("failed", "list").stdout


def test_drop_deletes_what_it_is_told_and_no_more(letters: Letters, operator: Operator) -> None:
    letters.put(EVENT, **DEAD_LETTER)
    letters.put("rubbish")
    listed = operator.answered("failed", "list")["events"]
    rubbish = next(one["id"] for one in listed if one["problem"])
    assert operator.typed("failed", "drop", rubbish, "--yes").exit_code == 0
    assert [one["problem"] for one in operator.answered("failed", "list")["events"]] == [None]
    assert operator.typed("failed", "drop", "no-such-message", "--yes").exit_code == 1
    assert letters.visible() == 1


def test_nobody_who_can_be_asked_means_no(letters: Letters, operator: Operator) -> None:
    letters.put(EVENT, **DEAD_LETTER)
    assert operator.typed("failed", "drop").exit_code == 2
    assert letters.visible() == 1


def test_replay_leaves_what_it_does_not_know_and_says_so(letters: Letters, operator: Operator) -> None:
    letters.put("rubbish")
    result = operator.typed("failed", "replay", "--yes")
    assert (result.exit_code, letters.visible()) == (1, 1)
    assert "its body is not JSON" in result.stdout


def test_the_functions_take_what_is_replayed(lab: Lab, operator: Operator, letters: Letters) -> None:
    """The event of a record is handled as if it had come for the first time."""
    instance = lab.instance()
    lab.tag(instance.id, **{KEY: "Isolate"})
    letters.put(RECORD | {"requestPayload": tag_change(instance.id, {KEY: "Isolate"})})
    (event,) = letters.queue().take()
    assert operator.stack.lab is lab
    answer = isolate.handler(event.event, operator.stack.context())
    assert [one["status"] for one in answer["cases"]] == ["Isolated"]


def test_a_queue_that_does_not_answer_is_one_line(letters: Letters) -> None:
    queue = letters.queue()
    queue.url = queue.url + "-gone"
    with pytest.raises(Terminal):
        queue.take()
