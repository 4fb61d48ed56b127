"""Corrections of moto: DynamoDB's items, read and written by many at once."""

from threading import RLock

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.responses import DynamoHandler

from console.cloud.correction import Moto, Original, corrects

_ONE_AT_A_TIME = RLock()


def _serialized(original: Original, self: DynamoDBBackend, *args: Moto, **kwargs: Moto) -> Moto:
    """Every operation on items is atomic and a refused transaction leaves no trace of itself, and of nothing else.

    moto copies the whole table before a transaction and puts the copy back when it is refused: a write made meanwhile
    by another thread is lost, or the copy fails. DynamoDB Developer Guide, "Amazon DynamoDB Transactions: How it
    works", isolation levels.
    """
    with _ONE_AT_A_TIME:
        return original(self, *args, **kwargs)


_OPERATIONS = ("get_item", "put_item", "update_item", "delete_item", "query", "scan")
for _operation in (*_OPERATIONS, "transact_write_items"):
    corrects(DynamoDBBackend, _operation)(_serialized)


def _answered(original: Original, self: DynamoHandler, *args: Moto, **kwargs: Moto) -> Moto:
    """The answer is what was read then: moto writes it from the living item, which another thread may be changing."""
    with _ONE_AT_A_TIME:
        return original(self, *args, **kwargs)


for _operation in _OPERATIONS:
    corrects(DynamoHandler, _operation)(_answered)


@corrects(DynamoHandler, "transact_write_items")
def _idempotent(original: Original, self: DynamoHandler) -> Moto:
    """A transaction that is sent again, with the token that botocore gives each, has happened once, and is answered so.

    That is how botocore's own retry of an answer that was lost ends well. DynamoDB API Reference, TransactWriteItems,
    `ClientRequestToken`: for ten minutes, which nothing here outlives.
    """
    token = self.body.get("ClientRequestToken")
    answers: dict[str, Moto] = self.dynamodb_backend.__dict__.setdefault("answered_transactions", {})
    with _ONE_AT_A_TIME:
        if token not in answers:
            answer = original(self)
            if token is None:
                return answer
            answers[token] = answer
        return answers[token]
