"""DynamoDB's attribute values, of the types that the ledger holds (Amazon DynamoDB API Reference, AttributeValue).

boto3 has the same for every type; importing it would be a tenth of a cold start.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

Item = dict[str, Any]


def marshalled(values: Mapping[str, object]) -> Item:
    """Turn plain values into DynamoDB's `{name: {type: value}}`. Raises `TypeError` for a type that is not known."""
    return {name: _attribute(value) for name, value in values.items()}


def unmarshalled(item: Item) -> dict[str, Any]:
    """Turn DynamoDB's `{name: {type: value}}` into plain values.

    A number is a `Decimal`. A value of a type that the ledger never writes is given as it is: who wrote it spoilt what
    it stands in, at most, and whoever reads that says so.
    """
    return {name: _plain(value) for name, value in item.items()}


def _attribute(value: object) -> dict[str, Any]:
    attribute: dict[str, Any]
    match value:
        case None:
            attribute = {"NULL": True}
        case bool():
            attribute = {"BOOL": value}
        case str():
            attribute = {"S": value}
        case int() | Decimal():
            attribute = {"N": str(value)}
        case list() | tuple():
            attribute = {"L": [_attribute(one) for one in value]}
        case dict():
            attribute = {"M": marshalled(value)}
        case set() | frozenset() if value and all(isinstance(one, str) for one in value):
            attribute = {"SS": sorted(value)}
        case _:
            raise TypeError(f"the ledger holds no {type(value).__name__}: {value!r}")
    return attribute


def _plain(attribute: Mapping[str, Any]) -> Any:  # noqa: ANN401 - the value's own type
    ((kind, value),) = attribute.items()
    return _READ[kind](value) if kind in _READ else value


_READ: dict[str, Callable[[Any], Any]] = {
    "NULL": lambda _: None,
    "N": Decimal,
    "L": lambda values: [_plain(one) for one in values],
    "M": unmarshalled,
    "SS": set,
}
