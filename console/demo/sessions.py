"""What AWS would answer a session with stolen credentials, judged from the role as IAM shows it now.

The emulator asks no policy. So the policies that are attached to the role are read, with the role's tags, and their
denials of this one shape are evaluated; that AWS comes to the same is what the policy simulator of tests/iam says.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from console.cloud.place import ACCOUNT, REGION
from console.demo.world import World

_TAG = re.compile(r"\$\{aws:PrincipalTag/([^}]+)}")


@dataclass(frozen=True, slots=True)
class RoleNow:
    """A role's tags, the documents of its attached policies by their ARNs, and the names of its inline ones."""

    tags: Mapping[str, str]
    attached: Mapping[str, Mapping[str, Any]]
    inline: tuple[str, ...]

    def denials(self, instance_id: str) -> list[str]:
        """The statements, by their `Sid`, that deny everything to the sessions that the instance got."""
        arn = f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{instance_id}"
        return [sid for one in self.attached.values() for sid in self._denying(one, arn)]

    def _denying(self, document: Mapping[str, Any], arn: str) -> Iterator[str]:
        for one in document["Statement"]:
            everything = (one["Effect"], one.get("Action"), one.get("Resource")) == ("Deny", "*", "*")
            (operator, keys), *more = one.get("Condition", {"": {}}).items()
            by_instance = operator == "ArnEquals" and list(keys) == ["ec2:SourceInstanceARN"] and not more
            if everything and by_instance and self._resolved(keys["ec2:SourceInstanceARN"]) == arn:
                yield str(one.get("Sid"))

    def _resolved(self, value: str) -> str | None:
        """The tag's value; without the tag nothing matches (IAM User Guide, "Policy elements: Variables and tags")."""
        variable = _TAG.fullmatch(value)
        return self.tags.get(variable[1]) if variable else value


def role_of(world: World, name: str) -> RoleNow:
    """The role that the instance had when it was made."""
    iam = world.cloud.client("iam")
    profile = world.actors[name].profile_arn.rpartition("/")[2]
    (role,) = iam.get_instance_profile(InstanceProfileName=profile)["InstanceProfile"]["Roles"]
    tags = {one["Key"]: one["Value"] for one in iam.get_role(RoleName=role["RoleName"])["Role"].get("Tags", [])}
    attached = iam.list_attached_role_policies(RoleName=role["RoleName"])["AttachedPolicies"]
    documents = {one["PolicyArn"]: _document(iam, one["PolicyArn"]) for one in attached}
    return RoleNow(tags, documents, tuple(iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]))


def _document(iam: Any, arn: str) -> Mapping[str, Any]:  # noqa: ANN401 - a boto3 client
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document: Mapping[str, Any] = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    return document
