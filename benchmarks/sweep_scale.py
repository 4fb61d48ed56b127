"""The sweep over a large account: calls and time by number of tagged instances, among 50,000, in memory.

EC2 answers 1,000 instances a page at most, and a filter by tag is its own work: what is untagged costs nothing here.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from benchmarks.goals import Goal
from benchmarks.throttling import Throttle
from quarantag.isolation import instances_to_sweep, isolate
from quarantag.outcome import Outcome, Request
from quarantag.sweep import sweep
from tests.crash.books import Books, Mailbox, ports_of
from tests.crash.world import World
from tests.faults import FakeClock

INSTANCES = 50_000
TAGGED = (0, 50, 100, 200)
FEW = 5_000


@dataclass(frozen=True, slots=True)
class Swept:
    """One sweep: EC2 calls and seconds of CPU, with so many contained among so many."""

    instances: int
    contained: int
    calls: int
    seconds: float


def measure(instances: int = INSTANCES, tagged: Sequence[int] = TAGGED, small: int = FEW) -> list[Swept]:
    """Sweep with each number of contained ones; the last number also in a small account."""
    return [*_Account(instances).swept(tagged), *_Account(small).swept(tagged[-1:])]


def goals(curve: Sequence[Swept]) -> list[Goal]:
    """Calls grow with the contained ones, and with nothing else."""
    idle, few, *_, most, small = curve
    each = [(one.calls - idle.calls) / one.contained for one in (few, most)]
    name = f"sweep of {most.instances:,} instances, {most.contained} contained"
    return [
        Goal.at_most(f"{name}: calls for each, of those with {few.contained} contained", 1, each[1] / each[0]),
        Goal.at_most(f"{name}: calls more than among {small.instances:,}", 0, most.calls - small.calls),
    ]


class _Account:
    """So many instances, of which none is contained yet."""

    def __init__(self, instances: int) -> None:
        self.world, self.books = World(), Books(FakeClock())
        network = self.world.vpc()
        self.ids = [self.world.instance([network]).id for _ in range(instances)]
        self.ports = ports_of(self.world, self.books, Mailbox())
        self.settings = replace(self.world.settings, max_containments_per_hour=instances)

    def swept(self, tagged: Sequence[int]) -> Iterator[Swept]:
        """One sweep with each number of contained instances, a rising one."""
        contained = 0
        for number in tagged:
            for instance_id in self.ids[contained:number]:
                self.world.tag(instance_id, **{self.settings.tag_key: self.settings.isolate_value})
                isolate(Request(instance_id, None, "before"), self.ports, self.settings)
            contained = number
            yield self._sweep(contained)

    def _sweep(self, contained: int) -> Swept:
        throttle = Throttle(FakeClock(), unlimited=True)
        ports = replace(self.ports, instances=throttle.over(self.ports.instances))

        def one(instance_id: str) -> Outcome:
            return isolate(Request(instance_id, None, "sweep"), ports, self.settings)

        begun = time.process_time()
        sweep("isolate", instances_to_sweep(ports, self.settings), one, self.books, lambda: 90.0)
        return Swept(len(self.ids), contained, sum(throttle.calls.values()), time.process_time() - begun)
