"""Conditional writes to the ledger's table, with what a refused condition means told apart from a fault."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import BotoCoreError, ClientError

from quarantag.aws import faults
from quarantag.aws.attributes import Item, marshalled, unmarshalled
from quarantag.errors import Conflict, LedgerUnavailable
from quarantag.ports import Clock

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_ATTEMPTS = 14
_LONGEST_PAUSE = 1.0  # seconds
_MET = "None"
_REFUSED = "ConditionalCheckFailed"
_BUSY = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})


class Refused(Exception):
    """A condition did not hold: an answer, caught next to the call, that never leaves the ledger.

    `old` is the item as it is, `position` the refused item of a transaction.
    """

    def __init__(self, old: dict[str, Any] | None = None, position: int = 0) -> None:
        super().__init__(f"the condition of item {position} does not hold")
        self.old = old
        self.position = position


class Table:
    """One DynamoDB table; raises `Refused` where a condition does not hold, else `LedgerUnavailable`."""

    def __init__(self, client: "DynamoDBClient", name: str, clock: Clock) -> None:
        self._client = client
        self._name = name
        self._clock = clock

    def get(self, pk: str, sk: str) -> dict[str, Any] | None:
        """Read one item, strongly consistent."""
        with _reachable("read"):
            answer = self._client.get_item(TableName=self._name, Key=_key(pk, sk), ConsistentRead=True)
        return unmarshalled(answer["Item"]) if "Item" in answer else None

    def put(self, values: dict[str, Any]) -> None:
        """Put one item, whatever was there."""
        with _reachable("write"):
            self._client.put_item(TableName=self._name, Item=marshalled(values))

    def query(self, index: str, name: str, value: str) -> Iterator[dict[str, Any]]:
        """Read an index page by page."""
        with _reachable("query"):
            pages = self._client.get_paginator("query").paginate(
                TableName=self._name,
                IndexName=index,
                KeyConditionExpression="#name = :value",
                ExpressionAttributeNames={"#name": name},
                ExpressionAttributeValues={":value": {"S": value}},
            )
            for page in pages:
                yield from (unmarshalled(item) for item in page["Items"])

    def update(self, update: Item) -> dict[str, Any]:
        """Run one conditional update (see `updating`); answers the attributes as they were."""
        try:
            with _reachable("update"):
                answer = self._client.update_item(
                    **update["Update"], ReturnValues="ALL_OLD", ReturnValuesOnConditionCheckFailure="ALL_OLD"
                )
        except ClientError as error:
            raise Refused(unmarshalled(cast("Item", error.response.get("Item", {})))) from error
        return unmarshalled(cast("Item", answer.get("Attributes", {})))

    def transact(self, writes: Sequence[Item]) -> None:
        """Run all writes or none; one that meets another transaction is tried again after a random pause.

        A ledger that is busy is there: that is a `Conflict`, and never a reason to go on without it.
        """
        for attempt in range(_ATTEMPTS):
            reasons = self._transact(writes)
            if not reasons:
                return
            if _REFUSED in reasons:
                raise Refused(position=reasons.index(_REFUSED))
            if not all(reason in _BUSY or reason == _MET for reason in reasons):
                raise LedgerUnavailable(f"the ledger refused a write: {', '.join(reasons)}")
            longest = min(_LONGEST_PAUSE, 0.02 * 2**attempt)
            self._clock.sleep(random.uniform(0, longest))  # noqa: S311 -- spreads contenders, guards nothing
        raise Conflict("the ledger is too busy with other writes of the same items")

    def putting(self, values: dict[str, Any], condition: str, given: dict[str, Any] | None = None) -> Item:
        """Describe a conditional put, for `transact`."""
        put: Item = {"TableName": self._name, "Item": marshalled(values), "ConditionExpression": condition}
        if given:
            put["ExpressionAttributeValues"] = marshalled(given)
        return {"Put": put}

    def updating(self, key: tuple[str, str], expression: str, condition: str, given: dict[str, Any]) -> Item:
        """Describe a conditional update, for `update` and `transact`; `#status` and `#new` are names."""
        names = {f"#{name}": name for name in ("status",) if f"#{name}" in expression + condition}
        if "#new" in expression:
            names["#new"] = given.pop("#new")
        update: Item = {
            "TableName": self._name,
            "Key": _key(*key),
            "UpdateExpression": expression,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": marshalled(given),
        }
        return {"Update": update | ({"ExpressionAttributeNames": names} if names else {})}

    def _transact(self, writes: Sequence[Item]) -> list[str]:
        try:
            with _reachable("write", also=faults.TRANSACTION_CANCELLED):
                self._client.transact_write_items(TransactItems=cast("list[TransactWriteItemTypeDef]", list(writes)))
        except ClientError as error:
            reasons = cast("list[dict[str, str]]", error.response.get("CancellationReasons", []))
            return [reason.get("Code", _MET) for reason in reasons]
        return []


def _key(pk: str, sk: str) -> Item:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


@contextmanager
def _reachable(doing: str, also: str = "") -> Iterator[None]:
    """Let refused conditions through as they are; everything else means that the ledger can't be used."""
    try:
        yield
    except ClientError as error:
        if faults.code_of(error) in (faults.CONDITION_FAILED, also):
            raise
        raise LedgerUnavailable(f"{doing} the ledger: {error}") from error
    except BotoCoreError as error:
        raise LedgerUnavailable(f"{doing} the ledger: {error}") from error
