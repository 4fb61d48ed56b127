"""Mutated events: each function refuses with its own errors, and acts on nothing that the event may not ask for."""

from tests.crash.crew import one_core
from tests.crash.fuzz import run

EVENTS = 2_000


def test_mutated_events_are_refused_or_harmless() -> None:
    with one_core():
        seen = run(seed=1, events=EVENTS)
    assert seen["refused"] > EVENTS / 4, "else nothing invalid was sent"
    assert min(seen["understood"], seen["trail: understood"], seen["finding: tagged"]) > EVENTS / 50, seen
