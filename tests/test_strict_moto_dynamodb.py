"""Strict moto: DynamoDB under many writers. On plain moto 5.2.5 it fails: copies break, writes get lost."""

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
