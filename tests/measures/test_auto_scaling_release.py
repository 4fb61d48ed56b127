"""A release puts a member back where its group has room, as it was; what can't be put back is said, not forced."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

import release
from quarantag.errors import Retryable
from quarantag.measures.auto_scaling import REPLACING
from tests.cloud import Lab
from tests.measures.keeping import Keeping
from tests.scaling import Scaling
from tests.stack import forget_wiring, is_cut


def resize(scaling: Scaling, **sizes: int) -> None:
    scaling.api.update_auto_scaling_group(AutoScalingGroupName="web", **sizes)


@dataclass(frozen=True, slots=True)
class Situation:
    """What became of the group since: the state of the member after the release, and what is said."""

    name: str
    since: Callable[[Scaling, str], None]
    state: str | None
    said: str
    denied: tuple[str, ...] = ()


def _delete(scaling: Scaling, _instance_id: str) -> None:
    scaling.api.delete_auto_scaling_group(AutoScalingGroupName="web", ForceDelete=True)


def _make_anew(scaling: Scaling, instance_id: str) -> None:
    scaling.api.detach_instances(
        AutoScalingGroupName="web", InstanceIds=[instance_id], ShouldDecrementDesiredCapacity=True
    )
    _delete(scaling, instance_id)
    scaling.lab.ec2.delete_launch_template(LaunchTemplateName="web")
    scaling.made.clear()
    scaling.elb.delete_target_group(
        TargetGroupArn=scaling.elb.describe_target_groups(Names=["web"])["TargetGroups"][0]["TargetGroupArn"]
    )
    scaling.group()


def _move(scaling: Scaling, instance_id: str) -> None:
    scaling.api.detach_instances(
        AutoScalingGroupName="web", InstanceIds=[instance_id], ShouldDecrementDesiredCapacity=True
    )
    scaling.group("other", size=0)
    scaling.api.attach_instances(AutoScalingGroupName="other", InstanceIds=[instance_id])


def _stop(scaling: Scaling, instance_id: str) -> None:
    scaling.lab.ec2.stop_instances(InstanceIds=[instance_id])


STANDBY, DETACHED = "left in standby: ", "left detached: "
FULL = "the group web is at its maximum"
NO_STANDBY = ("EnterStandby",)
SITUATIONS = (
    Situation("nothing", lambda _s, _i: None, "InService", "verified"),
    Situation("at its maximum", lambda s, _: resize(s, MaxSize=2), "Standby", STANDBY + FULL),
    Situation("minimum is maximum", lambda s, _: resize(s, MinSize=2, MaxSize=2), "Standby", STANDBY + FULL),
    Situation("maximum 0", lambda s, _: resize(s, MaxSize=0, DesiredCapacity=0), "Standby", STANDBY + FULL),
    Situation("being deleted", lambda s, _: s.lab.cloud.mark_being_deleted("web"), "Standby", "is being deleted"),
    Situation("stopped", _stop, "Standby", "left in standby: it is stopped, and the group web would end it"),
    Situation("moved", _move, "InService", "left in the group other, whose member it is now"),
    Situation("made anew", _make_anew, None, "left out: the group web is gone, or was made anew"),
    Situation("detached: nothing", lambda _s, _i: None, "InService", "verified", NO_STANDBY),
    Situation("detached: at its maximum", lambda s, _: resize(s, MaxSize=2), None, DETACHED + FULL, NO_STANDBY),
    Situation("detached: deleted", _delete, None, "left out: the group web is gone", NO_STANDBY),
    Situation("detached: stopped", _stop, None, "left detached: it is stopped", NO_STANDBY),
)


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.name)
def test_each_situation(keeping: Keeping, scaling: Scaling, situation: Situation) -> None:
    one, _ = scaling.group()
    keeping.deny(*situation.denied)
    keeping.isolate(one)
    situation.since(scaling, one)
    outcome = keeping.release(one)
    assert (outcome.status, scaling.state(one)) == ("Released", situation.state)
    assert situation.said in outcome.reason


def test_a_maximum_counts_weights_where_the_group_has_them(keeping: Keeping, scaling: Scaling, lab: Lab) -> None:
    """A mixed-instances group with weights: the member counts for two, and only one is free."""
    policy = {"LaunchTemplate": {"LaunchTemplateSpecification": {"LaunchTemplateName": "web"}}}
    one, _ = scaling.group(maximum=3, MixedInstancesPolicy=policy)
    lab.cloud.alter_member(one, weighted_capacity="2")
    keeping.isolate(one)
    assert STANDBY + FULL in keeping.release(one).reason


def test_what_was_marked_unhealthy_meanwhile_is_called_healthy_first(keeping: Keeping, scaling: Scaling) -> None:
    one, _ = scaling.group()
    keeping.isolate(one)
    scaling.api.set_instance_health(InstanceId=one, HealthStatus="Unhealthy")
    assert keeping.release(one).reason == "verified"
    assert (scaling.state(one), scaling.member(one)["HealthStatus"]) == ("InService", "Healthy")


def test_a_release_waits_for_what_is_still_on_its_way(keeping: Keeping, scaling: Scaling, lab: Lab) -> None:
    one, _ = scaling.group()
    keeping.isolate(one)
    lab.cloud.alter_member(one, lifecycle_state="EnteringStandby")
    with pytest.raises(Retryable, match="it is EnteringStandby in the group web"):
        keeping.release(one)
    lab.cloud.alter_member(one, lifecycle_state="Standby")
    assert keeping.release(one).reason == "verified"
    assert scaling.state(one) == "InService"


def test_protection_from_scaling_in_is_what_it_was(keeping: Keeping, scaling: Scaling) -> None:
    one, _ = scaling.group(maximum=2)
    keeping.isolate(one)
    scaling.api.set_instance_protection(AutoScalingGroupName="web", InstanceIds=[one], ProtectedFromScaleIn=True)
    assert STANDBY + FULL in keeping.release(one).reason
    assert scaling.member(one)["ProtectedFromScaleIn"] is False


def test_what_was_on_standby_or_could_only_be_suspended_stays_where_it_was(
    keeping: Keeping, scaling: Scaling, lab: Lab
) -> None:
    one, other = scaling.group()
    for instance_id, state in ((one, "Standby"), (other, "Warmed:Running")):
        lab.cloud.alter_member(instance_id, lifecycle_state=state)
        keeping.isolate(instance_id)
        assert keeping.release(instance_id).reason == "verified"
        assert (scaling.state(instance_id), scaling.suspended()) == (state, [])


def test_the_group_s_replacing_stays_suspended_while_another_member_needs_it(
    keeping: Keeping, scaling: Scaling
) -> None:
    one, other = scaling.group()
    keeping.deny("EnterStandby", "DetachInstances")
    for instance_id in (one, other):
        keeping.isolate(instance_id)
    assert f"left suspended in the group web: {', '.join(REPLACING)}, since {other}" in keeping.release(one).reason
    assert scaling.suspended() == sorted(REPLACING)
    reason = keeping.release(other).reason
    assert f"it was when this case began, beside {one}" in reason
    assert scaling.suspended() == sorted(REPLACING)


def test_of_an_instance_that_is_gone_what_was_suspended_is_resumed(
    keeping: Keeping, scaling: Scaling, lab: Lab
) -> None:
    one, _ = scaling.group()
    scaling.api.suspend_processes(AutoScalingGroupName="web", ScalingProcesses=["Terminate"])
    keeping.deny("EnterStandby", "DetachInstances")
    keeping.isolate(one)
    lab.ec2.terminate_instances(InstanceIds=[one])
    assert keeping.stack.isolate(one)["status"] == "Ended"
    assert scaling.suspended() == sorted(REPLACING)
    keeping.stack.sweep(release)
    case = keeping.stack.case(one)
    assert case is not None
    assert (case["status"], scaling.suspended()) == ("Ended", ["Terminate"])


def test_four_interfaces_three_volumes_one_invocation(
    keeping: Keeping, scaling: Scaling, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through the real handlers, with what protects an instance on as well."""
    monkeypatch.setenv("PROTECT_INSTANCE", "true")
    forget_wiring()
    (one,) = scaling.group(size=1)
    interfaces = [lab.describe(one)["NetworkInterfaces"][0]["NetworkInterfaceId"]]
    interfaces += [lab.attach(one, scaling.network, index) for index in (1, 2, 3)]
    zone = lab.describe(one)["Placement"]["AvailabilityZone"]
    for device in ("/dev/sdf", "/dev/sdg"):
        volume = lab.ec2.create_volume(AvailabilityZone=zone, Size=1)["VolumeId"]
        lab.ec2.attach_volume(InstanceId=one, VolumeId=volume, Device=device)
    assert len(lab.describe(one)["BlockDeviceMappings"]) == 3
    before = {interface: lab.groups(interface) for interface in interfaces}

    assert keeping.stack.tag_and_isolate(one)["reason"] == "verified"

    assert all(is_cut(keeping.stack, interface, scaling.network.vpc_id) for interface in interfaces)
    assert scaling.state(one) == "Standby"
    assert {disk["Ebs"]["DeleteOnTermination"] for disk in lab.describe(one)["BlockDeviceMappings"]} == {False}
    assert keeping.stack.tag_and_release(one)["reason"] == "verified"
    assert {interface: lab.groups(interface) for interface in interfaces} == before
    assert scaling.state(one) == "InService"
