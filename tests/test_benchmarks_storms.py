"""The model of EC2's throttling, and the storms that are played over it: counts, never times."""

from datetime import timedelta

import pytest

from benchmarks import storms, sweep_scale
from benchmarks.throttling import ATTEMPTS, Bucket, Throttle
from quarantag.errors import Retryable
from tests.faults import FakeClock


def test_a_bucket_is_emptied_and_refilled() -> None:
    bucket = Bucket(size=3, refill=1)
    assert [bucket.take(0) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(2) for _ in range(3)] == [True, True, False]
    assert [bucket.take(1000) for _ in range(4)] == [True, True, True, False]


def test_throttled_calls_wait_and_then_fail_as_botocore_s_would() -> None:
    clock = FakeClock()
    throttle = Throttle(clock, buckets={"tag": Bucket(size=1, refill=0)})
    throttle.admit("tag")
    begun = clock.now()
    with pytest.raises(Retryable, match="RequestLimitExceeded"):
        throttle.admit("tag")
    assert clock.now() - begun == timedelta(seconds=1 + 2 + 4)
    assert throttle.throttled == ATTEMPTS


@pytest.mark.parametrize("play", [storms.samples, storms.at_once, storms.about_one], ids=lambda play: play.__name__)
def test_a_storm_loses_nothing_and_tags_each_instance_once(play: storms.Play) -> None:
    storm = play()
    assert storm.findings >= 100
    assert [goal for goal in storm.goals() if not goal.met] == []


def test_more_at_once_than_ec2_takes_is_decided_by_retries_and_the_sweep() -> None:
    storm = storms.at_once()
    assert storm.throttled > 0
    assert storm.retried > 0
    assert storm.swept > 0
    assert len(storm.tagged) == storm.findings


def test_those_held_at_the_limit_are_isolated_once_it_has_room_again() -> None:
    storm = storms.stream(hours=3, an_hour=100, fleet=25)
    written = [value for _, value in storm.tagged]
    assert (written.count("Review"), written.count("Isolate")) == (15, 25)
    assert [goal for goal in storm.goals() if not goal.met] == []


def test_sample_findings_tag_nothing() -> None:
    assert not storms.samples().tagged


def test_the_sweep_s_calls_grow_with_the_contained_only() -> None:
    curve = sweep_scale.measure(instances=300, tagged=(0, 2, 4), small=30)
    assert [goal for goal in sweep_scale.goals(curve) if not goal.met] == []
