"""CloudTrail's records of what an instance's sessions called, in the shape in which the event history gives them."""

import json
from datetime import datetime
from typing import Any

from quarantag.survivors import Records
from tests.cloud import ACCOUNT, REGION

THIEF_KEY = "AKIAIOSFODNN7EXAMPLE"
DEPLOY = f"arn:aws:iam::{ACCOUNT}:role/ci/deploy"


def identity(instance_id: str, role: str = "web") -> dict[str, Any]:
    """The caller: a session that EC2 issued."""
    return {
        "type": "AssumedRole",
        "principalId": f"AROAIDPPEZS35WEXAMPLE:{instance_id}",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{instance_id}",
        "accountId": ACCOUNT,
        "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": "AROAIDPPEZS35WEXAMPLE",
                "arn": f"arn:aws:iam::{ACCOUNT}:role/{role}",
                "accountId": ACCOUNT,
                "userName": role,
            },
            "attributes": {"creationDate": "2026-11-23T09:00:00Z", "mfaAuthenticated": "false"},
            "ec2RoleDelivery": "2.0",
        },
    }


def record(instance_id: str, name: str, source: str = "iam", **changed: Any) -> dict[str, Any]:  # noqa: ANN401
    """One record; `changed` are its other fields."""
    return {
        "eventVersion": "1.10",
        "userIdentity": identity(instance_id),
        "eventTime": "2026-11-23T11:50:00Z",
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1" if source in ("iam", "signin") else REGION,
        "sourceIPAddress": "198.51.100.7",
        "userAgent": "aws-cli/2.28.1",
        "requestParameters": None,
        "responseElements": None,
        "eventID": f"7f8d9b80-3603-40eb-827b-{name[:12].lower():0<12}",
        "readOnly": False,
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    } | changed


def access_key(instance_id: str, **changed: Any) -> dict[str, Any]:  # noqa: ANN401
    """The thief makes an access key of somebody else."""
    made = {
        "userName": "build",
        "accessKeyId": THIEF_KEY,
        "status": "Active",
        "createDate": "Nov 23, 2026, 11:50:00 AM",
    }
    fields: dict[str, Any] = {"requestParameters": {"userName": "build"}, "responseElements": {"accessKey": made}}
    return record(instance_id, "CreateAccessKey", **fields | changed)


def chained(instance_id: str, expiration: object = "Nov 23, 2026, 12:50:00 PM", role: str = DEPLOY) -> dict[str, Any]:
    """The thief assumes another role."""
    account, name = role.split(":")[4], role.rpartition("/")[2]
    session = f"arn:aws:sts::{account}:assumed-role/{name}/x"
    return record(
        instance_id,
        "AssumeRole",
        "sts",
        readOnly=True,
        requestParameters={"roleArn": role, "roleSessionName": "x", "durationSeconds": 3600},
        responseElements={
            "credentials": {"accessKeyId": "ASIAI44QH8DHBEXAMPLE", "expiration": expiration},
            "assumedRoleUser": {"assumedRoleId": "AROAEXAMPLE:x", "arn": session},
        },
    )


class Thief:
    """The `SessionHistory` port: a session of every instance made an access key."""

    def records(self, instance_id: str, region: str, since: datetime | None) -> Records:  # noqa: ARG002 - the port's shape
        """It is where IAM's events are."""
        return Records(tuple(text(access_key(instance_id)) if region == "us-east-1" else ()))


def text(*records: object) -> list[str]:
    """As `LookupEvents` answers them."""
    return [json.dumps(one) for one in records]
