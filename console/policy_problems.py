"""What `policy check` found, for people: one line for each problem, with colours on a terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from console.policy_check import GOOD, Checked, Problem
from console.screen_words import printable

STYLES = {"error": "bold red", "warning": "bold yellow"}


def show(results: Sequence[Checked], *, strict: bool) -> None:
    """Print what is good on stdout, and what is not, or unwise, on stderr."""
    out, err = (Console(stderr=stderr, highlight=False, soft_wrap=True) for stderr in (False, True))
    for result in results:
        if result.unreadable:
            err.print(Text(printable(result.unreadable)))
        for problem in result.problems:
            for line in _lines(problem):
                err.print(line)
        if result.loaded and result.code(strict=strict) == GOOD:
            out.print(Text(printable(_good(result))))
        elif not result.unreadable and not result.level("error"):
            err.print(Text(printable(f"{result.path}: refused: --strict takes no warning")))


def _good(result: Checked) -> str:
    loaded, count = result.loaded, len(result.problems)
    warned = f", {count} warning{'s' if count > 1 else ''}" if count else ""
    if loaded is None:
        return ""
    tested = f"{len(loaded.rules)} rules, {len(loaded.expectations)} expectations"
    return f"{result.path}: good: {tested}, hash {loaded.hash[:12]}{warned}"


def _lines(problem: Problem) -> list[Text]:
    line = Text(f"{printable(problem.where)}: ", style="bold")
    line.append(problem.level, style=STYLES[problem.level])
    line.append(f": {printable(problem.message)}", style="not bold")
    if not problem.difference:
        return [line]
    parts = problem.difference
    return [
        line,
        Text(printable(f"    - {parts.wanted}"), style="red"),
        Text(printable(f"    + {parts.got}"), style="green"),
        Text(printable(f"      {parts.why}"), style="dim"),
    ]
