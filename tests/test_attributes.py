"""The ledger's attribute values are those that boto3 makes and reads."""

from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from quarantag.aws.attributes import marshalled, unmarshalled

scalars = st.none() | st.booleans() | st.text() | st.integers(-(10**30), 10**30)
sets = st.sets(st.text(), min_size=1)
values = st.recursive(scalars | sets, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
items = st.dictionaries(st.text(), values)


@given(items)
def test_they_are_read_back_and_boto3_reads_them_the_same(item: dict[str, Any]) -> None:
    written = marshalled(item)
    theirs = TypeDeserializer()
    assert unmarshalled(written) == {name: theirs.deserialize(value) for name, value in written.items()} == item


@given(items)
def test_what_boto3_writes_is_read(item: dict[str, Any]) -> None:
    theirs = TypeSerializer()
    assert unmarshalled({name: theirs.serialize(value) for name, value in item.items()}) == item


def test_a_number_is_exact() -> None:
    assert unmarshalled({"n": {"N": "0.1"}}) == {"n": Decimal("0.1")}


@pytest.mark.parametrize("value", [1.5, b"bytes", {1, 2}, set(), object()])
def test_what_the_ledger_does_not_hold_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="the ledger holds no"):
        marshalled({"a": value})


def test_what_the_ledger_never_writes_is_left_to_its_reader() -> None:
    """Somebody may spoil an item: that must not keep an instance from being cut."""
    assert unmarshalled({"spoilt": {"B": b"bytes"}, "status": {"S": "Isolated"}}) == {
        "spoilt": b"bytes",
        "status": "Isolated",
    }
