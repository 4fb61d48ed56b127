"""Reading a document that must be exactly right: every refusal has its place and says what to write instead."""

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from quarantag import document
from quarantag.errors import InvalidPolicy

Path = tuple[str | int, ...]
Reader = Callable[[object, Path], Any]
T = TypeVar("T")
LONGEST_TEXT = 500


@dataclass(frozen=True, slots=True)
class Field:
    """How one key is read; `example` says what to write where it is missing, and makes it required."""

    read: Reader
    example: str = ""
    default: Any = None


class Refusals:
    """Collects what is refused, so that one reading of a document says all that is wrong with it."""

    def __init__(self, found: Iterable[InvalidPolicy] = ()) -> None:
        self.found = list(found)

    def read(self, reader: Reader, value: object, path: Path) -> Any:  # noqa: ANN401 - what the reader makes
        """What the reader makes of the value; None where it refuses it."""
        try:
            return reader(value, path)
        except InvalidPolicy as refused:
            self.found.extend(refused.all)
            return None

    def end(self) -> None:
        """Raise the first that was found, with the others beside it."""
        if self.found:
            first, *others = self.found
            raise InvalidPolicy(first.message, first.path, tuple(others))


def shown(value: object) -> str:
    """The value for an error message, as a policy file has it."""
    return str(value).lower() if isinstance(value, bool) else "nothing" if value is None else document.shown(value)


def keyed(value: object, path: Path) -> Mapping[str, object]:
    """A mapping whose keys are texts."""
    if not isinstance(value, Mapping):
        raise InvalidPolicy(f"{shown(value)} stands where keys with values are wanted: write `key: value`", path)
    for key in value:
        if not isinstance(key, str):
            raise InvalidPolicy(f'key {shown(key)} is not a text: write it in quotes, "{shown(key)}"', path)
    return value


def record(value: object, path: Path, fields: Mapping[str, Field]) -> dict[str, Any]:
    """Read a mapping by its table of fields; refuses unknown and missing keys. Absent ones have their default."""
    given = keyed(value, path)
    refusals = Refusals(_strange(given, path, fields))
    for key, field in fields.items():
        meant = any(key == _meant(wrong, fields) for wrong in given if wrong not in fields)
        if key not in given and field.example and not meant:
            refusals.found.append(InvalidPolicy(f"`{key}` is missing: write `{key}: {field.example}`", path))
    read = {
        key: refusals.read(field.read, given[key], (*path, key)) if key in given else field.default
        for key, field in fields.items()
    }
    refusals.end()
    return read


def _strange(given: Mapping[str, object], path: Path, fields: Mapping[str, Field]) -> Iterator[InvalidPolicy]:
    for key in given:
        if key not in fields:
            yield InvalidPolicy(f"unknown key {shown(key)}: {suggestion(key, fields)}", (*path, key))


def suggestion(wrong: str, known: Collection[str]) -> str:
    """What to write instead of a word that is not known."""
    meant = _meant(wrong, known)
    key, colon, value = wrong.partition(":")
    if colon and key in known:
        return f"write a space after the colon, `{key}: {value}`"
    return f"did you mean `{meant}`?" if meant else f"write one of {', '.join(known)}"


def _meant(wrong: str, known: Collection[str]) -> str | None:
    close = difflib.get_close_matches(wrong.lower(), {word.lower() for word in known}, 1)
    return next((word for word in known if close and word.lower() == close[0]), None)


def text(value: object, path: Path) -> str:
    """A text with something in it."""
    if isinstance(value, bool | int | float):
        raise InvalidPolicy(f'{shown(value)} is not a text: write it in quotes, "{shown(value)}"', path)
    if not isinstance(value, str) or not value.strip():
        raise InvalidPolicy("nothing stands here: write a text" if not value else f"{shown(value)} is not a text", path)
    if len(value) > LONGEST_TEXT:
        raise InvalidPolicy(f"a text of {len(value)} characters: write at most {LONGEST_TEXT}", path)
    return value


def shaped(pattern: str, example: str) -> Reader:
    """A reader of texts that fit the pattern as a whole."""
    compiled = re.compile(pattern)

    def read(value: object, path: Path) -> str:
        if isinstance(value, str) and not compiled.fullmatch(value):
            raise InvalidPolicy(f"{shown(value)} can't be right here: write it like {example}", path)
        return text(value, path)

    return read


def word(*known: str) -> Reader:
    """A reader of one of these words."""

    def read(value: object, path: Path) -> str:
        given = text(value, path)
        if given not in known:
            raise InvalidPolicy(f"{shown(value)} is not known here: {suggestion(given, known)}", path)
        return given

    return read


def number(low: float, high: float, *, whole: bool = False) -> Reader:
    """A reader of numbers from `low` to `high`."""

    def read(value: object, path: Path) -> float:
        kind = int if whole else int | float
        if isinstance(value, bool) or not isinstance(value, kind) or not low <= value <= high:
            wanted = "a whole number" if whole else "a number"
            raise InvalidPolicy(f"{shown(value)} is not {wanted} from {low:g} to {high:g}: write one", path)
        return value

    return read


def boolean(value: object, path: Path) -> bool:
    """True or false, not a word for it."""
    if not isinstance(value, bool):
        raise InvalidPolicy(f"{shown(value)} is neither true nor false: write one of these", path)
    return value


def day(value: object, path: Path) -> date:
    """A day as an ISO date, `2027-01-31`."""
    given = shaped(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "2027-01-31")(value, path)
    try:
        return date.fromisoformat(given)
    except ValueError as error:
        raise InvalidPolicy(f"{shown(value)} is no day of the calendar: {error}", path) from error


def any_of(read: Reader) -> Reader:
    """A reader of one value or a list of them, as a tuple without repeats."""

    def read_all(value: object, path: Path) -> tuple[Any, ...]:
        if not isinstance(value, list):
            return (read(value, path),)
        found = _items(read, value, path)
        if not found:
            raise InvalidPolicy("an empty list holds for nothing: list a value, or leave the key out", path)
        if len(set(found)) < len(found):
            raise InvalidPolicy("the same value stands here twice: leave one out", path)
        return found

    return read_all


def listed(read: Reader) -> Reader:
    """A reader of a list of records, as a tuple."""

    def read_all(value: object, path: Path) -> tuple[Any, ...]:
        if not isinstance(value, list):
            entries = "`- …` entries, or leave the key out" if value is None else "`- …` entries"
            raise InvalidPolicy(f"{shown(value)} stands where a list is wanted: write {entries}", path)
        return _items(read, value, path)

    return read_all


def _items(read: Reader, items: Sequence[object], path: Path) -> tuple[Any, ...]:
    refusals = Refusals()
    found = tuple(refusals.read(read, item, (*path, position)) for position, item in enumerate(items))
    refusals.end()
    return found
