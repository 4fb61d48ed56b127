"""Cases and entries as DynamoDB items, and back. Pure; the shape of a case is schemas/case.schema.json."""

import json
from datetime import UTC, datetime
from typing import Any, cast

from quarantag.case import Case, CaseStatus, InterfaceBefore, Kept, ProfileBefore, RoleBefore, StateBefore
from quarantag.errors import LedgerUnavailable
from quarantag.ports import Entry
from quarantag.remains import document, from_document
from quarantag.survivors import Survivors

OPEN_CASES_INDEX = "open-cases"
_OPEN = "open"
_MEASURE = "measure_"


def case_values(case: Case, generation: int) -> dict[str, Any]:
    """Give the attributes of a case; `open_case` puts an open one into the index."""
    values: dict[str, Any] = {
        "case_id": case.id,
        "instance_id": case.instance_id,
        "status": case.status,
        "opened_at": case.opened_at.isoformat(),
        "reason": case.reason,
        "interfaces_before": {
            one.id: {"vpc_id": one.vpc_id, "groups": list(one.groups)} for one in case.before.interfaces
        },
        "profile_before": _identity_values(case.before.profile),
        "role_before": _identity_values(case.role),
        "isolated_at": _text(case.isolated_at),
        "closed_at": _text(case.closed_at),
        "generation": generation,
    } | {measure_attribute(name): kept_text(kept) for name, kept in case.kept.items()}
    if case.taken:
        values["taken"] = sorted(case.taken)
    if case.survivors:
        values["survivors"] = survivors_text(case.survivors)
    return values | ({"open_case": _OPEN} if case.open else {})


def case_of(values: dict[str, Any]) -> Case:
    """Read back what `case_values` wrote; raises `LedgerUnavailable` where somebody has spoilt it since."""
    try:
        return _case_of(values)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        problem = f"unreadable case of {values.get('pk') or values.get('instance_id')}"
        raise LedgerUnavailable(f"{problem}: {type(error).__name__} {error}; mend the item in the ledger") from error


def _case_of(values: dict[str, Any]) -> Case:
    interfaces = (
        InterfaceBefore(interface_id, before["vpc_id"], tuple(before["groups"]))
        for interface_id, before in sorted(values["interfaces_before"].items())
    )
    profile, role = values["profile_before"], values.get("role_before")
    return Case(
        id=values["case_id"],
        instance_id=values["instance_id"],
        status=cast("CaseStatus", values["status"]),
        opened_at=_zoned(values["opened_at"]),
        before=StateBefore(tuple(interfaces), ProfileBefore(profile["arn"], profile["id"]) if profile else None),
        reason=values["reason"],
        role=RoleBefore(role["arn"], role["id"]) if role else None,
        isolated_at=_time(values["isolated_at"]),
        closed_at=_time(values["closed_at"]),
        kept={
            name.removeprefix(_MEASURE): json.loads(kept) for name, kept in values.items() if name.startswith(_MEASURE)
        },
        taken=frozenset(values.get("taken", ())),
        survivors=from_document(json.loads(values["survivors"])) if values.get("survivors") else None,
    )


def survivors_text(survivors: Survivors) -> str:
    """What outlives the denial of the sessions, as JSON text."""
    return json.dumps(document(survivors), sort_keys=True)


def measure_attribute(name: str) -> str:
    """Name of the attribute of a case that holds what this measure found."""
    return f"{_MEASURE}{name}"


def kept_text(kept: Kept) -> str:
    """What a measure found, as JSON text: its keys differ by measure."""
    return json.dumps(kept, sort_keys=True)


def entry_values(entry: Entry) -> dict[str, Any]:
    """Give an audit entry; its detail is JSON text, since its keys differ by kind."""
    return {
        "kind": entry.kind,
        "at": entry.at.isoformat(),
        "instance_id": entry.instance_id,
        "detail": json.dumps(dict(entry.detail), sort_keys=True, default=str),
    }


def _identity_values(of: ProfileBefore | RoleBefore | None) -> dict[str, str] | None:
    return {"arn": of.arn, "id": of.id} if of else None


def _text(time: datetime | None) -> str | None:
    return time.isoformat() if time else None


def _time(text: str | None) -> datetime | None:
    return _zoned(text) if text else None


def _zoned(text: str) -> datetime:
    """A time as it was written; one that was typed without its zone is UTC."""
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)
