"""The guardrails in event time: which isolations a limit would have held, and when the sweep would have caught up.

Findings come out of order, from many files. So every process first decides (`decide` needs no other finding), and what
would isolate is put in order here: by its moment, then by finding id and instance, findings without a moment last.
The answer is the same whatever the order of files and the number of processes.

As the functions do: an instance that is isolated is not counted again; a limit counts sets of instances in fixed
windows (`limits.quotas_for`), all limits of an instance or none; a held decision is decided anew by the sweep, so it is
isolated when a window begins that has room, first held first. That no human acts meanwhile is assumed. Memory grows
with the number of decisions that would isolate, and with nothing else.
"""

import heapq
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from console.replay.engine import Question, Verdict, moment_at
from console.replay.tally import UNDATED, Kind, Noted, Who
from quarantag.instance import Instance
from quarantag.limits import quotas_for
from quarantag.policy import Policy
from quarantag.ports import Quota

_Stack = tuple[str, str]
"""An account and a Region: each stack counts for itself."""


@dataclass(slots=True)
class Contained:
    """One instance that would have been isolated: why, when (None: unknown), and since when a limit had held it."""

    noted: Noted
    verdict: Verdict
    at: datetime | None = None
    held_since: datetime | None = None
    held_by: str = ""
    isolated: bool = False


@dataclass(slots=True)
class LimitUse:
    """What one limit of one account and Region held: decisions, instances, and in which windows it was full."""

    account: str
    region: str
    limit: str
    windows: set[datetime] = field(default_factory=set)
    decisions: int = 0
    instances: set[Who] = field(default_factory=set)


@dataclass(slots=True)
class Outcome:
    """What the guardrails made of the decisions of one policy.

    `contained` are isolated, in order; `waiting` were held to the end. `held` counts decisions that a limit held.
    """

    contained: list[Contained] = field(default_factory=list)
    waiting: list[Contained] = field(default_factory=list)
    limits: dict[tuple[str, str, str], LimitUse] = field(default_factory=dict)
    held: Counter[tuple[str, Kind, Verdict]] = field(default_factory=Counter)


def simulate(policy: Policy, question: Question, decided: Iterable[tuple[Noted, Verdict]]) -> Outcome:
    """Play the decisions that would isolate, in event time; what a limit still holds at the last one stays held."""
    simulation = _Simulation(policy, question)
    for noted, verdict in sorted(decided, key=_in_order):
        simulation.play(noted, verdict)
    return simulation.finish()


def _in_order(decided: tuple[Noted, Verdict]) -> tuple[bool, str, str, Who]:
    """ISO 8601 in UTC sorts as text, once its Z and the last zeros of its fraction are off."""
    noted = decided[0]
    moment = noted.moment.removesuffix("Z")
    exact = moment.rstrip("0").rstrip(".") if "." in moment else moment
    return not moment, exact, noted.finding_id, noted.who


class _Simulation:
    def __init__(self, policy: Policy, question: Question) -> None:
        self._limits = policy.limits
        self._beyond = {rule.id for rule in policy.rules if rule.beyond_limits}
        self._question = question
        self._outcome = Outcome()
        self._latest: dict[Who, Contained] = {}
        self._counted: Mapping[tuple[_Stack, Quota], set[str]] = defaultdict(set)
        self._queues: dict[tuple[_Stack, Quota], deque[Contained]] = {}
        self._due: list[tuple[datetime, int, tuple[_Stack, Quota]]] = []
        self._order = count()

    def play(self, noted: Noted, verdict: Verdict) -> None:
        """One finding that would isolate arrives; before it the sweep did what was due."""
        latest = self._latest.get(noted.who)
        if latest and latest.isolated and noted.who[0] not in self._question.released:
            return
        moment = moment_at(noted.moment)
        now = moment or self._question.began
        self._sweep(now)
        latest = self._latest.get(noted.who)
        if latest and latest.isolated and not self._released(latest, now):
            return
        waiting = latest if latest and not latest.isolated else None
        one = waiting or Contained(noted, verdict)
        full = None if verdict.rule in self._beyond else self._admit(noted, now)
        if full is None:
            one.noted, one.verdict = noted, verdict
            self._isolate(one, moment)
            return
        self._hold(noted, verdict, full)
        if waiting is None:
            one.held_since, one.held_by = now, _in_words(full)
            self._latest[noted.who] = one
            self._wait(one, full)

    def _sweep(self, now: datetime) -> None:
        """Decide anew what was held, in every window that began before `now`: first held, first isolated."""
        while self._due and self._due[0][0] <= now:
            began, _, key = heapq.heappop(self._due)
            queue = self._queues.pop(key)
            while queue:
                one = queue.popleft()
                full = None if one.isolated else self._admit(one.noted, began)
                if full is not None:
                    self._wait(one, full)
                    if full.scope == key[1].scope and full.window_seconds == key[1].window_seconds:
                        self._join(queue, one.noted, full)
                elif not one.isolated:
                    self._isolate(one, began)

    def finish(self) -> Outcome:
        """What became of it all."""
        self._outcome.waiting = [one for one in self._latest.values() if not one.isolated]
        return self._outcome

    def _released(self, latest: Contained, now: datetime) -> bool:
        released = self._question.released.get(latest.noted.who[0] or "")
        return released is not None and latest.at is not None and latest.at <= released <= now

    def _isolate(self, one: Contained, at: datetime | None) -> None:
        one.at, one.isolated = at, True
        self._latest[one.noted.who] = one
        self._outcome.contained.append(one)

    def _hold(self, noted: Noted, verdict: Verdict, full: Quota) -> None:
        account, region = noted.who[1:]
        words = _in_words(full)
        use = self._outcome.limits.setdefault((account, region, words), LimitUse(account, region, words))
        use.windows.add(full.window_start)
        use.decisions += 1
        use.instances.add(noted.who)
        self._outcome.held[(noted.moment[:13] or UNDATED, noted.kind, verdict)] += 1

    def _admit(self, noted: Noted, now: datetime) -> Quota | None:
        """As `Ledger.admit`: into every counter, or into none where one is full; answers the first that is."""
        instance_id = noted.who[0] or ""
        instance = Instance(instance_id, "running", noted.vpc_id, self._question.tags.get(instance_id, {}))
        quotas = list(quotas_for(self._limits, instance, now))
        counters = [self._counted[(noted.who[1:], quota)] for quota in quotas]
        for quota, counter in zip(quotas, counters, strict=True):
            if instance_id not in counter and len(counter) >= quota.maximum:
                return quota
        for counter in counters:
            counter.add(instance_id)
        return None

    def _wait(self, one: Contained, full: Quota) -> None:
        self._join(deque([one]), one.noted, full)

    def _join(self, more: deque[Contained], noted: Noted, full: Quota) -> None:
        """Let them wait, in their order, for the next window of this counter."""
        key = (noted.who[1:], full)
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = deque()
            due = full.window_start + timedelta(seconds=full.window_seconds)
            heapq.heappush(self._due, (due, next(self._order), key))
        queue.extend(more)
        more.clear()


def _in_words(quota: Quota) -> str:
    return f"{quota.maximum} in {quota.window_seconds // 60} minutes for {quota.scope}"
