"""The port of `measures.role_sessions`: IAM is only read here, the function that alone may write it is invoked."""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from quarantag.aws import faults, reading
from quarantag.aws.role_policies import WISH
from quarantag.aws.table import Refused, Table
from quarantag.errors import Conflict, Retryable, Terminal
from quarantag.instance import Profile
from quarantag.measures.role_sessions import MOST_OTHERS, Denial
from quarantag.revocable import name_of
from quarantag.revoking import policy_name, time_in
from quarantag.settings import Settings

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_iam import IAMClient
    from types_boto3_lambda import LambdaClient

_ALIVE = ["pending", "running", "stopping", "stopped"]


class RoleSessions:
    """What is seen of roles, the wish in the case, and the function `function`, "" where the stack has none."""

    def __init__(
        self,
        ec2: "EC2Client",
        iam: "Callable[[], IAMClient]",
        invoked: "tuple[Callable[[], LambdaClient], str]",
        table: Table,
        of: Settings,
    ) -> None:
        self._client = ec2
        self._iam = iam
        self._lambda, self._function = invoked
        self._table = table
        self._of = of

    def profile(self, arn: str) -> Profile | None:
        """`GetInstanceProfile`."""
        with faults.translated(f"read {arn}"):
            try:
                answer = self._iam().get_instance_profile(InstanceProfileName=name_of(arn))
            except ClientError as error:
                faults.raise_unless_gone(error)
                return None
        return reading.profile_of(answer["InstanceProfile"])

    def others(self, profile_arn: str, instance_id: str) -> tuple[str, ...]:
        """`DescribeInstances` by the profile, one page of it."""
        filters = {"iam-instance-profile.arn": [profile_arn], "instance-state-name": _ALIVE}
        with faults.translated(f"read the instances with {profile_arn}"):
            answer = self._client.describe_instances(
                Filters=[{"Name": name, "Values": values} for name, values in filters.items()], MaxResults=MOST_OTHERS
            )
        found = (one["InstanceId"] for reservation in answer["Reservations"] for one in reservation["Instances"])
        return tuple(sorted(one for one in found if one != instance_id))

    def exists(self, role_arn: str, role_id: str) -> bool:
        """`GetRole`."""
        with faults.translated(f"read {role_arn}"):
            try:
                return self._iam().get_role(RoleName=name_of(role_arn))["Role"]["RoleId"] == role_id
            except ClientError as error:
                faults.raise_unless_gone(error)
                return False

    def denial(self, role_arn: str, instance_id: str) -> Denial | None:
        """`GetRolePolicy`."""
        name = policy_name(self._of.stack, instance_id)
        with faults.translated(f"read {name} of {role_arn}"):
            try:
                answer = self._iam().get_role_policy(RoleName=name_of(role_arn), PolicyName=name)
            except ClientError as error:
                faults.raise_unless_gone(error)
                return None
        return Denial(time_in(cast("Mapping[str, Any]", answer["PolicyDocument"])))  # botocore parses it

    def wished(self, instance_id: str, case_id: str) -> str:
        """Read the case's attribute."""
        values = self._table.get(instance_id, "case") or {}
        return str(values.get(WISH, "")) if values.get("case_id") == case_id else ""

    def wish(self, instance_id: str, case_id: str, before: str) -> None:
        """Set the case's attribute, where it is the latest and open."""
        condition = "case_id = :case AND attribute_exists(open_case)"
        given = {":case": case_id, ":before": before}
        try:
            self._table.update(self._table.updating((instance_id, "case"), f"SET {WISH} = :before", condition, given))
        except Refused as refused:
            raise Conflict(f"{case_id}: another function took over") from refused

    def revoke(self, instance_id: str) -> None:
        """`Invoke`, and wait for the answer; what the function raises is raised here by its kind."""
        if not self._function:
            name = policy_name(self._of.stack, instance_id)
            raise Terminal(
                f"the stack can't write policies any more: set RevokeCredentials to role, or delete {name} by hand"
            )
        with faults.translated(f"invoke {self._function}"):
            payload = json.dumps({"instance_id": instance_id}).encode()
            answer = self._lambda().invoke(FunctionName=self._function, Payload=payload)
            said = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            kind = Terminal if said.get("errorType") == Terminal.__name__ else Retryable
            raise kind(str(said.get("errorMessage", said)))
