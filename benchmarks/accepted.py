"""The counts that are committed: as JSON, which the tests compare with, and as the table in docs/performance.md."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

from benchmarks.round_trips import Counted
from benchmarks.world import ROOT

COUNTS = Path(__file__).with_name("round_trips.json")
DOCUMENT = ROOT / "docs" / "performance.md"
_BEGIN, _END = "<!-- counts: written by `python -m benchmarks --accept` -->\n", "<!-- end of counts -->"
_HEAD = """
| scenario | calls | cut | verified | last tag | end |
|---|---:|---:|---:|---:|---:|
"""

Table = Mapping[str, Mapping[str, int | None]]


def committed() -> Table:
    """Read the committed counts, by scenario."""
    found: Table = json.loads(COUNTS.read_text(encoding="utf-8"))
    return found


def accept(counted: Iterable[Counted]) -> None:
    """Take these counts as the ones that later runs are compared with."""
    table = {one.scenario.name: asdict(one.counts) for one in counted}
    COUNTS.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")
    DOCUMENT.write_text(with_counts(DOCUMENT.read_text(encoding="utf-8"), table), encoding="utf-8")


def with_counts(document: str, table: Table) -> str:
    """Give the document with these counts in its table."""
    before, _, rest = document.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    rows = "".join(f"| {name} | {_cells(counts)} |\n" for name, counts in table.items())
    return f"{before}{_BEGIN}{_HEAD}{rows}\n{_END}{after}"


def _cells(counts: Mapping[str, int | None]) -> str:
    return " | ".join("-" if value is None else str(value) for value in counts.values())
