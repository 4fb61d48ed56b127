"""`quarantag history`: what the ledger holds of one instance, in the order in which it happened."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.operate_aws import CaseBook
from quarantag.case import Case


@dataclass(frozen=True, slots=True)
class Happened:
    """One audit entry: when, what kind, and its detail as it was written."""

    at: datetime
    kind: str
    detail: Mapping[str, Any]

    @property
    def what(self) -> str:
        """What was done."""
        detail = self.detail
        if self.kind == "step":
            return str(detail.get("step"))
        if self.kind == "decision":
            return f"decision: {detail.get('action')}"
        if self.kind == "tagged":
            return f"tagged {detail['value']}" if detail.get("value") else "tag removed"
        if self.kind == "status":
            return str(detail.get("status"))
        return self.kind.replace("-", " ")

    @property
    def target(self) -> str:
        """To what it was done, where that is not the instance as a whole."""
        return str(self.detail.get("target", "")) if self.kind == "step" else ""

    @property
    def cause(self) -> str:
        """Who or what asked for it, as far as the entry says."""
        detail = self.detail
        if self.kind == "decision":
            policy = str(detail.get("policy_hash", ""))[:12]
            return f"finding {detail.get('finding_id')}, rule {detail.get('rule')}, policy {policy}"
        if self.kind == "case-opened":
            return str(detail.get("reason", ""))
        return str(detail.get("function") or detail.get("principal") or detail.get("holder") or "")

    @property
    def result(self) -> str:
        """How it ended, or what is said about it."""
        detail = self.detail
        if self.kind == "decision":
            return f"{detail.get('outcome')}: {detail.get('reason')}"
        if self.kind == "step":
            return str(detail.get("result"))
        if self.kind in ("case-opened", "status", "tagged"):
            return ""
        if self.kind == "survivor":
            return f"{detail.get('what')}\n{detail.get('next_step')}"
        return "; ".join(_said(name, value) for name, value in detail.items() if name not in ("principal", "case_id"))


@dataclass(frozen=True, slots=True)
class History:
    """Everything that is recorded: entries and cases, each oldest first."""

    instance_id: str
    entries: tuple[Happened, ...]
    cases: tuple[Case, ...]


def history(book: CaseBook, instance_id: str) -> History:
    """Read it all. Raises `LedgerUnavailable`."""
    entries = sorted((_happened(values) for values in book.entries(instance_id)), key=lambda entry: entry.at)
    cases = list(book.closed(instance_id))
    latest = book.case(instance_id)
    if latest and latest.id not in {case.id for case in cases}:
        cases.append(latest)
    return History(instance_id, tuple(entries), tuple(sorted(cases, key=lambda case: case.opened_at)))


def _happened(values: Mapping[str, Any]) -> Happened:
    return Happened(datetime.fromisoformat(values["at"]), values["kind"], json.loads(values["detail"]))


def _said(name: str, value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if name in ("reason", "what", "seen", "fault", "text") else f"{name.replace('_', ' ')} {text}"
