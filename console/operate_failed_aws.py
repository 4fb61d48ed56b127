"""The failed-events queue and the functions, for `quarantag failed`: an adapter. A message is never lost on the way."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.deployed import PATIENT, deployed
from console.failed_events import FailedEvent, understood
from quarantag.aws import faults
from quarantag.errors import Terminal

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.type_defs import MessageTypeDef

    from console.operate_aws import Place

_HIDDEN_SECONDS = 600  # while somebody reads and answers; a message that nobody gives back appears again by itself
_AT_ONCE = 10  # of one batch, Amazon SQS API Reference
_MOST = 10_000
_ACCEPTED = 202


@dataclass(slots=True)
class Queue:
    """The stack's failed events. What is taken is hidden from others until it is given back, or dropped."""

    sqs: "SQSClient"
    functions: "LambdaClient"
    url: str
    arns: tuple[str, ...]
    receipts: dict[str, str]

    def take(self) -> list[FailedEvent]:
        """Receive all there are, each once."""
        found: dict[str, FailedEvent] = {}
        with faults.translated(f"read the queue {self.url}"):
            while len(found) < _MOST and (messages := self._received()):
                for message in messages:
                    self.receipts[message["MessageId"]] = message["ReceiptHandle"]
                    found[message["MessageId"]] = self._understood(message)
        return list(found.values())

    def replay(self, event: FailedEvent, payload: str) -> None:
        """Start the function again with its event; only once Lambda has accepted it is the message deleted."""
        with faults.translated(f"start {event.name} again"):
            answer = self.functions.invoke(FunctionName=event.function or "", InvocationType="Event", Payload=payload)
        if answer["StatusCode"] != _ACCEPTED:
            raise Terminal(f"Lambda did not accept the event {event.id}: status {answer['StatusCode']}")
        self.drop(event)

    def drop(self, event: FailedEvent) -> None:
        """Delete the message."""
        with faults.translated(f"delete the message {event.id}"):
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=self.receipts.pop(event.id))

    def give_back(self) -> None:
        """Show everyone again what was taken and is still there; where that fails it appears by itself."""
        with faults.translated(f"give messages back to the queue {self.url}"):
            for part in _parts(list(self.receipts.values())):
                self.sqs.change_message_visibility_batch(
                    QueueUrl=self.url,
                    Entries=[
                        {"Id": str(at), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                        for at, receipt in enumerate(part)
                    ],
                )
        self.receipts.clear()

    def _received(self) -> "list[MessageTypeDef]":
        """A long poll asks every server of the queue: an answer without messages means that there are no more."""
        answer = self.sqs.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=_AT_ONCE,
            VisibilityTimeout=_HIDDEN_SECONDS,
            WaitTimeSeconds=1,
            MessageAttributeNames=["All"],
        )
        return answer.get("Messages", [])

    def _understood(self, message: "MessageTypeDef") -> FailedEvent:
        given = message.get("MessageAttributes", {})
        attributes = {name: value.get("StringValue", "") for name, value in given.items()}
        return understood(message["MessageId"], message["Body"], attributes, self.arns)


def queue_of(place: "Place") -> Queue:
    """Find the queue and the functions by the stack's outputs. Raises `Retryable` or `Terminal`, each one line."""
    stack = deployed(place)
    session, told = stack.session, stack.outputs
    for name in ("FailedEventsQueue", "Functions"):
        if name not in told:
            raise Terminal(f"the stack {place.stack} has no output {name}: deploy this version of it")
    arns = tuple(told["Functions"].split(","))
    sqs, functions = session.client("sqs", config=PATIENT), session.client("lambda", config=PATIENT)
    return Queue(sqs, functions, told["FailedEventsQueue"], arns, {})


def _parts(receipts: Sequence[str]) -> Iterator[Sequence[str]]:
    yield from (receipts[start : start + _AT_ONCE] for start in range(0, len(receipts), _AT_ONCE))
