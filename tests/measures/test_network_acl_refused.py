"""What AWS does not let a case deny in a network ACL is said and tried again; entries of others are never touched."""

from tests.cloud import Lab
from tests.measures.acls import acls, addresses, default_acl, denied, denying, put
from tests.stack import Stack

__all__ = ["denying"]


def test_a_full_acl_is_said_and_tried_again(denying: Stack, lab: Lab) -> None:
    home = lab.vpc()
    instance = lab.instance([home])
    acl = default_acl(lab, home.vpc_id)
    for number in range(1, 19):
        put(lab, acl, 100 + number, f"192.0.2.{number}/32")
    before = acls(lab, home.vpc_id)

    answer = denying.tag_and_isolate(instance.id)

    assert answer["status"] == "Isolated"
    assert "NetworkAclEntryLimitExceeded" in answer["reason"]
    (own,) = addresses(lab, instance.id)
    assert denied(lab, home.vpc_id) == {(acl, True, own)}
    lab.ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=101, Egress=False)
    denying.isolate(instance.id)
    assert denied(lab, home.vpc_id) == {(acl, True, own), (acl, False, own)}
    denying.tag_and_release(instance.id)
    assert acls(lab, home.vpc_id)[acl] == [one for one in before[acl] if one[1] != 101]


def test_a_shared_vpc_s_acl_is_said_and_left(denying: Stack, lab: Lab) -> None:
    home = lab.vpc()
    instance = lab.instance([home])
    acl = default_acl(lab, home.vpc_id)
    lab.cloud.share_network_acl(acl, "210987654321")
    before = acls(lab, home.vpc_id)

    answer = denying.tag_and_isolate(instance.id)

    assert answer["status"] == "Isolated"
    assert f"{acl} belongs to 210987654321" in answer["reason"]
    assert acls(lab, home.vpc_id) == before


def test_a_number_that_is_taken_meanwhile_is_planned_anew(denying: Stack, lab: Lab) -> None:
    home = lab.vpc()
    instance = lab.instance([home])
    acl = default_acl(lab, home.vpc_id)
    lab.cloud.refuse("CreateNetworkAclEntry", acl, "NetworkAclEntryAlreadyExists", times=2)

    assert denying.tag_and_isolate(instance.id)["status"] == "Isolated"

    (own,) = addresses(lab, instance.id)
    assert denied(lab, home.vpc_id) == {(acl, True, own), (acl, False, own)}


def test_a_missing_permission_does_not_stop_the_containment(denying: Stack, lab: Lab) -> None:
    home = lab.vpc()
    instance = lab.instance([home])
    lab.cloud.refuse("CreateNetworkAclEntry", default_acl(lab, home.vpc_id), "UnauthorizedOperation")
    answer = denying.tag_and_isolate(instance.id)
    assert answer["status"] == "Isolated"
    assert "UnauthorizedOperation" in answer["reason"]


def test_an_address_that_came_since_is_said_and_gets_no_entry(denying: Stack, lab: Lab) -> None:
    home = lab.vpc()
    instance = lab.instance([home])
    denying.tag_and_isolate(instance.id)
    before = acls(lab, home.vpc_id)
    lab.attach(instance.id, home, 1)

    answer = denying.isolate(instance.id)

    assert answer["status"] == "Isolated"
    assert "came since the case was opened" in answer["reason"]
    assert acls(lab, home.vpc_id) == before


def test_a_trunk_is_cut_and_what_is_behind_it_is_said(denying: Stack, lab: Lab) -> None:
    instance = lab.instance()
    lab.cloud.set_interface_type(instance.interface_ids[0], "trunk")

    answer = denying.tag_and_isolate(instance.id)

    assert answer["status"] == "Isolated"
    assert "it is a trunk interface" in answer["reason"]
    assert lab.groups(instance.interface_ids[0]) != [instance.networks[0].group_id]
