"""`quarantag policy catalogue`: the known finding types, and how the list is brought up to date.

AWS lists them on a page of its documentation and nowhere in its API; an account tells which it has seen.
"""

import html
import json
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from console import finding_types
from console.finding_types import Catalogue
from quarantag.errors import QuarantagError

TYPE = re.compile(r"\b[A-Z][A-Za-z]+:[A-Z][A-Za-z0-9]+/[A-Z0-9][\w&.!-]*\w")
SEVERITY = re.compile(r"\b(Low|Medium|High|Critical)\b")
TAGS = re.compile(r"<[^>]+>")
NOT_FIXED = "Variable"
FEWEST = 100
"""A page with fewer types is not AWS's list: it lists about two hundred."""
PATIENCE_SECONDS = 30
GOOD, UNUSABLE = 0, 2


class NotRefreshed(Exception):
    """The catalogue stays as it is; the text is one line that says why and what to do."""


@dataclass(frozen=True, slots=True)
class Refresh:
    """From what to refresh: AWS's page, a saved copy of it (`-` is stdin), the types that GuardDuty reported here."""

    page: bool = False
    saved: str | None = None
    seen: Callable[[], frozenset[str]] | None = None


def show(*, as_json: bool) -> int:
    """Print the catalogue; answers the exit code."""
    known = finding_types.catalogue()
    if as_json:
        sys.stdout.write(json.dumps(asdict(known)) + "\n")
        return GOOD
    for finding_type, severity in known.types.items():
        sys.stdout.write(f"{finding_type}  {severity}\n")
    sys.stdout.write(f"{known}, from {known.source}\n")
    return GOOD


def refresh(asked: Refresh, *, file: Path = finding_types.FILE) -> int:
    """Write the catalogue anew and say what changed; answers the exit code: 0, or 2 with one line on stderr."""
    before = finding_types.read(file.read_text(encoding="utf-8"))
    try:
        after = _refreshed(before, asked)
    except (NotRefreshed, QuarantagError) as error:
        sys.stderr.write(f"{' '.join(str(error).split())}\n")
        return UNUSABLE
    file.write_text(json.dumps(asdict(after), indent=2) + "\n", encoding="utf-8")
    for sign, types in (
        ("+", after.types.keys() - before.types.keys()),
        ("-", before.types.keys() - after.types.keys()),
    ):
        sys.stdout.writelines(f"{sign} {one}\n" for one in sorted(types))
    sys.stdout.write(f"{file.name}: {after}\n")
    return GOOD


def _refreshed(before: Catalogue, asked: Refresh) -> Catalogue:
    types = dict(before.types)
    if asked.page or asked.saved:
        text = _saved(asked.saved) if asked.saved else _fetched(before.source)
        types = types_in(text)
        if len(types) < FEWEST:
            problem = f"only {len(types)} finding types on this page: give AWS's page of all finding types"
            raise NotRefreshed(f"{problem}, {before.source}")
    if asked.seen:
        types |= {one: NOT_FIXED for one in asked.seen() if one not in types}
    return replace(before, date=datetime.now(UTC).date().isoformat(), types=dict(sorted(types.items())))


def types_in(page: str) -> dict[str, str]:
    """The types on AWS's page, as Markdown or HTML, with what its row says of their severity."""
    found: dict[str, str] = {}
    for row in re.split(r"</tr>|\n(?=\|)", page):
        text = html.unescape(TAGS.sub(" ", row)).replace("\\", "")
        named = TYPE.search(text)
        if named:
            severity = SEVERITY.findall(text.replace(named[0], ""))
            found.setdefault(named[0], severity[-1] if severity and "*" not in text[-8:] else NOT_FIXED)
    return found


def _saved(name: str) -> str:
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NotRefreshed(f"{name}: can't be read: name a saved copy of AWS's page of finding types") from error


def _fetched(source: str) -> str:
    try:
        with urllib.request.urlopen(source, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310 (https, our own list's source)
            text: str = answer.read().decode("utf-8")
            return text
    except (urllib.error.URLError, TimeoutError, UnicodeDecodeError) as error:
        raise NotRefreshed(f"{source}: can't be read: {error}: save the page, then give it by --from FILE") from error
