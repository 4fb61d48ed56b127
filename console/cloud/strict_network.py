"""Corrections of moto: security groups, network interfaces and the instances that they belong to."""

from collections.abc import Sequence
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models import EC2Backend
from moto.ec2.models.amis import AmiBackend
from moto.ec2.models.elastic_network_interfaces import NetworkInterface, NetworkInterfaceBackend
from moto.ec2.models.instances import Instance, InstanceBackend
from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupBackend
from moto.ec2.responses.elastic_network_interfaces import ElasticNetworkInterfaces

from console.cloud.correction import CORRECTIONS, Correction, Moto, Original, corrects, corrects_property, refuse
from console.cloud.state import STATE

MAX_GROUPS_PER_INTERFACE = 5


def groups_in(backend: EC2Backend, vpc_id: str, group_ids: Sequence[str]) -> list[SecurityGroup]:
    """The groups with these ids, as long as EC2 would accept them for an interface of this VPC.

    FACTS E1: moto accepts an unknown group and a group of another VPC. EC2's codes for both are in
    kubernetes-sigs/cluster-api-provider-aws#3943; the limit is the default quota (VPC user guide, Amazon VPC quotas).
    """
    groups = []
    for group_id in group_ids:
        group = backend.get_security_group_from_id(group_id)
        if group is None:
            refuse("InvalidGroup.NotFound", f"The security group '{group_id}' does not exist")
        if group.vpc_id != vpc_id:
            refuse("InvalidGroup.NotFound", "You have specified two resources that belong to different networks.")
        groups.append(group)
    if len(groups) > MAX_GROUPS_PER_INTERFACE:
        refuse("SecurityGroupsPerInterfaceLimitExceeded", "The maximum number of security groups per interface is 5.")
    return groups


@corrects(AmiBackend, "_load_amis")
def no_public_images(_original: Original, _self: AmiBackend) -> None:
    """Not wrong, but 0.2 s for each new EC2: moto loads 1,300 public images, and nothing here asks for one."""


@corrects_property(NetworkInterface, "group_set")
def own_groups_only(_original: Original, self: NetworkInterface) -> list[SecurityGroup]:
    """FACTS E1, first row: moto shows the union with the instance's groups; an interface has only its own."""
    return list(self._group_set)


@corrects(NetworkInterfaceBackend, "modify_network_interface_attribute")
def modify_only_what_may_be(
    original: Original, self: EC2Backend, eni_id: str, group_ids: list[str], *rest: Moto
) -> None:
    """FACTS E1 (unknown group, other VPC) and 1.2: an interface that a service manages answers AuthFailure.

    The code is that of cloud-custodian#3406, where ECS manages the interface.
    """
    interface = self.get_network_interface(eni_id)
    if interface.requester_managed:
        refuse("AuthFailure", "You do not have permission to access the specified resource.")
    if group_ids:
        groups_in(self, interface.vpc_id, group_ids)
    original(self, eni_id, group_ids, *rest)


@corrects(ElasticNetworkInterfaces, "modify_network_interface_attribute")
def modify_something(original: Original, self: ElasticNetworkInterfaces) -> Moto:
    """FACTS E1: moto accepts an empty list of groups, which is sent as no attribute; AWS refuses (code: ours)."""
    if not set(self.data) - {"Action", "Version", "NetworkInterfaceId", "DryRun"}:
        refuse("InvalidParameterCombination", "No attributes specified.")
    return original(self)


@corrects(NetworkInterfaceBackend, "create_network_interface")
def create_with_real_groups(original: Original, self: EC2Backend, subnet: Moto, *args: Moto, **kwargs: Moto) -> Moto:
    """FACTS E1 (unknown group): on creation moto even invents the group that it does not know."""
    placed = self.get_subnet(subnet) if isinstance(subnet, str) else subnet
    wanted = kwargs.get("group_ids", args[2] if len(args) > 2 else None)  # noqa: PLR2004 - its place in moto's signature
    groups_in(self, placed.vpc_id, list(dict.fromkeys(wanted or [])))
    return original(self, subnet, *args, **kwargs)


@corrects(InstanceBackend, "modify_instance_security_groups")
def modify_single_interface_only(
    _original: Original, self: EC2Backend, instance_id: str, new_group_id_list: list[str]
) -> Instance:
    """FACTS E1 and 2.3: with several interfaces EC2 answers InvalidInstanceID; with one, its groups are replaced."""
    instance = self.get_instance(instance_id)
    if len(instance.nics) != 1:
        refuse(
            "InvalidInstanceID",
            f"There are multiple interfaces attached to instance '{instance_id}'. "
            "Please specify an interface ID for the operation instead.",
        )
    primary = instance.nics[0]
    primary._group_set = groups_in(self, primary.vpc_id, new_group_id_list)  # noqa: SLF001 - moto has no setter
    return instance


