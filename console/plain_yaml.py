"""What PyYAML refuses, in plain words: what is wrong with the text, and what to write instead.

PyYAML says what its parser expected; who writes a policy wants to know which quote, space or bracket is missing.
Needs PyYAML and the standard library only, as `policy_file` does.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import yaml

WORD = re.compile(r"[^\s,\]}]*")
KEY = re.compile(r"[^\s\"'{\[]+:\s")
NEVER_CLOSED = "<stream end>"
NO_ENTRY = "is no `key: value`: write a colon and a space after"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One refusal of PyYAML: the text's lines, what it says, and its two marks, as line and column from 0."""

    lines: list[str]
    says: str
    at: tuple[int, int]
    since: tuple[int, int] | None

    @property
    def found(self) -> str:
        """What PyYAML found where it expected something else, without its quotes."""
        return self.says.rpartition(" found ")[2].rpartition(" got ")[2].strip("'")

    @property
    def word(self) -> str:
        """The word that starts where the trouble began."""
        line, column = self.since or self.at
        found = WORD.match(self.lines[line], column) if line < len(self.lines) else None
        return found[0] if found else ""

    def line(self, number: int) -> str:
        """The text of a line without its comment's and list's marks, or nothing."""
        return self.lines[number].strip().removeprefix("- ") if 0 <= number < len(self.lines) else ""

    def above(self) -> int:
        """The number of the nearest line above that says something, from 0."""
        said = (at for at in range(self.at[0] - 1, -1, -1) if self.line(at) and not self.line(at).startswith("#"))
        return next(said, -1)


def plainly(error: yaml.YAMLError, content: str) -> tuple[int, int, str]:
    """Line and column, both from 1, and what is wrong there with what to write instead."""
    if isinstance(error, yaml.reader.ReaderError):
        before = content[: error.position].split("\n")
        return len(before), len(before[-1]) + 1, f"the character #x{int(error.character):04x} is no text: take it away"
    if not isinstance(error, yaml.MarkedYAMLError):
        return 1, 1, " ".join(str(error).split())
    mark, since = error.problem_mark or error.context_mark, error.context_mark
    says = " ".join(" ".join(filter(None, (error.context, error.problem))).split())
    at = (mark.line, mark.column) if mark else (0, 0)
    trouble = Trouble(content.split("\n"), says, at, (since.line, since.column) if since else None)
    told = next((tell for pattern, tell in TOLD if re.search(pattern, says)), None)
    message = told(trouble) if told else says
    line, column = trouble.since if trouble.since and re.search(BEGINS, says) else at
    return line + 1, column + 1, message


def _second_colon(trouble: Trouble) -> str:
    line, column = trouble.at
    here, above = trouble.lines[line][:column], trouble.line(trouble.above())
    if KEY.search(here):
        return "a second `: ` on this line: put the value in quotes, or start a new line for the second key"
    if ":" in above and not KEY.search(f"{above} "):
        key, _, value = above.partition(":")
        return f"the line above has no space after its colon: write `{key}: {value}` there"
    if ":" not in above:
        return f"the line above {NO_ENTRY} its key"
    return "this line is indented further than the line above, which has its value already: indent both alike"


def _no_colon(trouble: Trouble) -> str:
    if ":" not in trouble.word:
        return f"this line {NO_ENTRY} the key"
    key, _, value = trouble.word.partition(":")
    return f"no space after the colon: write `{key}: {value}`"


def _outside_block(trouble: Trouble) -> str:
    found = trouble.found
    if found in {"}", "]"}:
        return f"this `{found}` closes nothing: take it away"
    if found == "-":
        return "a list entry stands among keys: indent it below the key that it belongs to, or take the `-` away"
    if found.startswith("<block"):
        return "this line is indented like none of the lines around it: write as many spaces as before its neighbours"
    return "something stands after the end of the value: put the whole value in quotes"


def _unclosed(trouble: Trouble) -> str:
    opened, closing = ("{", "}") if "mapping" in trouble.says else ("[", "]")
    if trouble.since and trouble.since[0] == trouble.at[0] and trouble.found != NEVER_CLOSED:
        return f"between two entries in `{opened}…{closing}` a comma is missing: write `, ` before this one"
    where = f" of line {trouble.since[0] + 1}, column {trouble.since[1] + 1}," if trouble.since else ""
    return f"the `{opened}`{where} is not closed: write `{closing}` where it ends"


def _no_value(trouble: Trouble) -> str:
    if trouble.found == NEVER_CLOSED:
        return "a `[` or `{` is not closed before the file ends: write `]` or `}` where it ends"
    return f"nothing stands before this `{trouble.found}`: write a value, or take the comma or bracket away"


def _quoted(trouble: Trouble) -> str:
    if trouble.word.startswith(">"):
        return "a value that starts with >: write a range as {at_least: 7.0}, and put a text in quotes"
    return f"a value that starts with {trouble.word[:1]} needs quotes: write '{trouble.word}'"


def _character(trouble: Trouble) -> str:
    line, column = trouble.at
    if trouble.lines[line][column] == "\t":
        return "a tab: indent and separate by spaces"
    return _quoted(Trouble(trouble.lines, trouble.says, trouble.at, None))


TOLD: tuple[tuple[str, Callable[[Trouble], str]], ...] = (
    ("mapping values are not allowed", _second_colon),
    ("could not find expected ':'", _no_colon),
    ("expected '<document start>'", lambda _: f"the line above {NO_ENTRY} its key"),
    ("expected <block end>", _outside_block),
    ("expected ',' or", _unclosed),
    ("expected the node content", _no_value),
    ("scanning an (alias|anchor)|found undefined alias", _quoted),
    ("cannot start any token", _character),
    ("scanning a quoted scalar", lambda _: "the quote that opens here is never closed: write it at the text's end"),
    ("unknown escape character", lambda _: "a `\\` between double quotes: write single quotes around this text"),
    ("expected a single document", lambda _: "a second document starts here: one file holds one policy, take it away"),
    ("sequence entries are not allowed", lambda _: "a list entry inside a line: start a new line, or write `[…]`"),
    ("scanning a block scalar", _quoted),
)
"""What PyYAML says, as a pattern, and how that is told; the first that fits."""
BEGINS = "scanning an (alias|anchor)|scanning a (quoted|block) scalar|could not find expected ':'"
"""Where the place is that of the beginning, and not the one at which PyYAML gave up."""
