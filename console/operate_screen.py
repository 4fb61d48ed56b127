"""The operator's commands for people: tables that fit 80 columns, colours by status."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.status import Status
from rich.table import Table
from rich.text import Text

from console.operate_history import Happened, History
from console.operate_look import Sight
from console.operate_tag import End
from console.screen_words import printable
from quarantag.case import Case
from quarantag.settings import Settings

STYLES = {
    "Isolated": "bold green",
    "Isolating": "yellow",
    "Releasing": "yellow",
    "Released": "cyan",
    "Failed": "bold red",
    "Held": "bold magenta",
    "Ended": "dim",
}
"""By status: green is contained, red and magenta want a person."""
NOTHING = "-"


def show_list(settings: Settings, sights: list[Sight], paused: str) -> None:
    """Print who paused the stack, then one row for each instance; beneath its reason, what disagrees."""
    console = Console(highlight=False)
    if paused:
        console.print(Text(f"Nothing is isolated or released: {printable(paused)}", style="bold red"), soft_wrap=True)
    place = f"stack {settings.stack}, account {settings.account}, {settings.region}"
    if not sights:
        console.print(f"Nothing is tagged and no case is open ({place}).")
        return
    asked = max(len("asked"), *(len(printable(sight.asked or NOTHING)) for sight in sights))
    console.print(_line(("instance", "asked", "status", "since", "name"), asked, "dim"), style="dim")
    for sight in sights:
        console.print(_row(sight, asked), no_wrap=True, overflow="ellipsis")
        for note in _notes(sight):
            console.print(Padding(note, (0, 0, 0, 2)))
    disagreeing = sum(bool(sight.disagreements()) for sight in sights)
    told = (
        f"{disagreeing} in disagreement, quarantag show INSTANCE says more" if disagreeing else "none in disagreement"
    )
    console.print(Text(f"{len(sights)} shown, {told}; {place}", style="dim"))


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[str, float], None]]:
    """Give what shows on stderr what the status tag says and how long was waited: a line that moves, or nothing."""
    console = Console(highlight=False, stderr=True, quiet=quiet)
    if quiet or not console.is_terminal:
        yield lambda _text, _seconds: None
        return
    with ExitStack() as shown:
        status = console.status("")

        def show(text: str, seconds: float) -> None:
            if not started:
                started.append(shown.enter_context(status))
            status.update(Text(printable(f"{text}  {seconds:.0f} s")))

        started: list[Status] = []
        yield show


def show_end(end: End) -> None:
    """Print how it ended."""
    line = Text()
    style = STYLES.get(end.status or "", "bold" if end.good else "bold red")
    if end.ended and end.status:
        line.append(end.status, style=style)
        line.append(printable(f"  {end.wish.instance_id}: {end.reason or 'done'} ({end.seconds:.0f} s)"))
    else:
        line.append("tag written" if end.good else "not ended", style=style)
        line.append(printable(f"  {end.wish.instance_id}, {end.asked}: {end.reason}"))
    Console(highlight=False).print(line)


def show_history(history: History) -> None:
    """Print the cases, then the timeline."""
    console = Console(highlight=False)
    for case in history.cases:
        line = Text(case.status, style=STYLES[case.status])
        console.print(line.append(printable(f"  {case.id}: {times(case)}"), style="default"))
    table = table_of()
    table.add_column("time (UTC)", no_wrap=True)
    table.add_column("what", max_width=38, overflow="fold")
    table.add_column("who or what asked, and the result", overflow="fold")
    for entry in history.entries:
        table.add_row(f"{entry.at:%m-%d %H:%M:%S}", _what(entry), _asked_and_result(entry))
    console.print(table)


def say(text: str) -> None:
    """Print text that others wrote parts of, on stderr."""
    sys.stderr.write("\n".join(printable(line) for line in text.split("\n")) + "\n")


def table_of() -> Table:
    """Make an empty table in the commands' one look."""
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", expand=False)


def plain(text: str | None, style: str = "") -> Text:
    """Give text that others may have written, so that no terminal obeys it."""
    return Text(printable(text or NOTHING), style=style)


def _row(sight: Sight, asked: int) -> Text:
    told = (sight.asked, sight.status, _minute(sight.since), sight.tag("Name"))
    return _line((sight.id, *(printable(one or NOTHING) for one in told)), asked, STYLES.get(sight.status or "", ""))


def _line(cells: Sequence[str], asked: int, status_style: str) -> Text:
    """One line of the list: id, asked, status, since, name; the name is cut where the terminal ends."""
    instance, wanted, status, since, name = cells
    line = Text(f"{instance:19}  {wanted:{asked}}  ")
    return line.append(f"{status:9}", status_style).append(f"  {since:17}  {name}")


def _notes(sight: Sight) -> Iterator[Text]:
    """What is said beneath an instance: why, what failed or is held, and what disagrees."""
    if sight.reason:
        yield plain(sight.reason, "dim")
    if sight.status in ("Failed", "Held"):
        yield plain(sight.status_tag, "red")
    yield from (plain(line, "bold red") for line in sight.disagreements())


def _what(entry: Happened) -> RenderableType:
    style = STYLES.get(entry.what, "bold yellow" if entry.kind in ("drift", "tampering") else "")
    what = plain(entry.what, style)
    return Group(what, plain(entry.target, "dim")) if entry.target else what


def _asked_and_result(entry: Happened) -> RenderableType:
    said = [plain(f"asked: {entry.cause}", "dim")] if entry.cause else []
    if entry.result:
        style = "" if entry.kind != "step" or entry.result == "done" else "red"
        said += [plain(line, style) for line in entry.result.split("\n")]
    return Group(*said)


def times(case: Case) -> str:
    """Say when the case was opened, isolated and closed."""
    said = [f"opened {_minute(case.opened_at)}"]
    said += [f"isolated {_minute(case.isolated_at)}"] if case.isolated_at else []
    said += [f"closed {_minute(case.closed_at)}"] if case.closed_at else []
    return ", ".join(said)


def _minute(time: datetime | None) -> str:
    return f"{time:%Y-%m-%d %H:%MZ}" if time else NOTHING
