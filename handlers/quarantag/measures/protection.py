"""Keep the instance: nobody terminates or stops it, it does not end itself, and its volumes outlive it."""

from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from quarantag.case import Kept
from quarantag.measures import Measure, MeasureStep, Subject, Todo
from quarantag.settings import Settings

Attribute = Literal["termination", "stop", "shutdown"]
_MODIFY = frozenset({"ec2:ModifyInstanceAttribute"})
_CONTAINED: dict[Attribute, str] = {"termination": "true", "stop": "true", "shutdown": "stop"}


@dataclass(frozen=True, slots=True)
class Protection:
    """What keeps an instance.

    `termination` and `stop`: `true` where the API may not terminate or stop it; `shutdown`: what a shutdown from inside
    does, `stop` or `terminate`; `deleted`: for each attached volume's device whether it is deleted with the instance.
    """

    termination: str
    stop: str
    shutdown: str
    deleted: tuple[tuple[str, bool], ...]


class ProtectionPort(Protocol):
    """What keeps an instance of this account and Region."""

    def protection(self, instance_id: str) -> Protection:
        """The instance's, now."""

    def set_protection(self, instance_id: str, attribute: Attribute, value: str) -> None:
        """Set one attribute."""

    def set_deleted(self, instance_id: str, deleted: tuple[tuple[str, bool], ...]) -> None:
        """Set for these devices whether their volume is deleted with the instance."""


@dataclass(frozen=True, slots=True)
class SetProtection:
    """Set termination protection, stop protection, or what a shutdown from inside does."""

    actions: ClassVar[frozenset[str]] = _MODIFY
    undo: ClassVar[str] = "the same step with the value that the case kept"

    instance_id: str
    attribute: Attribute
    value: str

    @property
    def target(self) -> str:
        """The instance and its attribute."""
        return f"{self.instance_id} {self.attribute}"

    def apply(self, port: ProtectionPort) -> None:
        """Set it."""
        port.set_protection(self.instance_id, self.attribute, self.value)


@dataclass(frozen=True, slots=True)
class SetDeleteOnTermination:
    """Set which volumes are deleted with the instance."""

    actions: ClassVar[frozenset[str]] = _MODIFY
    undo: ClassVar[str] = "the same step with the values that the case kept"

    instance_id: str
    deleted: tuple[tuple[str, bool], ...]

    @property
    def target(self) -> str:
        """The instance and its volumes' devices."""
        return f"{self.instance_id} {', '.join(device for device, _ in self.deleted)}"

    def apply(self, port: ProtectionPort) -> None:
        """Set it."""
        port.set_deleted(self.instance_id, self.deleted)


@dataclass(frozen=True, slots=True)
class ProtectInstance(Measure[Protection]):
    """Termination and stop protection on, shutdown from inside = stop, no volume deleted with the instance."""

    name: ClassVar[str] = "protection"
    reads: ClassVar[frozenset[str]] = frozenset({"ec2:DescribeInstanceAttribute", "ec2:DescribeInstances"})
    taking: ClassVar[tuple[type[MeasureStep], ...]] = (SetProtection, SetDeleteOnTermination)
    giving: ClassVar[tuple[type[MeasureStep], ...]] = (SetProtection, SetDeleteOnTermination)

    port: ProtectionPort

    def wanted(self, settings: Settings) -> bool:
        """`ProtectInstance`."""
        return settings.protect_instance

    def observe(self, subject: Subject) -> Protection:
        """Read it."""
        return self.port.protection(subject.id)

    def keep(self, seen: Protection, subject: Subject) -> Kept:  # noqa: ARG002 - the measure's shape
        """All of it, by device for the volumes."""
        return {
            "termination": seen.termination,
            "stop": seen.stop,
            "shutdown": seen.shutdown,
            "deleted": dict(seen.deleted),
        }

    def plan(self, seen: Protection, kept: Kept, subject: Subject) -> Todo:  # noqa: ARG002 - the measure's shape
        """AWS protects no Spot Instance: that is said, and its volumes are kept all the same."""
        spot = subject.observation.instance.spot
        doomed = tuple((device, False) for device, deleted in seen.deleted if deleted)
        return Todo(
            steps=(
                *(() if spot else _differences(subject.id, seen, _CONTAINED)),
                *([SetDeleteOnTermination(subject.id, doomed)] if doomed else []),
            ),
            notes=tuple(_warnings(subject)),
        )

    def plan_release(self, seen: Protection, kept: Kept, subject: Subject) -> Todo:
        """What was kept; a volume attached since is left as it is."""
        spot = subject.observation.instance.spot
        before: dict[Attribute, str] = {attribute: kept[attribute] for attribute in _CONTAINED}
        changed = tuple(
            (device, kept["deleted"][device])
            for device, deleted in seen.deleted
            if kept["deleted"].get(device, deleted) != deleted
        )
        return Todo(
            steps=(
                *(() if spot else _differences(subject.id, seen, before)),
                *([SetDeleteOnTermination(subject.id, changed)] if changed else []),
            )
        )


def _differences(instance_id: str, seen: Protection, wanted: dict[Attribute, str]) -> tuple[MeasureStep, ...]:
    found: dict[Attribute, str] = {"termination": seen.termination, "stop": seen.stop, "shutdown": seen.shutdown}
    return tuple(
        SetProtection(instance_id, attribute, value) for attribute, value in wanted.items() if found[attribute] != value
    )


def _warnings(subject: Subject) -> list[str]:
    instance = subject.observation.instance
    spot = "a Spot Instance can't be protected: AWS may end it at any time, so save its evidence first"
    node = f"a worker of the Kubernetes cluster {instance.cluster}: cordon the node, else its scheduler or scaler acts"
    return [*([spot] if instance.spot else []), *([node] if instance.cluster else [])]
