"""Tag-change events: AWS's documented ones are parsed, those of other resources and anything else refused."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarantag.errors import InvalidEvent
from quarantag.settings import Settings
from quarantag.tagchange import TagChange
from quarantag.tagchange import parse as parse_for
from tests.stack import KEY, tag_change

INSTANCE = "i-0123456789abcdef0"
SETTINGS = Settings("123456789012", "eu-central-1", "")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def parse(event: object) -> TagChange:
    return parse_for(event, SETTINGS)


def test_an_event_names_the_instance_and_its_tags_after_the_change() -> None:
    change = parse(tag_change(INSTANCE, {KEY: "Isolate", "Name": "web"}))
    assert (change.instance_id, change.account, change.region) == (INSTANCE, "123456789012", "eu-central-1")
    assert change.changed_keys == {KEY}
    assert change.tags == {KEY: "Isolate", "Name": "web"}


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
@pytest.mark.parametrize("instance_id", ["i-01234567", INSTANCE])
def test_every_partition_and_both_lengths_of_ids(partition: str, instance_id: str) -> None:
    event = tag_change(instance_id, {})
    event["resources"] = [event["resources"][0].replace("arn:aws:", f"arn:{partition}:")]
    assert parse(event).instance_id == instance_id


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("detail", None),
        ("detail.service", "s3"),
        ("detail.resource-type", "network-interface"),
        ("detail.tags", ["a"]),
        ("detail.tags", {"a": 1}),
        ("detail.changed-tag-keys", "key"),
        ("resources", []),
        ("resources", ["arn:aws:ec2:eu-central-1:123456789012:volume/vol-1"]),
        ("resources", ["arn:aws:ec2:eu-central-1:123456789012:instance/i-xyz"]),
        ("resources", "arn"),
        ("resources", [f"arn:aws:ec2:eu-central-1:123456789012:instance/{INSTANCE}"] * 2),
    ],
)
def test_what_is_off_is_refused_with_its_reason(path: str, value: object) -> None:
    event: Any = copy.deepcopy(tag_change(INSTANCE, {KEY: "Isolate"}))
    *parents, key = path.split(".")
    place = event
    for parent in parents:
        place = place[parent]
    place[key] = value
    with pytest.raises(InvalidEvent) as refused:
        parse(event)
    assert "\n" not in str(refused.value)


@given(JSON)
def test_no_input_raises_anything_else(event: object) -> None:
    try:
        parse(event)
    except InvalidEvent:
        return
    pytest.fail("random JSON is never a tag change of an instance")


@given(st.sampled_from(["resources", "detail", "service", "tags", "changed-tag-keys"]), JSON)
def test_no_mutation_raises_anything_else(key: str, value: object) -> None:
    event = tag_change(INSTANCE, {KEY: "Isolate"})
    place = event if key in event else event["detail"]
    place[key] = value
    try:
        change = parse(event)
    except InvalidEvent:
        return
    assert change.instance_id == INSTANCE
