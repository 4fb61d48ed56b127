"""What a question to IAM is made of: the ARNs and tags that a call meets, and what it does not say itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.cloud import ACCOUNT, REGION, SESSION

Context = dict[str, str | list[str]]
_OWN = {"aws:ResourceTag/Name", "dynamodb:LeadingKeys", "iam:AssociatedResourceArn"}
_KINDS = {"i": "instance", "eni": "network-interface", "sg": "security-group", "vol": "volume"}


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

    def volumes(self, instance_id: str) -> list[str]:
        """Ids of the volumes of an instance."""
        found = self.ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]
        return [one["Ebs"]["VolumeId"] for one in found["BlockDeviceMappings"]]

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


def snapshot_arn(snapshot_id: str) -> str:
    """A snapshot's ARN names no account (service authorization reference of Amazon EC2)."""
    return f"arn:aws:ec2:{REGION}::snapshot/{snapshot_id}"


def arn_of(resource_id: str, kind: str = "") -> str:
    """ARN of an EC2 resource of this account; of an id whose prefix says what it is."""
    return f"arn:aws:ec2:{REGION}:{ACCOUNT}:{kind or _KINDS[resource_id.partition('-')[0]]}/{resource_id}"


def request_tags(tags: list[Mapping[str, str]]) -> Context:
    values: Context = {f"aws:RequestTag/{one['Key']}": one["Value"] for one in tags if "Value" in one}
    return values | ({"aws:TagKeys": [one["Key"] for one in tags]} if tags else {})


def facts() -> Facts:
    """Over the cloud of the test."""
    return Facts(SESSION.client("ec2"), SESSION.client("iam"))
