"""What asks for a reconcile, and how it ended."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Request:
    """What asks for a reconcile: `wanted` is the event's value ("" = removed, None = a sweep), `asked_at` its time."""

    instance_id: str
    wanted: str | None
    holder: str
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a reconcile ended: `status` is a case status, or `Held`, `Observed`, `Paused`, `NotRequested`."""

    instance_id: str
    status: str
    reason: str
    case_id: str | None = None
    finding_id: str | None = None
