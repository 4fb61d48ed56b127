"""Lambda 2 end to end, in process: whatever state the instance is in, it ends isolated, and the case says what was."""

from typing import Any

import pytest

from quarantag.errors import Retryable
from tests.cloud import Lab
from tests.stack import KEY, Stack, is_cut


@pytest.mark.parametrize("interfaces", [1, 2, 4])
def test_every_interface_is_cut(stack: Stack, lab: Lab, interfaces: int) -> None:
    vpc = lab.vpc()
    instance = lab.instance([vpc] * interfaces, profile=lab.profile())

    outcome = stack.tag_and_isolate(instance.id)

    assert outcome["status"] == "Isolated"
    assert all(is_cut(stack, interface, vpc.vpc_id) for interface in instance.interface_ids)


def test_each_interface_gets_the_group_of_its_own_vpc(stack: Stack, lab: Lab) -> None:
    networks = [lab.vpc(), lab.vpc(ipv6=True), lab.vpc()]
    instance = lab.instance(networks)

    stack.tag_and_isolate(instance.id)

    for interface, network in zip(instance.interface_ids, networks, strict=True):
        assert is_cut(stack, interface, network.vpc_id)


def test_the_case_holds_the_state_before(stack: Stack, lab: Lab) -> None:
    vpc = lab.vpc()
    instance = lab.instance([vpc, vpc], profile=lab.profile())
    profile = lab.association(instance.id)["IamInstanceProfile"]
    extra = lab.group(vpc.vpc_id, "extra")
    groups = [extra, vpc.group_id]
    lab.ec2.modify_network_interface_attribute(NetworkInterfaceId=instance.interface_ids[1], Groups=groups)

    stack.tag_and_isolate(instance.id)

    case = stack.case(instance.id)
    assert case is not None
    assert case["status"] == "Isolated"
    assert case["interfaces_before"] == {
        instance.interface_ids[0]: {"vpc_id": vpc.vpc_id, "groups": [vpc.group_id]},
        instance.interface_ids[1]: {"vpc_id": vpc.vpc_id, "groups": groups},
    }
    assert case["profile_before"] == {"arn": profile["Arn"], "id": profile["Id"]}


