"""The long run: thousands of examples of the model, 100,000 mutated events a function, the strict moto's whole sample.

It prints what it ran: examples, cells and skips. `QUARANTAG_SOAK=1` asks for it, `QUARANTAG_SOAK_SEED` sets the seed.
"""

import os
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.cloud import Lab
from tests.counted import Counted
from tests.crash import fuzz
from tests.crash.crew import crew, one_core
from tests.crash.invariants import COUNTED
from tests.crash.matrix import DIRECTIONS, Cell, Direction, problems
from tests.crash.model import Containment
from tests.crash.sample import ONE_OF_EACH
from tests.crash.scenarios import Scenario
from tests.crash.strict import strict_site
from tests.length import soak_only
from tests.measures.test_every_fault import AT_LENGTH, every_cell_ends_as_it_must
from tests.test_races_measures import RACES, Race, run

EXAMPLES = 2_500
EVENTS = 100_000
CHUNK = 2_500
ORDERS = 100
SEED = int(os.environ.get("QUARANTAG_SOAK_SEED", "0"))

pytestmark = soak_only


def table(title: str, counts: Counter[str]) -> str:
    return "\n".join([title, *(f"  {count:>8}  {name}" for name, count in sorted(counts.items()))])


def test_the_model_at_length(counted: Counted) -> None:
    long = settings(
        max_examples=EXAMPLES,
        stateful_step_count=50,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    with one_core():
        run_state_machine_as_test(seed(SEED)(Containment), settings=long)
    counted(table(f"model: {EXAMPLES} examples asked for, seed {SEED}", COUNTED))
    assert COUNTED["examples"] >= 2_000


def test_mutated_events_by_the_hundred_thousand(counted: Counted) -> None:
    seeds = range(SEED, SEED + EVENTS // CHUNK)
    seen = Counter[str]()
    with crew() as pool:
        for counts in pool.map(fuzz.run, seeds, [CHUNK] * len(seeds)):
            seen.update(counts)
    counted(table(f"fuzz: {EVENTS} mutated events of each kind through each handler, seed {SEED}", seen))
    assert seen["tag, isolate: refused"] > EVENTS / 4


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("scenario", AT_LENGTH, ids=lambda scenario: scenario.name)
def test_more_scenarios_meet_every_fault(scenario: Scenario, direction: Direction) -> None:
    every_cell_ends_as_it_must(scenario, direction)


@pytest.mark.parametrize("race_of", RACES, ids=lambda one: one.__name__)
def test_races_in_many_orders(race_of: Race, counted: Counted) -> None:
    with one_core():
        turns = [run(race_of, SEED * ORDERS + number) for number in range(ORDERS)]
    counted(f"races: {race_of.__name__}, {ORDERS} orders, {sum(turns)} calls in turn")


@pytest.mark.parametrize("cell", ONE_OF_EACH, ids=str)
def test_each_fault_at_each_method_over_strict_moto(
    lab: Lab,
    ledger_table: Any,  # noqa: ANN401 - a boto3 resource
    isolation_profile_arn: str,
    cell: Cell,
) -> None:
    assert problems(cell, strict_site(lab, ledger_table, isolation_profile_arn)) == []
