"""Values as people read them, and texts that no terminal obeys."""

from collections.abc import Mapping


def seen(value: object) -> str:
    """What a matcher saw, as people write it."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={tag}" for key, tag in value.items()) or "no tags"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else "nothing" if value is None else str(value)


def printable(text: str) -> str:
    """The text without anything that a terminal would obey: findings are written by others."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
