"""What the strict layer remembers beside moto: tag set versions, listeners to tag changes, errors to answer with."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

TagEvent = dict[str, Any]
ANALYST = "arn:aws:iam::123456789012:user/analyst"
"""Who makes the calls, as CloudTrail tells it, until a test says otherwise."""


@dataclass(slots=True)
class Refusal:
    """Answer calls of `action` that name `resource_id` with an error, `times` times (None: always)."""

    action: str
    resource_id: str
    code: str
    message: str
    times: int | None


@dataclass(slots=True)
class State:
    """The strict layer's own memory; one lock guards it and every change of tags, so that versions have no gaps."""

    lock: Any = field(default_factory=RLock)
    versions: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    listeners: list[Callable[[TagEvent], None]] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    settling: dict[str, int] = field(default_factory=dict)
    trail: list[dict[str, Any]] = field(default_factory=list)
    functions: dict[str, Callable[[Any, Any], Any]] = field(default_factory=dict)
    trail_shows: bool = True
    locks: dict[str, int] = field(default_factory=dict)
    snapshots_take_time: bool = False
    principal: str = ANALYST

    def clear(self) -> None:
        """Forget everything, as moto does at the start of each test."""
        for memory in (
            *(self.versions, self.listeners, self.refusals, self.settling, self.trail),
            *(self.locks, self.functions),
        ):
            memory.clear()
        self.trail_shows, self.snapshots_take_time, self.principal = True, False, ANALYST


STATE = State()
