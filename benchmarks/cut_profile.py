"""Where the time to the cut goes: waiting for AWS, or own work before calls and after answers."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from itertools import pairwise
from statistics import median

from benchmarks.distant import CUT, Asked

PARTS = ("waiting", "preparing calls", "reading answers", "the emulator")


@dataclass(frozen=True, slots=True)
class Profile:
    """Of one run, until the last cut was answered: round trips, calls, and seconds, which sum up to the time.

    `waiting` is the latency of each round trip; `preparing` passes until the last call of each is there, `reading`
    between the last answer of one and the first call of the next; `serving` is what the emulator took
    beyond its latency.
    """

    rounds: int
    calls: int
    waiting: float
    preparing: float
    reading: float
    serving: float

    @property
    def parts(self) -> tuple[float, ...]:
        """The seconds, as `PARTS` names them."""
        return astuple(self)[2:]


def profile(began: float, asked: Sequence[Asked], latency: float) -> Profile:
    """Read it off the calls, as the other side saw them; ValueError where none is a cut."""
    cut = max((one for one in asked if one.operation == CUT), key=lambda one: one.answered)
    rounds = _rounds([one for one in asked if one.arrived <= cut.arrived])
    ends = [max(one.answered for one in each) for each in rounds[:-1]] + [cut.answered]
    spans = [each[-1].arrived - each[0].arrived for each in rounds]
    waited = [end - each[-1].arrived for each, end in zip(rounds, ends, strict=True)]
    waiting = [min(latency, span) for span in waited]
    begins = [each[0].arrived for each in rounds]
    return Profile(
        rounds=len(rounds),
        calls=sum(map(len, rounds)),
        waiting=sum(waiting),
        preparing=begins[0] - began + sum(spans),
        reading=sum(begin - end for end, begin in zip(ends[:-1], begins[1:], strict=True)),
        serving=sum(waited) - sum(waiting),
    )


def medians(profiles: Sequence[Profile]) -> tuple[float, ...]:
    """Give the median of each of `PARTS`, in seconds."""
    return tuple(median(values) for values in zip(*(one.parts for one in profiles), strict=True))


def _rounds(asked: Sequence[Asked]) -> list[list[Asked]]:
    """Part the calls where one arrives only after an answer of those before it."""
    ordered = sorted(asked, key=lambda one: one.arrived)
    rounds = [[ordered[0]]]
    for _, one in pairwise(ordered):
        if one.arrived >= min(other.answered for other in rounds[-1]):
            rounds.append([])
        rounds[-1].append(one)
    return rounds
