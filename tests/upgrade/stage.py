"""One instance with all that a containment touches: how it looks, and the names that stand for its ids."""

import json
from dataclasses import dataclass
from typing import Any

from tests.cloud import TABLE, Lab, Launched
from tests.stack import KEY, Stack

PROFILE = "web-server"
PROTECTION = ("disableApiTermination", "disableApiStop", "instanceInitiatedShutdownBehavior")
Look = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stage:
    """The stack, and an instance with two interfaces in two VPCs and a profile; `policy_arn` denies its sessions."""

    stack: Stack
    lab: Lab
    policy_arn: str
    isolation_profile: str
    launched: Launched

    def names(self) -> dict[str, str]:
        """The name of each id that AWS made up: EC2's without the prefix, since tags keep some that way."""
        names = {_bare(self.launched.id): "instance"}
        for number, (interface, home) in enumerate(
            zip(self.launched.interface_ids, self.launched.networks, strict=True)
        ):
            names |= {_bare(interface): f"interface{number}", _bare(home.vpc_id): f"vpc{number}"}
            names |= {_bare(home.group_id): f"web{number}"}
            names |= {_bare(group["GroupId"]): f"isolation{number}" for group in self._own_groups(home.vpc_id)}
        for name in (PROFILE, self.isolation_profile.rpartition("/")[2]):
            profile = self.lab.iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
            names |= {profile["InstanceProfileId"]: f"profile-{name}", profile["Roles"][0]["RoleId"]: f"role-{name}"}
        return names

    def look(self) -> Look:
        """All of the instance that an isolation changes and a release gives back; its own tags are apart."""
        instance = self.launched.id
        found = self.lab.ec2.describe_network_interfaces(NetworkInterfaceIds=list(self.launched.interface_ids))
        role = self.lab.iam.get_role(RoleName=PROFILE)["Role"]
        attached = self.lab.iam.list_attached_role_policies(RoleName=PROFILE)["AttachedPolicies"]
        return {
            "groups": {one["NetworkInterfaceId"]: _groups(one) for one in found["NetworkInterfaces"]},
            "frozen": {one["NetworkInterfaceId"]: _tags(one["TagSet"]) for one in found["NetworkInterfaces"]},
            "profile": self.stack.profile(instance),
            "protection": {name: self._attribute(name) for name in PROTECTION},
            "deleted_with_it": {
                one["DeviceName"]: one["Ebs"]["DeleteOnTermination"]
                for one in self.lab.describe(instance)["BlockDeviceMappings"]
            },
            "role": {"tags": _tags(role.get("Tags", [])), "policies": sorted(one["PolicyArn"] for one in attached)},
        }

    def items(self) -> list[Any]:
        """Every item of the ledger, as DynamoDB gives it; a lease that is held is given back."""
        items = self.stack.dynamodb.scan(TableName=TABLE)["Items"]
        for item in items:
            if item["sk"]["S"] == "lease":
                item["lease_until"] = item["touched_at"] = {"N": "0"}
        return sorted(items, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))

    def own_groups(self) -> dict[str, Any]:
        """The isolation groups, by the number of their VPC: what they were made with."""
        return {
            str(number): {name: group[name] for name in ("GroupName", "Description", "Tags")}
            for number, home in enumerate(self.launched.networks)
            for group in self._own_groups(home.vpc_id)
        }

    def recorded(self) -> str:
        """All of it as JSON, with names instead of ids."""
        found = {
            "tags": self.lab.tags(self.launched.id),
            "isolation_groups": self.own_groups(),
            "look": self.look(),
            "items": self.items(),
        }
        text = json.dumps(found, indent=1, sort_keys=True)
        for made_up, name in self.names().items():
            text = text.replace(made_up, f"@{name}@")
        return text + "\n"

    def restore(self, text: str) -> Look:
        """Set the stage as it was recorded; answers the recorded look."""
        for number, group in json.loads(text)["isolation_groups"].items():
            self._make_group(self.launched.networks[int(number)].vpc_id, group)
        for made_up, name in self.names().items():
            text = text.replace(f"@{name}@", made_up)
        found: dict[str, Any] = json.loads(text)
        look: Look = found["look"]
        self.lab.tag(self.launched.id, **found["tags"])
        for interface, groups in look["groups"].items():
            self.lab.ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, Groups=groups)
            if look["frozen"][interface]:
                self.lab.tag(interface, **look["frozen"][interface])
        self._restore_profile(look["profile"])
        self._restore_protection(look)
        tags = [{"Key": key, "Value": value} for key, value in look["role"]["tags"].items()]
        self.lab.iam.tag_role(RoleName=PROFILE, Tags=tags)
        for policy in look["role"]["policies"]:
            self.lab.iam.attach_role_policy(RoleName=PROFILE, PolicyArn=policy)
        for item in found["items"]:
            self.stack.dynamodb.put_item(TableName=TABLE, Item=item)
        return look

    def _restore_protection(self, look: Look) -> None:
        for name, value in look["protection"].items():
            self.lab.ec2.modify_instance_attribute(InstanceId=self.launched.id, Attribute=name, Value=value)
        deleted = look["deleted_with_it"].items()
        self.lab.ec2.modify_instance_attribute(
            InstanceId=self.launched.id,
            BlockDeviceMappings=[{"DeviceName": name, "Ebs": {"DeleteOnTermination": on}} for name, on in deleted],
        )

    def _restore_profile(self, arn: str) -> None:
        association = self.lab.association(self.launched.id)
        if association["IamInstanceProfile"]["Arn"] != arn:
            self.lab.ec2.replace_iam_instance_profile_association(
                AssociationId=association["AssociationId"], IamInstanceProfile={"Arn": arn}
            )

    def _make_group(self, vpc_id: str, group: dict[str, Any]) -> None:
        named = {"GroupName": group["GroupName"], "Description": group["Description"], "VpcId": vpc_id}
        tagged = [{"ResourceType": "security-group", "Tags": group["Tags"]}]
        made = self.lab.ec2.create_security_group(**named, TagSpecifications=tagged)["GroupId"]
        rules = self.lab.ec2.describe_security_groups(GroupIds=[made])["SecurityGroups"][0]["IpPermissionsEgress"]
        self.lab.ec2.revoke_security_group_egress(GroupId=made, IpPermissions=rules)

    def _own_groups(self, vpc_id: str) -> list[dict[str, Any]]:
        filters = [{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "tag-key", "Values": ["QuarantagStack"]}]
        return list(self.lab.ec2.describe_security_groups(Filters=filters)["SecurityGroups"])

    def _attribute(self, name: str) -> str:
        answer = self.lab.ec2.describe_instance_attribute(InstanceId=self.launched.id, Attribute=name)
        return str(answer[name[0].upper() + name[1:]]["Value"]).lower()

    def status(self) -> str:
        """The first word of the status tag."""
        return self.lab.tags(self.launched.id).get(f"{KEY}Status", "").partition(":")[0]


def _bare(resource_id: str) -> str:
    return resource_id.partition("-")[2]


def _groups(interface: dict[str, Any]) -> list[str]:
    return [group["GroupId"] for group in interface["Groups"]]


def _tags(listed: list[dict[str, str]]) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in listed}
