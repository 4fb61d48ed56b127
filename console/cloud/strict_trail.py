"""Corrections of moto: CloudTrail's event history, for the calls that tests and the demo look for; moto has none."""

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from moto.cloudtrail.responses import CloudTrailResponse
from moto.core.responses import ActionResult
from moto.ec2.responses.tags import TagResponse
from moto.iam.responses import IamResponse
from moto.sts.models import sts_backends
from moto.sts.responses import TokenResponse

from console.cloud.correction import Moto, Original, corrects
from console.cloud.state import STATE

_PAGE = 50


def user_identity(principal: str) -> dict[str, Any]:
    """The caller as CloudTrail writes it (CloudTrail User Guide, "CloudTrail userIdentity element")."""
    if ":assumed-role/" not in principal:
        return {"type": "IAMUser", "arn": principal, "userName": principal.rpartition("/")[2]}
    head, role, session = principal.split("/", 2)
    issuer = head.replace(":sts:", ":iam:").replace(":assumed-role", f":role/{role}")
    context: dict[str, Any] = {"sessionIssuer": {"type": "Role", "principalId": "AROAEXAMPLE", "arn": issuer}}
    if session.startswith("i-"):
        context["ec2RoleDelivery"] = "2.0"
    return {
        "type": "AssumedRole",
        "principalId": f"AROAEXAMPLE:{session}",
        "arn": principal,
        "sessionContext": context,
    }


def caller_of(self: Moto) -> str:
    """ARN of who calls: the session whose access key signed, else whom the test says (`STATE.principal`)."""
    key = self.get_access_key()
    for account in sts_backends.values():
        for backend in account.values():
            session = backend.get_assumed_role_from_access_key(key)
            if session:
                return str(session.arn)
    return STATE.principal


def record_of(name: str, source: str, self: Moto, region: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """CloudTrail's record of this call (CloudTrail User Guide, "CloudTrail record contents for management events")."""
    return {
        "eventVersion": "1.10",
        "eventID": str(uuid.uuid4()),
        "eventName": name,
        "eventSource": f"{source}.amazonaws.com",
        "eventTime": datetime.now(UTC).isoformat(timespec="microseconds"),
        "awsRegion": region,
        "recipientAccountId": self.current_account,
        "userIdentity": user_identity(caller_of(self)),
        "requestParameters": asked,
    }


def tagging_of(name: str, self: TagResponse) -> dict[str, Any]:
    """The record of a call that writes or removes tags."""
    tags = [{name.lower(): value for name, value in tag.items()} for tag in self._get_param("Tags", [])]
    resources = [{"resourceId": resource_id} for resource_id in self._get_param("Resources", [])]
    asked = {"resourcesSet": {"items": resources}, "tagSet": {"items": tags}}
    return record_of(name, "ec2", self, self.region, asked)


@corrects(TagResponse, "create_tags")
def remember_create_tags(original: Original, self: TagResponse) -> Moto:
    """Each successful call becomes a management event."""
    answer = original(self)
    STATE.trail.append(tagging_of("CreateTags", self))
    return answer


@corrects(TagResponse, "delete_tags")
def remember_delete_tags(original: Original, self: TagResponse) -> Moto:
    """Each successful call becomes a management event."""
    answer = original(self)
    STATE.trail.append(tagging_of("DeleteTags", self))
    return answer


@corrects(IamResponse, "create_access_key")
def remember_create_access_key(original: Original, self: IamResponse) -> Moto:
    """The same; IAM's events are in us-east-1, and name the key without its secret (IAM User Guide, same page)."""
    answer = original(self)
    key = answer.result["AccessKey"]
    record = record_of("CreateAccessKey", "iam", self, "us-east-1", {"userName": key.user_name})
    made = {"userName": key.user_name, "accessKeyId": key.access_key_id, "status": "Active"}
    STATE.trail.append(record | {"responseElements": {"accessKey": made}})
    return answer


@corrects(TokenResponse, "assume_role")
def remember_assume_role(original: Original, self: TokenResponse) -> Moto:
    """The same; in the Region of the endpoint (IAM User Guide, "Logging IAM and AWS STS API calls")."""
    answer = original(self)
    session = answer.result["Credentials"]
    asked = {"roleArn": session.role_arn, "roleSessionName": session.session_name}
    given = {"accessKeyId": session.access_key_id, "expiration": f"{session.expiration:%b %d, %Y, %I:%M:%S %p}"}
    user = {"assumedRoleId": session.user_id, "arn": session.arn}
    record = record_of("AssumeRole", "sts", self, self.region, asked)
    STATE.trail.append(record | {"readOnly": True, "responseElements": {"credentials": given, "assumedRoleUser": user}})
    return answer


@corrects(CloudTrailResponse, "lookup_events")
def look_up_events(_original: Original | None, self: CloudTrailResponse) -> ActionResult:
    """FACTS E1: LookupEvents is not implemented. By resource or user name, newest first, from `StartTime` on.

    CloudTrail API Reference, LookupEvents: the Region's own events, 50 a page. Events show late (within minutes):
    `STATE.trail_shows` stands for that.
    """
    (attribute,) = self._get_param("LookupAttributes", [])
    since, start = float(self._get_param("StartTime", 0)), int(self._get_param("NextToken") or 0)
    found = [
        {
            "EventId": record["eventID"],
            "EventName": record["eventName"],
            "EventTime": datetime.fromisoformat(record["eventTime"]),
            "Username": user_name(record),
            "CloudTrailEvent": json.dumps(record),
        }
        for record in reversed(STATE.trail if STATE.trail_shows else [])
        if record["awsRegion"] == self.region
        and attribute["AttributeValue"] in names_in(record, attribute["AttributeKey"])
        and datetime.fromisoformat(record["eventTime"]).timestamp() >= since
    ]
    more = {"NextToken": str(start + _PAGE)} if len(found) > start + _PAGE else {}
    return ActionResult({"Events": found[start : start + _PAGE]} | more)


def user_name(record: Mapping[str, Any]) -> str:
    """Who called, as the event history knows it: the user's name, or the role session's."""
    return str(record["userIdentity"]["arn"]).rpartition("/")[2]


def names_in(record: Mapping[str, Any], key: str) -> list[str]:
    """What the event history finds the record by; KeyError for an attribute that nobody has needed yet."""
    resources = record["requestParameters"].get("resourcesSet", {}).get("items", [])
    return {"ResourceName": [one["resourceId"] for one in resources], "Username": [user_name(record)]}[key]
