"""AWS calls and sequential round trips of each scenario: counted and judged."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.goals import Goal
from benchmarks.scenarios import SCENARIOS, Scenario, call, forget_wiring
from benchmarks.wire import Call, listening
from benchmarks.world import world

POINTS = {
    "to_cut": "to the cut",
    "to_verified": "until verified",
}
_CUT = "ModifyNetworkInterfaceAttribute"
_OBSERVATION = "DescribeNetworkInterfaces"


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one scenario: its AWS calls, and the round trips until a point is reached, each None where there is none.

    `to_cut`: the last interface is in the isolation group. `to_verified`: the last observation is read, so that the
    end is known. `to_told`: the status tag is written for the last time. `whole`: the handler ends, None with measures.
    """

    calls: int
    to_cut: int | None
    to_verified: int | None
    to_told: int | None
    whole: int | None


@dataclass(frozen=True, slots=True)
class Counted:
    """One scenario, what was counted, and every call of it."""

    scenario: Scenario
    counts: Counts
    calls: tuple[Call, ...]

    @property
    def rounds(self) -> tuple[tuple[str, ...], ...]:
        """What goes out together, round after round."""
        return tuple(
            tuple(sorted(one.operation for one in self.calls if one.round == number))
            for number in range(1, max((one.round for one in self.calls), default=0) + 1)
        )


def count(scenario: Scenario) -> Counted:
    """Play the scenario in a cloud of its own; only the calls of the one handler under test count."""
    with listening() as wire, world(measures=scenario.measures) as prepared:
        forget_wiring()
        try:
            event = scenario.prepare(prepared)
            with wire.recorded() as calls:
                call(scenario.function, event)
        finally:
            forget_wiring()
    counts = counts_of(calls)
    if scenario.measures:
        counts = Counts(counts.calls, counts.to_cut, None, None, None)
    return Counted(scenario, counts, tuple(calls))


def counts_of(calls: Sequence[Call]) -> Counts:
    """Read the counts off the recorded calls."""
    return Counts(
        calls=len(calls),
        to_cut=_last(calls, _CUT),
        to_verified=_last(calls, _OBSERVATION),
        to_told=_last(calls, "CreateTags"),
        whole=max((one.round for one in calls), default=0),
    )


def _last(calls: Iterable[Call], operation: str) -> int | None:
    return max((one.round for one in calls if one.operation == operation and one.ok), default=None)


def goals(counted: Iterable[Counted]) -> list[Goal]:
    """Judge what has a goal."""
    return [
        Goal.at_most(f"{one.scenario.name}: round trips {words}", most, getattr(one.counts, point))
        for one in counted
        for point, words in POINTS.items()
        if (most := getattr(one.scenario, point, None)) is not None
    ]


def counted() -> list[Counted]:
    """Count every scenario, twice: on a loaded machine a round may be seen as two, but two are never seen as one."""
    return [min((count(scenario) for _ in range(2)), key=_depths) for scenario in SCENARIOS]


def _depths(one: Counted) -> tuple[int, ...]:
    counts = one.counts
    return tuple(depth or 0 for depth in (counts.whole, counts.to_cut, counts.to_verified, counts.to_told))
