"""What IAM is asked when a call is made: one question a resource, each with the condition keys that AWS fills.

Which resources and keys: the service authorization reference ("Actions, resources, and condition keys for Amazon EC2"
and the pages of the other services); DynamoDB's transactions: "Using IAM with DynamoDB transactions" (DynamoDB
Developer Guide), which asks for the item's own action. Optional resources that the call names are asked for too: more
than AWS may ask, never less. A call without an entry here is refused: whoever makes a new one says what IAM is asked.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.cloud import ACCOUNT, REGION, SESSION

Context = dict[str, str | list[str]]
Parameters = Mapping[str, Any]
_OWN = {"aws:ResourceTag/Name", "dynamodb:LeadingKeys", "iam:AssociatedResourceArn"}
_KINDS = {"i": "instance", "eni": "network-interface", "sg": "security-group", "vol": "volume", "snap": "snapshot"}


@dataclass(frozen=True, slots=True)
class Ask:
    """One question."""

    action: str
    resource: str
    context: Mapping[str, str | list[str]]

    @property
    def shape(self) -> tuple[str, str, str]:
        """The same for questions that differ in nothing but which instance, group or item it is."""
        kind = self.resource.rpartition("/")[0] or self.resource
        values = {key: value for key, value in self.context.items() if key not in _OWN}
        return self.action, kind, str(sorted((key, str(value)) for key, value in values.items()))


@dataclass(frozen=True, slots=True)
class Facts:
    """What the call does not say itself, asked of the cloud by clients that nobody listens to."""

    ec2: Any
    iam: Any

    def instance(self, association_id: str) -> str:
        """ARN of the instance of a profile association."""
        found = self.ec2.describe_iam_instance_profile_associations(AssociationIds=[association_id])
        return arn_of(found["IamInstanceProfileAssociations"][0]["InstanceId"])

    def role(self, profile_arn: str) -> str:
        """ARN of the role in an instance profile."""
        found = self.iam.get_instance_profile(InstanceProfileName=profile_arn.rpartition("/")[2])
        return str(found["InstanceProfile"]["Roles"][0]["Arn"])

    def role_named(self, name: str) -> str:
        """ARN of a role."""
        return str(self.iam.get_role(RoleName=name)["Role"]["Arn"])

    def address(self, association_id: str) -> tuple[str, str]:
        """Allocation and interface of an Elastic IP's association."""
        filters = [{"Name": "association-id", "Values": [association_id]}]
        found = self.ec2.describe_addresses(Filters=filters)["Addresses"][0]
        return found["AllocationId"], found["NetworkInterfaceId"]

    def tagged(self, resource_id: str) -> Context:
        """The `aws:ResourceTag` keys of what the call meets."""
        filters = [{"Name": "resource-id", "Values": [resource_id]}]
        return {
            f"aws:ResourceTag/{one['Key']}": one["Value"] for one in self.ec2.describe_tags(Filters=filters)["Tags"]
        }


def asks(name: str, parameters: Parameters, facts: Facts) -> Iterator[Ask]:
    """The questions for a call (`ec2:CreateTags`). Raises KeyError for a call that has no entry."""
    service, _, operation = name.partition(":")
    name = {"monitoring": "cloudwatch"}.get(service, service) + ":" + operation
    if name in _ON_NOTHING:
        region = "ec2:Region" if service == "ec2" else "aws:RequestedRegion"
        yield Ask(name, "*", {region: REGION})
        return
    for ask in _ASKED[name](name, parameters, facts):
        regional: Context = {"ec2:Region": REGION} if ask.action.startswith("ec2:") else {}
        yield Ask(ask.action, ask.resource, {**ask.context, **regional})


def arn_of(resource_id: str, kind: str = "") -> str:
    """ARN of an EC2 resource of this account; of an id whose prefix says what it is."""
    return f"arn:aws:ec2:{REGION}:{ACCOUNT}:{kind or _KINDS[resource_id.partition('-')[0]]}/{resource_id}"


def _on(parameter: str, kind: str = "") -> "Asked":
    """Of the one resource that this parameter names, with its tags."""

    def asked(name: str, given: Parameters, facts: Facts) -> Iterator[Ask]:
        yield Ask(name, arn_of(given[parameter], kind), facts.tagged(given[parameter]))

    return asked


