"""`python -m benchmarks.replay`: how long a replay takes, in multiples of a bare loop of the fastest JSON decoder.

Both read the same file, made here (about 3 GB for a million findings, removed at the end), by the same number of
processes, each from the start of its interpreter to its end. They take turns, and of each the shortest time counts:
what else the machine does can only lengthen one. It is judged in CPU time too, which a busy machine changes less.
Memory is the largest peak of any of the replay's processes.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import goals, replay_findings
from benchmarks.goals import Goal
from benchmarks.replay_decoding import DECODERS
from benchmarks.report import goals_table, show
from benchmarks.world import ROOT
from console.replay.run import usual_jobs

MOST_TIMES, MOST_MB = 2.0, 300.0
ROUNDS = 3
_KIB = 1024 if sys.platform != "darwin" else 1024 * 1024


@dataclass(frozen=True, slots=True)
class Run:
    """One run: seconds of wall clock and of CPU in all, and the largest resident set of a process in MB (1,024 KB)."""

    seconds: float
    cpu: float
    peak_mb: float


def main() -> None:
    """Make the findings, measure, judge; the goals go into build/bench.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.replay", description=__doc__)
    parser.add_argument("--findings", type=int, default=1_000_000)
    parser.add_argument("--jobs", type=int, default=usual_jobs())
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="quarantag-bench-") as directory:
        file = Path(directory) / "findings.jsonl"
        replay_findings.write(file, arguments.findings)
        judged = measure(file, arguments.jobs, arguments.rounds)
    show(goals_table(judged))
    goals.add(judged, ROOT / "build" / "bench.json")


def measure(file: Path, jobs: int, rounds: int = ROUNDS) -> list[Goal]:
    """Run everything on this file, in turns."""
    policy = ROOT / "policies" / "default.yaml"
    replaying = [
        "-m",
        "console.command",
        "policy",
        "replay",
        str(file),
        f"--policy={policy}",
        f"--jobs={jobs}",
        "--json",
    ]
    decoding = {name: ["-m", "benchmarks.replay_decoding", name, str(jobs), str(file)] for name in DECODERS}
    first = {name: run(command).seconds for name, command in decoding.items()}
    fastest = min(first, key=lambda name: first[name])
    turns = [(run(replaying), run(decoding[fastest])) for _ in range(rounds)]
    sides = tuple(zip(*turns, strict=True))
    replay, bare = (min(one.seconds for one in side) for side in sides)
    replay_cpu, bare_cpu = (min(one.cpu for one in side) for side in sides)
    _show(first, file, jobs)
    peak = max(one.peak_mb for one, _ in turns)
    return [
        Goal.at_most(f"replay: times a bare loop of {fastest}", MOST_TIMES, round(replay / bare, 2), "times"),
        Goal.at_most("replay: the same in CPU time", MOST_TIMES, round(replay_cpu / bare_cpu, 2), "times"),
        Goal.below("replay: peak memory of a process", MOST_MB, round(peak, 1), "MB"),
    ]


def run(arguments: Sequence[str]) -> Run:
    """Run this in a fresh interpreter; raises `CalledProcessError` where it fails."""
    began = time.perf_counter()
    with subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL) as process:  # noqa: S603
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(arguments))
    cpu = usage.ru_utime + usage.ru_stime
    return Run(time.perf_counter() - began, cpu, usage.ru_maxrss * _KIB / 1024**2)


def _show(first: dict[str, float], file: Path, jobs: int) -> None:
    table = Table(title=f"A bare loop over {file.stat().st_size / 1e9:.2f} GB, {jobs} processes")
    table.add_column("decoder")
    table.add_column("times the fastest", justify="right")
    for name, seconds in first.items():
        table.add_row(name, f"{seconds / min(first.values()):.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
