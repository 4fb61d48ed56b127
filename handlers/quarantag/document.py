"""Reading a JSON document that others wrote: either spelling of a key, and no surprise from any value.

GuardDuty's API answers in PascalCase (`AccountId`), its events and exports in camelCase (`accountId`), and published
records mix both: botocore's guardduty model, shape `Finding`.
"""

from collections.abc import Mapping

LONGEST_SHOWN = 60


def get(document: object, key: str) -> object:
    """The value under `key` (camelCase) or its PascalCase spelling; None where there is none, or no mapping."""
    if not isinstance(document, Mapping):
        return None
    value = document.get(key)
    return value if value is not None else document.get(key[:1].upper() + key[1:])


def dig(document: object, *keys: str) -> object:
    """The value at the end of this path of keys, or None."""
    for key in keys:
        document = get(document, key)
    return document


def text(value: object) -> str | None:
    """The value where it is a text with something in it, without the space around it; else None."""
    return (value.strip() or None) if isinstance(value, str) else None


def shown(value: object) -> str:
    """The value for an error message: one short line, whatever it is."""
    if isinstance(value, str):
        line = ascii(value)
        return line if len(line) <= LONGEST_SHOWN else f"{line[:LONGEST_SHOWN]}…"
    if value is None or isinstance(value, bool | float):
        return str(value)
    return "a list" if isinstance(value, list | tuple) else "an object" if isinstance(value, Mapping) else _kind(value)


def _kind(value: object) -> str:
    small = isinstance(value, int) and abs(value) < 10**LONGEST_SHOWN
    return str(value) if small else f"a value of type {type(value).__name__}"
