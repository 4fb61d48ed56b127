"""Lambda 3 end to end, in process: exactly what the case recorded comes back, and what can't is said."""

from typing import Any, Literal

import pytest

from quarantag.aws import wiring
from quarantag.errors import LedgerUnavailable, Retryable, Terminal
from quarantag.outcome import Outcome, Request
from quarantag.releasing import release as run_release
from tests.cloud import Lab, Launched
from tests.faults import Fault
from tests.stack import KEY, Stack, is_cut

DENIED = Terminal("UnauthorizedOperation: no")


def world(lab: Lab, instance: Launched) -> dict[str, Any]:
    """What a release must bring back: the groups of each interface in order, and the profile."""
    association = lab.association(instance.id)
    profile = (association["IamInstanceProfile"]["Arn"], association["State"]) if association else None
    return {"groups": {one: lab.groups(one) for one in instance.interface_ids}, "profile": profile}


def give_back(stack: Stack, instance_id: str, *faults: Fault) -> Outcome:
    request = Request(instance_id, "Release", stack.context().aws_request_id)
    return run_release(request, stack.ports(*faults), wiring.settings())


@pytest.mark.parametrize("interfaces", [1, 4])
@pytest.mark.parametrize("with_profile", [False, True])
@pytest.mark.parametrize("stopped", [False, True])
def test_a_release_gives_back_exactly_what_was(
    stack: Stack, lab: Lab, interfaces: int, *, with_profile: bool, stopped: bool
) -> None:
    vpc, other = lab.vpc(), lab.vpc()
    networks = [vpc, other, vpc, vpc][:interfaces]
    instance = lab.instance(networks, profile=lab.profile() if with_profile else None, stopped=stopped)
    extra = lab.group(vpc.vpc_id, "extra")
    lab.ec2.modify_network_interface_attribute(
        NetworkInterfaceId=instance.interface_ids[0], Groups=[extra, vpc.group_id]
    )
    before = world(lab, instance)

    stack.tag_and_isolate(instance.id)
    assert world(lab, instance) != before
    outcome = stack.tag_and_release(instance.id)

    assert outcome["status"] == "Released"
    assert world(lab, instance) == before
    case: Any = stack.case(instance.id)
    assert case["status"] == "Released"
    assert "open_case" not in case
    assert lab.tags(instance.id)[f"{KEY}Status"].startswith("Released")
    assert stack.announced()[-1].startswith(f"Released: {instance.id}")


def test_an_instance_may_be_isolated_and_released_again_and_again(stack: Stack, lab: Lab) -> None:
    instance = lab.instance(profile=lab.profile())
    before = world(lab, instance)
    cases = set()
    for _ in range(3):
        assert stack.tag_and_isolate(instance.id)["status"] == "Isolated"
        cases.add(stack.tag_and_release(instance.id)["case_id"])
        assert world(lab, instance) == before
    assert len(cases) == 3


def test_a_second_event_gives_nothing(stack: Stack, lab: Lab) -> None:
    vpc = lab.vpc()
    instance = lab.instance([vpc])
    stack.tag_and_isolate(instance.id)
    stack.tag_and_release(instance.id)
    sneaky = lab.group(vpc.vpc_id, "changed-since")
    lab.ec2.modify_network_interface_attribute(NetworkInterfaceId=instance.interface_ids[0], Groups=[sneaky])
    stack.announced()
    assert stack.release(instance.id)["status"] == "NotRequested"
    assert lab.groups(instance.interface_ids[0]) == [sneaky]
    assert stack.announced() == []


def test_without_a_case_the_tag_gives_nothing(stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    before = world(lab, instance)
    assert stack.tag_and_release(instance.id)["status"] == "NotRequested"
    assert world(lab, instance) == before


def test_a_group_that_is_gone_is_left_out_and_said(stack: Stack, lab: Lab) -> None:
    vpc = lab.vpc()
    instance = lab.instance([vpc])
    gone = lab.group(vpc.vpc_id, "gone")
    lab.ec2.modify_network_interface_attribute(
        NetworkInterfaceId=instance.interface_ids[0], Groups=[vpc.group_id, gone]
    )
    stack.tag_and_isolate(instance.id)
    lab.ec2.delete_security_group(GroupId=gone)
    assert stack.tag_and_release(instance.id)["status"] == "Released"
    assert lab.groups(instance.interface_ids[0]) == [vpc.group_id]
    assert gone in lab.tags(instance.id)[f"{KEY}Status"]


def test_an_interface_none_of_whose_groups_is_left_keeps_the_case_open(stack: Stack, lab: Lab) -> None:
    vpc = lab.vpc()
    instance = lab.instance([vpc, vpc])
    only = lab.group(vpc.vpc_id, "only")
    lab.ec2.modify_network_interface_attribute(NetworkInterfaceId=instance.interface_ids[1], Groups=[only])
    stack.tag_and_isolate(instance.id)
    lab.ec2.delete_security_group(GroupId=only)

    outcome = stack.tag_and_release(instance.id)

    assert outcome["status"] == "Failed"
    assert instance.interface_ids[1] in outcome["reason"]
    assert lab.groups(instance.interface_ids[0]) == [vpc.group_id]
    assert is_cut(stack, instance.interface_ids[1], vpc.vpc_id)
    case: Any = stack.case(instance.id)
    assert case["open_case"] == "open"


def test_a_failed_release_is_told_once_and_finished_once_it_can_be(stack: Stack, lab: Lab) -> None:
    instance = lab.instance(profile=lab.profile())
    before = world(lab, instance)
    stack.tag_and_isolate(instance.id)
    stack.announced()
    lab.tag(instance.id, **{KEY: "Release"})
    for _ in range(2):
        assert give_back(stack, instance.id, Fault("replace_profile", DENIED)).status == "Failed"
    assert [subject.split(":")[0] for subject in stack.announced()] == ["FAILED to release"]
    assert stack.release(instance.id)["status"] == "Released"
    assert world(lab, instance) == before


@pytest.mark.parametrize("change", ["gone", "namesake", "another role"])
def test_a_profile_that_is_not_the_same_is_not_given(stack: Stack, lab: Lab, change: str) -> None:
    arn = lab.profile("web")
    instance = lab.instance(profile=arn)
    stack.tag_and_isolate(instance.id)
    lab.iam.remove_role_from_instance_profile(InstanceProfileName="web", RoleName="web")
    if change == "another role":
        lab.profile("admin")
        lab.iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="admin")
    else:
        lab.iam.delete_instance_profile(InstanceProfileName="web")
        lab.iam.delete_role(RoleName="web")
    if change == "namesake":
        lab.profile("web")

    outcome = stack.tag_and_release(instance.id)

    assert outcome["status"] == "Failed"
    assert arn in outcome["reason"]
    assert stack.profile(instance.id) != arn


