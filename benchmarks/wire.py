"""Counts AWS calls and sequential round trips at the wire, whatever the code above it does with threads.

How: a constant latency is *simulated*, not slept and not divided. Every request is held just before it is signed and
sent. Once nothing moves any more (every call of the round before is answered, and no further request has come for a
while) all the held requests are let go together: that is one round. Where each call takes the same time, and that
time is long beside the time between calls, calls start at whole multiples of it; so the number of a call's round is
exactly the length of the longest chain of calls that had to be answered before it, plus itself. Dividing an elapsed
time by an injected latency gives the same number plus an error from the machine; here a slow or busy machine only
makes the run longer.

Where: botocore's events `request-created` and `response-received`, which come once for each attempt on the thread that
makes the call, so a retry counts as the round trip that it is (botocore/endpoint.py). They are put where botocore
reads the handlers of each new session (`botocore.handlers.BUILTIN_HANDLERS`, where moto puts its own), so that the
functions build their clients as they always do.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Condition, Thread, local

from botocore.handlers import BUILTIN_HANDLERS

_STILL_LOOKS = 12
_BETWEEN_LOOKS = 0.005  # seconds
"""So many looks in a row must find the same, with a pause between: a starved process is not taken for a still one,
since each look needs the interpreter as much as the calling threads do."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request: `round` is 1 for what waited for no other; `ok` says whether AWS answered without an error."""

    round: int
    operation: str
    ok: bool


class Wire:
    """The gate that every request passes: held while `recorded()` is open, let through at once otherwise."""

    def __init__(self) -> None:
        """Let everything through."""
        self._moved = Condition()
        self._mine = local()
        self._recording = False
        self._calls: list[Call] = []
        self._round = 0
        self._held = 0
        self._under_way = 0
        self._movements = 0

    @contextmanager
    def recorded(self) -> Iterator[list[Call]]:
        """Play rounds; the list has every call, in the order of the answers, once the block has ended."""
        calls: list[Call] = []
        self._calls, self._round, self._recording = calls, 0, True
        conductor = Thread(target=self._conduct, daemon=True)
        conductor.start()
        try:
            yield calls
        finally:
            with self._moved:
                self._recording = False
                self._let_go()
            conductor.join()

    def hold(self, **_: object) -> None:
        """Wait for the next round (`request-created`)."""
        with self._moved:
            self._mine.round = self._round + 1
            self._held += 1
            self._movements += 1
            if not self._recording:
                self._let_go()
            self._moved.wait_for(lambda: self._round >= self._mine.round)

    def answered(self, event_name: str, parsed_response: Mapping[str, object] | None, **_: object) -> None:
        """Note the answer (`response-received`); none at all means that the connection failed."""
        ok = parsed_response is not None and "Error" not in parsed_response
        with self._moved:
            if self._recording:
                self._calls.append(Call(self._mine.round, event_name.rpartition(".")[2], ok))
            self._under_way -= 1
            self._movements += 1

    def _conduct(self) -> None:
        """Start a round whenever requests are held, none is under way, and nothing has moved for a while."""
        still, seen = 0, -1
        with self._moved:
            while self._recording:
                waiting = self._held > 0 and self._under_way == 0
                still, seen = (still + 1 if waiting and seen == self._movements else 0), self._movements
                if still == _STILL_LOOKS:
                    self._let_go()
                    still = 0
                self._moved.wait(_BETWEEN_LOOKS)

    def _let_go(self) -> None:
        self._round += 1
        self._under_way += self._held
        self._held = 0
        self._moved.notify_all()


@contextmanager
def listening() -> Iterator[Wire]:
    """Give a wire that the clients of every botocore session made in this block pass their requests through."""
    wire = Wire()
    added = [("request-created", wire.hold), ("response-received", wire.answered)]
    BUILTIN_HANDLERS.extend(added)
    try:
        yield wire
    finally:
        for one in added:
            BUILTIN_HANDLERS.remove(one)
