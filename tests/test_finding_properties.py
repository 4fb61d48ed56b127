"""No input makes the parser raise anything but its own error, and the event schema accepts what the parser accepts."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from quarantag.errors import InvalidFinding
from quarantag.finding import Finding, parse
from tests.findings import FIXTURES, fixture

SCHEMA = Path(__file__).parents[1] / "schemas" / "guardduty-finding-event.schema.json"
VALIDATOR = Draft202012Validator(json.loads(SCHEMA.read_text()))
scalars = st.none() | st.booleans() | st.integers() | st.builds(lambda: 10**5000) | st.floats() | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


def places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401
    children = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    return [path, *(place for key, value in children for place in places(value, (*path, key)))]


def parses(document: Any) -> bool:  # noqa: ANN401
    try:
        return isinstance(parse(document), Finding)
    except InvalidFinding as error:
        return "\n" in str(error)  # a refusal is one line: more is as wrong as parsing


@given(values)
def test_any_document_parses_or_is_refused(document: object) -> None:
    parses(document)


@pytest.mark.parametrize(
    "name", ["backdoor.event.json", "backdoor.api.json", "sequence.event.json", "stolen-credentials.event.json"]
)
@given(data=st.data())
@settings(max_examples=150)
def test_any_value_at_any_place_parses_or_is_refused(name: str, data: st.DataObject) -> None:
    document = copy.deepcopy(fixture(name))
    *parents, key = data.draw(st.sampled_from(places(document)[1:]))
    place = document
    for parent in parents:
        place = place[parent]
    place[key] = data.draw(values)
    parses(document)


def test_deep_nesting_is_survived() -> None:
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"resource": deep}
    assert not parses(deep)


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.event.json")), ids=lambda path: path.stem)
def test_the_event_schema_accepts_the_events_that_the_parser_accepts(path: Path) -> None:
    event = fixture(path.name)
    assert parses(event)
    VALIDATOR.validate(event)


@pytest.mark.parametrize("key", ["id", "type", "severity", "accountId", "region"])
@given(value=st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text())
@settings(max_examples=60)
def test_schema_and_parser_agree_on_what_a_decision_rests_on(key: str, value: object) -> None:
    event = fixture("backdoor.event.json")
    event["detail"][key] = value
    assert VALIDATOR.is_valid(event) == parses(event)
