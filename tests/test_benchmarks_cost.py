"""docs/cost.md says what is counted, and the budgets are kept."""

from collections import Counter

import pytest

from benchmarks.accepted import committed
from benchmarks.budgets import CEILING, FINDINGS, at_once, hour
from benchmarks.cost import WORKS, Work, idle_month, work
from benchmarks.cost_page import PAGE, with_tables
from benchmarks.round_trips import count
from tests.length import soak_only

pytestmark = soak_only

HOW = "the page is old: `python -m benchmarks.cost_page` writes it"


@pytest.mark.parametrize("one", WORKS, ids=lambda one: one.name)
def test_the_calls_are_those_at_the_wire(one: Work) -> None:
    """Of up to three counts: a lease that is contended on a loaded machine is asked for twice."""
    assert any(Counter(call.operation for call in count(one.scenario).calls) == one.calls for _ in range(3))


@pytest.mark.parametrize("one", [one for one in WORKS if one.scenario.name in committed()], ids=lambda one: one.name)
def test_the_calls_are_as_many_as_performance_md_has(one: Work) -> None:
    assert sum(one.calls.values()) == committed()[one.scenario.name]["calls"]


def test_the_page_has_these_tables() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_tables(page), HOW


def test_an_idle_stack_costs_less_than_ten_dollars_and_a_containment_less_than_a_cent() -> None:
    assert sum(dollars for _, dollars in idle_month()) < 10
    contained = work("a containment, the VPC's first, every default measure")
    assert contained.dollars + work("a finding that isolates").dollars < 0.01


def test_ten_thousand_findings_an_hour_are_throttled_nowhere() -> None:
    used = hour(FINDINGS, CEILING)
    assert {one.api: one.throttled for one in used if one.throttled} == {}
    assert max(one.share for one in used) < 0.2


def test_a_budget_that_does_not_suffice_is_seen() -> None:
    """Everything contained: more than the smallest class of EC2's changing calls takes."""
    assert "CreateTags" in {one.api for one in hour(FINDINGS, FINDINGS) if one.throttled}


def test_some_containments_fit_into_one_second() -> None:
    most, api = at_once()
    assert most >= 5, api
