"""The matrix as a table, for the terminal and for docs/crash-matrix.md. `python -m tests.crash.table` writes the doc."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tests.crash.crew import Result, run
from tests.crash.matrix import DIRECTIONS, ENDINGS, Cell, Direction, cells, faults, recorded
from tests.crash.sample import SAMPLE
from tests.crash.scenarios import SCENARIOS, Scenario

DOC = Path(__file__).resolve().parents[2] / "docs" / "crash-matrix.md"
_NAMES: dict[Direction, str] = {"Isolate": "isolate", "Release": "release"}
_BEFORE = """# The crash matrix

A clean run of each scenario is recorded first: every call that it makes of the ports (EC2 and IAM, the ledger, the
notifications, CloudTrail), keyed by method, resource and occurrence. Then each of these calls meets each fault that it can
meet, and each of those runs goes on in both ways: the event is delivered again (as Lambda does, after one and two minutes),
or no event comes and only the sweep runs. Each is one cell. The counts below come from the recording.

In every cell the instance must end isolated (or released), verified, shown in its status tag and announced; exactly one
case exists; its state before is the true one; and a release gives each interface its groups in order and the profile back.
Where the fault is that the ledger can't be reached, the network must be cut after the first run already.

| fault | what it is |
|---|---|
| dies before, dies after | the process is killed before the call, or once the call took effect: nothing of that run reaches AWS any more, no clean-up either, so the lease stays until it expires |
| passing fault | throttling, a 5xx, a time-out without effect; for a ledger call: the ledger can't be reached this once |
| final fault | access denied, or another error that trying again would not end |
| conflict | the resource is not in the state that was read (`IncorrectState`, `InvalidGroup.NotFound`); for a ledger call: another run took over |
| no room for tags | `TagLimitExceeded` |
| answer lost | the call took effect, its answer never came |
| sent twice | the call took effect, the SDK sent it again, and the second answer is what is seen |
| ledger away from here | the ledger can't be reached from this call on, until the run ends |

"""
_AFTER = """
Run in memory ([tests/crash/world.py](../tests/crash/world.py)), over the same code that runs in Lambda, in `make test`. That
memory is held to the real adapters over the strict moto by
[tests/test_crash_world.py](../tests/test_crash_world.py): both make the same calls and end the same in every scenario.
A sample of {sample} cells, one for each fault of each method, runs over the strict moto itself in the same test run.
Label: in process. `python -m tests.crash.table` writes this page; a test checks that it is current.
"""


def every_cell() -> list[Cell]:
    """The whole matrix."""
    return [cell for scenario in SCENARIOS for direction in DIRECTIONS for cell in cells(scenario, direction)]


def table(results: Iterable[Result]) -> str:
    """One line for each scenario and function: recorded calls, faults, cells, and cells that failed."""
    failed: Counter[tuple[Scenario, Direction]] = Counter()
    ran: Counter[tuple[Scenario, Direction]] = Counter()
    for result in results:
        key = result.cell.scenario, result.cell.direction
        ran[key] += 1
        failed[key] += bool(result.problems)
    lines = ["| scenario | function | recorded calls | faults | cells | failed |", "|---|---|---:|---:|---:|---:|"]
    totals = Counter[str]()
    for scenario in SCENARIOS:
        for direction in DIRECTIONS:
            calls, kinds = len(recorded(scenario, direction)), len(list(faults(scenario, direction)))
            key = scenario, direction
            line = {"calls": calls, "faults": kinds, "cells": ran[key], "failed": failed[key]}
            assert ran[key] == kinds * len(ENDINGS)
            totals.update(line)
            lines.append(_line(scenario.name, _NAMES[direction], line))
    lines.append(_line("**all**", "", totals))
    return "\n".join(lines) + "\n"


def page(results: Iterable[Result]) -> str:
    """The text of docs/crash-matrix.md."""
    return _BEFORE + table(results) + _AFTER.format(sample=len(SAMPLE))


def _line(name: str, function: str, counts: dict[str, int]) -> str:
    return f"| {name} | {function} | {counts['calls']} | {counts['faults']} | {counts['cells']} | {counts['failed']} |"


if __name__ == "__main__":
    DOC.write_text(page(run(every_cell())), encoding="utf-8")
