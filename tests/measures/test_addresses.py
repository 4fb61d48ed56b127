"""Elastic IPs are taken, and a release gives each back to the address that it had."""

from typing import Any

import pytest

from tests.cloud import IMAGE, Lab
from tests.stack import Stack, forget_wiring

SECOND = "10.1.9.9"


@pytest.fixture
def taking(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    monkeypatch.setenv("DISASSOCIATE_ELASTIC_IPS", "true")
    forget_wiring()
    return stack


def elastic_ip(lab: Lab, interface_id: str, private: str | None = None) -> str:
    """Allocation id of a new Elastic IP on the interface."""
    allocation = str(lab.ec2.allocate_address(Domain="vpc")["AllocationId"])
    associate(lab, allocation, interface_id, private)
    return allocation


def associate(lab: Lab, allocation: str, interface_id: str, private: str | None = None) -> None:
    more = {"PrivateIpAddress": private} if private else {}
    lab.ec2.associate_address(AllocationId=allocation, NetworkInterfaceId=interface_id, **more)


def places(lab: Lab) -> dict[str, tuple[str, str]]:
    """Interface and private address of each Elastic IP."""
    found: list[Any] = lab.ec2.describe_addresses()["Addresses"]
    return {one["AllocationId"]: (one.get("NetworkInterfaceId", ""), one.get("PrivateIpAddress", "")) for one in found}


def test_every_one_of_every_interface_is_taken_and_given_back_exactly(taking: Stack, lab: Lab) -> None:
    home, away = lab.vpc(), lab.vpc()
    instance = lab.instance([home, away])
    first, second = instance.interface_ids
    lab.ec2.assign_private_ip_addresses(NetworkInterfaceId=first, PrivateIpAddresses=[SECOND])
    for interface, private in ((first, None), (first, SECOND), (second, None)):
        elastic_ip(lab, interface, private)
    bystander = lab.instance([home])
    other = elastic_ip(lab, bystander.interface_ids[0])
    before = places(lab)

    assert taking.tag_and_isolate(instance.id)["status"] == "Isolated"

    taken = places(lab)
    assert {key: place for key, place in taken.items() if any(place)} == {other: before[other]}
    assert taking.tag_and_release(instance.id)["status"] == "Released"
    assert places(lab) == before


def test_one_that_is_used_elsewhere_meanwhile_is_left_there_and_said(taking: Stack, lab: Lab) -> None:
    instance, other = lab.instance(), lab.instance()
    allocation = elastic_ip(lab, instance.interface_ids[0])
    taking.tag_and_isolate(instance.id)
    associate(lab, allocation, other.interface_ids[0])

    answer = taking.tag_and_release(instance.id)

    assert answer["status"] == "Released"
    assert f"associated with {other.interface_ids[0]}" in answer["reason"]
    assert places(lab)[allocation][0] == other.interface_ids[0]


def test_one_that_was_released_meanwhile_is_said(taking: Stack, lab: Lab) -> None:
    instance = lab.instance()
    allocation = elastic_ip(lab, instance.interface_ids[0])
    taking.tag_and_isolate(instance.id)
    lab.ec2.release_address(AllocationId=allocation)

    answer = taking.tag_and_release(instance.id)

    assert answer["status"] == "Released"
    assert "was released meanwhile" in answer["reason"]


def test_an_interface_that_was_detached_gets_none_back(taking: Stack, lab: Lab) -> None:
    home = lab.vpc()
    instance = lab.instance([home, home])
    allocation = elastic_ip(lab, instance.interface_ids[1])
    taking.tag_and_isolate(instance.id)
    (attachment,) = (
        one["Attachment"]["AttachmentId"]
        for one in lab.describe(instance.id)["NetworkInterfaces"]
        if one["NetworkInterfaceId"] == instance.interface_ids[1]
    )
    lab.ec2.detach_network_interface(AttachmentId=attachment)

    answer = taking.tag_and_release(instance.id)

    assert answer["status"] == "Released"
    assert "is not attached any more" in answer["reason"]
    assert places(lab)[allocation] == ("", "")


def test_an_address_that_got_another_one_meanwhile_keeps_that(taking: Stack, lab: Lab) -> None:
    instance = lab.instance()
    allocation = elastic_ip(lab, instance.interface_ids[0])
    taking.tag_and_isolate(instance.id)
    lab.tag(instance.id, SecurityIsolation="Release")
    newer = elastic_ip(lab, instance.interface_ids[0])

    answer = taking.release(instance.id)

    assert answer["status"] == "Released"
    assert f"{newer} took its place" in answer["reason"]
    assert places(lab)[allocation] == ("", "")


def test_one_associated_while_isolated_is_drift_and_not_given_back(taking: Stack, lab: Lab) -> None:
    instance = lab.instance()
    taking.tag_and_isolate(instance.id)
    taking.announced()
    allocation = elastic_ip(lab, instance.interface_ids[0])

    taking.isolate(instance.id)

    assert places(lab)[allocation] == ("", "")
    (subject,) = taking.announced()
    assert subject.startswith("Drift repaired")
    taking.tag_and_release(instance.id)
    assert places(lab)[allocation] == ("", "")


def test_a_service_s_interface_keeps_its_own(taking: Stack, lab: Lab) -> None:
    home = lab.vpc()
    instance = lab.instance([home, home])
    allocation = elastic_ip(lab, instance.interface_ids[1])
    lab.cloud.mark_requester_managed(instance.interface_ids[1])
    before = places(lab)
    taking.tag_and_isolate(instance.id)
    assert places(lab)[allocation] == before[allocation]


def test_a_public_address_that_aws_assigned_is_said(taking: Stack, lab: Lab) -> None:
    home = lab.vpc()
    place = {"DeviceIndex": 0, "SubnetId": home.subnet_id, "AssociatePublicIpAddress": True}
    made = lab.ec2.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1, NetworkInterfaces=[place])["Instances"][0]

    answer = taking.tag_and_isolate(made["InstanceId"])

    assert answer["status"] == "Isolated"
    assert "which AWS assigned" in answer["reason"]


def test_one_that_aws_does_not_let_go_is_said_and_tried_again(taking: Stack, lab: Lab) -> None:
    instance = lab.instance()
    allocation = elastic_ip(lab, instance.interface_ids[0])
    association = lab.ec2.describe_addresses()["Addresses"][0]["AssociationId"]
    lab.cloud.refuse("DisassociateAddress", association, "OperationNotPermitted", times=1)

    answer = taking.tag_and_isolate(instance.id)

    assert answer["status"] == "Isolated"
    assert "OperationNotPermitted" in answer["reason"]
    taking.isolate(instance.id)
    assert places(lab)[allocation] == ("", "")


def test_without_the_parameter_they_stay(stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    elastic_ip(lab, instance.interface_ids[0])
    before = places(lab)
    stack.tag_and_isolate(instance.id)
    assert places(lab) == before