def _tagging(name: str, given: Parameters, facts: Facts) -> Iterator[Ask]:
    for resource_id in given["Resources"]:
        yield Ask(name, arn_of(resource_id), facts.tagged(resource_id) | _request_tags(given.get("Tags", [])))


def _request_tags(tags: list[Mapping[str, str]]) -> Context:
    values: Context = {f"aws:RequestTag/{one['Key']}": one["Value"] for one in tags if "Value" in one}
    return values | ({"aws:TagKeys": [one["Key"] for one in tags]} if tags else {})


def _interface(name: str, given: Parameters, facts: Facts) -> Iterator[Ask]:
    yield from _on("NetworkInterfaceId")(name, given, facts)
    for group in given["Groups"]:
        yield Ask(name, arn_of(group), facts.tagged(group))


def _new_group(name: str, given: Parameters, facts: Facts) -> Iterator[Ask]:
    """The group that will be, its VPC, and its tags: "Grant permission to tag EC2 resources during creation"."""
    tags = _request_tags(given["TagSpecifications"][0]["Tags"])
    yield Ask(name, arn_of("sg-new"), tags)
    yield Ask(name, arn_of(given["VpcId"], "vpc"), facts.tagged(given["VpcId"]))
    yield Ask("ec2:CreateTags", arn_of("sg-new"), tags | {"ec2:CreateAction": "CreateSecurityGroup"})


def _profile(name: str, given: Parameters, facts: Facts) -> Iterator[Ask]:
    """Giving a profile passes its role: "Grant permissions to pass an IAM role to an instance" (EC2 User Guide)."""
    profile = given["IamInstanceProfile"]["Arn"]
    instance = arn_of(given["InstanceId"]) if "InstanceId" in given else facts.instance(given["AssociationId"])
    tags = facts.tagged(instance.rpartition("/")[2])
    yield Ask(name, instance, tags | {"ec2:NewInstanceProfile": profile})
    passed: Context = {"iam:PassedToService": "ec2.amazonaws.com", "iam:AssociatedResourceArn": instance}
    yield Ask("iam:PassRole", facts.role(profile), passed)


def _no_profile(name: str, given: Parameters, facts: Facts) -> Iterator[Ask]:
    instance = facts.instance(given["AssociationId"])
    yield Ask(name, instance, facts.tagged(instance.rpartition("/")[2]))


def _attribute(name: str, given: Parameters, facts: Facts) -> Iterator[Ask]:
    attribute = "BlockDeviceMapping" if "BlockDeviceMappings" in given else given["Attribute"]
    tags = facts.tagged(given["InstanceId"])
    yield Ask(name, arn_of(given["InstanceId"]), tags | {"ec2:Attribute": attribute[0].upper() + attribute[1:]})


def _metadata(name: str, given: Parameters, facts: Facts) -> Iterator[Ask]:
    asked: Context = {f"ec2:Attribute/{key}": str(value) for key, value in given.items() if key != "InstanceId"}
    yield Ask(name, arn_of(given["InstanceId"]), facts.tagged(given["InstanceId"]) | asked)


def _address(name: str, given: Parameters, facts: Facts) -> Iterator[Ask]:
    allocation, interface = given.get("AllocationId"), given.get("NetworkInterfaceId")
    if not allocation or not interface:
        allocation, interface = facts.address(given["AssociationId"])
    yield Ask(name, arn_of(allocation, "elastic-ip"), facts.tagged(allocation))
    yield Ask(name, arn_of(interface), facts.tagged(interface))


def _item(name: str, given: Parameters, facts: Facts) -> Iterator[Ask]:  # noqa: ARG001 - as all of them
    table = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{given['TableName']}"
    key = given.get("Key") or given.get("Item")
    keys: Context = {"dynamodb:LeadingKeys": [key["pk"]["S"]]} if key else {}
    yield Ask(name, f"{table}/index/{given['IndexName']}" if "IndexName" in given else table, keys)


def _transaction(name: str, given: Parameters, facts: Facts) -> Iterator[Ask]:  # noqa: ARG001 - as all of them
    actions = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
    for item in given["TransactItems"]:
        ((kind, write),) = item.items()
        for ask in _item(f"dynamodb:{actions[kind]}", write, facts):
            yield Ask(ask.action, ask.resource, {**ask.context, "dynamodb:EnclosingOperation": "TransactWriteItems"})


