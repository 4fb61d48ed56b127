"""The port of `measures.sessions` over IAM and the ledger's table."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from quarantag.aws import faults, reading
from quarantag.aws.slots import TableSlots
from quarantag.aws.table import Table
from quarantag.instance import Profile
from quarantag.measures.sessions import Role
from quarantag.measures.slots import SLOTS
from quarantag.revocable import name_of

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient

SLOT_KEYS = {slot: f"QuarantagContained{slot}" for slot in range(1, SLOTS + 1)}
"""What the keys of the role's tags begin with; the Region follows."""


class InstanceSessions(TableSlots):
    """Tags and one managed policy of roles; the claims are `TableSlots`. A role's name is the last part of its ARN.

    IAM is one for all Regions, so the Region is part of the tags' keys: each stack has tags of its own.
    """

    def __init__(self, iam: "Callable[[], IAMClient]", table: Table, policy_arn: str, region: str) -> None:
        super().__init__(table)
        self._iam = iam
        self._policy_arn = policy_arn
        self._keys = {slot: f"{key}-{region}" for slot, key in SLOT_KEYS.items()}

    def profile(self, arn: str) -> Profile | None:
        """`GetInstanceProfile`."""
        with faults.translated(f"read {arn}"):
            try:
                answer = self._iam().get_instance_profile(InstanceProfileName=name_of(arn))
            except ClientError as error:
                faults.raise_unless_gone(error)
                return None
        return reading.profile_of(answer["InstanceProfile"])

    def role(self, role_arn: str, role_id: str) -> Role | None:
        """`GetRole`, with its tags, and `ListAttachedRolePolicies`."""
        with faults.translated(f"read {role_arn}"):
            try:
                role = self._iam().get_role(RoleName=name_of(role_arn))["Role"]
                pages = self._iam().get_paginator("list_attached_role_policies").paginate(RoleName=name_of(role_arn))
                attached = {one["PolicyArn"] for page in pages for one in page["AttachedPolicies"]}
            except ClientError as error:
                faults.raise_unless_gone(error)
                return None
        tags = {one["Key"]: one["Value"] for one in role.get("Tags", [])}
        marked = {slot: tags[key] for slot, key in self._keys.items() if key in tags}
        return Role(marked, self._policy_arn in attached) if role["RoleId"] == role_id else None

    def mark(self, role_arn: str, slot: int, instance_arn: str) -> None:
        """`TagRole`: a key that is there gets the new value."""
        with faults.translated(f"tag {role_arn}"):
            self._iam().tag_role(RoleName=name_of(role_arn), Tags=[{"Key": self._keys[slot], "Value": instance_arn}])

    def unmark(self, role_arn: str, slot: int) -> None:
        """`UntagRole`."""
        with faults.translated(f"untag {role_arn}"):
            try:
                self._iam().untag_role(RoleName=name_of(role_arn), TagKeys=[self._keys[slot]])
            except ClientError as error:
                faults.raise_unless_gone(error)

    def attach(self, role_arn: str) -> None:
        """`AttachRolePolicy`."""
        with faults.translated(f"attach the policy that denies contained sessions to {role_arn}"):
            self._iam().attach_role_policy(RoleName=name_of(role_arn), PolicyArn=self._policy_arn)

    def detach(self, role_arn: str) -> None:
        """`DetachRolePolicy`."""
        with faults.translated(f"detach the policy that denies contained sessions from {role_arn}"):
            try:
                self._iam().detach_role_policy(RoleName=name_of(role_arn), PolicyArn=self._policy_arn)
            except ClientError as error:
                faults.raise_unless_gone(error)
