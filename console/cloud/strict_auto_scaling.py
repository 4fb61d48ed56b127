"""Corrections of moto: what Auto Scaling refuses, what standby and detaching do to load balancers, and the capacity.

The words of the refusals are those of aws-samples/aws-codedeploy-samples#50, reproio/ecs_deploy#47 and #56 and
LeanerCloud/AutoSpotting#407; those marked "ours" are not published.
"""

from typing import Never

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import ASG_NAME_TAG, AutoScalingBackend, FakeAutoScalingGroup, InstanceState

from console.cloud.correction import Moto, Original, corrects
from console.cloud.state import STATE

IN_SERVICE, STANDBY = "InService", "Standby"


def refuse_as_invalid(message: str) -> Never:
    """Answer with the one code that Auto Scaling has for all that it refuses."""
    raise ValidationError(message)


def group_named(backend: AutoScalingBackend, name: str) -> Moto:
    """FACTS E1: of an unknown group moto makes an internal error."""
    if name not in backend.autoscaling_groups:
        refuse_as_invalid("AutoScalingGroup name not found - null")
    group: Moto = backend.autoscaling_groups[name]
    return group


def members_in(group: Moto, instance_ids: list[str], *states: str) -> list[InstanceState]:
    """FACTS E1: moto ignores an unknown instance, and the lifecycle state; here all of them are in one of `states`."""
    members = {member.instance.id: member for member in group.instance_states}
    for instance_id in instance_ids:
        if instance_id not in members:
            refuse_as_invalid(f"The instance {instance_id} is not part of Auto Scaling group {group.name}.")
        if members[instance_id].lifecycle_state not in states:
            refuse_as_invalid(f"The instance {instance_id} is not in {' or '.join(states)}.")
    return [members[instance_id] for instance_id in instance_ids]


def check_room(group: Moto, more: int) -> None:
    """The desired capacity never passes the maximum (User Guide, "Detach or attach instances")."""
    if group.desired_capacity + more > group.max_size:
        sizes = f"min-size={group.min_size}, max-size={group.max_size}, and desired-size={group.desired_capacity}"
        refuse_as_invalid(
            f"AutoScalingGroup {group.name} has {sizes}. To attach {more} instance"
            f"{'s' if more > 1 else ''}, please update the AutoScalingGroup sizes appropriately."
        )


def check_minimum(group: Moto, fewer: int, *, decrement: bool) -> None:
    """FACTS E1: moto lowers the desired capacity below the minimum (API, EnterStandby; the words are ours)."""
    if decrement and group.desired_capacity - fewer < group.min_size:
        refuse_as_invalid(
            f"AutoScalingGroup {group.name} has min-size={group.min_size}; its desired-size would be less."
        )


@corrects(FakeAutoScalingGroup, "set_desired_capacity")
def scale_in_service_only(original: Original, self: Moto, new_capacity: int | None) -> None:
    """Scaling in ends no member on standby (User Guide, "Temporarily remove instances…"); moto ends those, too."""
    idle = [member for member in self.instance_states if member.lifecycle_state != IN_SERVICE]
    self.instance_states = self.active_instances()
    original(self, new_capacity)
    self.instance_states = [*self.instance_states, *idle]


@corrects(AutoScalingBackend, "enter_standby_instances")
def enter_standby(
    original: Original,
    self: AutoScalingBackend,
    group_name: str,
    instance_ids: list[str],
    decrement: bool,  # noqa: FBT001 - moto's signature
) -> Moto:
    """Only a member in service, which its target groups lose (User Guide, "How the standby state works")."""
    with STATE.lock:
        group = group_named(self, group_name)
        members_in(group, instance_ids, IN_SERVICE)
        check_minimum(group, len(instance_ids), decrement=decrement)
        answer = original(self, group_name, instance_ids, decrement)
        self.update_attached_target_groups(group_name)
        return answer


@corrects(AutoScalingBackend, "exit_standby_instances")
def exit_standby(original: Original, self: AutoScalingBackend, group_name: str, instance_ids: list[str]) -> Moto:
    """Only from standby, and only where the desired capacity may grow by it (API, ExitStandby)."""
    with STATE.lock:
        group = group_named(self, group_name)
        members_in(group, instance_ids, STANDBY)
        check_room(group, len(instance_ids))
        return original(self, group_name, instance_ids)


