"""What IAM is asked when a call is made: one question a resource, each with the condition keys that AWS fills.

Which resources and keys: the service authorization reference ("Actions, resources, and condition keys for Amazon EC2"
and the pages of the other services); DynamoDB's transactions: "Using IAM with DynamoDB transactions" (DynamoDB
Developer Guide), which asks for the item's own action. Optional resources that the call names are asked for too: more
than AWS may ask, never less. A call without an entry here is refused: whoever makes a new one says what IAM is asked.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.cloud import ACCOUNT, REGION
from tests.iam.asked import Ask, Context, Facts, arn_of, request_tags, snapshot_arn

Parameters = Mapping[str, Any]


def asks(name: str, parameters: Parameters, facts: Facts, region: str = REGION) -> Iterator[Ask]:
    """The questions for a call (`ec2:CreateTags`) in a Region. Raises KeyError for a call that has no entry."""
    service, _, operation = name.partition(":")
    name = {"monitoring": "cloudwatch"}.get(service, service) + ":" + operation
    if name in _ON_NOTHING:
        yield Ask(name, "*", {"ec2:Region" if service == "ec2" else "aws:RequestedRegion": region})
        return
    for ask in _ASKED[name](name, parameters, facts):
        yield Ask(ask.action, ask.resource, {**ask.context, **({"ec2:Region": REGION} if "ec2:" in ask.action else {})})


def _on(parameter: str, kind: str = "") -> "Asked":
    """Of the one resource that this parameter names, with its tags."""

    def asked(name: str, given: Parameters, facts: Facts) -> Iterator[Ask]:
        yield Ask(name, arn_of(given[parameter], kind), facts.tagged(given[parameter]))

    return asked


def _tagging(name: str, given: Parameters, facts: Facts) -> Iterator[Ask]:
    for resource_id in given["Resources"]:
        arn = snapshot_arn(resource_id) if resource_id.startswith("snap-") else arn_of(resource_id)
        yield Ask(name, arn, facts.tagged(resource_id) | request_tags(given.get("Tags", [])))


def _interface(name: str, given: Parameters, facts: Facts) -> Iterator[Ask]:
    yield from _on("NetworkInterfaceId")(name, given, facts)
    for group in given["Groups"]:
        yield Ask(name, arn_of(group), facts.tagged(group))


def _new_group(name: str, given: Parameters, facts: Facts) -> Iterator[Ask]:
    """The group that will be, its VPC, and its tags: "Grant permission to tag EC2 resources during creation"."""
    tags = request_tags(given["TagSpecifications"][0]["Tags"])
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


def _snapshots(name: str, given: Parameters, facts: Facts) -> Iterator[Ask]:
    """The instance, each of its volumes, and the snapshots that will be, with their tags."""
    instance, tags = given["InstanceSpecification"]["InstanceId"], request_tags(given["TagSpecifications"][0]["Tags"])
    yield Ask(name, arn_of(instance), facts.tagged(instance))
    for volume in facts.volumes(instance):
        yield Ask(name, arn_of(volume), facts.tagged(volume))
    yield Ask(name, snapshot_arn("snap-new"), tags)
    yield Ask("ec2:CreateTags", snapshot_arn("snap-new"), tags | {"ec2:CreateAction": "CreateSnapshots"})


def _copy(name: str, given: Parameters, facts: Facts) -> Iterator[Ask]:
    """The source, the copy, and the key ("Requirements for Amazon EBS encryption", Amazon EBS User Guide)."""
    tags = request_tags(given["TagSpecifications"][0]["Tags"])
    yield Ask(name, snapshot_arn(given["SourceSnapshotId"]), facts.tagged(given["SourceSnapshotId"]))
    yield Ask(name, snapshot_arn("snap-new"), tags)
    yield Ask("ec2:CreateTags", snapshot_arn("snap-new"), tags | {"ec2:CreateAction": "CopySnapshot"})
    through: Context = {"kms:ViaService": f"ec2.{REGION}.amazonaws.com", "kms:CallerAccount": ACCOUNT}
    for action in ("DescribeKey", "GenerateDataKeyWithoutPlaintext", "ReEncryptTo"):
        yield Ask(f"kms:{action}", given["KmsKeyId"], through)
    source = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/of-the-volume"
    for action in ("Decrypt", "DescribeKey", "ReEncryptFrom"):
        yield Ask(f"kms:{action}", source, through)
    for key in (given["KmsKeyId"], source):
        yield Ask("kms:CreateGrant", key, through | {"kms:GrantIsForAWSResource": "true"})


def _snapshot(name: str, given: Parameters, facts: Facts) -> Iterator[Ask]:
    context = facts.tagged(given["SnapshotId"])
    if "LockDuration" in given:
        context["ec2:SnapshotLockDuration"] = str(given["LockDuration"])
    if "UserIds" in given:
        context["ec2:Add/userId"] = given["UserIds"]
    yield Ask(name, snapshot_arn(given["SnapshotId"]), context)


def _events(name: str, given: Parameters, facts: Facts) -> Iterator[Ask]:  # noqa: ARG001 - as all of them
    for entry in given["Entries"]:
        bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{entry['EventBusName']}"
        yield Ask(name, bus, {"events:detail-type": [entry["DetailType"]], "events:source": [entry["Source"]]})


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
    context: Context = request_tags(given.get("Tags", []))
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


def _function(_name: str, given: Parameters, _facts: Facts) -> Iterator[Ask]:
    """`Invoke` asks for `lambda:InvokeFunction`."""
    yield Ask("lambda:InvokeFunction", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{given['FunctionName']}", {})


def _rule(name: str, given: Parameters, _facts: Facts) -> Iterator[Ask]:
    yield Ask(name, f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{given.get('Name') or given['Rule']}", {})


def _arn(parameter: str) -> "Asked":
    """Of the one resource whose ARN this parameter is."""

    def asked(name: str, given: Parameters, facts: Facts) -> Iterator[Ask]:  # noqa: ARG001 - as all of them
        yield Ask(name, given[parameter], {})

    return asked


Asked = Callable[[str, Parameters, Facts], Iterator[Ask]]
_ON_NOTHING = {
    *(f"ec2:Describe{what}" for what in ("Addresses", "IamInstanceProfileAssociations", "Instances", "NetworkAcls")),
    *("ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups"),
    *("ec2:DescribeInstanceTypes", "ec2:DescribeLockedSnapshots", "ec2:DescribeSnapshots"),
    *("autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeAutoScalingInstances"),
    *("guardduty:GetFindings", "guardduty:ListDetectors", "guardduty:ListFindings", "cloudtrail:LookupEvents"),
}
"""Calls that support no resource."""
_ASKED: dict[str, Asked] = {
    "ec2:CreateTags": _tagging,
    "ec2:DeleteTags": _tagging,
    "ec2:ModifyNetworkInterfaceAttribute": _interface,
    "ec2:CreateSecurityGroup": _new_group,
    "ec2:AuthorizeSecurityGroupIngress": _on("GroupId"),
    "ec2:DeleteSecurityGroup": _on("GroupId"),
    "ec2:CreateSnapshots": _snapshots,
    "ec2:CopySnapshot": _copy,
    **{f"ec2:{name}": _snapshot for name in ("DescribeSnapshotAttribute", "LockSnapshot", "ModifySnapshotAttribute")},
    "events:PutEvents": _events,
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
    "iam:ListEntitiesForPolicy": _arn("PolicyArn"),
    "cloudformation:DescribeStacks": _arn("StackName"),
    **{
        f"iam:{name}": _role
        for name in (
            *("AttachRolePolicy", "DetachRolePolicy", "GetRole", "ListAttachedRolePolicies", "TagRole", "UntagRole"),
            *("DeleteRolePolicy", "GetRolePolicy", "PutRolePolicy"),
        )
    },
    "lambda:Invoke": _function,
    "sns:Publish": _topic,
    **{f"events:{name}": _rule for name in ("DescribeRule", "ListTargetsByRule")},
}
