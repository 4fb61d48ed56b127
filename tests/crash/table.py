"""The matrix as a table, for the terminal and for docs/crash-matrix.md (`python -m tests.crash.table` writes it)."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tests.crash.crew import Result, run
from tests.crash.matrix import DIRECTIONS, ENDINGS, Cell, Direction, cells, faults, recorded
from tests.crash.sample import ONE_OF_EACH, SAMPLE
from tests.crash.scenarios import SCENARIOS, Scenario

DOC = Path(__file__).resolve().parents[2] / "docs" / "crash-matrix.md"
_NAMES: dict[Direction, str] = {"Isolate": "isolate", "Release": "release"}
_BEGIN, _END = "<!-- the matrix: python -m tests.crash.table -->\n", "<!-- end of the matrix -->\n"


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
    """The text of docs/crash-matrix.md, with this matrix between its marks."""
    before, _, rest = DOC.read_text(encoding="utf-8").partition(_BEGIN)
    after = rest.partition(_END)[2]
    counts = f"Over the strict moto: {len(ONE_OF_EACH)} cells in `make soak`, {len(SAMPLE)} of them in `make test`.\n"
    return f"{before}{_BEGIN}{table(results)}\n{counts}{_END}{after}"


def _line(name: str, function: str, counts: dict[str, int]) -> str:
    return f"| {name} | {function} | {counts['calls']} | {counts['faults']} | {counts['cells']} | {counts['failed']} |"


if __name__ == "__main__":
    DOC.write_text(page(run(every_cell())), encoding="utf-8")
