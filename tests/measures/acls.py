"""What tests ask of network ACLs: all of their entries, and a way to add some by hand."""

from typing import Any

import pytest

from tests.cloud import Lab
from tests.stack import Stack, forget_wiring

Numbered = tuple[bool, int, str, str]


@pytest.fixture
def denying(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """A stack with `ExistingConnections` = `nacl`."""
    monkeypatch.setenv("EXISTING_CONNECTIONS", "nacl")
    forget_wiring()
    return stack


def acls(lab: Lab, vpc_id: str) -> dict[str, list[Numbered]]:
    """Every ACL of the VPC: whether egress, number, action and block of each of its entries."""
    filters = [{"Name": "vpc-id", "Values": [vpc_id]}]
    return {
        acl["NetworkAclId"]: sorted(
            (one["Egress"], one["RuleNumber"], one["RuleAction"], one.get("CidrBlock") or one["Ipv6CidrBlock"])
            for one in acl["Entries"]
        )
        for acl in lab.ec2.describe_network_acls(Filters=filters)["NetworkAcls"]
    }


def default_acl(lab: Lab, vpc_id: str) -> str:
    """Id of the VPC's only ACL."""
    (acl,) = acls(lab, vpc_id)
    return acl


def put(lab: Lab, acl_id: str, number: int, cidr: str, action: str = "deny") -> None:
    """Add an ingress entry for all protocols, as its owner does."""
    rule: dict[str, Any] = {"RuleNumber": number, "RuleAction": action, "Protocol": "-1", "Egress": False}
    lab.ec2.create_network_acl_entry(NetworkAclId=acl_id, CidrBlock=cidr, **rule)


def addresses(lab: Lab, instance_id: str) -> list[str]:
    """Every private address and prefix of the instance, as blocks."""
    filters = [{"Name": "attachment.instance-id", "Values": [instance_id]}]
    found = []
    for one in lab.ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]:
        found += [f"{address['PrivateIpAddress']}/32" for address in one["PrivateIpAddresses"]]
        found += [f"{address['Ipv6Address']}/128" for address in one.get("Ipv6Addresses", [])]
        found += [prefix["Ipv4Prefix"] for prefix in one.get("Ipv4Prefixes", [])]
        found += [prefix["Ipv6Prefix"] for prefix in one.get("Ipv6Prefixes", [])]
    return found


def denied(lab: Lab, vpc_id: str) -> set[tuple[str, bool, str]]:
    """ACL, direction and block of each entry that denies a block before number 100."""
    return {
        (acl, egress, cidr)
        for acl, entries in acls(lab, vpc_id).items()
        for egress, number, action, cidr in entries
        if action == "deny" and number < 100
    }
