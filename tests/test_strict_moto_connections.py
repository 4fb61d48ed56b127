"""Strict moto: network ACLs, Elastic IPs and the metadata service. On plain moto 5.2.5 they fail."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.cloud import Lab

Numbered = list[tuple[bool, int, str, str]]


def entries(lab: Lab, acl_id: str) -> Numbered:
    """Direction, number, action and block of each entry."""
    (acl,) = lab.ec2.describe_network_acls(NetworkAclIds=[acl_id])["NetworkAcls"]
    return sorted(
        (one["Egress"], one["RuleNumber"], one["RuleAction"], one.get("CidrBlock") or one["Ipv6CidrBlock"])
        for one in acl["Entries"]
    )


def default_acl(lab: Lab, vpc_id: str) -> str:
    filters = [{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "default", "Values": ["true"]}]
    return str(lab.ec2.describe_network_acls(Filters=filters)["NetworkAcls"][0]["NetworkAclId"])


def put(lab: Lab, acl_id: str, number: int, cidr: str, *, egress: bool = False) -> None:
    block = {"Ipv6CidrBlock" if ":" in cidr else "CidrBlock": cidr}
    rule: dict[str, Any] = {"RuleNumber": number, "RuleAction": "deny", "Protocol": "-1", "Egress": egress}
    lab.ec2.create_network_acl_entry(NetworkAclId=acl_id, **rule, **block)


def test_a_new_acl_denies_what_it_does_not_allow(lab: Lab) -> None:
    made = lab.ec2.create_network_acl(VpcId=lab.vpc().vpc_id)["NetworkAcl"]["NetworkAclId"]
    assert entries(lab, made) == [(way, 32767, "deny", "0.0.0.0/0") for way in (False, True)]


def test_with_ipv6_it_denies_that_too_and_the_default_one_allows_it(lab: Lab) -> None:
    vpc_id = lab.vpc(ipv6=True).vpc_id
    made = lab.ec2.create_network_acl(VpcId=vpc_id)["NetworkAcl"]["NetworkAclId"]
    last = [(32767, "deny", "0.0.0.0/0"), (32768, "deny", "::/0")]
    first = [(100, "allow", "0.0.0.0/0"), (101, "allow", "::/0")]
    assert entries(lab, made) == [(way, *one) for way in (False, True) for one in last]
    assert entries(lab, default_acl(lab, vpc_id)) == [(way, *one) for way in (False, True) for one in (*first, *last)]


def test_an_acl_takes_twenty_entries_for_each_direction_and_version(lab: Lab) -> None:
    acl = default_acl(lab, lab.vpc(ipv6=True).vpc_id)
    for number in range(1, 19):
        put(lab, acl, number, f"192.0.2.{number}/32")
    with pytest.raises(ClientError, match="NetworkAclEntryLimitExceeded"):
        put(lab, acl, 19, "192.0.2.19/32")
    put(lab, acl, 19, "192.0.2.19/32", egress=True)
    put(lab, acl, 19, "2001:db8::/128")


def test_blocks_are_canonical_and_numbers_unique(lab: Lab) -> None:
    acl = default_acl(lab, lab.vpc().vpc_id)
    put(lab, acl, 1, "100.68.0.18/18")
    assert (False, 1, "deny", "100.68.0.0/18") in entries(lab, acl)
    with pytest.raises(ClientError, match="NetworkAclEntryAlreadyExists"):
        put(lab, acl, 1, "192.0.2.1/32")


def test_an_unknown_entry_is_told(lab: Lab) -> None:
    acl = default_acl(lab, lab.vpc().vpc_id)
    with pytest.raises(ClientError, match=r"InvalidNetworkAclEntry\.NotFound"):
        lab.ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=7, Egress=False)


def test_an_option_that_is_not_named_keeps_its_value(lab: Lab) -> None:
    instance = lab.instance().id
    change = lab.ec2.modify_instance_metadata_options
    change(InstanceId=instance, HttpTokens="required", HttpPutResponseHopLimit=3, InstanceMetadataTags="enabled")
    change(InstanceId=instance, HttpEndpoint="disabled")
    shown = lab.describe(instance)["MetadataOptions"]
    assert (shown["HttpTokens"], shown["HttpPutResponseHopLimit"]) == ("required", 3)
    assert (shown["InstanceMetadataTags"], shown["HttpEndpoint"]) == ("enabled", "disabled")


def test_an_elastic_ip_is_one_private_address_s(lab: Lab) -> None:
    instance = lab.instance()
    eni = instance.interface_ids[0]
    lab.ec2.assign_private_ip_addresses(NetworkInterfaceId=eni, PrivateIpAddresses=["10.1.9.9"])
    first, second, third = (lab.ec2.allocate_address(Domain="vpc") for _ in range(3))
    for allocated, more in ((first, {}), (second, {"PrivateIpAddress": "10.1.9.9"})):
        lab.ec2.associate_address(AllocationId=allocated["AllocationId"], NetworkInterfaceId=eni, **more)

    with pytest.raises(ClientError, match=r"Resource\.AlreadyAssociated"):
        lab.ec2.associate_address(
            AllocationId=third["AllocationId"], NetworkInterfaceId=eni, PrivateIpAddress="10.1.9.9"
        )

    shown = lab.ec2.describe_network_interfaces(NetworkInterfaceIds=[eni])["NetworkInterfaces"][0]
    public = {one["PrivateIpAddress"]: one["Association"]["PublicIp"] for one in shown["PrivateIpAddresses"]}
    assert public == {shown["PrivateIpAddress"]: first["PublicIp"], "10.1.9.9": second["PublicIp"]}
    assert shown["Association"]["PublicIp"] == first["PublicIp"]
    (described,) = lab.ec2.describe_addresses(AllocationIds=[second["AllocationId"]])["Addresses"]
    assert (described["PrivateIpAddress"], described["InstanceId"]) == ("10.1.9.9", instance.id)

    lab.ec2.disassociate_address(AssociationId=described["AssociationId"])
    shown = lab.ec2.describe_network_interfaces(NetworkInterfaceIds=[eni])["NetworkInterfaces"][0]
    assert shown["Association"]["PublicIp"] == first["PublicIp"]


def test_an_interface_shows_its_prefixes_and_type(lab: Lab) -> None:
    eni = lab.instance().interface_ids[0]
    lab.cloud.delegate_prefixes(eni, "10.1.16.0/28", "2001:db8::/80")
    lab.cloud.set_interface_type(eni, "trunk")
    shown = lab.ec2.describe_network_interfaces(NetworkInterfaceIds=[eni])["NetworkInterfaces"][0]
    assert [one["Ipv4Prefix"] for one in shown["Ipv4Prefixes"]] == ["10.1.16.0/28"]
    assert [one["Ipv6Prefix"] for one in shown["Ipv6Prefixes"]] == ["2001:db8::/80"]
    assert shown["InterfaceType"] == "trunk"


def test_an_interface_of_an_ipv6_only_subnet_shows_no_ipv4_address(lab: Lab) -> None:
    instance = lab.instance([lab.vpc(ipv6=True)])
    eni = instance.interface_ids[0]
    lab.ec2.assign_ipv6_addresses(NetworkInterfaceId=eni, Ipv6Addresses=["2001:db8::5"])
    lab.cloud.take_ipv4(eni)
    shown = lab.ec2.describe_network_interfaces(NetworkInterfaceIds=[eni])["NetworkInterfaces"][0]
    assert (shown.get("PrivateIpAddress"), shown["PrivateIpAddresses"]) == (None, [])
    assert [one["Ipv6Address"] for one in shown["Ipv6Addresses"]] == ["2001:db8::5"]
    lab.describe(instance.id)
