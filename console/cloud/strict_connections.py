"""Corrections of moto: network ACLs, Elastic IPs and the metadata service."""

from ipaddress import ip_network
from typing import Any

from moto.ec2.models import EC2Backend
from moto.ec2.models.elastic_ip_addresses import ElasticAddress, ElasticAddressBackend
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.instances import InstanceBackend
from moto.ec2.models.network_acls import NetworkAcl, NetworkAclBackend
from moto.ec2.responses.elastic_ip_addresses import ElasticIPAddresses

from console.cloud.correction import CORRECTIONS, Correction, Moto, Original, corrects, corrects_property, refuse
from console.cloud.state import STATE

MOST_ENTRIES = 20
LAST_DENIAL = (32767, "deny", "cidr_block", "0.0.0.0/0")
IPV6_ENTRIES = ((101, "allow", "ipv6_cidr_block", "::/0"), (32768, "deny", "ipv6_cidr_block", "::/0"))
NO_PORTS = ("cidr_block", "ipv6_cidr_block", "icmp_code", "icmp_type", "port_range_from", "port_range_to")


@corrects(NetworkAclBackend, "create_network_acl")
def create_with_denials(original: Original, self: EC2Backend, vpc_id: str, **kwargs: Moto) -> NetworkAcl:
    """FACTS E1: a new ACL denies what it does not allow, by an entry that can't be deleted; moto gives it to none.

    In a VPC with IPv6 it has another for IPv6, and the VPC's default ACL allows IPv6 at number 101 (Amazon VPC User
    Guide, "Default network ACL for a VPC").
    """
    made: NetworkAcl = original(self, vpc_id, **kwargs)
    ipv6 = [one for one in IPV6_ENTRIES if made.default or one[1] == "deny"] if _has_ipv6(self, vpc_id) else []
    for number, action, family, block in (*([] if made.default else [LAST_DENIAL]), *ipv6):
        for egress in (False, True):
            entry: dict[str, Any] = dict.fromkeys(NO_PORTS) | {family: block, "egress": egress, "protocol": "-1"}
            self.create_network_acl_entry(made.id, rule_number=number, rule_action=action, **entry)
    return made


def _has_ipv6(backend: EC2Backend, vpc_id: str) -> bool:
    return bool(backend.get_vpc(vpc_id).get_cidr_block_association_set(ipv6=True))


@corrects(NetworkAclBackend, "create_network_acl_entry")
def create_entry_within_quota(original: Original, self: EC2Backend, network_acl_id: str, **kwargs: Moto) -> Moto:
    """20 entries for each direction and IP version, the last denial counted; blocks are canonical; one at a time.

    Amazon VPC User Guide, "Amazon VPC quotas" and "Network ACL rules"; EC2's error codes: NetworkAclEntryLimitExceeded.
    """
    family = "ipv6_cidr_block" if kwargs.get("ipv6_cidr_block") else "cidr_block"
    with STATE.lock:
        entries = self.get_network_acl(network_acl_id).network_acl_entries
        same = [one for one in entries if one.egress == kwargs["egress"]]
        taken = any(one.rule_number == kwargs["rule_number"] for one in same)
        if not taken and sum(bool(getattr(one, family)) for one in same) >= MOST_ENTRIES:
            refuse(
                "NetworkAclEntryLimitExceeded", f"The maximum number of network acl entries ({MOST_ENTRIES}) is reached"
            )
        return original(self, network_acl_id, **{**kwargs, family: str(ip_network(kwargs[family], strict=False))})


@corrects(NetworkAclBackend, "delete_network_acl_entry")
def delete_known_entry(
    original: Original, self: EC2Backend, network_acl_id: str, rule_number: int, egress: Moto
) -> Moto:
    """EC2's error codes: InvalidNetworkAclEntry.NotFound, where moto fails inside."""
    known = {(one.rule_number, one.egress) for one in self.get_network_acl(network_acl_id).network_acl_entries}
    if (rule_number, egress) not in known:
        refuse("InvalidNetworkAclEntry.NotFound", f"The network acl entry {rule_number} does not exist")
    return original(self, network_acl_id, rule_number, egress)


