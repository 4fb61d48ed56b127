"""Keep the instance from its Auto Scaling group: the cut makes health checks fail, and the group would end it.

A ladder: standby, else detached, else the group's replacing is suspended. A lower rung is taken only where the one
above failed for good, or can't be taken in the member's lifecycle state.
"""

from dataclasses import dataclass
from typing import ClassVar

from quarantag.case import Kept
from quarantag.measures import Measure, MeasureStep, Subject, Todo
from quarantag.settings import Settings
from quarantag.steps.auto_scaling import (
    Attach,
    AutoScalingPort,
    Detach,
    EnterStandby,
    ExitStandby,
    Group,
    Member,
    ProtectFromScaleIn,
    Resume,
    SetHealthy,
    Suspend,
)

REPLACING = ("AZRebalance", "InstanceRefresh", "ReplaceUnhealthy", "Terminate")
"""What ends or replaces a member in service; without `AZRebalance` the group would launch what it can't balance.

Source: Amazon EC2 Auto Scaling User Guide, "How suspended processes affect other processes".
"""
_IN_SERVICE, _STANDBY, _PENDING, _ENDING = "InService", "Standby", "Pending", "Terminat"
_MOVING = frozenset({"EnteringStandby", "Detaching"})
"""On the way, for as long as its load balancer drains connections: five minutes by default.

Source: Amazon EC2 Auto Scaling User Guide, "Temporarily remove instances from your Auto Scaling group".
"""


@dataclass(frozen=True, slots=True)
class Membership:
    """The instance as a member, and its group: where it is in none, the one that the case kept.

    `beside` are, where any of `REPLACING` is suspended, the group's other instances that are tagged to be isolated;
    before anything is kept those tagged to be released, too: their case may have suspended it, and left it so for this.
    """

    member: Member | None
    group: Group | None
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeepFromGroup(Measure[Membership]):
    """Take the instance out of its group's reach; a release puts it back where the group has room."""

    name: ClassVar[str] = "auto_scaling"
    reads: ClassVar[frozenset[str]] = frozenset(
        {"autoscaling:DescribeAutoScalingInstances", "autoscaling:DescribeAutoScalingGroups", "ec2:DescribeInstances"}
    )
    taking: ClassVar[tuple[type[MeasureStep], ...]] = (EnterStandby, Detach, Suspend)
    giving: ClassVar[tuple[type[MeasureStep], ...]] = (ExitStandby, Attach, Resume, ProtectFromScaleIn, SetHealthy)
    outlives: ClassVar[bool] = True

    port: AutoScalingPort

    def wanted(self, settings: Settings) -> bool:
        """`AutoScalingMembers`."""
        return settings.auto_scaling_members == "standby"

    def observe(self, subject: Subject) -> Membership:
        """Read it."""
        member = self.port.member(subject.id)
        name = member.group if member else subject.case.kept.get(self.name, {}).get("group")
        group = self.port.group(name) if name else None
        if group is None or not set(REPLACING) & set(group.suspended):
            return Membership(member, group)
        key, isolate = subject.settings.tag_key, subject.settings.isolate_value
        values = (isolate,) if self.name in subject.case.kept else (isolate, subject.settings.release_value)
        tagged = sorted({one for value in values for one in self.port.tagged_members(group.name, key, value)})
        return Membership(member, group, tuple(one for one in tagged if one != subject.id))

    def keep(self, seen: Membership, subject: Subject) -> Kept | None:  # noqa: ARG002 - the measure's shape
        """Where it was, and how the group was; None where it is in none."""
        member, group = seen.member, seen.group
        if member is None or group is None:
            return None
        return {
            "group": group.name,
            "arn": group.arn,
            "state": member.state,
            "protected": member.protected,
            "healthy": member.healthy,
            "weight": member.weight,
            "minimum": group.minimum,
            "maximum": group.maximum,
            "desired": group.desired,
            "suspended": list(group.suspended),
            "beside": list(seen.beside),
        }

    def plan(self, seen: Membership, kept: Kept, subject: Subject) -> Todo:
        """Name the highest rung that is left."""
        member, group = seen.member, seen.group
        if member is None or group is None:
            return Todo(notes=(f"it is no member of the group {kept['group']} any more",))
        if group.arn != kept["arn"]:
            return Todo(notes=(f"it is a member of the group {group.name} now, and left there",))
        if member.state == _STANDBY or member.state in _MOVING:
            return Todo()
        if _ENDING in member.state:
            return Todo(notes=(f"{_state(member)}: nothing stops that, so save its evidence now",))
        step = next((one for one in _ladder(member, group, subject.id) if one not in subject.failed), None)
        return Todo(
            steps=(step,) if step else (),
            pending=(f"{_state(member)}: standby follows",) if member.state.startswith(_PENDING) else (),
            notes=tuple(_warnings(member, group, step)),
        )

    def plan_release(self, seen: Membership, kept: Kept, subject: Subject) -> Todo:
        """Put it back where the group has room, as it was; what can't be is said. Healthy first: else it is ended."""
        member = seen.member
        unhealthy = member and not member.healthy and kept["healthy"] and not subject.observation.instance.ended
        if member and unhealthy and member.group == kept["group"]:
            step = SetHealthy(subject.id, member.group)
            if step not in subject.failed:
                return Todo((step,))
        back = Todo() if subject.observation.instance.ended else _back(seen, kept, subject)
        resumed = _resumed(seen, kept)
        return Todo((*back.steps, *resumed.steps), back.pending, (*back.notes, *resumed.notes))


