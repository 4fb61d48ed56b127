"""Inline policies of roles over IAM (`revoking.RolePolicies`): only the role function has the power for it."""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from quarantag.aws import faults
from quarantag.aws.items import case_of
from quarantag.aws.table import Table
from quarantag.revocable import name_of
from quarantag.revoking import Wish, policy_name

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient

WISH = "deny_issued_before"
"""The attribute of the case."""


class CaseWishes:
    """The wish is an attribute of the instance's latest case (`revoking.Wishes`)."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def wish(self, instance_id: str) -> Wish | None:
        """Read the case, strongly consistent."""
        values = self._table.get(instance_id, "case")
        case = case_of(values) if values else None
        kept = case.kept.get("role_sessions") if case else None
        if not values or not case or not kept or kept["untouched"]:
            return None
        return Wish(kept["role_arn"], kept["role_id"], str(values.get(WISH, "")) if case.open else "")


class IamRolePolicies:
    """The policies of one stack."""

    def __init__(self, iam: "Callable[[], IAMClient]", stack: str) -> None:
        self._iam = iam
        self._stack = stack

    def exists(self, role_arn: str, role_id: str) -> bool:
        """`GetRole`."""
        with faults.translated(f"read {role_arn}"):
            try:
                return self._iam().get_role(RoleName=name_of(role_arn))["Role"]["RoleId"] == role_id
            except ClientError as error:
                faults.raise_unless_gone(error)
                return False

    def put(self, role_arn: str, instance_id: str, document: Mapping[str, Any]) -> None:
        """`PutRolePolicy`."""
        name = policy_name(self._stack, instance_id)
        with faults.translated(f"write {name} of {role_arn}"):
            text = json.dumps(document, separators=(",", ":"))
            self._iam().put_role_policy(RoleName=name_of(role_arn), PolicyName=name, PolicyDocument=text)

    def delete(self, role_arn: str, instance_id: str) -> None:
        """`DeleteRolePolicy`."""
        name = policy_name(self._stack, instance_id)
        with faults.translated(f"delete {name} of {role_arn}"):
            try:
                self._iam().delete_role_policy(RoleName=name_of(role_arn), PolicyName=name)
            except ClientError as error:
                faults.raise_unless_gone(error)
