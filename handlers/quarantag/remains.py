"""What survived, as it is told: in a line, as the command that ends it, as JSON values. Pure."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from quarantag.makers import MADE
from quarantag.survivors import Survivor, Survivors

_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
"""By the first letters of a Region."""
_ACCOUNT = 4
"""Which part of an ARN it is."""


def said(one: Survivor) -> str:
    """Say in a line what it is, whose, since when and until when."""
    owner = f" of {one.of}" if one.of else ""
    until = f"until {one.until:%Y-%m-%d %H:%MZ}" if one.until else "no end known"
    return f"{one.kind} {one.what or '(not named)'}{owner}, by {one.event} {one.at:%Y-%m-%d %H:%MZ}, {until}"


def next_step(one: Survivor, account: str, now: datetime) -> str:
    """Give the command that ends it, or shows it; "" where there is none. A role in another account is told so.

    `now` is until when a role's sessions are to be denied.
    """
    ending = next((made.ending for (_, name), made in MADE.items() if name == one.event), "")
    values = {"what": one.what, "of": one.of, "name": one.of.rpartition("/")[2]}
    if not ending or not all(value for place, value in values.items() if f"{{{place}}}" in ending):
        return ""
    partition = next((found for start, found in _PARTITIONS.items() if one.region.startswith(start)), "aws")
    command = ending.format(**values, now=f"{now:%Y-%m-%dT%H:%M:%SZ}", partition=partition)
    parts = one.of.split(":")
    owner = parts[_ACCOUNT] if len(parts) > _ACCOUNT else account
    return command if owner == account else f"in account {owner}: {command}"


def told(of: Survivors, account: str, now: datetime) -> dict[str, Any]:
    """Give it as JSON values for people and workflows, each with its `next_step`, null where there is none."""
    values = document(of)
    steps = (next_step(one, account, now) or None for one in of.found)
    return values | {"found": [one | {"next_step": step} for one, step in zip(values["found"], steps, strict=True)]}


def document(of: Survivors) -> dict[str, Any]:
    """Give it as JSON values: the attribute `survivors` of schemas/case.schema.json."""
    return {
        "looked_at": of.looked_at.isoformat(),
        "found": [_values(asdict(one)) for one in of.found],
        "problems": list(of.problems),
        "unread": list(of.unread),
    }


def from_document(values: Mapping[str, Any]) -> Survivors:
    """Read back what `document` gave. Raises `KeyError`, `ValueError` or `TypeError` where somebody has spoilt it."""
    return Survivors(
        looked_at=datetime.fromisoformat(values["looked_at"]),
        found=tuple(_survivor(one) for one in values["found"]),
        problems=tuple(values["problems"]),
        unread=tuple(values["unread"]),
    )


def _survivor(values: Mapping[str, Any]) -> Survivor:
    until = datetime.fromisoformat(values["until"]) if values["until"] else None
    return Survivor(**{**values, "at": datetime.fromisoformat(values["at"]), "until": until})


def _values(survivor: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in survivor.items()}
