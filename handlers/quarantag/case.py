"""One containment of one instance, with the state before it: what a release gives back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

CaseStatus = Literal["Isolating", "Isolated", "Failed", "Releasing", "Released", "Ended"]
CLOSED: frozenset[CaseStatus] = frozenset({"Released", "Ended"})


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
class StateBefore:
    """Written once, before anything changes; `profile` is None where the instance had none."""

    interfaces: tuple[InterfaceBefore, ...]
    profile: ProfileBefore | None


@dataclass(frozen=True, slots=True)
class Case:
    """One containment. `reason` is the reason tag's text, or why there is none."""

    id: str
    instance_id: str
    status: CaseStatus
    opened_at: datetime
    before: StateBefore
    reason: str = ""
    isolated_at: datetime | None = None
    closed_at: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether the containment still stands."""
        return self.status not in CLOSED
