"""Storms of findings, on a simulated clock: the functions' own code over EC2 and a ledger in memory, EC2 throttled.

Every event is an invocation of its own, begins at its time and is tried again as Lambda tries an asynchronous one:
after one and after two minutes. A change of the control tag is an event for `isolate`; other tags are none, as the rule
in template.yaml has it.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from benchmarks.goals import Goal
from benchmarks.throttling import Throttle
from benchmarks.world import ROOT
from console.policy_file import read
from quarantag.errors import Retryable
from quarantag.finding import parse
from quarantag.isolation import isolate
from quarantag.outcome import Request
from quarantag.policy import load
from quarantag.ports import TAGGER
from quarantag.tagging import tag
from tests.cloud import ACCOUNT, REGION
from tests.crash.books import Books, Mailbox, ports_of
from tests.crash.world import World
from tests.faults import FakeClock
from tests.findings import document

BEGIN = datetime(2026, 11, 23, tzinfo=UTC)
_AGAIN = (timedelta(minutes=1), timedelta(minutes=2))
_SWEEP = timedelta(minutes=5)
Event = tuple[str, Any]
Play = Callable[[], "Storm"]


@dataclass(slots=True)
class Storm:
    """What came of one storm."""

    name: str
    findings: int = 0
    decided: int = 0
    failed: int = 0
    swept: int = 0
    """Of the failed: those that the sweep decided about."""
    retried: int = 0
    throttled: int = 0
    isolations: int = 0
    tagged: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Writes of the control tag, by instance and value: one held at a limit gets `Review`, and `Isolate` later."""

    def goals(self) -> Iterator[Goal]:
        """No instance gets the same control tag twice, one event for each tag, nothing lost."""
        most = max(self.tagged.values(), default=0)
        yield Goal.at_most(f"{self.name}: the same control tag written to one instance", 1, most)
        extra = self.isolations - sum(self.tagged.values())
        yield Goal.at_most(f"{self.name}: events of isolate beyond one for each tag", 0, extra)
        yield Goal.at_most(f"{self.name}: findings without a decision", 0, self.findings - self.decided - self.swept)


class _Cloud:
    """The two functions, over one account."""

    def __init__(self, name: str, instances: int) -> None:
        self.storm = Storm(name)
        self.clock = FakeClock(BEGIN)
        self.world = World()
        network = self.world.vpc()
        self.ids = [self.world.instance([network]).id for _ in range(instances)]
        self.throttle = Throttle(self.clock)
        ports = ports_of(self.world, Books(self.clock), Mailbox())
        self.ports = replace(ports, instances=self.throttle.over(ports.instances))
        self.policy = load(read(ROOT / "policies" / "default.yaml").document)
        self._queue: list[tuple[datetime, int, int, Event]] = []
        self._numbers = count()
        self._unheard: list[Mapping[str, Any]] = []

    def play(self, findings: Iterable[tuple[datetime, Mapping[str, Any]]]) -> Storm:
        """Deliver every finding at its time, and all that follows from it."""
        for at, finding in findings:
            self.storm.findings += 1
            while self._queue and self._queue[0][0] <= at:
                self._next()
            self._deliver(at, 0, ("tag_finding", finding))
        while self._queue or self._unheard:
            if self._queue:
                self._next()
            else:
                self._sweep()
        self.storm.throttled = self.throttle.throttled
        return self.storm

    def _deliver(self, at: datetime, attempt: int, event: Event) -> None:
        heapq.heappush(self._queue, (at, next(self._numbers), attempt, event))

    def _next(self) -> None:
        at, number, attempt, event = heapq.heappop(self._queue)
        self.clock.time = at
        function, content = event
        try:
            self._tag(content, number) if function == "tag_finding" else self._isolate(content, number)
        except Retryable:
            if attempt == len(_AGAIN):
                self._give_up(event)
                return
            self.storm.retried += 1
            self._deliver(self.clock.now() + _AGAIN[attempt], attempt + 1, event)

    def _tag(self, finding: Mapping[str, Any], number: int) -> None:
        key = self.world.settings.tag_key
        done = tag(parse(finding), self.policy, f"{TAGGER}{number}", self.ports, self.world.settings)
        for one in done:
            if one.fault:
                raise one.fault
            if one.outcome == "tagged" and one.decision.instance_id:
                value = self.world.tags(one.decision.instance_id)[key]
                self.storm.tagged[one.decision.instance_id, value] += 1
                self._deliver(self.clock.now(), 0, ("isolate", (one.decision.instance_id, value)))
        self.storm.decided += 1

    def _give_up(self, event: Event) -> None:
        """The event is in the failed-events queue: the sweeps find what it was about."""
        self.storm.failed += 1
        if event[0] == "tag_finding":
            self._unheard.append(event[1])

    def _sweep(self) -> None:
        """The schedule: `catchup` lists the findings of GuardDuty; here those that no event was heard of."""
        self.clock.sleep(_SWEEP.total_seconds())
        unheard, self._unheard = self._unheard, []
        for finding in unheard:
            try:
                self._tag(finding, next(self._numbers))
                self.storm.decided -= 1
                self.storm.swept += 1
            except Retryable:
                self._unheard.append(finding)

    def _isolate(self, change: tuple[str, str], number: int) -> None:
        isolate(Request(*change, holder=f"isolate-{number}"), self.ports, self.world.settings)
        self.storm.isolations += 1


def storms(hours: int = 24) -> list[Storm]:
    """Play them all; the long one for so many hours."""
    return [samples(), at_once(), about_one(), stream(hours)]


def samples() -> Storm:
    """`CreateSampleFindings`: every type at once, for a placeholder."""
    samples = (_finding(f"sample-{n}", "i-99999999", service__additionalInfo__sample=True) for n in range(500))
    return _Cloud("500 sample findings at once", 1).play((BEGIN, one) for one in samples)


def at_once() -> Storm:
    """Each for an instance of its own: more than EC2 takes at once."""
    cloud = _Cloud("500 findings for 500 instances at once", 500)
    return cloud.play((BEGIN, _finding(one, one)) for one in cloud.ids)


def about_one() -> Storm:
    """All for the same instance."""
    cloud = _Cloud("100 findings for one instance at once", 1)
    return cloud.play((BEGIN, _finding(f"finding-{n}", cloud.ids[0])) for n in range(100))


def stream(hours: int, an_hour: int = 10_000, fleet: int = 400) -> Storm:
    """Evenly over the hours, over the fleet again and again; each instance's findings have ids of their own."""
    cloud = _Cloud(f"{an_hour:,} findings an hour for {hours} h", fleet)
    step = timedelta(hours=1) / an_hour
    numbers = range(hours * an_hour)
    return cloud.play((BEGIN + n * step, _finding(f"finding-{n}", cloud.ids[n % fleet])) for n in numbers)


def _finding(finding_id: str, instance_id: str, **changes: object) -> Mapping[str, Any]:
    place = {"accountId": ACCOUNT, "region": REGION, "resource__instanceDetails__instanceId": instance_id}
    return document(**{**place, "id": finding_id, "type": "Backdoor:EC2/C&CActivity.B", "severity": 8, **changes})
