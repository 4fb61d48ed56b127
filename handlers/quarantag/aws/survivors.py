"""The `SessionHistory` port over CloudTrail's event history, in the stack's Region and in that for global events."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from quarantag.aws import faults
from quarantag.ports import Clock
from quarantag.survivors import Records

if TYPE_CHECKING:
    from types_boto3_cloudtrail import CloudTrailClient

_MOST_PAGES = 10  # of 50 events
_LONGEST = timedelta(seconds=8)
_BETWEEN_PAGES = 0.5  # seconds: two calls a second for each account and Region


class CloudTrailSessions:
    """`LookupEvents` by user name: management events of the last 90 days, newest first.

    A role session's name is its user name there (CloudTrail API Reference, LookupEvents; CloudTrail User Guide,
    "CloudTrail userIdentity element"). One look reads so many pages for so long at most.
    """

    def __init__(self, clients: "Callable[[str], CloudTrailClient]", clock: Clock) -> None:
        """`clients` gives the client of a Region."""
        self._clients = clients
        self._clock = clock

    def records(self, instance_id: str, region: str, since: datetime | None) -> Records:
        """Read page after page."""
        asked: dict[str, Any] = {"LookupAttributes": [{"AttributeKey": "Username", "AttributeValue": instance_id}]}
        if since:
            asked["StartTime"] = since
        texts: list[str] = []
        oldest, end = None, self._clock.now() + _LONGEST
        region_client = self._clients(region)
        with faults.translated(f"look up the sessions of {instance_id}"):
            for number in range(_MOST_PAGES):
                page = region_client.lookup_events(**asked)
                texts += [event["CloudTrailEvent"] for event in page["Events"] if "CloudTrailEvent" in event]
                oldest = page["Events"][-1].get("EventTime", oldest) if page["Events"] else oldest
                if not page.get("NextToken"):
                    return Records(tuple(texts))
                if number + 1 == _MOST_PAGES or self._clock.now() > end:
                    break
                asked["NextToken"] = page["NextToken"]
                self._clock.sleep(_BETWEEN_PAGES)
        back_to = f", back to {oldest:%Y-%m-%d %H:%MZ}" if oldest else ""
        return Records(tuple(texts), f"only the newest {len(texts)} events were read{back_to}")
