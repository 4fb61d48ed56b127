"""The `--json` of the operator's commands: a stable interface, docs/operate.md shows it."""

from datetime import UTC, datetime
from typing import Any

from console.operate_aws import Saved
from console.operate_history import History
from console.operate_look import Sight
from console.operate_tag import End
from quarantag import remains
from quarantag.case import Case
from quarantag.settings import Settings


def listed(settings: Settings, sights: list[Sight], paused: str) -> dict[str, Any]:
    """`quarantag list`; `paused` says who paused the stack and why, "" where nobody did."""
    return {
        "stack": settings.stack,
        "account": settings.account,
        "region": settings.region,
        "paused": paused,
        "instances": [_row(sight) for sight in sights],
    }


def shown(sight: Sight) -> dict[str, Any]:
    """`quarantag show`: the live instance beside what its case recorded; `contained` is null where none is there."""
    instance, observation = sight.instance, sight.observation
    profiles = [one.profile_arn for one in observation.associations if one.active] if observation else []
    return _row(sight) | {
        "contained": sight.contained,
        "not_contained": list(sight.why_not_contained()),
        "instance": instance and {"state": instance.state, "vpc_id": instance.vpc_id, "tags": dict(instance.tags)},
        "interfaces": [
            {
                "id": one.id,
                "vpc_id": one.vpc_id,
                "groups": list(one.groups),
                "isolated": one.groups == (sight.isolation_group(one.vpc_id),),
                "requester_managed": one.requester_managed,
            }
            for one in (observation.interfaces if observation else ())
        ],
        "profile": next(iter(profiles), None),
        "case": sight.case and case_document(sight.case),
        "snapshots": [_saved(one) for one in sight.snapshots],
        "survivors": _survivors(sight),
    }


def ended(end: End) -> dict[str, Any]:
    """`quarantag isolate | review | release`."""
    return {
        "instance_id": end.wish.instance_id,
        "asked": end.asked,
        "ok": end.good,
        "ended": end.ended,
        "status": end.status,
        "reason": end.reason,
        "seconds": round(end.seconds, 1),
    }


def told(history: History) -> dict[str, Any]:
    """`quarantag history`: entries and cases, oldest first."""
    return {
        "instance_id": history.instance_id,
        "cases": [case_document(case) for case in history.cases],
        "entries": [
            {"at": one.at.isoformat(), "kind": one.kind, "detail": dict(one.detail)} for one in history.entries
        ],
    }


def case_document(case: Case) -> dict[str, Any]:
    """A case, with the state before it."""
    before = case.before
    return {
        "case_id": case.id,
        "status": case.status,
        "opened_at": case.opened_at.isoformat(),
        "isolated_at": _time(case.isolated_at),
        "closed_at": _time(case.closed_at),
        "reason": case.reason,
        "interfaces_before": [
            {"id": one.id, "vpc_id": one.vpc_id, "groups": list(one.groups)} for one in before.interfaces
        ],
        "profile_before": before.profile.arn if before.profile else None,
        "role_before": case.role.arn if case.role else None,
    }


def _survivors(sight: Sight) -> dict[str, Any] | None:
    found = sight.case.survivors if sight.case else None
    return remains.told(found, sight.settings.account, datetime.now(UTC)) if found else None


def _saved(one: Saved) -> dict[str, Any]:
    return {
        "id": one.id,
        "state": one.state,
        "volume_id": one.tags.get("QuarantagVolume"),
        "device": one.tags.get("QuarantagDevice"),
        "copy_of": one.tags.get("QuarantagCopyOf"),
    }


def _row(sight: Sight) -> dict[str, Any]:
    return {
        "instance_id": sight.id,
        "name": sight.tag("Name"),
        "asked": sight.asked,
        "status": sight.status,
        "status_tag": sight.status_tag,
        "since": _time(sight.since),
        "reason": sight.reason,
        "case_id": sight.open_case.id if sight.open_case else None,
        "disagreements": list(sight.disagreements()),
    }


def _time(time: datetime | None) -> str | None:
    return time.isoformat() if time else None
