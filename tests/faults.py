"""Faults injected at a port: before a call, or after it took effect, with its answer lost."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any, Literal, cast


@dataclass(slots=True)
class Fault:
    """Raise `error` at the next `times` calls of `method` on `target` (any, where None)."""

    method: str
    error: Exception
    target: str | None = None
    when: Literal["before", "after"] = "before"
    times: int = 1_000_000


@dataclass(slots=True)
class Faulty:
    """A port with faults; everything else goes through to the real one."""

    port: Any
    faults: Sequence[Fault]
    lock: Lock = field(default_factory=Lock)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *arguments, **named: self.call(name, arguments, named)

    def call(self, name: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:  # noqa: ANN401
        """Call the real port, around the fault that fits, if any."""
        with self.lock:
            fault = next((one for one in self.faults if self.fits(one, name, arguments)), None)
            if fault:
                fault.times -= 1
        if fault and fault.when == "before":
            raise fault.error
        answer = getattr(self.port, name)(*arguments, **named)
        if fault:
            raise fault.error
        return answer

    def fits(self, fault: Fault, name: str, arguments: tuple[Any, ...]) -> bool:
        """Whether the fault is for this call."""
        return fault.times > 0 and fault.method == name and fault.target in (None, *arguments[:1])


def faulty(port: Any, *faults: Fault) -> Any:  # noqa: ANN401
    """Wrap a port."""
    return cast("Any", Faulty(port, faults))


@dataclass(slots=True)
class FakeClock:
    """A clock that sleeping moves."""

    time: datetime = field(default_factory=lambda: datetime.now(UTC))
    slept: float = 0.0

    def now(self) -> datetime:
        """The time in UTC."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Move the clock."""
        self.slept += seconds
        self.time += timedelta(seconds=seconds)