def groups_of_primary(_original: object) -> property:
    """FACTS E1: an instance's groups are those of its primary interface; moto keeps those of the launch."""

    def read(self: Moto) -> list[SecurityGroup]:
        primary = getattr(self, "nics", {}).get(0)
        return list(primary.group_set) if primary else [] if ended(self) else self.launch_groups

    def keep(self: Moto, groups: list[SecurityGroup]) -> None:
        self.launch_groups = groups

    return property(read, keep)


CORRECTIONS.append(Correction(Instance, "security_groups", groups_of_primary))


@corrects(SecurityGroupBackend, "create_security_group")
def create_group_once(original: Original, self: EC2Backend, *args: Moto, **kwargs: Moto) -> SecurityGroup:
    """FACTS 2.3: a name is unique in its VPC even under a race, so that check and creation are one act.

    Names that differ in case only are the same name (EC2 API Reference, CreateSecurityGroup: GroupName).
    """
    name, _, vpc_id = (*args, *(kwargs.get(one) for one in ("name", "description", "vpc_id")[len(args) :]))[:3]
    with STATE.lock:
        for group in self.groups.get(str(vpc_id), {}).values():
            if group.name.casefold() == str(name).casefold():
                refuse("InvalidGroup.Duplicate", f"The security group '{name}' already exists")
        made: SecurityGroup = original(self, *args, **kwargs)
        return made


@corrects(SecurityGroupBackend, "delete_security_group")
def keep_group_in_use(
    original: Original, self: EC2Backend, name: str | None = None, group_id: str | None = None
) -> None:
    """FACTS E1: EC2 answers DependencyViolation for a group that an interface has."""
    if any(group_id == group.id for interface in self.enis.values() for group in interface.group_set):
        refuse("DependencyViolation", f"resource {group_id} has a dependent object")
    original(self, name, group_id)


@corrects(Instance, "prep_nics")
def delete_with_instance(
    original: Original, self: Instance, nic_spec: list[dict[str, Any]], *args: Moto, **kwargs: Moto
) -> None:
    """FACTS E1: an interface made at launch goes with its instance unless the launch says otherwise."""
    made_here = {int(spec["DeviceIndex"]): spec for spec in nic_spec if "NetworkInterfaceId" not in spec}
    original(self, nic_spec, *args, **kwargs)
    for index, interface in self.nics.items():
        spec = made_here.get(index, {} if not nic_spec else None)
        interface.delete_on_termination = spec is not None and spec.get("DeleteOnTermination", True) is not False


@corrects(Instance, "terminate")
def end_interfaces(original: Original, self: Instance) -> Moto:
    """FACTS E1: a terminated instance has no interface; those not deleted with it become available."""
    previous = original(self)
    for interface in list(self.nics.values()):
        self.detach_eni(interface)
    return previous


def ended(instance: Instance) -> bool:
    """Whether the instance was terminated."""
    return getattr(instance, "_state", None) is not None and instance.state == "terminated"


def nothing_once_ended(original: Original, self: Instance) -> Moto:
    """FACTS 3 (8): a terminated instance has neither VPC nor subnet nor address, the cause of `KeyError: 'VpcId'`."""
    return None if ended(self) else original(self)


for shown in ("vpc_id", "subnet_id", "private_ip", "private_ip_address", "private_dns_name"):
    corrects_property(Instance, shown)(nothing_once_ended)
for shown in ("public_ip", "public_ip_address", "public_dns_name"):
    corrects_property(Instance, shown)(nothing_once_ended)


@corrects(NetworkInterface, "get_filter_value")
def filter_as_ec2(original: Original, self: NetworkInterface, filter_name: str, method_name: str | None = None) -> Moto:
    """FACTS E1: the filters attachment.status and group-name are not implemented."""
    if filter_name == "attachment.status":
        return self.attachment.status if self.attachment else None
    if filter_name == "group-name":
        return [group.name for group in self.group_set]
    return original(self, filter_name, method_name)


@corrects(ElasticNetworkInterfaces, "describe_network_interfaces")
def page_interfaces(original: Original, self: ElasticNetworkInterfaces) -> Moto:
    """FACTS E1: moto ignores MaxResults (not together with ids: EC2 API, DescribeNetworkInterfaces)."""
    size, token = self._get_param("MaxResults"), self._get_param("NextToken")
    answer: Moto = original(self)
    if size is None:
        return answer
    if self._get_param("NetworkInterfaceIds"):
        refuse("InvalidParameterCombination", "The parameter MaxResults cannot be used with NetworkInterfaceIds.")
    interfaces, start = answer.result["NetworkInterfaces"], int(token or 0)
    end = start + int(size)
    page = {"NetworkInterfaces": interfaces[start:end]}
    return ActionResult(page | ({"NextToken": str(end)} if end < len(interfaces) else {}))
