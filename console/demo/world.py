"""The world that the demo plays in: a few instances as a careless team runs them, and how they look at any moment."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from console.cloud.deploy import Deployed
from console.demo.inbox import Inbox, subscribe

TAG_KEY = "SecurityIsolation"
STATUS_KEY = f"{TAG_KEY}Status"
REASON_KEY = f"{TAG_KEY}Reason"
CREATION_KEY = "QuarantagStack"
IMAGE = "ami-0123456789abcdef0"
TRUST = {"Version": "2012-10-17", "Statement": []}


class Cloud(Protocol):
    """What the demo needs of a cloud: clients."""

    def client(self, service: str) -> Any:  # noqa: ANN401 - a boto3 client
        """A client of the service."""


@dataclass(frozen=True, slots=True)
class Interface:
    """One network interface with its place and the groups, in EC2's order, that it had when it was attached."""

    id: str
    vpc_id: str
    subnet_id: str
    groups_before: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Actor:
    """One instance of the demo as it was made, and what was attached to it since."""

    name: str
    id: str
    profile_arn: str
    interfaces: tuple[Interface, ...]


@dataclass(frozen=True, slots=True)
class View:
    """One instance as EC2 shows it now."""

    tags: Mapping[str, str]
    profile_arn: str
    groups: Mapping[str, tuple[str, ...]]

    @property
    def status(self) -> str | None:
        """The first word of the status tag."""
        return self.tags[STATUS_KEY].partition(":")[0] if STATUS_KEY in self.tags else None


@dataclass(frozen=True, slots=True)
class Home:
    """A subnet with the groups that its instances get, in this order."""

    vpc_id: str
    subnet_id: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class World:
    """The cloud, the stack deployed to it, the instances, and the mailbox of somebody who subscribes to the topic."""

    cloud: Cloud
    stack: Deployed
    actors: dict[str, Actor]
    inbox: Inbox

    def look(self, names: Iterable[str]) -> dict[str, View]:
        """How these instances look now, in one DescribeInstances and one DescribeNetworkInterfaces."""
        ids = {self.actors[name].id: name for name in names}
        ec2 = self.cloud.client("ec2")
        answer = ec2.describe_instances(InstanceIds=list(ids))
        filters = [{"Name": "attachment.instance-id", "Values": list(ids)}]
        groups: dict[str, dict[str, tuple[str, ...]]] = {one: {} for one in ids}
        for one in ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]:
            shown = tuple(group["GroupId"] for group in one["Groups"])
            groups[one["Attachment"]["InstanceId"]][one["NetworkInterfaceId"]] = shown
        found = [one for reservation in answer["Reservations"] for one in reservation["Instances"]]
        return {ids[one["InstanceId"]]: _view(one, groups[one["InstanceId"]]) for one in found}

    def attach(self, name: str) -> Interface:
        """Attach a new interface to the instance, with the place and the groups before of its first one."""
        actor = self.actors[name]
        first = actor.interfaces[0]
        home = Home(first.vpc_id, first.subnet_id, first.groups_before)
        new = _attach(self.cloud.client("ec2"), actor.id, home, len(actor.interfaces))
        self.actors[name] = replace(actor, interfaces=(*actor.interfaces, new))
        return new

    def groups(self, ids: Sequence[str]) -> dict[str, Any]:
        """These security groups as EC2 shows them, by id."""
        found = self.cloud.client("ec2").describe_security_groups(GroupIds=sorted(set(ids)))["SecurityGroups"]
        return {group["GroupId"]: group for group in found}


def _view(instance: Mapping[str, Any], groups: Mapping[str, tuple[str, ...]]) -> View:
    tags = {tag["Key"]: tag["Value"] for tag in instance.get("Tags", [])}
    return View(tags, instance.get("IamInstanceProfile", {}).get("Arn", ""), groups)


def furnish(cloud: Cloud, stack: Deployed) -> World:
    """Make the instances: `shop` has two interfaces in two VPCs, one of them with two groups; the others have one."""
    ec2 = cloud.client("ec2")
    front, back = _home(ec2, "10.1.0.0/16", "ssh", "web"), _home(ec2, "10.2.0.0/16", "database")
    profile = _profile(cloud.client("iam"), "web-server")
    places = {"shop": (front, back), "bastion": (replace(front, groups=front.groups[:1]),), "canary": (back,)}
    places |= {f"worker-{number}": (back,) for number in (1, 2, 3)}
    actors = {name: _launch(ec2, name, profile, homes) for name, homes in places.items()}
    return World(cloud, stack, actors, subscribe(cloud, stack.resources["Notifications"]))


def _home(ec2: Any, block: str, *groups: str) -> Home:  # noqa: ANN401 - a boto3 client
    """A subnet in a VPC of its own; the groups are in the reverse order of their ids, so that order can be lost."""
    vpc_id = ec2.create_vpc(CidrBlock=block)["Vpc"]["VpcId"]
    subnet_id = ec2.create_subnet(VpcId=vpc_id, CidrBlock=block)["Subnet"]["SubnetId"]
    return Home(vpc_id, subnet_id, tuple(sorted((_group(ec2, vpc_id, one) for one in groups), reverse=True)))


def _group(ec2: Any, vpc_id: str, name: str) -> str:  # noqa: ANN401
    group_id = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc_id)["GroupId"]
    everyone = [{"IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=everyone)
    return str(group_id)


def _profile(iam: Any, name: str) -> str:  # noqa: ANN401
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
    arn = iam.create_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Arn"]
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    return str(arn)


def _launch(ec2: Any, name: str, profile: str, homes: Sequence[Home]) -> Actor:  # noqa: ANN401
    """One instance with an interface in each home; those after the first are attached, as other VPCs require."""
    made = ec2.run_instances(
        ImageId=IMAGE,
        MinCount=1,
        MaxCount=1,
        SubnetId=homes[0].subnet_id,
        SecurityGroupIds=list(homes[0].groups),
        IamInstanceProfile={"Arn": profile},
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}],
    )["Instances"][0]
    first = _interface(ec2, made["NetworkInterfaces"][0]["NetworkInterfaceId"])
    more = (_attach(ec2, made["InstanceId"], home, index) for index, home in enumerate(homes[1:], start=1))
    return Actor(name, made["InstanceId"], profile, (first, *more))


def _attach(ec2: Any, instance_id: str, home: Home, index: int) -> Interface:  # noqa: ANN401
    """A new interface in the home, attached to the instance."""
    made = ec2.create_network_interface(SubnetId=home.subnet_id, Groups=list(home.groups))["NetworkInterface"]
    made_id = made["NetworkInterfaceId"]
    ec2.attach_network_interface(NetworkInterfaceId=made_id, InstanceId=instance_id, DeviceIndex=index)
    return _interface(ec2, made_id)


def _interface(ec2: Any, interface_id: str) -> Interface:  # noqa: ANN401
    """The interface as EC2 shows it now."""
    shown = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface_id])["NetworkInterfaces"][0]
    groups = tuple(group["GroupId"] for group in shown["Groups"])
    return Interface(interface_id, shown["VpcId"], shown["SubnetId"], groups)
