"""What a thief makes with an instance's credentials before it is contained, and what must be known of it afterwards."""

import json
from typing import Any

from console.cloud.place import new_client
from console.demo.probes import Probe
from console.demo.records import latest_case
from console.demo.world import World
from quarantag.remains import from_document
from quarantag.survivors import Survivors

USER, ROLE = "deploy", "backup"
"""Whose access key is made, and which role is assumed."""
_MADE = ["access key", "role session"]


def steal(world: World, name: str) -> None:
    """Take the credentials of the instance's role from it, and make with them what a denial of them does not end.

    AWS STS stands for the metadata service: the session has the instance's id as its name, as one that EC2 issues.
    """
    profile = world.actors[name].profile_arn.rpartition("/")[2]
    iam, sts = world.cloud.client("iam"), world.cloud.client("sts")
    (own,) = iam.get_instance_profile(InstanceProfileName=profile)["InstanceProfile"]["Roles"]
    stolen = sts.assume_role(RoleArn=own["Arn"], RoleSessionName=world.actors[name].id)["Credentials"]
    keys = {
        "aws_access_key_id": stolen["AccessKeyId"],
        "aws_secret_access_key": stolen["SecretAccessKey"],
        "aws_session_token": stolen["SessionToken"],
    }
    other = iam.get_role(RoleName=ROLE)["Role"]["Arn"]
    new_client("iam", iam.meta.endpoint_url, **keys).create_access_key(UserName=USER)
    new_client("sts", sts.meta.endpoint_url, **keys).assume_role(RoleArn=other, RoleSessionName="backup")


def listed(world: World, name: str) -> Probe:
    """The case lists just that: the access key, by the id that IAM has for it, and the session of the other role."""

    def probe() -> tuple[bool, str]:
        found = survivors(world, name)
        keys = world.cloud.client("iam").list_access_keys(UserName=USER)["AccessKeyMetadata"]
        made = {one.kind: one for one in found.found} if found else {}
        seen = ", ".join(f"{one.kind} {one.what}" for one in made.values()) or "nothing"
        if sorted(made) != _MADE:
            return False, seen
        key, session = made["access key"], made["role session"]
        return [one["AccessKeyId"] for one in keys] == [key.what] and session.of.endswith(f":role/{ROLE}"), seen

    return probe


def survivors(world: World, name: str) -> Survivors | None:
    """What the ledger says that outlives the denial of the instance's sessions."""
    case: dict[str, Any] = latest_case(world, name) or {}
    return from_document(json.loads(case["survivors"])) if "survivors" in case else None
