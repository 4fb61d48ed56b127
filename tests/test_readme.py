"""README.md is true where a program can tell: its parameters and their defaults are the template's."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.template import source

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
PARAMETERS: dict[str, dict[str, Any]] = source()["Parameters"]


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table below the heading, without its head."""
    section = README.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    table = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


def named() -> dict[str, str]:
    """The default that the table of parameters has for each."""
    found: dict[str, str] = {}
    for names, defaults, _ in rows("Deploy"):
        each = [one.strip().strip("`").replace("none", "") for one in defaults.split(",")]
        found |= dict(zip(re.findall(r"`(\w+)`", names), each, strict=True))
    return found


def test_the_table_names_every_parameter_and_its_default() -> None:
    assert named() == {name: one["Default"] for name, one in PARAMETERS.items()}


STEPS = [row for row in rows("What a containment does, and what proves it") if row[1] != "always"]


@pytest.mark.parametrize("row", STEPS, ids=[row[0] for row in STEPS])
def test_a_step_has_the_parameter_and_the_default_of_the_template(row: list[str]) -> None:
    name, _, default = row[1].partition(" = ")
    assert PARAMETERS[name.strip("`")]["Default"] == default.strip("`").replace("none", "")


def test_what_is_proven_in_process_or_by_the_simulator_is_linked() -> None:
    """So that a reader finds the test; test_docs_links says whether it is there."""
    cells = [(row[0], cell) for row in rows("What a containment does, and what proves it") for cell in (row[4], row[6])]
    assert [(step, cell) for step, cell in cells if cell != "no" and "](tests/" not in cell] == []
