"""What an Auto Scaling group is and does, and the steps that take a member out of its reach and give it back."""

from dataclasses import dataclass
from typing import ClassVar, Protocol


@dataclass(frozen=True, slots=True)
class Member:
    """One member as `DescribeAutoScalingInstances` shows it; `weight` is what it counts for in the capacity."""

    group: str
    state: str
    protected: bool
    healthy: bool
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Group:
    """One group as `DescribeAutoScalingGroups` shows it; a group made anew under the name has another `arn`."""

    name: str
    arn: str
    minimum: int
    maximum: int
    desired: int
    suspended: tuple[str, ...] = ()
    deleting: bool = False


class AutoScalingPort(Protocol):
    """The Auto Scaling groups of this account and Region. A change that finds the member moved on is a `Conflict`."""

    def member(self, instance_id: str) -> Member | None:
        """The instance as a member, or None where it is in no group."""

    def group(self, name: str) -> Group | None:
        """The group, or None where there is none of this name."""

    def tagged_members(self, name: str, key: str, value: str) -> tuple[str, ...]:
        """Ids of the group's instances that carry this tag."""

    def enter_standby(self, instance_id: str, group: str) -> None:
        """Put it on standby; the group's desired capacity stays, so that it launches a replacement."""

    def exit_standby(self, instance_id: str, group: str) -> None:
        """Put it back into service; the desired capacity grows by it."""

    def detach(self, instance_id: str, group: str) -> None:
        """Take it out of the group; the desired capacity stays."""

    def attach(self, instance_id: str, group: str) -> None:
        """Put it into the group; the desired capacity grows by it."""

    def suspend(self, group: str, processes: tuple[str, ...]) -> None:
        """Suspend these processes of the whole group."""

    def resume(self, group: str, processes: tuple[str, ...]) -> None:
        """Resume these processes of the whole group."""

    def set_protected(self, instance_id: str, group: str, *, protected: bool) -> None:
        """Set whether scaling in may end it."""

    def set_healthy(self, instance_id: str) -> None:
        """Say that it is healthy."""


@dataclass(frozen=True, slots=True)
class _OfMember:
    instance_id: str
    group: str

    @property
    def target(self) -> str:
        """The instance and its group."""
        return f"{self.instance_id} of the group {self.group}"


@dataclass(frozen=True, slots=True)
class EnterStandby(_OfMember):
    """Put a member on standby: the group replaces it, checks its health no more, and takes it from its load balancers.

    Source: Amazon EC2 Auto Scaling User Guide, "Temporarily remove instances from your Auto Scaling group".
    """

    actions: ClassVar[frozenset[str]] = frozenset({"autoscaling:EnterStandby"})
    undo: ClassVar[str] = "ExitStandby"

    def apply(self, port: AutoScalingPort) -> None:
        """Put it there."""
        port.enter_standby(self.instance_id, self.group)


@dataclass(frozen=True, slots=True)
class Detach(_OfMember):
    """Take a member out of its group, which replaces it."""

    actions: ClassVar[frozenset[str]] = frozenset({"autoscaling:DetachInstances"})
    undo: ClassVar[str] = "Attach"

    def apply(self, port: AutoScalingPort) -> None:
        """Take it out."""
        port.detach(self.instance_id, self.group)


@dataclass(frozen=True, slots=True)
class ExitStandby(_OfMember):
    """Put a member back into service."""

    actions: ClassVar[frozenset[str]] = frozenset({"autoscaling:ExitStandby"})
    undo: ClassVar[str] = "EnterStandby"

    def apply(self, port: AutoScalingPort) -> None:
        """Put it back."""
        port.exit_standby(self.instance_id, self.group)


@dataclass(frozen=True, slots=True)
class Attach(_OfMember):
    """Put a detached instance back into its group."""

    actions: ClassVar[frozenset[str]] = frozenset({"autoscaling:AttachInstances"})
    undo: ClassVar[str] = "Detach"

    def apply(self, port: AutoScalingPort) -> None:
        """Put it back."""
        port.attach(self.instance_id, self.group)


@dataclass(frozen=True, slots=True)
class SetHealthy(_OfMember):
    """Say that a member is healthy: what was marked unhealthy never recovers by itself, and is replaced.

    Source: Amazon EC2 Auto Scaling User Guide, "Health checks for instances in an Auto Scaling group".
    """

    actions: ClassVar[frozenset[str]] = frozenset({"autoscaling:SetInstanceHealth"})
    undo: ClassVar[str] = "the group's own health check"

    def apply(self, port: AutoScalingPort) -> None:
        """Say it."""
        port.set_healthy(self.instance_id)


@dataclass(frozen=True, slots=True)
class ProtectFromScaleIn(_OfMember):
    """Set whether scaling in may end a member: one that is detached loses that.

    Source: Amazon EC2 Auto Scaling User Guide, "Use instance scale-in protection".
    """

    actions: ClassVar[frozenset[str]] = frozenset({"autoscaling:SetInstanceProtection"})
    undo: ClassVar[str] = "the same step with the other value"

    protected: bool

    def apply(self, port: AutoScalingPort) -> None:
        """Set it."""
        port.set_protected(self.instance_id, self.group, protected=self.protected)


@dataclass(frozen=True, slots=True)
class _OfGroup:
    group: str
    processes: tuple[str, ...]

    @property
    def target(self) -> str:
        """The group and its processes."""
        return f"{', '.join(self.processes)} of the group {self.group}"


@dataclass(frozen=True, slots=True)
class Suspend(_OfGroup):
    """Suspend what ends or replaces the members of a whole group."""

    actions: ClassVar[frozenset[str]] = frozenset({"autoscaling:SuspendProcesses"})
    undo: ClassVar[str] = "Resume"

    def apply(self, port: AutoScalingPort) -> None:
        """Suspend it."""
        port.suspend(self.group, self.processes)


@dataclass(frozen=True, slots=True)
class Resume(_OfGroup):
    """Resume what was suspended for a member's sake."""

    actions: ClassVar[frozenset[str]] = frozenset({"autoscaling:ResumeProcesses"})
    undo: ClassVar[str] = "Suspend"

    def apply(self, port: AutoScalingPort) -> None:
        """Resume it."""
        port.resume(self.group, self.processes)
