"""What we accept and what we write fits the schemas that we publish."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from quarantag.errors import InvalidEvent
from quarantag.settings import Settings
from quarantag.tagchange import parse
from tests.cloud import Lab
from tests.public import ABSENT, CORPUS, WHY_SKIPPED
from tests.stack import KEY, Stack, tag_change

HERE = Settings("123456789012", "us-east-1", "")
SCHEMAS = Path(__file__).parents[1] / "schemas"


def validator(name: str) -> jsonschema.Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())


def plain(value: Any) -> Any:  # noqa: ANN401 - any item of DynamoDB
    """DynamoDB's numbers as numbers."""
    return json.loads(json.dumps(value, default=lambda number: int(number) if isinstance(number, Decimal) else number))


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.json")), ids=lambda path: path.stem)
def test_each_schema_is_one(path: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(path.read_text()))


def test_every_tag_change_of_the_cloud_and_of_the_tests_fits(stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    stack.tag_and_isolate(instance.id)
    events = [*lab.cloud.events, tag_change(instance.id, {KEY: "Isolate"})]
    for event in events:
        validator("tag-change-event").validate(event)
    assert len(events) > 1


@pytest.mark.skipif(ABSENT, reason=WHY_SKIPPED)
def test_public_tag_events_are_parsed_exactly_where_they_fit() -> None:
    fits = []
    for path in sorted((CORPUS / "tag_events").glob("*.json")):
        event = json.loads(path.read_text())
        fits.append(validator("tag-change-event").is_valid(event))
        try:
            parsed = bool(parse(event, HERE).instance_id)
        except InvalidEvent:
            parsed = False
        assert parsed == fits[-1], path.name
    assert (fits.count(True), fits.count(False)) == (2, 10)


def test_every_case_fits_open_and_closed_with_and_without_profile(stack: Stack, lab: Lab) -> None:
    first, second = lab.instance(profile=lab.profile()), lab.instance([lab.vpc(), lab.vpc()])
    for instance in (first, second):
        stack.tag_and_isolate(instance.id)
    lab.ec2.terminate_instances(InstanceIds=[first.id])
    stack.isolate(first.id)
    cases = [item for item in stack.items() if item["sk"] == "case" or item["sk"].startswith("closed#")]
    for case in cases:
        validator("case").validate(plain(case))
    assert sorted(str(case["status"]) for case in cases) == ["Ended", "Ended", "Isolated"]
