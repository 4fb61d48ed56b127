"""One containment of one instance, with the state before it: what a release gives back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from quarantag.instance import Interface, Observation
from quarantag.settings import Settings
from quarantag.survivors import Survivors

CaseStatus = Literal["Isolating", "Isolated", "Failed", "Releasing", "Released", "Ended"]
CLOSED: frozenset[CaseStatus] = frozenset({"Released", "Ended"})
Kept = Mapping[str, Any]
"""What one measure found before it changed anything, as JSON values."""


@dataclass(frozen=True, slots=True)
class InterfaceBefore:
    """An interface's groups before the cut; empty only where the interface was isolated before any record."""

    id: str
    vpc_id: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProfileBefore:
    """The instance profile before the swap, with its unique id: a namesake created since is another profile."""

    arn: str
    id: str


@dataclass(frozen=True, slots=True)
class RoleBefore:
    """The role of the profile before the swap, with its unique id (`AROA…`)."""

    arn: str
    id: str


@dataclass(frozen=True, slots=True)
class StateBefore:
    """Written once, before anything changes; `profile` is None where the instance had none."""

    interfaces: tuple[InterfaceBefore, ...]
    profile: ProfileBefore | None


@dataclass(frozen=True, slots=True)
class Case:
    """One containment. `reason` is the reason tag's text, or why there is none; `role` is None until it is read.

    `kept` is what each supporting measure found before it changed anything, written once; `taken` are those that were
    verified, so that what must be done again is told from what was never done. `survivors` is what outlives the
    denial of the instance's sessions, None until it was looked for.
    """

    id: str
    instance_id: str
    status: CaseStatus
    opened_at: datetime
    before: StateBefore
    reason: str = ""
    role: RoleBefore | None = None
    isolated_at: datetime | None = None
    closed_at: datetime | None = None
    kept: Mapping[str, Kept] = field(default_factory=dict)
    taken: frozenset[str] = frozenset()
    survivors: Survivors | None = None

    @property
    def open(self) -> bool:
        """Whether the containment still stands."""
        return self.status not in CLOSED

    @property
    def left_at_end(self) -> str:
        """What to add where the instance is gone: whether its evidence was finished when it was last looked at."""
        if "evidence" not in self.kept or "evidence" in self.taken:
            return ""
        return "; its evidence was not finished when last looked at: see docs/forensics.md, After a release"


def case_id(instance_id: str, opened_at: datetime) -> str:
    """Name a case so that a person can read it and no two cases of one instance share it."""
    return f"case-{instance_id}-{opened_at:%Y%m%dT%H%M%S%fZ}"


def state_before(observation: Observation, settings: Settings) -> StateBefore:
    """What a release will give back; the isolation group and profile are never part of it."""
    changeable = (interface for interface in observation.interfaces if not interface.requester_managed)
    return StateBefore(
        interfaces=tuple(interface_before(interface, observation, settings) for interface in changeable),
        profile=_profile_before(observation, settings),
    )


def interface_before(interface: Interface, observation: Observation, settings: Settings) -> InterfaceBefore:
    """Give the interface's own groups; where it is cut already, those that its tag kept while no ledger was there.

    Beside the isolation group, what the tag kept is older than what someone added since. Without it the tag says
    nothing: whoever may write tags could choose what a release gives.
    """
    isolating = {group.id for group in observation.groups}
    own = tuple(group for group in interface.groups if group not in isolating)
    kept = groups_from_tag(interface.tags.get(settings.groups_before_key, ""))
    cut = len(own) < len(interface.groups)
    return InterfaceBefore(interface.id, interface.vpc_id, (kept or own) if cut else own)


def cut_without_case(observation: Observation, settings: Settings) -> bool:
    """Whether an interface is in an isolation group and its tag keeps its groups, as without a ledger they are kept.

    The tag alone says nothing: whoever may write tags could have any instance isolated.
    """
    isolating = {group.id for group in observation.groups}
    return any(
        groups_from_tag(interface.tags.get(settings.groups_before_key, ""))
        for interface in observation.interfaces
        if isolating & set(interface.groups)
    )


def groups_to_tag(groups: Iterable[str]) -> str:
    """Write group ids as a tag value, without their `sg-`: so that 14 of them fit into 256 characters."""
    return " ".join(group.removeprefix("sg-") for group in groups)


def groups_from_tag(value: str) -> tuple[str, ...]:
    """Read the group ids that `groups_to_tag` wrote."""
    return tuple(f"sg-{part}" for part in value.split())


def _profile_before(observation: Observation, settings: Settings) -> ProfileBefore | None:
    for association in observation.associations:
        if association.active and association.profile_arn != settings.isolation_profile_arn:
            return ProfileBefore(association.profile_arn, association.profile_id)
    return None
