"""A member of an Auto Scaling group is kept from it: on standby, else detached, else its replacing is suspended."""

from dataclasses import dataclass

import pytest

from quarantag.measures.auto_scaling import REPLACING
from tests.cloud import Lab
from tests.measures.keeping import Keeping
from tests.scaling import Scaling, scaling_of
from tests.stack import Stack


def test_a_member_goes_on_standby_and_comes_back(keeping: Keeping, scaling: Scaling) -> None:
    one, other = scaling.group()
    assert keeping.isolate(one).reason == "verified"
    assert (scaling.state(one), scaling.show()["DesiredCapacity"]) == ("Standby", 2)
    (replacement,) = set(scaling.members()) - {one, other}
    assert scaling.targets() == {other, replacement}
    assert keeping.release(one).reason == "verified"
    assert (scaling.state(one), scaling.show()["DesiredCapacity"]) == ("InService", 3)
    assert scaling.targets() == {one, other, replacement}


def test_what_is_in_no_group_is_left_alone(keeping: Keeping, scaling: Scaling, lab: Lab) -> None:
    scaling.group()
    instance = lab.instance()
    assert keeping.isolate(instance.id).reason == "verified"
    assert keeping.release(instance.id).reason == "verified"
    assert len(scaling.members()) == 2


def test_without_the_parameter_a_member_stays(stack: Stack, lab: Lab) -> None:
    scaling = scaling_of(lab)
    one, _ = scaling.group()
    assert stack.tag_and_isolate(one)["status"] == "Isolated"
    assert scaling.state(one) == "InService"


def test_where_standby_fails_for_good_it_is_detached_and_attached_again(keeping: Keeping, scaling: Scaling) -> None:
    one, other = scaling.group()
    scaling.api.set_instance_protection(AutoScalingGroupName="web", InstanceIds=[one], ProtectedFromScaleIn=True)
    keeping.deny("EnterStandby")
    before = keeping.show(one)
    assert "on standby: AccessDenied" in keeping.isolate(one).reason
    assert scaling.member(one) is None
    assert (len(scaling.members()), scaling.show()["DesiredCapacity"]) == (2, 2)
    assert keeping.release(one).reason == "verified"
    assert keeping.show(one) == before
    assert {one, other} <= scaling.targets()


def test_where_detaching_fails_too_the_group_s_replacing_is_suspended_and_resumed(
    keeping: Keeping, scaling: Scaling
) -> None:
    one, _ = scaling.group()
    scaling.api.suspend_processes(AutoScalingGroupName="web", ScalingProcesses=["AZRebalance", "AlarmNotification"])
    keeping.deny("EnterStandby", "DetachInstances")
    reason = keeping.isolate(one).reason
    assert "nothing of the whole group web is replaced or scaled in until the release" in reason
    assert (scaling.state(one), scaling.suspended()) == ("InService", sorted({*REPLACING, "AlarmNotification"}))
    assert keeping.release(one).reason == "verified"
    assert (scaling.state(one), scaling.suspended()) == ("InService", ["AZRebalance", "AlarmNotification"])


def test_where_nothing_can_be_done_all_of_it_is_said(keeping: Keeping, scaling: Scaling) -> None:
    one, _ = scaling.group()
    keeping.deny("EnterStandby", "DetachInstances", "SuspendProcesses")
    outcome = keeping.isolate(one)
    assert outcome.status == "Isolated"
    assert outcome.reason.count("auto_scaling: ") == outcome.reason.count("AccessDenied") == 3
    assert keeping.release(one).status == "Released"


def test_a_passing_fault_takes_no_lower_rung(keeping: Keeping, scaling: Scaling, lab: Lab) -> None:
    one, _ = scaling.group()
    lab.cloud.refuse("EnterStandby", "web", "ScalingActivityInProgress", times=1)
    assert keeping.isolate(one).reason == "verified"
    assert scaling.state(one) == "Standby"


def test_standby_left_is_drift(keeping: Keeping, scaling: Scaling) -> None:
    one, _ = scaling.group()
    keeping.isolate(one)
    keeping.stack.announced()
    scaling.api.exit_standby(AutoScalingGroupName="web", InstanceIds=[one])
    keeping.isolate(one)
    assert scaling.state(one) == "Standby"
    (subject,) = keeping.stack.announced()
    assert subject.startswith("Drift repaired")


@dataclass(frozen=True, slots=True)
class Found:
    """A lifecycle state that the member is found in: the one that it has then, what is suspended, what is said."""

    state: str
    then: str
    suspended: bool
    said: str


FOUND = (
    Found("Standby", "Standby", suspended=False, said="verified"),
    Found("Pending", "Pending", suspended=True, said="it is Pending in the group web: standby follows"),
    Found("Pending:Wait", "Pending:Wait", suspended=True, said="Pending:Wait in the group web: standby follows"),
    Found("Warmed:Stopped", "Warmed:Stopped", suspended=True, said="neither on standby nor out"),
    Found("EnteringStandby", "EnteringStandby", suspended=False, said="verified"),
    Found("Detaching", "Detaching", suspended=False, said="verified"),
    Found("Terminating", "Terminating", suspended=False, said="nothing stops that, so save its evidence now"),
    Found("Terminating:Wait", "Terminating:Wait", suspended=False, said="nothing stops that"),
    Found("Warmed:Terminating", "Warmed:Terminating", suspended=False, said="nothing stops that"),
)


@pytest.mark.parametrize("found", FOUND, ids=lambda found: found.state)
def test_each_lifecycle_state(keeping: Keeping, scaling: Scaling, lab: Lab, found: Found) -> None:
    one, _ = scaling.group()
    lab.cloud.alter_member(one, lifecycle_state=found.state)
    outcome = keeping.isolate(one)
    assert (outcome.status, scaling.state(one)) == ("Isolated", found.then)
    assert found.said in outcome.reason
    assert scaling.suspended() == (sorted(REPLACING) if found.suspended else [])
