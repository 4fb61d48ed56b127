"""Strict moto: DynamoDB under many writers. On plain moto 5.2.5 it fails: copies break, writes get lost."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.cloud import SESSION, TABLE


def test_refused_transactions_lose_no_write_of_others(ledger_table: Any) -> None:  # noqa: ANN401 - a boto3 resource
    client = SESSION.client("dynamodb")
    never: Any = {
        "Put": {
            "TableName": TABLE,
            "Item": {"pk": {"S": "x"}, "sk": {"S": "x"}},
            "ConditionExpression": "attribute_exists(pk)",
        }
    }

    def write(number: int) -> None:
        client.put_item(TableName=TABLE, Item={"pk": {"S": f"p{number}"}, "sk": {"S": "s"}})
        with pytest.raises(ClientError, match="TransactionCanceledException"):
            client.transact_write_items(TransactItems=[never])

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(write, range(64)))
    assert len(ledger_table.scan()["Items"]) == 64


@pytest.fixture
def hasty() -> Iterator[None]:
    """Threads give way after every few instructions."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty", "ledger_table")
def test_an_answer_is_whole_while_others_change_the_item() -> None:
    """Moto writes the answer from the living item; an attribute that another thread adds meanwhile broke it."""
    client = SESSION.client("dynamodb")

    def update(number: int) -> None:
        client.update_item(
            TableName=TABLE,
            Key={"pk": {"S": "p"}, "sk": {"S": "s"}},
            UpdateExpression=f"SET a{number} = :v",
            ExpressionAttributeValues={":v": {"S": "x"}},
            ReturnValues="ALL_NEW",
        )

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(update, range(400)))
    assert len(client.get_item(TableName=TABLE, Key={"pk": {"S": "p"}, "sk": {"S": "s"}})["Item"]) == 402


def test_a_transaction_that_is_sent_again_has_happened_once(ledger_table: Any) -> None:  # noqa: ANN401 - a boto3 resource
    client = SESSION.client("dynamodb")
    once: Any = {
        "Put": {
            "TableName": TABLE,
            "Item": {"pk": {"S": "x"}, "sk": {"S": "x"}},
            "ConditionExpression": "attribute_not_exists(pk)",
        }
    }
    for _ in range(2):
        client.transact_write_items(TransactItems=[once], ClientRequestToken="the same")
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        client.transact_write_items(TransactItems=[once], ClientRequestToken="another")
    assert len(ledger_table.scan()["Items"]) == 1