def test_people_see_it(stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    stack.tag_and_isolate(instance.id)
    assert lab.tags(instance.id)[f"{KEY}Status"].startswith("Isolated")
    (subject,) = stack.announced()
    assert subject.startswith(f"Isolated: {instance.id}")


@pytest.mark.parametrize("stopped", [False, True])
@pytest.mark.parametrize("with_profile", [False, True])
def test_the_profile_is_replaced_in_every_starting_state(
    stack: Stack, lab: Lab, isolation_profile_arn: str, *, stopped: bool, with_profile: bool
) -> None:
    instance = lab.instance(profile=lab.profile() if with_profile else None, stopped=stopped)
    assert stack.tag_and_isolate(instance.id)["status"] == "Isolated"
    assert stack.profile(instance.id) == isolation_profile_arn


def test_no_profile_before_is_recorded_as_none(stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    stack.tag_and_isolate(instance.id)
    case = stack.case(instance.id)
    assert case is not None
    assert case["profile_before"] is None


def test_a_second_event_changes_and_tells_nothing(stack: Stack, lab: Lab) -> None:
    instance = lab.instance(profile=lab.profile())
    first = stack.tag_and_isolate(instance.id)
    case = stack.case(instance.id)
    stack.announced()

    second = stack.isolate(instance.id)

    assert second == first
    assert stack.announced() == []
    assert {**(stack.case(instance.id) or {}), "generation": 0} == {**(case or {}), "generation": 0}


def test_a_group_added_back_is_drift_and_is_cut_again_without_touching_the_state_before(stack: Stack, lab: Lab) -> None:
    vpc = lab.vpc()
    instance = lab.instance([vpc])
    stack.tag_and_isolate(instance.id)
    lab.ec2.modify_network_interface_attribute(NetworkInterfaceId=instance.interface_ids[0], Groups=[vpc.group_id])
    sneaky = lab.group(vpc.vpc_id, "sneaky")
    lab.ec2.modify_network_interface_attribute(NetworkInterfaceId=instance.interface_ids[0], Groups=[sneaky])

    assert stack.isolate(instance.id)["status"] == "Isolated"

    assert is_cut(stack, instance.interface_ids[0], vpc.vpc_id)
    case = stack.case(instance.id)
    assert case is not None
    assert case["interfaces_before"][instance.interface_ids[0]]["groups"] == [vpc.group_id]


def test_an_interface_attached_since_is_recorded_and_cut(stack: Stack, lab: Lab) -> None:
    vpc, other = lab.vpc(), lab.vpc()
    instance = lab.instance([vpc])
    stack.tag_and_isolate(instance.id)
    added = lab.attach(instance.id, other, 1)

    stack.isolate(instance.id)

    assert is_cut(stack, added, other.vpc_id)
    case = stack.case(instance.id)
    assert case is not None
    assert case["interfaces_before"][added] == {"vpc_id": other.vpc_id, "groups": [other.group_id]}


def test_without_the_tag_nothing_is_touched(stack: Stack, lab: Lab) -> None:
    vpc = lab.vpc()
    instance = lab.instance([vpc], tags={"Name": "web"})
    assert stack.isolate(instance.id)["status"] == "NotRequested"
    assert lab.groups(instance.interface_ids[0]) == [vpc.group_id]
    assert lab.tags(instance.id) == {"Name": "web"}


@pytest.mark.parametrize("value", ["isolate", "ISOLATE", "Isolate ", "Review", "true"])
def test_only_the_exact_value_isolates(stack: Stack, lab: Lab, value: str) -> None:
    vpc = lab.vpc()
    instance = lab.instance([vpc], tags={KEY: value})
    assert stack.isolate(instance.id)["status"] == "NotRequested"
    assert lab.groups(instance.interface_ids[0]) == [vpc.group_id]


def test_a_twin_of_the_control_tag_is_not_honoured_and_announced(stack: Stack, lab: Lab) -> None:
    vpc = lab.vpc()
    instance = lab.instance([vpc], tags={"securityisolation": "Isolate"})
    assert stack.isolate(instance.id)["status"] == "NotRequested"
    assert lab.groups(instance.interface_ids[0]) == [vpc.group_id]
    assert [subject.split(":")[0] for subject in stack.announced()] == ["Control tag tampering"]


def test_removing_the_tag_never_releases(stack: Stack, lab: Lab) -> None:
    vpc = lab.vpc()
    instance = lab.instance([vpc])
    stack.tag_and_isolate(instance.id)
    stack.announced()
    lab.ec2.delete_tags(Resources=[instance.id], Tags=[{"Key": KEY}])

    assert stack.isolate(instance.id)["status"] == "Isolated"

    assert is_cut(stack, instance.interface_ids[0], vpc.vpc_id)
    assert [subject.split(":")[0] for subject in stack.announced()] == ["Control tag tampering"]


def test_a_terminated_instance_ends_its_case(stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    stack.tag_and_isolate(instance.id)
    lab.ec2.terminate_instances(InstanceIds=[instance.id])
    assert stack.isolate(instance.id)["status"] == "Ended"
    case = stack.case(instance.id)
    assert case is not None
    assert case["status"] == "Ended"
    assert "open_case" not in case


def test_an_instance_that_ec2_does_not_know_ends_without_a_case(stack: Stack) -> None:
    outcome = stack.reconcile("i-0123456789abcdef0")
    assert (outcome.status, outcome.case_id) == ("Ended", None)


def test_observe_mode_changes_nothing_and_says_what_it_would_do(
    stack: Stack, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODE", "observe")
    vpc = lab.vpc()
    instance = lab.instance([vpc])
    outcome = stack.tag_and_isolate(instance.id)
    assert outcome["status"] == "Observed"
    assert f"CreateIsolationGroup {vpc.vpc_id}" in outcome["reason"]
    assert lab.groups(instance.interface_ids[0]) == [vpc.group_id]
    assert lab.tags(instance.id) == {KEY: "Isolate"}
    assert stack.case(instance.id) is None
    assert [subject.split(":")[0] for subject in stack.announced()] == ["Observe only"]


def test_beyond_the_ceiling_it_is_held_and_paged(stack: Stack, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_CONTAINMENTS_PER_HOUR", "2")
    vpc = lab.vpc()
    instances = [lab.instance([vpc]) for _ in range(3)]
    statuses = [stack.tag_and_isolate(instance.id)["status"] for instance in instances]
    assert statuses == ["Isolated", "Isolated", "Held"]
    assert lab.groups(instances[2].interface_ids[0]) == [vpc.group_id]
    assert lab.tags(instances[2].id)[f"{KEY}Status"].startswith("Held")
    assert stack.case(instances[2].id) is None
    assert stack.announced()[-1].startswith("Held")


def test_a_full_ceiling_does_not_stop_an_open_case(stack: Stack, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_CONTAINMENTS_PER_HOUR", "1")
    vpc = lab.vpc()
    instance = lab.instance([vpc])
    stack.tag_and_isolate(instance.id)
    lab.ec2.modify_network_interface_attribute(NetworkInterfaceId=instance.interface_ids[0], Groups=[vpc.group_id])
    assert stack.isolate(instance.id)["status"] == "Isolated"
    assert is_cut(stack, instance.interface_ids[0], vpc.vpc_id)


def test_each_step_is_in_the_audit_trail(stack: Stack, lab: Lab) -> None:
    instance = lab.instance(profile=lab.profile())
    stack.tag_and_isolate(instance.id)
    steps = {(entry["step"], entry["result"]) for entry in stack.entries(instance.id, "step")}
    assert steps == {
        ("CreateIsolationGroup", "done"),
        ("RevokeGroupRules", "done"),
        ("SetInterfaceGroups", "done"),
        ("ReplaceProfile", "done"),
    }
    assert [entry["status"] for entry in stack.entries(instance.id, "status")] == ["Isolated"]


def test_a_reason_tag_is_the_reason_of_the_case(stack: Stack, lab: Lab) -> None:
    instance = lab.instance(tags={f"{KEY}Reason": "command-and-control severity 8.0"})
    stack.tag_and_isolate(instance.id)
    case: Any = stack.case(instance.id)
    assert case["reason"] == "command-and-control severity 8.0"


def test_a_live_tag_that_never_agrees_with_the_event_is_tried_again_later(stack: Stack, lab: Lab) -> None:
    vpc = lab.vpc()
    instance = lab.instance([vpc])
    with pytest.raises(Retryable, match="the event says 'Isolate' but the instance's tag reads ''"):
        stack.reconcile(instance.id)
    assert lab.groups(instance.interface_ids[0]) == [vpc.group_id]
