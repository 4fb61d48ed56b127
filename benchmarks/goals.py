"""A goal, what was measured, and whether it is met."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Goal:
    """One line of build/bench.json."""

    name: str
    goal: str
    measured: float | None
    met: bool

    @classmethod
    def at_most(cls, name: str, most: float, measured: float | None, unit: str = "") -> Self:
        """Judge a count or a ratio that should be small; what could not be measured is not met."""
        return cls(name, f"<= {most:g} {unit}".rstrip(), measured, measured is not None and measured <= most)

    @classmethod
    def below(cls, name: str, limit: float, measured: float | None, unit: str = "") -> Self:
        """Judge what must stay under a limit."""
        return cls(name, f"< {limit:g} {unit}".rstrip(), measured, measured is not None and measured < limit)


def write(goals: Iterable[Goal], path: Path) -> None:
    """Write `{"goals": [{"name", "goal", "measured", "met"}]}`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"goals": [asdict(goal) for goal in goals]}, indent=2) + "\n", encoding="utf-8")


def add(goals: Iterable[Goal], path: Path) -> None:
    """Write these beside the goals of other benchmarks that are there already, in place of those of the same name."""
    known = json.loads(path.read_text(encoding="utf-8"))["goals"] if path.is_file() else []
    merged = {one["name"]: Goal(**one) for one in known} | {goal.name: goal for goal in goals}
    write(merged.values(), path)
