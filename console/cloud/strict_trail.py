"""Corrections of moto: CloudTrail's event history, for the calls that write and remove tags; moto has none."""

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from moto.cloudtrail.responses import CloudTrailResponse
from moto.core.responses import ActionResult
from moto.ec2.responses.tags import TagResponse

from console.cloud.correction import Moto, Original, corrects
from console.cloud.state import STATE


def user_identity(principal: str) -> dict[str, Any]:
    """The caller as CloudTrail writes it (CloudTrail User Guide, "CloudTrail userIdentity element")."""
    if ":assumed-role/" not in principal:
        return {"type": "IAMUser", "arn": principal}
    head, role, _session = principal.split("/", 2)
    issuer = head.replace(":sts:", ":iam:").replace(":assumed-role", f":role/{role}")
    return {"type": "AssumedRole", "arn": principal, "sessionContext": {"sessionIssuer": {"arn": issuer}}}


def record_of(name: str, self: TagResponse) -> dict[str, Any]:
    """CloudTrail's record of this call (CloudTrail User Guide, "CloudTrail record contents for management events")."""
    tags = [{name.lower(): value for name, value in tag.items()} for tag in self._get_param("Tags", [])]
    resources = [{"resourceId": resource_id} for resource_id in self._get_param("Resources", [])]
    return {
        "eventVersion": "1.10",
        "eventID": str(uuid.uuid4()),
        "eventName": name,
        "eventSource": "ec2.amazonaws.com",
        "eventTime": datetime.now(UTC).isoformat(timespec="microseconds"),
        "awsRegion": self.region,
        "recipientAccountId": self.current_account,
        "userIdentity": user_identity(STATE.principal),
        "requestParameters": {"resourcesSet": {"items": resources}, "tagSet": {"items": tags}},
    }


@corrects(TagResponse, "create_tags")
def remember_create_tags(original: Original, self: TagResponse) -> Moto:
    """Each successful call becomes a management event."""
    answer = original(self)
    STATE.trail.append(record_of("CreateTags", self))
    return answer


@corrects(TagResponse, "delete_tags")
def remember_delete_tags(original: Original, self: TagResponse) -> Moto:
    """Each successful call becomes a management event."""
    answer = original(self)
    STATE.trail.append(record_of("DeleteTags", self))
    return answer


@corrects(CloudTrailResponse, "lookup_events")
def look_up_events(_original: Original | None, self: CloudTrailResponse) -> ActionResult:
    """FACTS E1: LookupEvents is not implemented. By resource name only, newest first, from `StartTime` on.

    CloudTrail API Reference, LookupEvents. Events show late (within minutes): `STATE.trail_shows` stands for that.
    """
    (attribute,) = self._get_param("LookupAttributes", [])
    since = float(self._get_param("StartTime", 0))
    found = [
        {
            "EventId": record["eventID"],
            "EventName": record["eventName"],
            "EventTime": datetime.fromisoformat(record["eventTime"]),
            "CloudTrailEvent": json.dumps(record),
        }
        for record in reversed(STATE.trail)
        if {"resourceId": attribute["AttributeValue"]} in record["requestParameters"]["resourcesSet"]["items"]
        and datetime.fromisoformat(record["eventTime"]).timestamp() >= since
    ]
    return ActionResult({"Events": found if STATE.trail_shows else []})
