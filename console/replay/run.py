"""The replay: pieces are decided in several processes, and added up in their order in this one."""

import gc
import multiprocessing
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice

from console.replay.deciding import Decider
from console.replay.engine import Question, Verdict
from console.replay.guardrails import Outcome, simulate
from console.replay.pieces import Piece, read
from console.replay.spool import Spool
from console.replay.tally import Kind, Noted, Part, Place, Rejection, Who

WORTH_A_PROCESS = 64 << 20
"""Bytes: less is read sooner than another process has started."""
_AHEAD = 3
"""Pieces given out for each process: their results wait until those before them are added."""
_BATCH = 500
"""Findings of GuardDuty's answers that are added at once."""

_START = "fork" if sys.platform == "linux" else "spawn"
"""Forking needs no imports anew, and is safe while there is one thread: the progress bar has none of its own."""

Told = Callable[[Part], None]
"""Hears of each part that is done, for the progress bar."""


@dataclass(slots=True)
class Replayed:
    """All that a replay found. `part` holds the counts before limits, `noted` what would isolate by either policy."""

    question: Question
    part: Part = field(default_factory=Part)
    noted: list[Noted] = field(default_factory=list)
    changes: Spool = field(default_factory=Spool)
    rejections: Spool = field(default_factory=Spool)
    outcome: Outcome = field(default_factory=Outcome)
    other: Outcome = field(default_factory=Outcome)


def replay(question: Question, pieces: Sequence[Piece], jobs: int, told: Told) -> Replayed:
    """Replay the files' findings."""
    size = sum(piece.size for piece in pieces)
    jobs = min(jobs, len(pieces), 1 + size // WORTH_A_PROCESS)
    parts = _beside(question, pieces, jobs) if jobs > 1 else _alone(question, pieces)
    return _added(question, zip(pieces, parts, strict=True), told)


def replay_documents(question: Question, documents: Iterator[Mapping[str, object]], told: Told) -> Replayed:
    """Replay findings that come one by one, as GuardDuty answers them."""
    decider = Decider(question)

    def parts() -> Iterator[tuple[None, Part]]:
        while batch := list(islice(documents, _BATCH)):
            part = Part()
            for document in batch:
                decider.document(part, document, "GuardDuty")
            yield None, part

    return _added(question, parts(), told)


def usual_jobs() -> int:
    """One process for each processor that this one may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _alone(question: Question, pieces: Iterable[Piece]) -> Iterator[Part]:
    decider = Decider(question)
    return (read(piece, decider) for piece in pieces)


_decider: list[Decider] = []
"""This process's own, once it is a worker."""


def _begin(question: Question) -> None:
    gc.disable()  # as in `_no_cycles`
    _decider.append(Decider(question))


def _work(piece: Piece) -> Part:
    return read(piece, _decider[0])


def _beside(question: Question, pieces: Sequence[Piece], jobs: int) -> Iterator[Part]:
    with ProcessPoolExecutor(jobs, multiprocessing.get_context(_START), _begin, (question,)) as pool:
        waiting: deque[Future[Part]] = deque()
        for piece in pieces:
            waiting.append(pool.submit(_work, piece))
            if len(waiting) >= jobs * _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _added(question: Question, parts: Iterable[tuple[Piece | None, Part]], told: Told) -> Replayed:
    done = Replayed(question)
    books = _Books(done)
    with _no_cycles():
        for piece, part in parts:
            books.enter(piece, part)
            told(part)
        done.outcome = simulate(question.policy, question, _isolating(done.noted, own=True))
        if question.other:
            done.other = simulate(question.other, question, _isolating(done.noted, own=False))
    return done


@contextmanager
def _no_cycles() -> Iterator[None]:
    """Nothing here makes cycles: looking for them among so many records would be a fifth of the time."""
    looking = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looking:
            gc.enable()


def _isolating(noted: Iterable[Noted], *, own: bool) -> Iterator[tuple[Noted, Verdict]]:
    for one in noted:
        verdict = one.kind.verdicts.verdict if own else one.kind.verdicts.other
        if verdict and verdict.action == "isolate":
            yield one, verdict


class _Books:
    """Adds parts to what is known; equal values of parts are kept once, so that a listed decision is small."""

    def __init__(self, done: Replayed) -> None:
        self._done = done
        self._lines: dict[str, int] = {}
        self._kinds: dict[Kind, Kind] = {}
        self._who: dict[Who, Who] = {}
        self._texts: dict[str | None, str | None] = {}

    def enter(self, piece: Piece | None, part: Part) -> None:
        name = str(piece.path) if piece else ""
        before = self._lines.get(name, 0)
        self._lines[name] = before + part.lines
        self._done.part.add(part)
        for rejection in part.rejections:
            self._done.rejections.add(rejected(Rejection(_moved(rejection.place, before), rejection.problem)))
        for noted in part.noted:
            self._note(noted, _moved(noted.place, before))

    def _note(self, noted: Noted, place: Place) -> None:
        moment, finding_id, who, vpc_id, kind, _ = noted
        verdict, other, _ = kind.verdicts
        if other and other.action != verdict.action:
            self._done.changes.add(changed(noted, place, other, verdict))
        if verdict.action == "isolate" or (other and other.action == "isolate"):
            kind, who = self._kinds.setdefault(kind, kind), self._who.setdefault(who, who)
            vpc_id = self._texts.setdefault(vpc_id, vpc_id)
            self._done.noted.append(Noted(moment, finding_id, who, vpc_id, kind, place))


def _moved(place: Place, lines: int) -> Place:
    return (place[0], place[1] + lines, place[2]) if place[1] else place


def shown_place(place: Place) -> str:
    """`file:line`, and where in it."""
    name, line, inside = place
    return f"{name}:{line}{inside}" if line else f"{name}{inside}"


def rejected(rejection: Rejection) -> dict[str, object]:
    """The rejection as JSON."""
    return {"place": shown_place(rejection.place), "problem": rejection.problem}


def changed(noted: Noted, place: Place, before: Verdict, after: Verdict) -> dict[str, object]:
    """A changed decision as JSON: what the policy of `--against` says, and what that of `--policy` says."""
    instance_id, account, region = noted.who
    return {
        "finding_id": noted.finding_id,
        "type": noted.kind.type,
        "severity": noted.kind.severity,
        "instance_id": instance_id,
        "account": account,
        "region": region,
        "at": noted.moment or None,
        "place": shown_place(place),
        "before": before._asdict(),
        "after": after._asdict(),
    }
