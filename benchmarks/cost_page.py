"""Writes the tables of docs/cost.md: `python -m benchmarks.cost_page`. A test compares the page with them."""

from collections.abc import Iterator

from benchmarks.budgets import ACCOUNTS, CEILING, FINDINGS, at_once, hour
from benchmarks.cost import PRICES, WORKS, idle_month, work
from benchmarks.world import ROOT

PAGE = ROOT / "docs" / "cost.md"
_CONTAINMENT = ("a finding that isolates", "a containment, the VPC's first, every default measure")


def tables() -> Iterator[tuple[str, str]]:
    """Each table by its name, as Markdown."""
    yield (
        "prices",
        _table(
            ("price", "dollars"), ((name, f"{price:.10f}".rstrip("0").rstrip(".")) for name, price in PRICES.items())
        ),
    )
    rows = (
        (one.name, str(sum(one.calls.values())), f"{one.gb_seconds:.2f}", f"{one.dollars * 1e6:,.0f}") for one in WORKS
    )
    yield "works", _table(("one…", "AWS calls", "GB-seconds", "dollars for a million"), rows)
    month = list(idle_month())
    total = sum(dollars for _, dollars in month)
    yield (
        "idle",
        _table(
            ("idle, a month", "dollars"), ((name, f"{dollars:.2f}") for name, dollars in [*month, ("together", total)])
        ),
    )
    yield "scale", _table(("at", "dollars"), _scale(total))
    yield "budgets", _table(("API", "calls in the hour", "of its refill", "throttled"), _budgets())
    most, api = at_once()
    yield (
        "at once",
        f"**{most}** containments in one second, each the first of its VPC, "
        f"empty the first bucket of EC2: that of `{api}`.\n",
    )


def _scale(idle: float) -> Iterator[tuple[str, str]]:
    contained = sum(work(name).dollars for name in _CONTAINMENT)
    ignored = work("a finding that is ignored").dollars
    yield "100 containments", f"{100 * contained:.2f}"
    findings = FINDINGS - CEILING
    yield f"an hour of {FINDINGS:,} findings, {CEILING} contained", f"{findings * ignored + CEILING * contained:.2f}"
    yield f"{ACCOUNTS:,} idle stacks, a month", f"{ACCOUNTS * idle:,.0f}"


def _budgets() -> Iterator[tuple[str, str, str, str]]:
    for one in hour(FINDINGS, CEILING):
        yield f"`{one.api}`", f"{one.calls:,}", f"{float(one.share):.1%}", str(one.throttled)


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)]) + "\n"


def with_tables(page: str) -> str:
    """Give the page with these tables between their marks."""
    for name, table in tables():
        begin, end = f"<!-- {name}: `python -m benchmarks.cost_page` -->\n", f"<!-- end of {name} -->"
        before, _, rest = page.partition(begin)
        _, _, after = rest.partition(end)
        page = f"{before}{begin}\n{table}\n{end}{after}"
    return page


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
