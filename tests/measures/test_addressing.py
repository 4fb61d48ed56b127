"""Whatever addresses an instance's interfaces have: all of it is cut and denied, and a release gives back all of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.cloud import Lab, Launched
from tests.measures.acls import acls, addresses, denied, denying
from tests.stack import Stack, is_cut

__all__ = ["denying"]
Made = Callable[[Lab], Launched]


def ipv4(lab: Lab) -> Launched:
    return lab.instance([lab.vpc()])


def ipv6_only(lab: Lab) -> Launched:
    instance = lab.instance([lab.vpc(ipv6=True)])
    lab.ec2.assign_ipv6_addresses(NetworkInterfaceId=instance.interface_ids[0], Ipv6Addresses=["2001:db8::5"])
    lab.cloud.take_ipv4(instance.interface_ids[0])
    return instance


def dual_stack(lab: Lab) -> Launched:
    instance = lab.instance([lab.vpc(ipv6=True)])
    lab.ec2.assign_ipv6_addresses(NetworkInterfaceId=instance.interface_ids[0], Ipv6Addresses=["2001:db8::5"])
    return instance


def secondary_addresses(lab: Lab) -> Launched:
    instance = lab.instance([lab.vpc()])
    more = ["10.1.9.8", "10.1.9.9"]
    lab.ec2.assign_private_ip_addresses(NetworkInterfaceId=instance.interface_ids[0], PrivateIpAddresses=more)
    return instance


def prefix_delegated(lab: Lab) -> Launched:
    instance = lab.instance([lab.vpc(ipv6=True)])
    lab.cloud.delegate_prefixes(instance.interface_ids[0], "10.1.16.0/28", "2001:db8:0:1::/80")
    return instance


def two_vpcs(lab: Lab) -> Launched:
    """An interface in each: one dual-stack, one IPv6-only."""
    instance = lab.instance([lab.vpc(ipv6=True), lab.vpc(ipv6=True)])
    for number, interface in enumerate(instance.interface_ids):
        lab.ec2.assign_ipv6_addresses(NetworkInterfaceId=interface, Ipv6Addresses=[f"2001:db8:{number + 1}::5"])
    lab.cloud.take_ipv4(instance.interface_ids[1])
    return instance


@dataclass(frozen=True, slots=True)
class Addressing:
    """A way to have addresses, and how many blocks are denied in each VPC, in the order of the interfaces."""

    made: Made
    blocks: tuple[int, ...]


EVERY = (
    Addressing(ipv4, (1,)),
    Addressing(ipv6_only, (1,)),
    Addressing(dual_stack, (2,)),
    Addressing(secondary_addresses, (3,)),
    Addressing(prefix_delegated, (3,)),
    Addressing(two_vpcs, (2, 1)),
)


def own(lab: Lab, instance: Launched) -> list[Any]:
    """All that a release must bring back: groups, addresses, and every entry of every ACL."""
    groups = [lab.groups(one) for one in instance.interface_ids]
    return [groups, addresses(lab, instance.id), [acls(lab, one.vpc_id) for one in instance.networks]]


@pytest.mark.parametrize("addressing", EVERY, ids=lambda one: one.made.__name__)
def test_cut_denied_and_given_back(denying: Stack, lab: Lab, addressing: Addressing) -> None:
    instance = addressing.made(lab)
    before = own(lab, instance)
    blocks = set(addresses(lab, instance.id))
    assert len(blocks) == sum(addressing.blocks)

    assert denying.tag_and_isolate(instance.id)["status"] == "Isolated"

    for interface, network in zip(instance.interface_ids, instance.networks, strict=True):
        assert is_cut(denying, interface, network.vpc_id)
    entries = [denied(lab, one.vpc_id) for one in instance.networks]
    assert [len({cidr for _, _, cidr in found}) for found in entries] == list(addressing.blocks)
    assert {cidr for found in entries for _, _, cidr in found} == blocks
    for found in entries:
        assert {(cidr, egress) for _, egress, cidr in found} == {
            (cidr, way) for _, _, cidr in found for way in (False, True)
        }
    assert denying.tag_and_release(instance.id)["status"] == "Released"
    assert own(lab, instance) == before
