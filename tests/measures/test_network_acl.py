"""Every network ACL of the instance's VPCs denies its addresses, and a release deletes just these entries."""

from typing import Any

import pytest

from tests.cloud import Lab
from tests.measures.acls import acls, addresses, default_acl, denied, denying, put
from tests.stack import Stack

__all__ = ["denying"]


def everywhere(lab: Lab, vpc_id: str, cidrs: list[str]) -> set[tuple[str, bool, str]]:
    """Both directions of these blocks in every ACL of the VPC."""
    return {(acl, way, cidr) for acl in acls(lab, vpc_id) for way in (False, True) for cidr in cidrs}


def said(stack: Stack) -> str:
    """All messages of the stack."""
    messages: list[Any] = stack.sqs.receive_message(QueueUrl=stack.queue_url, MaxNumberOfMessages=10)["Messages"]
    return "\n".join(one["Body"] for one in messages)


def test_every_acl_of_the_vpc_denies_its_address_until_it_is_released(denying: Stack, lab: Lab) -> None:
    home = lab.vpc()
    lab.ec2.create_network_acl(VpcId=home.vpc_id)
    custom = lab.ec2.create_network_acl(VpcId=home.vpc_id)["NetworkAcl"]["NetworkAclId"]
    for way in (False, True):
        rule: dict[str, Any] = {"RuleNumber": 100, "RuleAction": "allow", "Protocol": "6", "Egress": way}
        ports = {"PortRange": {"From": 1, "To": 65535}}
        lab.ec2.create_network_acl_entry(NetworkAclId=custom, CidrBlock="0.0.0.0/0", **rule, **ports)
    instance = lab.instance([home])
    before = acls(lab, home.vpc_id)
    allowing = {acl for acl, entries in before.items() if any(one[2] == "allow" for one in entries)}

    assert denying.tag_and_isolate(instance.id)["status"] == "Isolated"

    (own,) = addresses(lab, instance.id)
    assert denied(lab, home.vpc_id) == {(acl, way, own) for acl in allowing for way in (False, True)}
    assert "existing connections: closed" in said(denying)
    assert denying.tag_and_release(instance.id)["status"] == "Released"
    assert acls(lab, home.vpc_id) == before


def test_dual_stack_secondary_addresses_and_prefixes_in_two_vpcs(denying: Stack, lab: Lab) -> None:
    home, away = lab.vpc(ipv6=True), lab.vpc()
    instance = lab.instance([home, away])
    first = instance.interface_ids[0]
    lab.ec2.assign_private_ip_addresses(NetworkInterfaceId=first, PrivateIpAddresses=["10.1.9.9"])
    lab.ec2.assign_ipv6_addresses(NetworkInterfaceId=first, Ipv6Addresses=["2001:db8::9"])
    lab.cloud.delegate_prefixes(first, "10.1.16.0/28", "2001:db8:0:1::/80")
    before = acls(lab, home.vpc_id), acls(lab, away.vpc_id)
    own = addresses(lab, instance.id)
    assert len(own) == 6

    denying.tag_and_isolate(instance.id)

    assert denied(lab, home.vpc_id) == everywhere(lab, home.vpc_id, own[:-1])
    assert denied(lab, away.vpc_id) == everywhere(lab, away.vpc_id, own[-1:])
    assert "existing connections: unknown" in said(denying)  # an IPv6 address is a path of its own to the Internet
    denying.tag_and_release(instance.id)
    assert (acls(lab, home.vpc_id), acls(lab, away.vpc_id)) == before


def test_two_cases_at_once_in_one_vpc_take_and_give_only_their_own(denying: Stack, lab: Lab) -> None:
    home = lab.vpc()
    one, other = lab.instance([home]), lab.instance([home])
    before = acls(lab, home.vpc_id)
    denying.tag_and_isolate(one.id)
    denying.tag_and_isolate(other.id)
    assert len(denied(lab, home.vpc_id)) == 4

    denying.tag_and_release(one.id)

    assert denied(lab, home.vpc_id) == everywhere(lab, home.vpc_id, addresses(lab, other.id))
    denying.tag_and_release(other.id)
    assert acls(lab, home.vpc_id) == before


def test_an_equal_entry_of_others_is_used_and_stays(denying: Stack, lab: Lab) -> None:
    home = lab.vpc()
    instance = lab.instance([home])
    (own,) = addresses(lab, instance.id)
    put(lab, default_acl(lab, home.vpc_id), 7, own)
    before = acls(lab, home.vpc_id)

    denying.tag_and_isolate(instance.id)

    assert denied(lab, home.vpc_id) == everywhere(lab, home.vpc_id, [own])
    denying.tag_and_release(instance.id)
    assert acls(lab, home.vpc_id) == before


def test_a_terminated_instance_s_entries_go_by_the_releaser_s_sweep(denying: Stack, lab: Lab) -> None:
    import release  # noqa: PLC0415 - the handler module, as its schedule runs it

    home = lab.vpc()
    instance = lab.instance([home])
    before = acls(lab, home.vpc_id)
    denying.tag_and_isolate(instance.id)
    assert acls(lab, home.vpc_id) != before
    lab.ec2.terminate_instances(InstanceIds=[instance.id])

    assert [one["status"] for one in denying.sweep(release)] == ["Ended"]

    assert acls(lab, home.vpc_id) == before


def test_an_entry_that_somebody_deletes_is_drift(denying: Stack, lab: Lab) -> None:
    home = lab.vpc()
    instance = lab.instance([home])
    denying.tag_and_isolate(instance.id)
    denying.announced()
    acl, taken = default_acl(lab, home.vpc_id), denied(lab, home.vpc_id)
    number = next(one[1] for one in acls(lab, home.vpc_id)[acl] if one[2] == "deny")
    lab.ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=number, Egress=False)

    denying.isolate(instance.id)

    assert denied(lab, home.vpc_id) == taken
    (subject,) = denying.announced()
    assert subject.startswith("Drift repaired")


def test_without_the_parameter_no_entry_is_added(stack: Stack, lab: Lab) -> None:
    home = lab.vpc()
    instance = lab.instance([home])
    before = acls(lab, home.vpc_id)
    stack.tag_and_isolate(instance.id)
    assert acls(lab, home.vpc_id) == before
    assert "existing connections: unknown" in said(stack)


@pytest.mark.parametrize("allowed", [1, 2])
def test_where_no_number_is_free_it_is_said(denying: Stack, lab: Lab, allowed: int) -> None:
    home = lab.vpc()
    instance = lab.instance([home])
    acl = default_acl(lab, home.vpc_id)
    if allowed == 2:
        put(lab, acl, 1, "192.0.2.1/32")
    put(lab, acl, allowed, "10.0.0.0/8", action="allow")
    before = acls(lab, home.vpc_id)

    answer = denying.tag_and_isolate(instance.id)

    assert answer["status"] == "Isolated"
    assert f"{acl} has no free rule number" in answer["reason"]
    assert {one[1] for one in denied(lab, home.vpc_id) if one[2] in addresses(lab, instance.id)} == {True}
    assert "existing connections: unknown" in said(denying)
    denying.tag_and_release(instance.id)
    assert acls(lab, home.vpc_id) == before
