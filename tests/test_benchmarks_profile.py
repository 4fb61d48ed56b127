"""The profile of the time to the cut, from calls as the other side saw them."""

import pytest

from benchmarks.cut_profile import medians, profile
from benchmarks.distant import CUT, Asked
from benchmarks.start_profile import shares

LATENCY = 50.0
CALLS = (
    Asked("DescribeInstances", 12, 63),
    Asked("UpdateItem", 10, 61),
    Asked("TransactWriteItems", 70, 120),
    Asked("CreateTags", 124, 190),
    Asked(CUT, 122, 172),
    Asked(CUT, 123, 175),
    Asked("DescribeInstances", 126, 180),
)


def test_the_parts_sum_up_to_the_time_until_the_last_cut_s_answer() -> None:
    seen = profile(7, CALLS, LATENCY)
    assert (seen.rounds, seen.calls) == (3, 5)
    assert seen.waiting == 3 * LATENCY
    assert seen.preparing == 3 + 2 + 0 + 1
    assert seen.reading == (70 - 63) + (122 - 120)
    assert sum(seen.parts) == 175 - 7


def test_an_answer_sooner_than_the_latency_is_waited_for_no_longer() -> None:
    seen = profile(0, [Asked(CUT, 1, 31)], LATENCY)
    assert seen.parts == (30, 1, 0, 0)


def test_one_call_after_the_other_is_one_round_trip_each() -> None:
    seen = profile(0, [Asked("DescribeInstances", 1, 51), Asked(CUT, 51, 101)], LATENCY)
    assert (seen.rounds, seen.reading) == (2, 0)


def test_without_a_cut_there_is_no_profile() -> None:
    with pytest.raises(ValueError, match="empty"):
        profile(0, [Asked("UpdateItem", 1, 2)], LATENCY)


def test_medians_are_taken_part_by_part() -> None:
    one = profile(7, CALLS, LATENCY)
    assert medians([one, one]) == one.parts


def test_a_start_s_shares_are_of_its_own_whole() -> None:
    assert shares([[1, 1, 2, 4, 2], [2, 2, 4, 8, 4]]) == (0.1, 0.1, 0.2, 0.4, 0.2)
