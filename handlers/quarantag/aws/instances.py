"""The `Instances` port over EC2."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from quarantag.aws import faults, reading
from quarantag.errors import Conflict, Terminal
from quarantag.instance import Instance, Interface, IsolationGroup, Profile, ProfileAssociation, Rule
from quarantag.settings import CREATION_TAG_KEY, Settings

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.type_defs import SecurityGroupTypeDef, TagTypeDef
    from types_boto3_iam import IAMClient

_MOST_NAMESAKES = 20
_MOST_FILTER_VALUES = 200  # of one filter (Amazon EC2 API Reference, Filter)
GROUP_DESCRIPTION = "Quarantag isolation group: no ingress, no egress. Do not add rules, they are removed."


class Ec2Instances:
    """EC2 instances of one account and Region. Every method raises `Retryable` or `Terminal` only."""

    def __init__(self, client: "EC2Client", iam: "Callable[[], IAMClient]", settings: Settings) -> None:
        self._client = client
        self._iam = iam
        self._settings = settings

    def instance(self, instance_id: str) -> Instance | None:
        """`DescribeInstances` of one id (ids and filters are never mixed: an unknown id must be told)."""
        with faults.translated(f"read {instance_id}"):
            try:
                answer = self._client.describe_instances(InstanceIds=[instance_id])
            except ClientError as error:
                if faults.code_of(error) in faults.UNKNOWN_INSTANCE:
                    return None
                raise
        found = [instance for reservation in answer["Reservations"] for instance in reservation.get("Instances", [])]
        return reading.instance_of(found[0]) if found else None

    def interfaces(self, instance_id: str) -> tuple[Interface, ...]:
        """`DescribeNetworkInterfaces`: only this call says which interfaces an AWS service manages."""
        with faults.translated(f"read the interfaces of {instance_id}"):
            pages = self._client.get_paginator("describe_network_interfaces").paginate(
                Filters=[{"Name": "attachment.instance-id", "Values": [instance_id]}]
            )
            return tuple(reading.interface_of(found) for page in pages for found in page["NetworkInterfaces"])

    def profile_associations(self, instance_id: str) -> tuple[ProfileAssociation, ...]:
        """`DescribeIamInstanceProfileAssociations`, in every state but `disassociated`."""
        with faults.translated(f"read the instance profile of {instance_id}"):
            pages = self._client.get_paginator("describe_iam_instance_profile_associations").paginate(
                Filters=[{"Name": "instance-id", "Values": [instance_id]}]
            )
            found = [one for page in pages for one in page["IamInstanceProfileAssociations"]]
        return tuple(reading.association_of(one) for one in found if one["State"] != "disassociated")

    def isolation_groups(self) -> tuple[IsolationGroup, ...]:
        """`DescribeSecurityGroups` by the creation tag, of those only the ones with our name and description.

        A tag can be put on any group by who may tag; name and description can't be changed after the creation.
        """
        with faults.translated("read the isolation groups"):
            pages = self._client.get_paginator("describe_security_groups").paginate(
                Filters=[{"Name": f"tag:{CREATION_TAG_KEY}", "Values": [self._settings.stack]}]
            )
            found = [group for page in pages for group in page["SecurityGroups"]]
        return tuple(reading.group_of(group) for group in found if self._is_ours(group))

    def profile(self, arn: str) -> Profile | None:
        """IAM's `GetInstanceProfile`; a profile's name is the last part of its ARN, after its path."""
        with faults.translated(f"read {arn}"):
            try:
                answer = self._iam().get_instance_profile(InstanceProfileName=arn.rpartition("/")[2])
            except ClientError as error:
                if faults.code_of(error) == faults.NOT_IN_IAM:
                    return None
                raise
        return reading.profile_of(answer["InstanceProfile"])

    def existing_groups(self, group_ids: Sequence[str]) -> frozenset[str]:
        """`DescribeSecurityGroups` by filter: asked by id, one group that is gone would fail them all."""
        if not group_ids:
            return frozenset()
        with faults.translated("read the recorded groups"):
            pages = self._client.get_paginator("describe_security_groups").paginate(
                Filters=[{"Name": "group-id", "Values": list(group_ids)}]
            )
            return frozenset(group["GroupId"] for page in pages for group in page["SecurityGroups"])

    def ended(self, instance_ids: Sequence[str]) -> frozenset[str]:
        """`DescribeInstances` by filter, since one unknown id would fail them all; an answer leaves out the unknown."""
        with faults.translated("read which instances ended"):
            living = {
                found["InstanceId"]
                for start in range(0, len(instance_ids), _MOST_FILTER_VALUES)
                for page in self._client.get_paginator("describe_instances").paginate(
                    Filters=[
                        {"Name": "instance-id", "Values": instance_ids[start : start + _MOST_FILTER_VALUES]},
                        {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]},
                    ]
                )
                for reservation in page["Reservations"]
                for found in reservation.get("Instances", [])
            }
        return frozenset(instance_ids) - living

    def tagged(self, value: str) -> Iterator[str]:
        """`DescribeInstances` by the control tag's value, page by page."""
        with faults.translated(f"list the instances tagged {value}"):
            pages = self._client.get_paginator("describe_instances").paginate(
                Filters=[{"Name": f"tag:{self._settings.tag_key}", "Values": [value]}]
            )
            for page in pages:
                for reservation in page["Reservations"]:
                    yield from (instance["InstanceId"] for instance in reservation.get("Instances", []))

    def groups_kept(self) -> Iterator[str]:
        """`DescribeNetworkInterfaces` by group and tag key: cost grows with these, not with the fleet."""
        groups = [group.id for group in self.isolation_groups()]
        key = self._settings.groups_before_key
        with faults.translated("list the interfaces that were cut without a ledger"):
            for start in range(0, len(groups), _MOST_FILTER_VALUES):
                values = groups[start : start + _MOST_FILTER_VALUES]
                pages = self._client.get_paginator("describe_network_interfaces").paginate(
                    Filters=[{"Name": "group-id", "Values": values}, {"Name": "tag-key", "Values": [key]}]
                )
                for page in pages:
                    attached = (found.get("Attachment", {}) for found in page["NetworkInterfaces"])
                    yield from (one["InstanceId"] for one in attached if "InstanceId" in one)

    def tag(self, resource_id: str, tags: Mapping[str, str]) -> None:
        """`CreateTags`: all in one call, so that all are there or none is."""
        with faults.translated(f"tag {resource_id}"):
            self._client.create_tags(Resources=[resource_id], Tags=_pairs(tags))

    def create_isolation_group(self, vpc_id: str) -> None:
        """`CreateSecurityGroup` with its tags; where the name is taken by another's group, with the next suffix."""
        with faults.translated(f"create the isolation group in {vpc_id}"):
            for number in range(1, _MOST_NAMESAKES + 1):
                name = self._settings.isolation_group_name + (f"-{number}" if number > 1 else "")
                if self._create_group(vpc_id, name) or self._is_ours(self._namesake(vpc_id, name)):
                    return
        raise Terminal(f"create the isolation group in {vpc_id}: {_MOST_NAMESAKES} groups of others take its names")

    def revoke_rules(self, group_id: str, rules: frozenset[Rule]) -> None:
        """`RevokeSecurityGroupIngress` and `…Egress`: in one call each, or rule by rule where one is gone already."""
        with faults.translated(f"revoke the rules of {group_id}"):
            for direction in ("ingress", "egress"):
                wanted = [rule for rule in rules if rule.direction == direction]
                if wanted and not self._revoke(group_id, wanted):
                    refused = [rule for rule in wanted if not self._revoke(group_id, [rule], gone_is_fine=True)]
                    if refused:
                        raise Terminal(f"revoke the rules of {group_id}: refused for {refused}")

    def allow_rule(self, group_id: str, rule: Rule) -> None:
        """`AuthorizeSecurityGroupIngress`. A group that the VPC can't refer to is unknown to EC2, and stays so."""
        with faults.translated(f"let {rule.peer} into {group_id}"):
            try:
                permissions = [reading.permission_of(rule)]
                self._client.authorize_security_group_ingress(GroupId=group_id, IpPermissions=permissions)
            except ClientError as error:
                if faults.code_of(error) == faults.UNKNOWN_GROUP and rule.peer_kind == "group":
                    reason = "a group works in its own VPC or a peered one only: give ForensicAccessSource a CIDR"
                    raise Terminal(f"let {rule.peer} into {group_id}: {reason}") from error
                if faults.code_of(error) != faults.RULE_EXISTS:
                    raise

    def set_interface_groups(self, interface_id: str, groups: Sequence[str]) -> None:
        """`ModifyNetworkInterfaceAttribute`: the call that works with any number of interfaces."""
        with faults.translated(f"set the groups of {interface_id}"):
            self._client.modify_network_interface_attribute(NetworkInterfaceId=interface_id, Groups=list(groups))

    def associate_profile(self, instance_id: str, profile_arn: str) -> None:
        """`AssociateIamInstanceProfile`."""
        with faults.translated(f"associate the isolation profile with {instance_id}"):
            self._client.associate_iam_instance_profile(InstanceId=instance_id, IamInstanceProfile={"Arn": profile_arn})

    def replace_profile(self, association_id: str, profile_arn: str) -> None:
        """`ReplaceIamInstanceProfileAssociation`: for a running instance."""
        with faults.translated(f"replace the instance profile of {association_id}"):
            self._client.replace_iam_instance_profile_association(
                AssociationId=association_id, IamInstanceProfile={"Arn": profile_arn}
            )

    def disassociate_profile(self, association_id: str) -> None:
        """`DisassociateIamInstanceProfile`."""
        with faults.translated(f"end {association_id}"):
            try:
                self._client.disassociate_iam_instance_profile(AssociationId=association_id)
            except ClientError as error:
                if faults.code_of(error) != faults.ASSOCIATION_GONE:
                    raise

    def _create_group(self, vpc_id: str, name: str) -> bool:
        settings = self._settings
        tags = {"Name": name, CREATION_TAG_KEY: settings.stack, settings.tag_key: settings.isolate_value}
        try:
            self._client.create_security_group(
                GroupName=name,
                Description=GROUP_DESCRIPTION,
                VpcId=vpc_id,
                TagSpecifications=[{"ResourceType": "security-group", "Tags": _pairs(tags)}],
            )
        except ClientError as error:
            if faults.code_of(error) != faults.GROUP_EXISTS:
                raise
            return False
        return True

    def _namesake(self, vpc_id: str, name: str) -> "SecurityGroupTypeDef":
        """The group that takes the name: EC2's names are unique in a VPC whatever their case (CreateSecurityGroup)."""
        pages = self._client.get_paginator("describe_security_groups").paginate(
            Filters=[{"Name": "vpc-id", "Values": [vpc_id]}]
        )
        for page in pages:
            for group in page["SecurityGroups"]:
                if group["GroupName"].casefold() == name.casefold():
                    return group
        raise Conflict(f"the group {name} of {vpc_id} exists but can't be read yet")

    def _is_ours(self, group: "SecurityGroupTypeDef") -> bool:
        """Whether this stack made the group: by the tag, and by what can't be changed afterwards."""
        name, suffix = self._settings.isolation_group_name, group["GroupName"]
        named = suffix == name or suffix.removeprefix(f"{name}-").isdecimal()
        marked = reading.tags_of(group.get("Tags", [])).get(CREATION_TAG_KEY) == self._settings.stack
        return named and marked and group["Description"] == GROUP_DESCRIPTION

    def _revoke(self, group_id: str, rules: Sequence[Rule], *, gone_is_fine: bool = False) -> bool:
        """Whether the rules are off. One that is gone or refused fails the whole call: they are then tried singly."""
        permissions = [reading.permission_of(rule) for rule in rules]
        try:
            if rules[0].direction == "ingress":
                self._client.revoke_security_group_ingress(GroupId=group_id, IpPermissions=permissions)
            else:
                self._client.revoke_security_group_egress(GroupId=group_id, IpPermissions=permissions)
        except ClientError as error:
            code = faults.code_of(error)
            if code == faults.RULE_GONE:
                return gone_is_fine
            if code in faults.INVALID_RULE:
                return False
            raise
        return True


def _pairs(tags: Mapping[str, str]) -> "list[TagTypeDef]":
    return [{"Key": key, "Value": value} for key, value in tags.items()]
