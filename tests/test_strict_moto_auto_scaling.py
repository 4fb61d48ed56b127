"""Auto Scaling as AWS has it: what it refuses, what standby does to load balancers, what grows the capacity."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.cloud import Lab
from tests.scaling import Scaling, scaling_of


@pytest.fixture
def scaling(lab: Lab) -> Scaling:
    return scaling_of(lab)


def enter(scaling: Scaling, instance_id: str, *, decrement: bool = False) -> None:
    scaling.api.enter_standby(
        AutoScalingGroupName="web", InstanceIds=[instance_id], ShouldDecrementDesiredCapacity=decrement
    )


def leave(scaling: Scaling, instance_id: str, *, decrement: bool = False) -> None:
    scaling.api.detach_instances(
        AutoScalingGroupName="web", InstanceIds=[instance_id], ShouldDecrementDesiredCapacity=decrement
    )


def refusal(call: Callable[..., Any], *given: object, **named: object) -> str:
    """Code and message of the error that the call answers with."""
    with pytest.raises(ClientError) as caught:
        call(*given, **named)
    error = caught.value.response["Error"]
    return f"{error['Code']}: {error['Message']}"


def test_standby_leaves_the_load_balancer_and_is_replaced(scaling: Scaling) -> None:
    one, other = scaling.group()
    assert scaling.targets() == {one, other}
    enter(scaling, one)
    assert scaling.state(one) == "Standby"
    assert scaling.show()["DesiredCapacity"] == 2
    serving = set(scaling.members()) - {one}
    assert (len(serving), scaling.targets()) == (2, serving)


def test_standby_that_lowers_the_desired_capacity_stops_at_the_minimum(scaling: Scaling) -> None:
    one, other = scaling.group(minimum=1)
    enter(scaling, one, decrement=True)
    assert (scaling.show()["DesiredCapacity"], scaling.targets()) == (1, {other})
    assert refusal(enter, scaling, other, decrement=True).startswith("ValidationError")
    assert refusal(leave, scaling, other, decrement=True).startswith("ValidationError")


def test_scaling_in_ends_no_member_on_standby(scaling: Scaling) -> None:
    one, _ = scaling.group()
    enter(scaling, one)
    scaling.api.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=0)
    assert scaling.members() == [one]


def test_what_leaves_standby_grows_the_desired_capacity_up_to_the_maximum(scaling: Scaling) -> None:
    one, other = scaling.group(maximum=3)
    for instance_id in (one, other):
        enter(scaling, instance_id)
    scaling.api.exit_standby(AutoScalingGroupName="web", InstanceIds=[one])
    assert (scaling.state(one), scaling.show()["DesiredCapacity"]) == ("InService", 3)
    assert one in scaling.targets()
    sizes = "AutoScalingGroup web has min-size=0, max-size=3, and desired-size=3"
    full = f"ValidationError: {sizes}. To attach 1 instance, please update the AutoScalingGroup sizes appropriately."
    assert refusal(scaling.api.exit_standby, AutoScalingGroupName="web", InstanceIds=[other]) == full
    leave(scaling, other)
    assert refusal(scaling.api.attach_instances, AutoScalingGroupName="web", InstanceIds=[other]) == full


def test_what_is_detached_leaves_the_load_balancer_and_loses_its_protection(scaling: Scaling) -> None:
    one, _ = scaling.group()
    scaling.api.set_instance_protection(AutoScalingGroupName="web", InstanceIds=[one], ProtectedFromScaleIn=True)
    leave(scaling, one)
    assert scaling.member(one) is None
    assert one not in scaling.targets()
    assert len(scaling.members()) == 2
    scaling.api.attach_instances(AutoScalingGroupName="web", InstanceIds=[one])
    assert (scaling.state(one), scaling.show()["DesiredCapacity"]) == ("InService", 3)
    assert one in scaling.targets()
    assert scaling.member(one)["ProtectedFromScaleIn"] is False


def test_a_lifecycle_state_that_does_not_fit_is_refused(scaling: Scaling, lab: Lab) -> None:
    one, other = scaling.group()
    enter(scaling, one)
    assert refusal(enter, scaling, one) == f"ValidationError: The instance {one} is not in InService."
    out = refusal(scaling.api.exit_standby, AutoScalingGroupName="web", InstanceIds=[other])
    assert out == f"ValidationError: The instance {other} is not in Standby."
    lab.cloud.alter_member(other, lifecycle_state="Pending")
    assert refusal(leave, scaling, other) == f"ValidationError: The instance {other} is not in InService or Standby."
    protect = scaling.api.set_instance_protection
    shut = refusal(protect, AutoScalingGroupName="web", InstanceIds=[other], ProtectedFromScaleIn=True)
    assert shut.startswith("ValidationError")


def test_a_stranger_and_a_group_that_is_not_there_are_refused(scaling: Scaling, lab: Lab) -> None:
    (one,) = scaling.group(size=1)
    stranger = lab.instance().id
    expected = f"ValidationError: The instance {stranger} is not part of Auto Scaling group web."
    assert refusal(enter, scaling, stranger) == refusal(leave, scaling, stranger) == expected
    attach = scaling.api.attach_instances
    assert "already part of" in refusal(attach, AutoScalingGroupName="web", InstanceIds=[one])
    for call in (scaling.api.suspend_processes, scaling.api.resume_processes):
        assert "name not found" in refusal(call, AutoScalingGroupName="nowhere", ScalingProcesses=["Terminate"])
    assert "name not found" in refusal(attach, AutoScalingGroupName="nowhere", InstanceIds=[stranger])


def test_only_a_running_instance_is_attached(scaling: Scaling, lab: Lab) -> None:
    scaling.group(size=1)
    stopped = lab.instance(stopped=True).id
    call = scaling.api.attach_instances
    assert "not running" in refusal(call, AutoScalingGroupName="web", InstanceIds=[stopped])


def test_what_aws_itself_does_can_be_brought_about(scaling: Scaling, lab: Lab) -> None:
    one, _ = scaling.group()
    assert "Status" not in scaling.show()
    assert "WeightedCapacity" not in scaling.member(one)
    lab.cloud.alter_member(one, lifecycle_state="Terminating:Wait", weighted_capacity="2")
    lab.cloud.mark_being_deleted("web")
    lab.cloud.refuse("SuspendProcesses", "web", "AccessDenied")
    assert (scaling.state(one), scaling.member(one)["WeightedCapacity"]) == ("Terminating:Wait", "2")
    assert scaling.show()["Status"] == "Delete in progress"
    call = scaling.api.suspend_processes
    assert refusal(call, AutoScalingGroupName="web", ScalingProcesses=["Terminate"]).startswith("AccessDenied")
