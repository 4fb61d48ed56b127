"""What is derived from memory and CPU, and that each function stays in its memory."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import sandbox
from benchmarks.footprint import FUNCTIONS, LIMIT_MB, Footprint, Run, goals, measure
from benchmarks.goals import Goal, write
from benchmarks.memory_size import Work, cost, recommended, seconds


def test_each_function_stays_in_its_memory_and_needs_less_cpu_once_warm() -> None:
    footprints = measure(runs=1)
    assert [one.function for one in footprints] == list(FUNCTIONS)
    assert all(30 < one.peak_mb < LIMIT_MB for one in footprints)
    assert all(one.middle("warm") < one.middle("first") for one in footprints)


def test_the_peak_is_the_process_s_own_not_its_parent_s() -> None:
    ballast = bytearray(300_000_000)
    ballast[::4096] = b"x" * len(ballast[::4096])
    script = f"import runpy; print(runpy.run_path({sandbox.__file__!r})['peak_kib']())"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603
    assert int(said.stdout) < 100_000
    assert len(ballast) == 300_000_000


def test_the_peak_of_all_runs_is_judged_and_the_median_shown() -> None:
    runs = tuple(Run(peak, cold=cold, first=1.0, warm=1.0) for peak, cold in ((100, 2), (130, 3), (90, 8)))
    footprint = Footprint("isolate", built=True, runs=runs)
    assert goals([footprint]) == [Goal("isolate: peak memory", "< 110 MB", 130, met=False)]
    assert (footprint.middle("cold"), footprint.spread("cold")) == (3, 4)


@pytest.mark.parametrize(("size", "expected"), [(128, 13.82), (512, 3.455), (1769, 1.0), (3538, 1.0)])
def test_cpu_comes_in_proportion_to_memory_up_to_one_vcpu(size: int, expected: float) -> None:
    assert seconds(Work(cpu=1.0, round_trips=0), size) == pytest.approx(expected, abs=0.001)


def test_waiting_is_as_long_at_every_size_and_dearer_at_a_larger_one() -> None:
    waiting = Work(cpu=0.0, round_trips=10)
    assert seconds(waiting, 128) == seconds(waiting, 1769) == pytest.approx(0.5)
    assert cost(waiting, 1769) > cost(waiting, 128)


@pytest.mark.parametrize(("work", "size"), [(Work(1.0, 0), 1769), (Work(0.0, 9), 128), (Work(0.02, 10), 512)])
def test_the_smallest_size_near_the_fastest_is_recommended(work: Work, size: int) -> None:
    assert recommended(work) == size


def test_goals_are_written_as_the_readers_of_the_file_expect(tmp_path: Path) -> None:
    path = tmp_path / "build" / "bench.json"
    write([Goal.at_most("a", 3, 4), Goal.at_most("b", 3, None), Goal.below("c", 128, 127.5, "MB")], path)
    assert json.loads(path.read_text()) == {
        "goals": [
            {"name": "a", "goal": "<= 3", "measured": 4, "met": False},
            {"name": "b", "goal": "<= 3", "measured": None, "met": False},
            {"name": "c", "goal": "< 128 MB", "measured": 127.5, "met": True},
        ]
    }
