"""Crash anywhere, run again, same end: at every call of every scenario, with every fault that the call can meet."""

import pytest

from tests.counted import Counted
from tests.crash.crew import Result, run
from tests.crash.matrix import DIRECTIONS, Direction, recorded
from tests.crash.scenarios import SCENARIOS, Scenario
from tests.crash.table import DOC, every_cell, page, table


@pytest.fixture(scope="module")
def results() -> list[Result]:
    return list(run(every_cell()))


def test_every_cell_ends_as_it_must(results: list[Result], counted: Counted) -> None:
    counted(table(results))
    failed = [f"{result.cell}: {'; '.join(result.problems)}" for result in results if result.problems]
    assert failed == []


def test_the_documented_table_is_this_one(results: list[Result]) -> None:
    assert DOC.read_text(encoding="utf-8") == page(results), "python -m tests.crash.table writes it"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_clean_run_makes_the_same_calls_each_time(scenario: Scenario, direction: Direction) -> None:
    first = recorded(scenario, direction)
    recorded.cache_clear()
    assert set(recorded(scenario, direction)) == set(first)
