"""What is measured: every metric's name, unit and dimension. Pure; docs/metrics.md says the same, and a test compares.

All are in the namespace `Quarantag` and carry the dimension `Stack`, the stack's name.
Source: Amazon CloudWatch User Guide, "Specification: Embedded metric format".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

NAMESPACE = "Quarantag"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. `dimension` is the one that it has beside `Stack`, "" where it has none."""

    name: str
    unit: Literal["Count", "Milliseconds"]
    meaning: str
    dimension: Literal["", "Function", "Action"] = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement; `about` is the value of the metric's own dimension."""

    metric: Metric
    value: float = 1.0
    about: str = ""


class Meter(Protocol):
    """Where measurements go. Raises nothing: what is measured never stops what is done."""

    def measure(self, measurements: Iterable[Measured]) -> None:
        """Take them all."""


class Unmetered:
    """Where nobody looks at them."""

    def measure(self, measurements: Iterable[Measured]) -> None:
        """Take none."""


ISOLATED = Metric("Isolated", "Count", "instances verified as isolated")
TIME_TO_CONTAIN = Metric(
    "TimeToContain",
    "Milliseconds",
    "from the event of the control tag, whose time is in whole seconds, to verified",
)
RELEASED = Metric("Released", "Count", "instances verified as released")
FAILED = Metric("Failed", "Count", "isolations, releases and taggings that only a change can finish")
HELD = Metric("Held", "Count", "decisions left to a human, whatever the guardrail")
LIMIT_REACHED = Metric("LimitReached", "Count", "those held because a policy's limit or the stack's ceiling is full")
REVIEW = Metric("Review", "Count", "instances that a finding asks a human to look at")
DRIFT_REPAIRED = Metric("DriftRepaired", "Count", "isolations that something had undone in part, and that stand again")
TAMPERING = Metric("Tampering", "Count", "control tags removed, misspelt, or written by one who may not release")
OBSERVED = Metric("Observed", "Count", "what would have been done, in Mode observe")
FINDINGS_DECIDED = Metric("FindingsDecided", "Count", "decisions about findings that arrived as events", "Action")
TIME_TO_TAG = Metric("TimeToTag", "Milliseconds", "from the event of a finding to the control tag that it led to")
SWEEP_DURATION = Metric("SweepDuration", "Milliseconds", "one sweep; missing means that none ended", "Function")
OPEN_CASES = Metric("OpenCases", "Count", "instances with an open case that the isolator's sweep saw")
UNFINISHED = Metric(
    "Unfinished", "Count", "instances, or findings, that a sweep could not bring to their end, or not reach", "Function"
)
PAUSED = Metric("Paused", "Count", "1 while acting is paused, else 0, at each sweep of findings")
BROKEN_RULES = Metric("BrokenRules", "Count", "the stack's rules that are disabled, deleted or without a target")

EVERY = (
    *(ISOLATED, TIME_TO_CONTAIN, RELEASED, FAILED, HELD, LIMIT_REACHED, REVIEW, DRIFT_REPAIRED, TAMPERING, OBSERVED),
    *(FINDINGS_DECIDED, TIME_TO_TAG, SWEEP_DURATION, OPEN_CASES, UNFINISHED, PAUSED, BROKEN_RULES),
)
