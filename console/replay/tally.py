"""What is counted while findings are decided; parts of several processes add up."""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from console.replay.engine import Verdicts

ACTIONS = ("isolate", "review", "hold", "ignore")
PLACE = {action: number for number, action in enumerate(ACTIONS)}
UNDATED = ""
"""The hour of a finding that does not say when it was."""

Who = tuple[str | None, str, str]
"""Instance id, account and Region: one id may stand for two instances."""

Place = tuple[str, int, str]
"""File, line (from 1 within its piece, 0 where the file is one document), and where in that line's JSON."""


class Kind(NamedTuple):
    """What findings have in common that are counted together."""

    type: str
    severity: float
    verdicts: Verdicts


class Noted(NamedTuple):
    """A decision that is listed: one that would isolate before any limit, or that differs between the policies.

    `moment` is UTC in ISO 8601, "" where it is unknown.
    """

    moment: str
    finding_id: str
    who: Who
    vpc_id: str | None
    kind: Kind
    place: Place


class Rejection(NamedTuple):
    """A record that can't be read, and why."""

    place: Place
    problem: str


@dataclass(slots=True)
class Part:
    """What one process counted of one piece of one file. `hours` are decisions by hour and action, before limits."""

    findings: int = 0
    lines: int = 0
    bytes: int = 0
    kinds: Counter[Kind] = field(default_factory=Counter)
    hours: dict[str, list[int]] = field(default_factory=dict)
    noted: list[Noted] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    reaches: dict[Who, tuple[float, ...]] = field(default_factory=dict)

    def hour(self, name: str) -> list[int]:
        """The counts of this hour, by action."""
        counts = self.hours.get(name)
        if counts is None:
            counts = self.hours[name] = [0] * len(ACTIONS)
        return counts

    def note(self, noted: Noted) -> None:
        """List the decision, and take the highest thresholds at which its instance is isolated."""
        verdict, other, reach = noted.kind.verdicts
        if verdict.action == "isolate" or other:
            self.noted.append(noted)
        if noted.who[0] and any(reach):
            known = self.reaches.get(noted.who)
            self.reaches[noted.who] = reach if known is None else tuple(map(max, known, reach))

    def add(self, other: "Part") -> None:
        """Take over what the other counted, but for what is listed record by record."""
        self.findings += other.findings
        self.kinds.update(other.kinds)
        for name, counts in other.hours.items():
            mine = self.hour(name)
            for action, number in enumerate(counts):
                mine[action] += number
        for who, reach in other.reaches.items():
            known = self.reaches.get(who)
            self.reaches[who] = reach if known is None else tuple(map(max, known, reach))


def totals(part: Part) -> dict[str, int]:
    """Decisions by action, before limits."""
    counted = Counter(dict.fromkeys(ACTIONS, 0))
    for kind, number in part.kinds.items():
        counted[kind.verdicts.verdict.action] += number
    return dict(counted)
