"""Calls and round trips do not grow unnoticed: what is counted now is what is committed. Never a time."""

from dataclasses import asdict

import pytest

from benchmarks.accepted import DOCUMENT, committed, with_counts
from benchmarks.round_trips import count, counts_of
from benchmarks.scenarios import SCENARIOS, Scenario
from benchmarks.wire import Call

HOW = "calls or round trips changed; look at `make bench`, then take them with `python -m benchmarks --accept`"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_calls_and_round_trips_are_the_committed_ones(scenario: Scenario) -> None:
    """Of up to three counts: on a loaded machine a round may be seen as two, but two are never seen as one."""
    wanted = committed().get(scenario.name)
    assert any(asdict(count(scenario).counts) == wanted for _ in range(3)), HOW


def test_every_committed_scenario_is_still_counted() -> None:
    assert list(committed()) == [scenario.name for scenario in SCENARIOS], HOW


def test_the_documented_counts_are_the_committed_ones() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    assert document == with_counts(document, committed()), HOW


def test_a_refused_cut_is_no_cut() -> None:
    cut, refused = (Call(number, "ModifyNetworkInterfaceAttribute", ok) for number, ok in ((2, True), (5, False)))
    counts = counts_of([cut, refused, Call(6, "UpdateItem", ok=True)])
    assert (counts.to_cut, counts.to_verified, counts.whole, counts.calls) == (2, None, 6, 3)