def _scaling_group(name: str, given: Parameters, facts: Facts) -> Iterator[Ask]:  # noqa: ARG001 - as all of them
    group = given.get("AutoScalingGroupName", "web")  # SetInstanceHealth names the instance only
    yield Ask(name, f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:autoScalingGroup:0f:autoScalingGroupName/{group}", {})


def _instance_profile(name: str, given: Parameters, facts: Facts) -> Iterator[Ask]:
    found = facts.iam.get_instance_profile(InstanceProfileName=given["InstanceProfileName"])["InstanceProfile"]
    yield Ask(name, found["Arn"], {})


def _role(name: str, given: Parameters, facts: Facts) -> Iterator[Ask]:
    context: Context = _request_tags(given.get("Tags", []))
    if "TagKeys" in given:
        context = {"aws:TagKeys": given["TagKeys"]}
    if "PolicyArn" in given:
        context = {"iam:PolicyARN": given["PolicyArn"]}
    yield Ask(name, facts.role_named(given["RoleName"]), context)


def _topic(name: str, given: Parameters, facts: Facts) -> Iterator[Ask]:  # noqa: ARG001 - as all of them
    """A topic under a customer key asks for the key, too: "Encrypting messages published to Amazon SNS" (SNS)."""
    yield Ask(name, given["TopicArn"], {})
    through: Context = {"kms:ViaService": f"sns.{REGION}.amazonaws.com", "kms:CallerAccount": ACCOUNT}
    for action in ("kms:GenerateDataKey", "kms:Decrypt"):
        yield Ask(action, f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0f", through)


def _rule(name: str, given: Parameters, facts: Facts) -> Iterator[Ask]:  # noqa: ARG001 - as all of them
    yield Ask(name, f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{given.get('Name') or given['Rule']}", {})


Asked = Callable[[str, Parameters, Facts], Iterator[Ask]]
_ON_NOTHING = {
    *(f"ec2:Describe{what}" for what in ("Addresses", "IamInstanceProfileAssociations", "Instances", "NetworkAcls")),
    *("ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups"),
    *("autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeAutoScalingInstances"),
    *("guardduty:GetFindings", "guardduty:ListDetectors", "guardduty:ListFindings", "cloudtrail:LookupEvents"),
}
"""Calls that support no resource."""
_ASKED: dict[str, Asked] = {
    "ec2:CreateTags": _tagging,
    "ec2:DeleteTags": _tagging,
    "ec2:ModifyNetworkInterfaceAttribute": _interface,
    "ec2:CreateSecurityGroup": _new_group,
    "ec2:RevokeSecurityGroupEgress": _on("GroupId"),
    "ec2:RevokeSecurityGroupIngress": _on("GroupId"),
    "ec2:AssociateIamInstanceProfile": _profile,
    "ec2:ReplaceIamInstanceProfileAssociation": _profile,
    "ec2:DisassociateIamInstanceProfile": _no_profile,
    "ec2:DescribeInstanceAttribute": _on("InstanceId"),
    "ec2:ModifyInstanceAttribute": _attribute,
    "ec2:ModifyInstanceMetadataOptions": _metadata,
    "ec2:AssociateAddress": _address,
    "ec2:DisassociateAddress": _address,
    "ec2:CreateNetworkAclEntry": _on("NetworkAclId", "network-acl"),
    "ec2:DeleteNetworkAclEntry": _on("NetworkAclId", "network-acl"),
    **{f"dynamodb:{name}": _item for name in ("GetItem", "PutItem", "UpdateItem", "Query")},
    "dynamodb:TransactWriteItems": _transaction,
    **{
        f"autoscaling:{name}": _scaling_group
        for name in (
            *("AttachInstances", "DetachInstances", "EnterStandby", "ExitStandby", "ResumeProcesses"),
            *("SetInstanceHealth", "SetInstanceProtection", "SuspendProcesses"),
        )
    },
    "iam:GetInstanceProfile": _instance_profile,
    **{
        f"iam:{name}": _role
        for name in (
            *("AttachRolePolicy", "DetachRolePolicy", "GetRole", "ListAttachedRolePolicies", "TagRole", "UntagRole"),
        )
    },
    "sns:Publish": _topic,
    **{f"events:{name}": _rule for name in ("DescribeRule", "ListTargetsByRule")},
}


def facts() -> Facts:
    """Over the cloud of the test."""
    return Facts(SESSION.client("ec2"), SESSION.client("iam"))
