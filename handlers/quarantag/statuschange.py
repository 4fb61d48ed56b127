"""What workflows are told of a containment: the detail of a `Containment Status Change` event.

Its shape is schemas/containment-status-change-event.schema.json. A workflow gets all that it needs to begin, so that it
need not read the ledger, and may be told the same twice.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from quarantag.access import allowed_rules
from quarantag.case import Case, InterfaceBefore, Kept, ProfileBefore, RoleBefore
from quarantag.instance import Instance, Observation, chosen_groups
from quarantag.measures import Supported
from quarantag.remains import told
from quarantag.settings import Settings

_EVIDENCE: dict[str, list[Any]] = {"volumes": [], "snapshots": []}
"""What the evidence measure tells, where it was looked at."""


@dataclass(frozen=True, slots=True)
class StatusChange:
    """How a containment ended at this moment; `observation` is the last one of the run, if any.

    `finding` is the reason tag's text where no case has it: what the tagger holds.
    """

    instance_id: str
    status: str
    reason: str
    at: datetime
    case: Case | None
    observation: Observation | None
    supported: tuple[Supported, ...]
    finding: str | None = None

    def detail(self, settings: Settings) -> dict[str, Any]:
        """Give the event's detail, as JSON values."""
        case, seen = self.case, self.observation
        isolated_at = (case.isolated_at if case else None) or (self.at if self.status == "Isolated" else None)
        evidence = {key: value for one in self.supported for key, value in one.detail.items() if key in _EVIDENCE}
        return {
            "account": settings.account,
            "region": settings.region,
            "stack": settings.stack,
            "ledger_table": settings.ledger,
            "at": self.at.isoformat(),
            "status": self.status,
            "reason": self.reason,
            "instance": _instance(self.instance_id, seen.instance if seen else None),
            "case_id": case.id if case else None,
            "finding": case.reason if case else self.finding,
            "opened_at": _time(case.opened_at if case else None),
            "isolated_at": _time(isolated_at),
            "interfaces": list(_interfaces(case.before.interfaces if case else (), seen, settings)),
            "profile_before": _identity(case.before.profile if case else None),
            "role_before": _identity(case.role if case else None),
            "survivors": told(case.survivors, settings.account, self.at) if case and case.survivors else None,
            "measures": _measures(case.kept if case else {}, {one.name: one for one in self.supported}),
            **_EVIDENCE,
            **evidence,
        }


def _measures(kept: Mapping[str, Kept], looked_at: Mapping[str, Supported]) -> dict[str, Any]:
    return {
        name: {
            "kept": kept.get(name),
            "done": looked_at[name].done if name in looked_at else None,
            "notes": [*looked_at[name].refused, *looked_at[name].notes] if name in looked_at else [],
        }
        for name in sorted({*looked_at, *kept})
    }


def _instance(instance_id: str, seen: Instance | None) -> dict[str, Any]:
    return {
        "id": instance_id,
        "state": seen.state if seen else None,
        "vpc_id": seen.vpc_id if seen else None,
        "image_id": seen.image_id if seen else None,
        "auto_scaling_group": seen.auto_scaling_group if seen else None,
    }


def _interfaces(
    before: Iterable[InterfaceBefore], seen: Observation | None, settings: Settings
) -> Iterator[dict[str, Any]]:
    chosen = chosen_groups(seen.groups if seen else (), allowed_rules(settings))
    groups = {vpc_id: group.id for vpc_id, group in chosen.items()}
    for one in before:
        own = {"id": one.id, "vpc_id": one.vpc_id, "groups_before": list(one.groups)}
        yield own | {"isolation_group": groups.get(one.vpc_id)}


def _identity(of: ProfileBefore | RoleBefore | None) -> dict[str, str] | None:
    return {"arn": of.arn, "id": of.id} if of else None


def _time(time: datetime | None) -> str | None:
    return time.isoformat() if time else None
