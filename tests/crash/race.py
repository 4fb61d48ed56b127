"""Several runs at once, in an order that a seed chooses: one call of a port at a time, of whichever run.

Each run is threads of its own, as in Lambda, with a clock of its own: waiting in one moves no other. Once every thread
has made its call or waits for another, the seed says which call goes next.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import count
from random import Random
from threading import Condition
from typing import Any

from quarantag.errors import QuarantagError
from quarantag.ports import Ports
from tests.crash.tap import resource_of, tapped
from tests.faults import FakeClock

_NOBODY_ELSE = 0.001
"""Seconds without a new call after which every thread is taken to wait."""
_LOOK_AGAIN = 0.02
Name = tuple[int, str, str, str]
Work = Callable[[Ports], object]
"""What one run does, over its ports."""


@dataclass(slots=True)
class Turns:
    """Who waits for a turn, by ticket, and whose it is; `order` are the turns taken."""

    random: Random
    waiting: dict[int, Name] = field(default_factory=dict)
    order: list[Name] = field(default_factory=list)
    turn: int | None = None
    tickets: Iterator[int] = field(default_factory=count)
    changed: Condition = field(default_factory=Condition)

    def take(self, name: Name, do: Callable[[], Any]) -> Any:  # noqa: ANN401 - what the call answers
        """Wait for the turn, make the call, and end the turn."""
        with self.changed:
            ticket = next(self.tickets)
            self.waiting[ticket] = name
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.turn == ticket)
        try:
            return do()
        finally:
            with self.changed:
                self.turn = None
                self.changed.notify_all()

    def give(self, runs: Sequence[Future[Any]]) -> None:
        """Give turns until every run has ended."""
        while not all(one.done() for one in runs):
            with self.changed:
                if self.changed.wait_for(lambda: self.waiting and self.turn is None, _LOOK_AGAIN):
                    self._let_others_come()
                    ticket = self.random.choice(sorted(self.waiting, key=lambda one: (self.waiting[one], one)))
                    self.order.append(self.waiting.pop(ticket))
                    self.turn = ticket
                    self.changed.notify_all()

    def _let_others_come(self) -> None:
        while self.changed.wait(_NOBODY_ELSE):
            pass


@dataclass(frozen=True, slots=True)
class Run:
    """One run: makes its calls when it is their turn. Reading the time and waiting take none."""

    number: int
    turns: Turns

    def call(self, port: str, method: str, do: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:  # noqa: ANN401
        """Make this call in its turn."""
        if port == "clock":
            return do(*arguments)

        def made() -> Any:  # noqa: ANN401 - what the call answers
            answer = do(*arguments)
            return iter(list(answer)) if isinstance(answer, Iterator) else answer

        return self.turns.take((self.number, port, method, resource_of(arguments)), made)


def race(ports: Ports, works: Sequence[Work], seed: int) -> list[Name]:
    """Run all works at once: the turns that were taken. What this package raises is let go: Lambda tries again.

    Raises what else one of them raised.
    """
    turns = Turns(Random(seed))  # noqa: S311 - an order, no secret
    with ThreadPoolExecutor(len(works)) as pool:
        runs = [pool.submit(_run, work, ports, Run(number, turns)) for number, work in enumerate(works)]
        turns.give(runs)
    for one in runs:
        one.result()
    return turns.order


def _run(work: Work, ports: Ports, run: Run) -> None:
    clock = FakeClock(ports.clock.now())
    try:
        work(tapped(replace(ports, clock=clock), run))
    except QuarantagError:
        return
