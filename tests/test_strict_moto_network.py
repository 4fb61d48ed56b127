"""Strict moto: groups, interfaces, and instances that end. On plain moto 5.2.5 they fail (the race: sometimes)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.cloud import Lab


def code(call: Callable[..., Any], **arguments: object) -> str:
    """The error code that the call answers, or `accepted`."""
    try:
        call(**arguments)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "accepted"


def test_changed_interface_shows_only_its_new_groups(lab: Lab) -> None:
    instance = lab.instance()
    isolation = lab.group(instance.networks[0].vpc_id, "isolation")
    lab.ec2.modify_network_interface_attribute(NetworkInterfaceId=instance.interface_ids[0], Groups=[isolation])
    assert lab.groups(instance.interface_ids[0]) == [isolation]
    described = lab.describe(instance.id)
    assert [group["GroupId"] for group in described["NetworkInterfaces"][0]["Groups"]] == [isolation]


def test_instance_groups_follow_the_primary_interface(lab: Lab) -> None:
    home = lab.vpc()
    instance = lab.instance([home, home])
    isolation = lab.group(home.vpc_id, "isolation")
    lab.ec2.modify_network_interface_attribute(NetworkInterfaceId=instance.interface_ids[1], Groups=[isolation])
    assert [group["GroupId"] for group in lab.describe(instance.id)["SecurityGroups"]] == [home.group_id]
    lab.ec2.modify_network_interface_attribute(NetworkInterfaceId=instance.interface_ids[0], Groups=[isolation])
    assert [group["GroupId"] for group in lab.describe(instance.id)["SecurityGroups"]] == [isolation]


@pytest.mark.parametrize("wrong", ["unknown", "other VPC"])
def test_interface_refuses_a_group_that_it_cannot_have(lab: Lab, wrong: str) -> None:
    instance = lab.instance()
    group = lab.vpc().group_id if wrong == "other VPC" else "sg-0123456789abcdef0"
    interface = instance.interface_ids[0]
    answer = code(lab.ec2.modify_network_interface_attribute, NetworkInterfaceId=interface, Groups=[group])
    assert answer == "InvalidGroup.NotFound"
    assert lab.groups(interface) == [instance.networks[0].group_id]


def test_interface_refuses_an_empty_list_of_groups(lab: Lab) -> None:
    interface = lab.instance().interface_ids[0]
    answer = code(lab.ec2.modify_network_interface_attribute, NetworkInterfaceId=interface, Groups=[])
    assert answer == "InvalidParameterCombination"


def test_interface_refuses_a_sixth_group(lab: Lab) -> None:
    instance = lab.instance()
    six = [lab.group(instance.networks[0].vpc_id, f"group-{number}") for number in range(6)]
    change = lab.ec2.modify_network_interface_attribute
    answer = code(change, NetworkInterfaceId=instance.interface_ids[0], Groups=six)
    assert answer == "SecurityGroupsPerInterfaceLimitExceeded"


def test_new_interface_refuses_an_unknown_group(lab: Lab) -> None:
    answer = code(lab.ec2.create_network_interface, SubnetId=lab.vpc().subnet_id, Groups=["sg-0123456789abcdef0"])
    assert answer == "InvalidGroup.NotFound"


def test_instance_with_two_interfaces_refuses_groups(lab: Lab) -> None:
    home = lab.vpc()
    instance = lab.instance([home, home])
    isolation = lab.group(home.vpc_id, "isolation")
    answer = code(lab.ec2.modify_instance_attribute, InstanceId=instance.id, Groups=[isolation])
    assert answer == "InvalidInstanceID"
    assert [lab.groups(interface) for interface in instance.interface_ids] == [[home.group_id], [home.group_id]]


def test_instance_with_one_interface_replaces_its_groups(lab: Lab) -> None:
    instance = lab.instance()
    isolation = lab.group(instance.networks[0].vpc_id, "isolation")
    lab.ec2.modify_instance_attribute(InstanceId=instance.id, Groups=[isolation])
    assert lab.groups(instance.interface_ids[0]) == [isolation]


def test_requester_managed_interface_is_shown_and_refuses_change(lab: Lab) -> None:
    instance = lab.instance()
    interface = instance.interface_ids[0]
    isolation = lab.group(instance.networks[0].vpc_id, "isolation")
    lab.cloud.mark_requester_managed(interface)
    shown = lab.ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"][0]
    assert shown["RequesterManaged"] is True
    answer = code(lab.ec2.modify_network_interface_attribute, NetworkInterfaceId=interface, Groups=[isolation])
    assert answer == "AuthFailure"
    assert lab.groups(interface) == [instance.networks[0].group_id]


def test_group_in_use_is_not_deleted(lab: Lab) -> None:
    instance = lab.instance()
    group = instance.networks[0].group_id
    assert code(lab.ec2.delete_security_group, GroupId=group) == "DependencyViolation"
    lab.ec2.terminate_instances(InstanceIds=[instance.id])
    assert code(lab.ec2.delete_security_group, GroupId=group) == "accepted"


def test_group_name_is_unique_under_a_race(lab: Lab) -> None:
    vpc = lab.vpc().vpc_id
    arguments = {"GroupName": "isolation", "Description": "isolation", "VpcId": vpc}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: code(lab.ec2.create_security_group, **arguments), range(8)))
    assert sorted(answers) == ["InvalidGroup.Duplicate"] * 7 + ["accepted"]


def test_terminated_instance_has_no_network(lab: Lab) -> None:
    home, away = lab.vpc(), lab.vpc()
    instance = lab.instance([home, away])
    lab.ec2.terminate_instances(InstanceIds=[instance.id])
    described = lab.describe(instance.id)
    assert described["State"]["Name"] == "terminated"
    assert not {"VpcId", "SubnetId", "PrivateIpAddress"} & described.keys()
    assert described["NetworkInterfaces"] == []
    assert described["SecurityGroups"] == []
    left = lab.ec2.describe_network_interfaces(Filters=[{"Name": "vpc-id", "Values": [home.vpc_id, away.vpc_id]}])
    statuses = {one["NetworkInterfaceId"]: one["Status"] for one in left["NetworkInterfaces"]}
    assert statuses == {instance.interface_ids[1]: "available"}


def test_interfaces_are_paged(lab: Lab) -> None:
    home = lab.vpc()
    instance = lab.instance([home] * 7)
    mine = [{"Name": "attachment.instance-id", "Values": [instance.id]}]
    first = lab.ec2.describe_network_interfaces(Filters=mine, MaxResults=5)
    rest = lab.ec2.describe_network_interfaces(Filters=mine, MaxResults=5, NextToken=first["NextToken"])
    seen = [one["NetworkInterfaceId"] for page in (first, rest) for one in page["NetworkInterfaces"]]
    assert len(first["NetworkInterfaces"]) == 5
    assert "NextToken" not in rest
    assert sorted(seen) == sorted(instance.interface_ids)
    both = {"NetworkInterfaceIds": list(instance.interface_ids), "MaxResults": 5}
    assert code(lab.ec2.describe_network_interfaces, **both) == "InvalidParameterCombination"


@pytest.mark.parametrize(("name", "value"), [("attachment.status", "attached"), ("group-name", "web")])
def test_interface_filters(lab: Lab, name: str, value: str) -> None:
    instance = lab.instance()
    lab.ec2.create_network_interface(SubnetId=lab.vpc().subnet_id)
    found = lab.ec2.describe_network_interfaces(Filters=[{"Name": name, "Values": [value]}])["NetworkInterfaces"]
    assert [one["NetworkInterfaceId"] for one in found] == list(instance.interface_ids)


def test_asked_for_errors_are_answered_on_the_wire(lab: Lab) -> None:
    home = lab.vpc()
    instance = lab.instance([home, home])
    isolation = lab.group(home.vpc_id, "isolation")
    first, second = instance.interface_ids
    change = lab.ec2.modify_network_interface_attribute
    lab.cloud.refuse("ModifyNetworkInterfaceAttribute", second, "UnauthorizedOperation", times=1)
    assert code(change, NetworkInterfaceId=first, Groups=[isolation]) == "accepted"
    assert code(change, NetworkInterfaceId=second, Groups=[isolation]) == "UnauthorizedOperation"
    assert code(change, NetworkInterfaceId=second, Groups=[isolation]) == "accepted"


def test_group_names_that_differ_in_case_only_are_one_name(lab: Lab) -> None:
    vpc = lab.vpc()
    lab.group(vpc.vpc_id, "Isolation")
    made = code(lab.ec2.create_security_group, GroupName="ISOLATION", Description="x", VpcId=vpc.vpc_id)
    assert made == "InvalidGroup.Duplicate"
    assert (
        code(lab.ec2.create_security_group, GroupName="ISOLATION", Description="x", VpcId=lab.vpc().vpc_id)
        == "accepted"
    )


def test_a_rule_refers_to_a_group_of_its_own_vpc_only(lab: Lab) -> None:
    home, away = lab.vpc(), lab.vpc()
    other = lab.group(home.vpc_id, "other")
    allow = lab.ec2.authorize_security_group_ingress

    def permission(group_id: str) -> list[dict[str, object]]:
        return [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": [{"GroupId": group_id}]}]

    assert code(allow, GroupId=home.group_id, IpPermissions=permission(other)) == "accepted"
    assert code(allow, GroupId=home.group_id, IpPermissions=permission(away.group_id)) == "InvalidGroup.NotFound"
