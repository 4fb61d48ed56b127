"""Shut the instance metadata service: no process of the instance gets new credentials, or anything else, from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

from quarantag.case import Kept
from quarantag.measures import Measure, MeasureStep, Subject, Todo
from quarantag.settings import Settings

_MODIFY = frozenset({"ec2:ModifyInstanceMetadataOptions"})
_ENDPOINT = "HttpEndpoint"


@dataclass(frozen=True, slots=True)
class MetadataOptions:
    """An instance's metadata options by AWS's names, as text; `pending` while AWS applies a change."""

    options: tuple[tuple[str, str], ...]
    pending: bool = False

    @property
    def endpoint(self) -> str:
        """`enabled` or `disabled`."""
        return dict(self.options)[_ENDPOINT]


class MetadataPort(Protocol):
    """The metadata service of an instance of this account and Region."""

    def metadata(self, instance_id: str) -> MetadataOptions:
        """The instance's, now."""

    def disable_metadata(self, instance_id: str) -> None:
        """Disable the endpoint; every other option stays."""

    def enable_metadata(self, instance_id: str, options: Mapping[str, str]) -> None:
        """Enable the endpoint, and set these other options."""


@dataclass(frozen=True, slots=True)
class DisableMetadata:
    """Disable the endpoint."""

    actions: ClassVar[frozenset[str]] = _MODIFY
    undo: ClassVar[str] = "EnableMetadata with the options that the case kept"

    instance_id: str

    @property
    def target(self) -> str:
        """The instance."""
        return self.instance_id

    def apply(self, port: MetadataPort) -> None:
        """Disable it."""
        port.disable_metadata(self.instance_id)


@dataclass(frozen=True, slots=True)
class EnableMetadata:
    """Enable the endpoint, with those of the kept options that differ by now."""

    actions: ClassVar[frozenset[str]] = _MODIFY
    undo: ClassVar[str] = "DisableMetadata"

    instance_id: str
    options: tuple[tuple[str, str], ...]

    @property
    def target(self) -> str:
        """The instance."""
        return self.instance_id

    def apply(self, port: MetadataPort) -> None:
        """Enable it."""
        port.enable_metadata(self.instance_id, dict(self.options))


@dataclass(frozen=True, slots=True)
class DisableMetadataService(Measure[MetadataOptions]):
    """The endpoint is disabled; of a stopped instance, from its next start on (EC2, ModifyInstanceMetadataOptions)."""

    name: ClassVar[str] = "metadata"
    reads: ClassVar[frozenset[str]] = frozenset({"ec2:DescribeInstances"})
    taking: ClassVar[tuple[type[MeasureStep], ...]] = (DisableMetadata,)
    giving: ClassVar[tuple[type[MeasureStep], ...]] = (EnableMetadata,)

    port: MetadataPort

    def wanted(self, settings: Settings) -> bool:
        """`DisableMetadataService`."""
        return settings.disable_metadata_service

    def observe(self, subject: Subject) -> MetadataOptions:
        """Read it."""
        return self.port.metadata(subject.id)

    def keep(self, seen: MetadataOptions, subject: Subject) -> Kept:  # noqa: ARG002 - the measure's shape
        """All options."""
        return dict(seen.options)

    def plan(self, seen: MetadataOptions, kept: Kept, subject: Subject) -> Todo:  # noqa: ARG002 - the measure's shape
        """Disable the endpoint, and wait until it is."""
        steps = () if seen.endpoint == "disabled" else (DisableMetadata(subject.id),)
        return Todo(steps=steps, pending=_pending(seen, subject))

    def plan_release(self, seen: MetadataOptions, kept: Kept, subject: Subject) -> Todo:
        """Enable it with the options that it had; one that was disabled before is none of ours."""
        if kept[_ENDPOINT] == "disabled":
            return Todo()
        changed = tuple((name, value) for name, value in seen.options if kept.get(name, value) != value)
        other = tuple((name, kept[name]) for name, _ in changed if name != _ENDPOINT)
        steps = (EnableMetadata(subject.id, other),) if changed else ()
        return Todo(steps=steps, pending=_pending(seen, subject))


def _pending(seen: MetadataOptions, subject: Subject) -> tuple[str, ...]:
    """What is pending on a stopped instance stays so until it is started, which nobody waits for."""
    waiting = seen.pending and subject.observation.instance.state == "running"
    return ("the metadata options are being applied",) if waiting else ()
