"""The `Trail` port over CloudTrail's event history, and its own event on the event bus."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from quarantag.aws import faults
from quarantag.ports import TagWrite
from quarantag.settings import Settings
from quarantag.tagwrite import tag_write_of

if TYPE_CHECKING:
    from types_boto3_cloudtrail import CloudTrailClient


class CloudTrailHistory:
    """`LookupEvents`: management events of this Region, two calls a second for the whole account."""

    def __init__(self, client: "Callable[[], CloudTrailClient]", settings: Settings) -> None:
        self._client = client
        self._settings = settings

    def last_write(self, instance_id: str, since: datetime) -> TagWrite | None:
        """Look the instance's events up, newest first, until one wrote the control tag."""
        with faults.translated(f"look up who tagged {instance_id}"):
            for record in self._records(instance_id, since):
                write = tag_write_of(record, instance_id, self._settings.tag_key)
                if write:
                    return write
        return None

    def _records(self, instance_id: str, since: datetime) -> Iterator[Mapping[str, object]]:
        pages = (
            self._client()
            .get_paginator("lookup_events")
            .paginate(
                LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": instance_id}], StartTime=since
            )
        )
        for page in pages:
            for event in page["Events"]:
                if event.get("EventName") in ("CreateTags", "DeleteTags"):
                    yield json.loads(event["CloudTrailEvent"])