def _ladder(member: Member, group: Group, instance_id: str) -> tuple[MeasureStep, ...]:
    missing = tuple(process for process in REPLACING if process not in group.suspended)
    last = (Suspend(group.name, missing),) if missing else ()
    if member.state != _IN_SERVICE:
        return last
    return (EnterStandby(instance_id, group.name), Detach(instance_id, group.name), *last)


def _warnings(member: Member, group: Group, step: MeasureStep | None) -> list[str]:
    whole = f"nothing of the whole group {group.name} is replaced or scaled in until the release"
    warm = f"{_state(member)}: AWS lets it be put neither on standby nor out, and a suspension does not hold it"
    deleted = f"the group {group.name} is being deleted, which ends its members"
    suspended = isinstance(step, Suspend) or set(REPLACING) <= set(group.suspended)
    return [
        *([whole] if suspended else []),
        *([warm] if member.state != _IN_SERVICE and not member.state.startswith(_PENDING) else []),
        *([deleted] if group.deleting else []),
    ]


def _back(seen: Membership, kept: Kept, subject: Subject) -> Todo:
    """Where it belongs, and its protection from scaling in."""
    member, group = seen.member, seen.group
    if member and member.group != kept["group"]:
        return Todo(notes=(f"left in the group {member.group}, whose member it is now",))
    if group is None or group.arn != kept["arn"]:
        return Todo(notes=(f"left out: the group {kept['group']} is gone, or was made anew",))
    if member is None:
        out = kept["state"] == _IN_SERVICE or kept["state"].startswith(_PENDING)
        return _returned(Attach(subject.id, group.name), "left detached", group, kept, subject) if out else Todo()
    if member.state in _MOVING:
        return Todo(pending=(_state(member),))
    protected = _protected(member, kept, subject)
    if member.state != _STANDBY or kept["state"] == _STANDBY:
        return protected
    back = _returned(ExitStandby(subject.id, group.name), "left in standby", group, kept, subject)
    return Todo((*back.steps, *protected.steps), notes=back.notes)


def _returned(step: MeasureStep, left: str, group: Group, kept: Kept, subject: Subject) -> Todo:
    """The step, or why it is not taken: AWS refuses beyond the maximum, and a group ends what does not run.

    Sources: Amazon EC2 Auto Scaling User Guide, "Temporarily remove instances…" and "Detach or attach instances…".
    """
    state = subject.observation.instance.state
    if group.deleting:
        return Todo(notes=(f"{left}: the group {group.name} is being deleted",))
    if state != "running":
        return Todo(notes=(f"{left}: it is {state}, and the group {group.name} would end it",))
    if group.desired + kept["weight"] > group.maximum:
        return Todo(notes=(f"{left}: the group {group.name} is at its maximum",))
    return Todo((step,))


def _protected(member: Member, kept: Kept, subject: Subject) -> Todo:
    """Protection from scaling in as it was; it can be set in service and on standby only."""
    if member.protected == kept["protected"]:
        return Todo()
    if member.state.startswith(_PENDING):
        return Todo(pending=(_state(member),))
    settable = member.state in (_IN_SERVICE, _STANDBY)
    step = ProtectFromScaleIn(subject.id, member.group, kept["protected"])
    return Todo((step,) if settable else ())


def _resumed(seen: Membership, kept: Kept) -> Todo:
    """What was not suspended before, unless another instance of the group is isolated still."""
    group = seen.group
    if group is None or group.arn != kept["arn"]:
        return Todo()
    suspended = tuple(process for process in REPLACING if process in group.suspended)
    ours = tuple(process for process in suspended if process not in kept["suspended"])
    left = f"left suspended in the group {group.name}: {', '.join(suspended)}"
    if suspended and seen.beside:
        return Todo(notes=(f"{left}, since {', '.join(seen.beside)} is to be isolated",))
    unclear = len(ours) < len(suspended) and bool(kept["beside"])
    why = f"{left}: it was when this case began, beside {', '.join(kept['beside'])}; resume it unless it was so before"
    return Todo((Resume(group.name, ours),) if ours else (), notes=(why,) if unclear else ())


def _state(member: Member) -> str:
    return f"it is {member.state} in the group {member.group}"
