"""Freeze the interfaces: each carries the control tag's key, so that a service control policy can guard them by it.

Many EC2 actions name only the interface (`AssignPrivateIpAddresses`, say), so that a tag on the instance alone guards
neither. Isolation groups carry the key from their creation. Source: service authorization reference of Amazon EC2.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

from quarantag.case import Kept
from quarantag.measures import Measure, MeasureStep, Subject, Todo
from quarantag.settings import Settings

Seen = Mapping[str, bool]
"""Whether each interface carries the key, by interface id; without those that an AWS service manages."""


class FreezePort(Protocol):
    """The control tag's key on network interfaces."""

    def frozen(self, instance_id: str) -> Seen:
        """Which of the instance's interfaces carry it."""

    def freeze(self, interface_id: str) -> None:
        """Write the key with the isolating value."""

    def thaw(self, interface_id: str) -> None:
        """Delete the key, whatever its value."""


@dataclass(frozen=True, slots=True)
class FreezeInterface:
    """Write the control tag on one interface."""

    actions: ClassVar[frozenset[str]] = frozenset({"ec2:CreateTags"})
    undo: ClassVar[str] = "ThawInterface, unless it carried the key before"

    interface_id: str

    @property
    def target(self) -> str:
        """The interface."""
        return self.interface_id

    def apply(self, port: FreezePort) -> None:
        """Write it."""
        port.freeze(self.interface_id)


@dataclass(frozen=True, slots=True)
class ThawInterface:
    """Delete the control tag of one interface."""

    actions: ClassVar[frozenset[str]] = frozenset({"ec2:DeleteTags"})
    undo: ClassVar[str] = "FreezeInterface"

    interface_id: str

    @property
    def target(self) -> str:
        """The interface."""
        return self.interface_id

    def apply(self, port: FreezePort) -> None:
        """Delete it."""
        port.thaw(self.interface_id)


@dataclass(frozen=True, slots=True)
class FreezeInterfaces(Measure[Seen]):
    """Every interface carries the control tag's key; one that carried it before keeps it after a release."""

    name: ClassVar[str] = "freeze"
    reads: ClassVar[frozenset[str]] = frozenset({"ec2:DescribeNetworkInterfaces"})
    taking: ClassVar[tuple[type[MeasureStep], ...]] = (FreezeInterface,)
    giving: ClassVar[tuple[type[MeasureStep], ...]] = (ThawInterface,)

    port: FreezePort

    def wanted(self, settings: Settings) -> bool:
        """`FreezeInterfaces`."""
        return settings.freeze_interfaces

    def observe(self, subject: Subject) -> Seen:
        """Read the interfaces' tags."""
        return self.port.frozen(subject.id)

    def keep(self, seen: Seen, subject: Subject) -> Kept:  # noqa: ARG002 - the measure's shape
        """The interfaces that carried the key before."""
        return {"before": sorted(interface for interface, frozen in seen.items() if frozen)}

    def plan(self, seen: Seen, kept: Kept, subject: Subject) -> Todo:  # noqa: ARG002 - the measure's shape
        """An interface attached since is frozen too."""
        return Todo(tuple(FreezeInterface(interface) for interface, frozen in seen.items() if not frozen))

    def plan_release(self, seen: Seen, kept: Kept, subject: Subject) -> Todo:  # noqa: ARG002 - the measure's shape
        """One detached since is out of sight, and keeps the key."""
        return Todo(
            tuple(
                ThawInterface(interface)
                for interface, frozen in seen.items()
                if frozen and interface not in kept["before"]
            )
        )