@corrects(InstanceBackend, "modify_instance_metadata_options")
def keep_unnamed_options(original: Original, self: EC2Backend, instance_id: str, **kwargs: Moto) -> Moto:
    """An option that the call does not name keeps its value (EC2 API, ModifyInstanceMetadataOptions); moto drops it."""
    old = self.get_instance(instance_id).metadata_options
    before = {
        "http_tokens": old.http_tokens,
        "hop_limit": old.http_put_response_hop_limit,
        "http_endpoint": old.http_endpoint,
        "http_protocol": old.http_protocol_ipv6,
        "metadata_tags": old.instance_metadata_tags,
    }
    named = {name: value for name, value in kwargs.items() if value is not None}
    return original(self, instance_id, **{**before, **named})


@corrects(ElasticIPAddresses, "associate_address")
def associate_with_private_address(original: Original, self: ElasticIPAddresses) -> Moto:
    """An Elastic IP is one private address's (EC2 API, AssociateAddress); moto does not hear which.

    Without reassociation an address of an interface that has one already is refused (our reading of
    `AllowReassociation`); with it the older one goes.
    """
    interface, wanted = self._get_param("NetworkInterfaceId"), self._get_param("PrivateIpAddress")
    if interface is None:
        return original(self)
    backend: Any = self.ec2_backend
    place = backend.get_network_interface(interface)
    private = wanted or place.private_ip_address
    for other in list(backend.addresses):
        if other.eni is place and other.private_ip_address == private:
            if other.allocation_id == self._get_param("AllocationId"):
                continue
            if not self._get_param("AllowReassociation", False):  # noqa: FBT003 - moto's signature
                refuse("Resource.AlreadyAssociated", f"{private} of {interface} has an Elastic IP already")
            backend.disassociate_address(association_id=other.association_id)
    answer = original(self)
    (made,) = backend.address_by_allocation([self._get_param("AllocationId")])
    made.private = private
    _show_primary(place)
    return answer


@corrects(ElasticAddressBackend, "disassociate_address")
def disassociate_one(
    _original: Original, self: EC2Backend, address: str | None = None, association_id: str | None = None
) -> None:
    """The interface keeps its other Elastic IPs; moto takes the first it thinks of."""
    found: Moto = (self.address_by_ip([address]) if address else self.address_by_association([str(association_id)]))[0]
    place, found.eni = found.eni, None
    found.instance = found.association_id = found.private = None
    if place:
        place.public_ip = None
        if place.instance and place.instance._state.name == "running":  # noqa: SLF001 - as moto does
            place.check_auto_public_ip()
        _show_primary(place)


def _show_primary(interface: NetworkInterface) -> None:
    """What an interface itself shows is its primary address's Elastic IP; a secondary one's is no business of it."""
    elastic = [one for one in interface.ec2_backend.addresses if one.eni is interface]
    primary = next((one for one in elastic if one.private_ip_address == interface.private_ip_address), None)
    if primary:
        interface.public_ip = primary.public_ip
    elif interface.public_ip in {one.public_ip for one in elastic}:
        interface.public_ip = None


@corrects_property(ElasticAddress, "private_ip_address")
def own_private_address(_original: Original, self: ElasticAddress) -> str | None:
    """Of the association, else the interface's primary one."""
    return (getattr(self, "private", None) or self.eni.private_ip_address) if self.eni else None


@corrects_property(ElasticAddress, "instance_id")
def instance_of_interface(_original: Original, self: ElasticAddress) -> str:
    """DescribeAddresses shows the instance also where the association was made by its interface."""
    instance = self.instance or (self.eni.instance if self.eni else None)
    return str(instance.id) if instance else ""


def addresses_with_association(_original: object) -> property:
    """Each private address shows the public one in front of it (EC2 API, NetworkInterfacePrivateIpAddress)."""

    def read(self: Moto) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.listed_addresses
        elastic = {one.private_ip_address: one.public_ip for one in self.ec2_backend.addresses if one.eni is self}
        for one in listed:
            if isinstance(one, dict):
                one.pop("Association", None)
                primary = one.get("PrivateIpAddress") == getattr(self, "private_ip_address", None)
                public = elastic.get(one.get("PrivateIpAddress")) or (primary and getattr(self, "public_ip", None))
                if public:
                    one["Association"] = {"PublicIp": public}
        return listed

    def keep(self: Moto, addresses: list[dict[str, Any]]) -> None:
        self.listed_addresses = addresses

    return property(read, keep)


CORRECTIONS.append(Correction(NetworkInterface, "private_ip_addresses", addresses_with_association))
