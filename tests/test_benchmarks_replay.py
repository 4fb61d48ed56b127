"""The replay's benchmark measures what it says: findings of about 3 KB, both sides over the same file."""

import json
from collections import Counter
from pathlib import Path

from benchmarks import goals, replay, replay_findings
from benchmarks.goals import Goal
from console.policy_file import load_checked
from console.replay.engine import Question
from tests.replays import BEGAN, DEFAULT, counted

FINDINGS = list(replay_findings.lines(2_000))


def test_findings_are_of_the_size_and_always_the_same() -> None:
    size = sum(map(len, FINDINGS)) / len(FINDINGS)
    assert 2_800 < size < 3_300
    assert list(replay_findings.lines(2_000)) == FINDINGS
    assert len({json.loads(one)["id"] for one in FINDINGS}) == len(FINDINGS)


def test_every_action_but_hold_is_among_them() -> None:
    part = counted(Question(load_checked(DEFAULT), BEGAN), *(one.strip().encode() for one in FINDINGS))
    actions: Counter[str] = Counter()
    for kind, number in part.kinds.items():
        actions[kind.verdicts.verdict.action] += number
    assert (part.findings, part.rejections) == (2_000, [])
    assert 200 < actions["isolate"] < 300 < actions["review"] < actions["ignore"]


def test_both_sides_are_run_and_judged(tmp_path: Path) -> None:
    file = tmp_path / "findings.jsonl"
    replay_findings.write(file, 500)
    times, cpu, memory = replay.measure(file, jobs=2, rounds=1)
    assert (times.goal, cpu.goal, memory.goal) == ("<= 2 times", "<= 2 times", "< 300 MB")
    assert (times.measured or 0) > 0
    assert (cpu.measured or 0) > 0
    assert (memory.measured or 0) > 0  # the largest child of this process so far, other tests' too: no goal of this run


def test_goals_are_written_beside_those_of_other_benchmarks(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    goals.write([Goal.at_most("a", 1, 2), Goal.at_most("b", 1, 1)], file)
    goals.add([Goal.at_most("a", 1, 0), Goal.at_most("c", 1, 1)], file)
    assert [(one["name"], one["met"]) for one in json.loads(file.read_text())["goals"]] == [
        ("a", True),
        ("b", True),
        ("c", True),
    ]