def test_interfaces_attached_and_detached_since_are_left_alone_and_said(stack: Stack, lab: Lab) -> None:
    vpc = lab.vpc()
    instance = lab.instance([vpc, vpc])
    stack.tag_and_isolate(instance.id)
    attachment = next(
        one["Attachment"]["AttachmentId"]
        for one in lab.describe(instance.id)["NetworkInterfaces"]
        if one["NetworkInterfaceId"] == instance.interface_ids[1]
    )
    lab.ec2.detach_network_interface(AttachmentId=attachment)
    added = lab.attach(instance.id, vpc, 2)
    assert stack.tag_and_release(instance.id)["status"] == "Released"
    assert lab.groups(added) == [vpc.group_id]
    status = lab.tags(instance.id)[f"{KEY}Status"]
    assert added in status
    assert instance.interface_ids[1] in status


def test_a_terminated_instance_ends_its_case(stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    stack.tag_and_isolate(instance.id)
    lab.tag(instance.id, **{KEY: "Release"})
    lab.ec2.terminate_instances(InstanceIds=[instance.id])
    assert stack.release(instance.id, **{KEY: "Release"})["status"] == "Ended"


def test_isolate_during_a_release_resumes_the_same_case(stack: Stack, lab: Lab) -> None:
    vpc = lab.vpc()
    instance = lab.instance([vpc], profile=lab.profile())
    before = world(lab, instance)
    first = stack.tag_and_isolate(instance.id)
    lab.tag(instance.id, **{KEY: "Release"})
    with pytest.raises(Retryable):
        give_back(stack, instance.id, Fault("replace_profile", Retryable("throttled")))
    again = stack.tag_and_isolate(instance.id)
    assert (again["status"], again["case_id"]) == ("Isolated", first["case_id"])
    assert is_cut(stack, instance.interface_ids[0], vpc.vpc_id)
    assert stack.tag_and_release(instance.id)["status"] == "Released"
    assert world(lab, instance) == before


def test_without_the_ledger_nothing_is_given(stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    stack.tag_and_isolate(instance.id)
    lab.tag(instance.id, **{KEY: "Release"})
    cut = world(lab, instance)
    with pytest.raises(LedgerUnavailable):
        give_back(stack, instance.id, Fault("case", LedgerUnavailable("away")))
    assert world(lab, instance) == cut


@pytest.mark.parametrize("method", ["set_interface_groups", "replace_profile", "set_status", "announce"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_an_interrupted_release_is_finished_by_the_next_run(
    stack: Stack, lab: Lab, method: str, when: Literal["before", "after"]
) -> None:
    instance = lab.instance([lab.vpc(), lab.vpc()], profile=lab.profile())
    before = world(lab, instance)
    stack.tag_and_isolate(instance.id)
    lab.tag(instance.id, **{KEY: "Release"})
    try:
        give_back(stack, instance.id, Fault(method, LedgerUnavailable("lost"), when=when, times=1))
    except Retryable:
        assert stack.release(instance.id)["status"] in {"Released", "NotRequested"}
    assert world(lab, instance) == before
    case: Any = stack.case(instance.id)
    assert case["status"] == "Released"


def test_observe_mode_gives_nothing(stack: Stack, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    instance = lab.instance()
    stack.tag_and_isolate(instance.id)
    cut = world(lab, instance)
    monkeypatch.setenv("MODE", "observe")
    lab.tag(instance.id, **{KEY: "Release"})
    settings = wiring.settings()
    request = Request(instance.id, "Release", "request")
    assert run_release(request, stack.ports(), settings).status == "Observed"
    assert world(lab, instance) == cut
