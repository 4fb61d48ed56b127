"""The world that the demo plays in: the cloud, the stack, a few instances, and how they look at any moment."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from console.cloud.deploy import Deployed
from console.demo.inbox import Inbox

TAG_KEY = "SecurityIsolation"
STATUS_KEY = f"{TAG_KEY}Status"
REASON_KEY = f"{TAG_KEY}Reason"
CREATION_KEY = "QuarantagStack"


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
    """The cloud, the stack deployed to it, the instances, a mailbox at the topic, and forensics at the bus."""

    cloud: Cloud
    stack: Deployed
    actors: dict[str, Actor]
    inbox: Inbox
    forensics: Inbox

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
        new = attached(self.cloud.client("ec2"), actor.id, home, len(actor.interfaces))
        self.actors[name] = replace(actor, interfaces=(*actor.interfaces, new))
        return new

    def groups(self, ids: Sequence[str]) -> dict[str, Any]:
        """These security groups as EC2 shows them, by id."""
        found = self.cloud.client("ec2").describe_security_groups(GroupIds=sorted(set(ids)))["SecurityGroups"]
        return {group["GroupId"]: group for group in found}


def _view(instance: Mapping[str, Any], groups: Mapping[str, tuple[str, ...]]) -> View:
    tags = {tag["Key"]: tag["Value"] for tag in instance.get("Tags", [])}
    return View(tags, instance.get("IamInstanceProfile", {}).get("Arn", ""), groups)


def attached(ec2: Any, instance_id: str, home: Home, index: int) -> Interface:  # noqa: ANN401
    """Make a new interface in the home and attach it to the instance."""
    made = ec2.create_network_interface(SubnetId=home.subnet_id, Groups=list(home.groups))["NetworkInterface"]
    made_id = made["NetworkInterfaceId"]
    ec2.attach_network_interface(NetworkInterfaceId=made_id, InstanceId=instance_id, DeviceIndex=index)
    return interface_of(ec2, made_id)


def interface_of(ec2: Any, interface_id: str) -> Interface:  # noqa: ANN401
    """The interface as EC2 shows it now."""
    shown = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface_id])["NetworkInterfaces"][0]
    groups = tuple(group["GroupId"] for group in shown["Groups"])
    return Interface(interface_id, shown["VpcId"], shown["SubnetId"], groups)
