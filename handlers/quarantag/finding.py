"""A GuardDuty finding, parsed: which instances it names, how bad it is, and whether it may act at all."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class NamedInstance:
    """One EC2 instance that a finding names, in its own account and Region.

    `instance_id` is None where the finding names an instance that can't be resolved; `problem` then says why.
    """

    instance_id: str | None
    account: str
    region: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """The parts of a finding that a decision may rest on. Times are timezone-aware UTC."""

    id: str
    type: str
    severity: float
    account: str
    region: str
    resource_type: str | None
    resource_role: str | None
    instances: tuple[NamedInstance, ...]
    sample: bool
    archived: bool
    count: int
    feature: str | None
    sequence: bool
    last_seen: datetime | None
    title: str = ""
