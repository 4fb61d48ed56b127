"""The `Containments` and `Leftovers` ports over EC2, IAM and the ledger's table.

An isolation group is found by the creation tag, whatever its name, and told by the description, which nobody changes
afterwards: the stack's parameter that names the groups may have been another when the group was made.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from quarantag.aws import faults, reading
from quarantag.aws.instances import GROUP_DESCRIPTION
from quarantag.aws.ledger import DynamoDbLedger
from quarantag.aws.sessions import SLOT_KEYS
from quarantag.settings import CREATION_TAG_KEY

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.type_defs import FilterTypeDef, NetworkInterfaceTypeDef
    from types_boto3_iam import IAMClient

_ALIVE = ["pending", "running", "stopping", "stopped"]


class OwnGroups:
    """The isolation groups that one stack made, and who is in them."""

    def __init__(self, ec2: "EC2Client", stack: str) -> None:
        self._client = ec2
        self._stack = stack

    def ids(self) -> tuple[str, ...]:
        """`DescribeSecurityGroups` by the creation tag."""
        with faults.translated("read the isolation groups"):
            pages = self._client.get_paginator("describe_security_groups").paginate(
                Filters=[{"Name": f"tag:{CREATION_TAG_KEY}", "Values": [self._stack]}]
            )
            found = [group for page in pages for group in page["SecurityGroups"]]
        return tuple(group["GroupId"] for group in found if group["Description"] == GROUP_DESCRIPTION)

    def interfaces(self, group_id: str) -> "list[NetworkInterfaceTypeDef]":
        """`DescribeNetworkInterfaces` by group."""
        with faults.translated(f"read the interfaces in {group_id}"):
            pages = self._client.get_paginator("describe_network_interfaces").paginate(
                Filters=[{"Name": "group-id", "Values": [group_id]}]
            )
            return [one for page in pages for one in page["NetworkInterfaces"]]


class Ec2Containments:
    """Who is contained."""

    def __init__(self, ec2: "EC2Client", ledger: DynamoDbLedger, groups: OwnGroups) -> None:
        self._client = ec2
        self._ledger = ledger
        self._groups = groups

    def cases(self) -> frozenset[str]:
        """Those of the ledger's index."""
        return frozenset(self._ledger.open_instances())

    def tagged(self, key: str, value: str) -> frozenset[str]:
        """`DescribeInstances` by the tag and by state."""
        filters: list[FilterTypeDef] = [
            {"Name": f"tag:{key}", "Values": [value]},
            {"Name": "instance-state-name", "Values": _ALIVE},
        ]
        with faults.translated(f"list the instances tagged {value}"):
            pages = self._client.get_paginator("describe_instances").paginate(Filters=filters)
            return frozenset(
                one["InstanceId"]
                for page in pages
                for reservation in page["Reservations"]
                for one in reservation.get("Instances", [])
            )

    def cut_without_ledger(self, key: str) -> frozenset[str]:
        """`DescribeNetworkInterfaces` by group and tag; a tag is emptied once a case holds the groups."""
        found = (
            interface.get("Attachment", {}).get("InstanceId", interface["NetworkInterfaceId"])
            for group in self._groups.ids()
            for interface in self._groups.interfaces(group)
            if reading.tags_of(interface.get("TagSet", [])).get(key)
        )
        return frozenset(found)


class MadeOutside:
    """The isolation groups, and the roles that the stack's policy is attached to."""

    def __init__(self, ec2: "EC2Client", iam: "IAMClient", groups: OwnGroups, policy_arn: str, region: str) -> None:
        self._client = ec2
        self._iam = iam
        self._groups = groups
        self._policy_arn = policy_arn
        self._region = region

    def group_users(self) -> Mapping[str, frozenset[str]]:
        """`DescribeNetworkInterfaces` by group, and `DescribeSecurityGroups` by those that their rules refer to."""
        return {group: frozenset(self._users(group)) for group in self._groups.ids()}

    def delete_group(self, group_id: str) -> None:
        """`DeleteSecurityGroup`."""
        with faults.translated(f"delete {group_id}"):
            try:
                self._client.delete_security_group(GroupId=group_id)
            except ClientError as error:
                if faults.code_of(error) != faults.UNKNOWN_GROUP:
                    raise

    def denied_roles(self) -> tuple[str, ...]:
        """`ListEntitiesForPolicy`. Users and groups have it from somebody else, who then is told by IAM."""
        with faults.translated(f"list who has {self._policy_arn}"):
            pages = self._iam.get_paginator("list_entities_for_policy").paginate(
                PolicyArn=self._policy_arn, EntityFilter="Role"
            )
            return tuple(sorted(one["RoleName"] for page in pages for one in page["PolicyRoles"]))

    def allow(self, role_name: str) -> None:
        """`UntagRole` and `DetachRolePolicy`."""
        with faults.translated(f"take {self._policy_arn} off {role_name}"):
            try:
                keys = [f"{key}-{self._region}" for key in SLOT_KEYS.values()]
                self._iam.untag_role(RoleName=role_name, TagKeys=keys)
                self._iam.detach_role_policy(RoleName=role_name, PolicyArn=self._policy_arn)
            except ClientError as error:
                faults.raise_unless_gone(error)

    def _users(self, group_id: str) -> Iterator[str]:
        for interface in self._groups.interfaces(group_id):
            instance = interface.get("Attachment", {}).get("InstanceId")
            yield f"{instance} ({interface['NetworkInterfaceId']})" if instance else interface["NetworkInterfaceId"]
        for direction in ("ip-permission.group-id", "egress.ip-permission.group-id"):
            with faults.translated(f"read which groups refer to {group_id}"):
                pages = self._client.get_paginator("describe_security_groups").paginate(
                    Filters=[{"Name": direction, "Values": [group_id]}]
                )
                yield from (one["GroupId"] for page in pages for one in page["SecurityGroups"])
