"""A replay for people: tables on standard output, the progress bar on standard error."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from console.explained import STYLES
from console.replay.run import Told
from console.replay.spool import Spool
from console.replay.summary import Document
from console.replay.tally import ACTIONS, Part
from console.screen_words import printable

MOST_ROWS = 20


@contextmanager
def progress(total: int | None) -> Iterator[Told]:
    """A bar over so many bytes (None: nobody knows), where standard error is a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"))
    with Progress(
        *columns,
        TimeRemainingColumn(),
        console=console,
        transient=True,
        auto_refresh=False,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("reading findings", total=total)
        findings = 0

        def told(part: Part) -> None:
            nonlocal findings
            findings += part.findings
            bar.update(task, advance=part.bytes, description=f"{findings:,} findings", refresh=True)

        yield told


def show(document: Document, changes: Spool, rejections: Spool) -> None:
    """Print everything, each list up to some rows and with how many there are."""
    console = Console(highlight=False)
    console.print(_headline(document))
    console.print(_rules(document))
    for title, name, columns in LISTS:
        _listed(console, _title(title, document[name]), document[name], columns)
    console.print(_types(document))
    if "against" in document:
        _compare(console, document, changes)
    if rejections:
        console.print(_title(f"{len(rejections)} records could not be read", rejections))
        for one in rejections.first(MOST_ROWS):
            console.print(Text(printable(f"  {one['place']}: {one['problem']}")))


Columns = dict[str, str]
INSTANCE: Columns = {
    "isolated_at": "when (UTC)",
    "instance_id": "instance",
    "account": "account",
    "region": "Region",
    "rule": "rule",
    "type": "by finding",
}
HELD: Columns = {"held_since": "since (UTC)", "instance_id": "instance", "held_by": "limit", "type": "finding"}
LIMIT: Columns = {
    "account": "account",
    "region": "Region",
    "limit": "limit",
    "full_windows": "windows full",
    "held_instances": "instances held",
    "held_decisions": "decisions held",
}
LISTS = (
    ("Instances that would have been isolated", "instances", INSTANCE),
    ("Held to the end: a human would have had to decide", "held_instances", HELD),
    ("Limits that would have held", "limits", LIMIT),
)
MOVE: Columns = {
    "decisions": "decisions",
    "before": "before",
    "rule_before": "by rule",
    "after": "after",
    "rule_after": "by rule",
}
CHANGE: Columns = {"finding_id": "finding", "instance_id": "instance", "type": "type", "change": "change"}
WHOLE = {"when (UTC)", "since (UTC)", "instance", "rule"}
"""Columns that are not broken: better a narrow type than an id in pieces."""
WIDE = {"account", "region", "finding_id"}
"""Columns for which a terminal needs `WIDE_FROM` characters in a line; `--json` has them always."""
WIDE_FROM = 120


def _headline(document: Document) -> Text:
    period, busiest = document["period"], document["busiest_hour"]
    line = Text(f"{document['findings']:,} findings", style="bold")
    if period["first"]:
        line.append(f" from {period['first'][:10]} to {period['last'][:10]}", style="not bold")
    line.append(": ", style="not bold")
    for action in ACTIONS:
        line.append(f"{document['decisions'][action]:,} {action}", style=STYLES[action])
        line.append("" if action == ACTIONS[-1] else ", ", style="not bold")
    line.append(f"\n{len(document['instances']):,} instances would have been isolated", style="not bold")
    if busiest and busiest["isolated"]:
        line.append(f"; the most in the hour from {busiest['hour'][:16]}Z: {busiest['isolated']}", style="not bold")
    if period["undated"]:
        line.append(
            f"\n{period['undated']:,} do not say when they were: decided as of now, after all others", style="not bold"
        )
    return line


def _table(columns: Sequence[str], title: Text | None = None) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim", title=title, title_justify="left"
    )
    for name in columns:
        table.add_column(name, overflow="fold", no_wrap=name in WHOLE, justify="right" if name in NUMBERS else "left")
    return table


NUMBERS = {"decisions", "severity", "windows full", "instances held", "decisions held", *ACTIONS}


def _rules(document: Document) -> Table:
    table = _table(("decisions", "action", "by rule"))
    for row in document["by_rule"]:
        rule = Text(printable(row["rule"])) if row["rule"] else Text("no rule", style="dim")
        table.add_row(f"{row['decisions']:,}", Text(row["action"], style=STYLES[row["action"]]), rule)
    return table


def _types(document: Document) -> Table:
    table = _table(("type", *ACTIONS), _title("Finding types", document["by_type"]))
    for row in document["by_type"][:MOST_ROWS]:
        counts = (Text(f"{row[action]:,}" if row[action] else "", style=STYLES[action]) for action in ACTIONS)
        table.add_row(Text(printable(row["type"])), *counts)
    return table


def _listed(console: Console, title: Text, rows: Sequence[Document], columns: Columns) -> None:
    if not rows:
        return
    shown = [name for name in columns if console.width >= WIDE_FROM or columns is LIMIT or name not in WIDE]
    table = _table([columns[name] for name in shown], title)
    for row in rows[:MOST_ROWS]:
        table.add_row(*(_cell(row[name], name) for name in shown))
    console.print(table)


def _cell(value: object, name: str) -> Text:
    if isinstance(value, str) and name in {"isolated_at", "held_since"}:
        value = value[:16].replace("T", " ")
    text = "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
    return Text(printable(text), style=STYLES.get(text, ""))


def _title(title: str, rows: Sequence[Document] | Spool) -> Text:
    more = f" (the first {MOST_ROWS} of {len(rows):,}; all: --json)" if len(rows) > MOST_ROWS else ""
    return Text(f"{title}{more}", style="bold")


def _compare(console: Console, document: Document, changes: Spool) -> None:
    against = document["against"]
    counts = ", ".join(f"{against['decisions'][action]:,} {action}" for action in ACTIONS)
    line = f"Against {against['file']}, which says {counts} and isolates {against['instances']:,} instances: "
    console.print(Text(printable(f"{line}{against['changed']:,} decisions change"), style="bold"))
    _listed(console, _title("What changes", against["moves"]), against["moves"], MOVE)
    rows = [{**one, "change": _change(one)} for one in changes.first(MOST_ROWS)]
    _listed(console, _title("Findings that change", changes), rows, CHANGE)


def _change(one: Document) -> str:
    before, after = one["before"], one["after"]
    return f"{before['action']} ({before['rule'] or 'no rule'}) -> {after['action']} ({after['rule'] or 'no rule'})"
