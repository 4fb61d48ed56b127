"""CloudTrail's record of `CreateTags` or `DeleteTags`, parsed: who wrote which value of the control tag."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from quarantag.ports import TagWrite
from quarantag.settings import Settings

_INSTANCE = re.compile(r"i-[0-9a-f]{8,17}")
_INSTANCE_SESSION = re.compile(r"arn:[a-z0-9-]+:sts::\d{12}:assumed-role/[^/]+/(i-[0-9a-f]{8,17})")


def tag_write_of(record: Mapping[str, object], instance_id: str, key: str) -> TagWrite | None:
    """Give the write of the control tag on this instance that the record tells of, or None where it tells of none.

    A call that failed wrote nothing. An instance's own session has the instance id as its name.
    Source: CloudTrail User Guide, "CloudTrail record contents" and "CloudTrail userIdentity element".
    """
    if record.get("errorCode") or instance_id not in resources_of(record):
        return None
    tags = _items(_mapping(record.get("requestParameters")).get("tagSet"))
    values = [str(tag.get("value", "")) for tag in tags if tag.get("key") == key]
    removed = record.get("eventName") == "DeleteTags"
    if not values and not (removed and not tags):
        return None
    identity = _mapping(record.get("userIdentity"))
    principal = str(identity.get("arn") or identity.get("invokedBy") or identity.get("type") or "unknown")
    issuer = _mapping(_mapping(identity.get("sessionContext")).get("sessionIssuer")).get("arn")
    session = _INSTANCE_SESSION.fullmatch(principal)
    return TagWrite(
        instance_id=instance_id,
        value="" if removed else values[0],
        at=_time(record.get("eventTime")),
        principal=principal,
        issuer=str(issuer) if issuer else None,
        session_instance=session[1] if session else None,
        event_id=str(record.get("eventID", "")),
    )


def is_tag_write(event: object) -> bool:
    """Whether the event is one of CloudTrail's on the event bus (the account has a trail)."""
    return isinstance(event, dict) and event.get("detail-type") == "AWS API Call via CloudTrail"


def tag_writes(event: Mapping[str, object], settings: Settings) -> tuple[TagWrite, ...]:
    """Give the writes of the control tag that CloudTrail's event tells of, one for each instance. Raises nothing."""
    record = _mapping(event.get("detail"))
    instances = (resource for resource in dict.fromkeys(resources_of(record)) if _INSTANCE.fullmatch(resource))
    writes = (tag_write_of(record, instance_id, settings.tag_key) for instance_id in instances)
    return tuple(write for write in writes if write)


def release_writes(event: Mapping[str, object], settings: Settings) -> tuple[TagWrite, ...]:
    """Those of them that wrote the release value."""
    return tuple(write for write in tag_writes(event, settings) if write.value == settings.release_value)


def resources_of(record: Mapping[str, object]) -> tuple[str, ...]:
    """Give the ids of the resources that the call named."""
    items = _items(_mapping(record.get("requestParameters")).get("resourcesSet"))
    return tuple(str(item["resourceId"]) for item in items if "resourceId" in item)


def _items(value: object) -> list[Mapping[str, object]]:
    items = _mapping(value).get("items")
    return [_mapping(item) for item in items] if isinstance(items, list) else []


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _time(value: object) -> datetime:
    try:
        return datetime.fromisoformat(str(value)).astimezone(UTC)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