@corrects(AutoScalingBackend, "detach_instances")
def detach(
    original: Original,
    self: AutoScalingBackend,
    group_name: str,
    instance_ids: list[str],
    decrement: bool,  # noqa: FBT001 - moto's signature
) -> Moto:
    """Only what is in service or on standby; its target groups lose it (User Guide, "Detach or attach instances")."""
    with STATE.lock:
        group = group_named(self, group_name)
        members_in(group, instance_ids, IN_SERVICE, STANDBY)
        check_minimum(group, len(instance_ids), decrement=decrement)
        deregister(self, group, instance_ids)
        return original(self, group_name, instance_ids, decrement)


@corrects(AutoScalingBackend, "attach_instances")
def attach(_original: Original, self: AutoScalingBackend, group_name: str, instance_ids: list[str]) -> None:
    """The desired capacity grows by what is attached, running and in no group (User Guide, as above).

    moto takes the number of all members, those on standby too, for the desired capacity.
    """
    with STATE.lock:
        group = group_named(self, group_name)
        for instance_id in instance_ids:
            of = next(iter(self.describe_auto_scaling_instances([instance_id])), None)
            if of:
                name = of.auto_scaling_group_name
                refuse_as_invalid(f"The instance {instance_id} is already part of AutoScalingGroup:{name}")
            if self.ec2_backend.get_instance(instance_id).state != "running":
                refuse_as_invalid(f"The instance {instance_id} is not running.")  # the words are ours
        check_room(group, len(instance_ids))
        group.desired_capacity += len(instance_ids)
        for instance_id in instance_ids:
            instance: Moto = self.ec2_backend.get_instance(instance_id)
            instance.autoscaling_group = group
            protected = group.new_instances_protected_from_scale_in
            group.instance_states.append(InstanceState(instance, protected_from_scale_in=protected))
            self.ec2_backend.create_tags([instance_id], {ASG_NAME_TAG: group.name})
        self.update_attached_elbs(group.name)
        self.update_attached_target_groups(group.name)


@corrects(AutoScalingBackend, "update_attached_target_groups")
def register_in_service_only(_original: Original, self: AutoScalingBackend, group_name: str) -> None:
    """FACTS E1: moto leaves the targets of those on standby; AWS has those in service only."""
    group = group_named(self, group_name)
    serving = [member.instance.id for member in group.active_instances()]
    for target_group in target_groups(self, group):
        target_group.register([{"Id": one, "Port": target_group.port} for one in serving])
    idle = [member.instance.id for member in group.instance_states if member.instance.id not in serving]
    deregister(self, group, idle)


def deregister(backend: AutoScalingBackend, group: Moto, instance_ids: list[str]) -> None:
    """Take these instances out of the group's target groups."""
    for target_group in target_groups(backend, group):
        target_group.deregister([{"Id": one} for one in instance_ids if one in target_group.targets])


def target_groups(backend: AutoScalingBackend, group: Moto) -> list[Moto]:
    """The group's target groups that still exist."""
    known = backend.elbv2_backend.target_groups
    return [known[arn] for arn in group.target_group_arns if arn in known]


def of_known_group(original: Original, self: AutoScalingBackend, group_name: str, *rest: Moto) -> Moto:
    """FACTS E1: an unknown group is refused."""
    group_named(self, group_name)
    return original(self, group_name, *rest)


for changes_group in ("suspend_processes", "resume_processes"):
    corrects(AutoScalingBackend, changes_group)(of_known_group)


@corrects(AutoScalingBackend, "set_instance_protection")
def protect_member(
    original: Original, self: AutoScalingBackend, group_name: str, instance_ids: list[str], *rest: Moto
) -> Moto:
    """Of members in service or on standby; not of those in a warm pool (API, SetInstanceProtection)."""
    members_in(group_named(self, group_name), instance_ids, IN_SERVICE, "EnteringStandby", STANDBY)
    return original(self, group_name, instance_ids, *rest)
