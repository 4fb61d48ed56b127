"""A tag-change event, parsed: which instance, and its tags when the event was made."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from quarantag.errors import InvalidEvent
from quarantag.settings import Settings

_INSTANCE_ARN = re.compile(
    r"arn:[a-z0-9-]+:ec2:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):instance/(?P<id>i-[0-9a-f]{8,17})"
)


@dataclass(frozen=True, slots=True)
class TagChange:
    """One tag-change event of an EC2 instance; `tags` are those after the change, `at` is when, where it is said."""

    instance_id: str
    account: str
    region: str
    changed_keys: frozenset[str]
    tags: Mapping[str, str]
    at: datetime | None = None


def parse(event: object, settings: Settings) -> TagChange:
    """Parse an EventBridge "Tag Change on Resource" event of this account and Region.

    Raises `InvalidEvent` and nothing else.

    Source: AWS Resource Groups User Guide, "Monitor tag changes with serverless workflows and Amazon EventBridge".
    The event names an instance; what its tags are now is read from the instance.
    """
    detail = _mapping(_mapping(event, "the event").get("detail"), "detail")
    if detail.get("service") != "ec2" or detail.get("resource-type") != "instance":
        raise InvalidEvent("not a tag change of an EC2 instance: check the rule that sends events here")
    tags = _mapping(detail.get("tags"), "detail.tags")
    keys = detail.get("changed-tag-keys")
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise InvalidEvent("detail.changed-tag-keys is not a list of keys")
    if not all(isinstance(value, str) for value in tags.values()):
        raise InvalidEvent("detail.tags has a value that is not text")
    arn = _arn(_mapping(event, "the event").get("resources"))
    if (arn["account"], arn["region"]) != (settings.account, settings.region):
        raise InvalidEvent(f"{arn['id']} is in {arn['account']} {arn['region']}: its own stack acts")
    return TagChange(arn["id"], arn["account"], arn["region"], frozenset(keys), tags, time_of(event))


def time_of(event: object) -> datetime | None:
    """When an EventBridge event was made, to the second; None where it says no such time. It only measures."""
    try:
        return datetime.fromisoformat(str(_mapping(event, "the event").get("time"))).astimezone(UTC)
    except ValueError:
        return None


def _arn(resources: object) -> re.Match[str]:
    if not isinstance(resources, list) or len(resources) != 1 or not isinstance(resources[0], str):
        raise InvalidEvent("resources does not name exactly one instance")
    match = _INSTANCE_ARN.fullmatch(resources[0])
    if match is None:
        raise InvalidEvent(f"resources[0] is not the ARN of an instance: {resources[0][:100]!r}")
    return match


def _mapping(value: object, name: str) -> Mapping[str, str]:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise InvalidEvent(f"{name} is not an object: not a tag-change event")
    return value
