"""The `Ledger` port over one DynamoDB table; every change is one conditional write.

Keys: `pk` is the instance id, `sk` is `lease`, `case` (the latest), `closed#<case id>` or `entry#…`; counters have
`pk` `quota#<scope>` and `sk` the window's start. Nothing is ever deleted or scanned; `memory` has the rest.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from aws_lambda_powertools import Logger

from quarantag.aws.attributes import Item
from quarantag.aws.items import (
    OPEN_CASES_INDEX,
    case_of,
    case_values,
    entry_values,
    kept_text,
    measure_attribute,
    survivors_text,
)
from quarantag.aws.memory import Memory
from quarantag.aws.table import Refused, Table
from quarantag.case import CLOSED, Case, CaseStatus, InterfaceBefore, Kept, RoleBefore
from quarantag.errors import Conflict, LedgerUnavailable
from quarantag.ports import TAGGER, Clock, Entry, Lease, Quota
from quarantag.survivors import Survivors

LEASE = timedelta(seconds=120)
"""Longer than any function may run (template.yaml: Timeout), so that an expired lease has no living holder."""
_RECENT = timedelta(seconds=10)
_MOST_WRITES = 100  # of one TransactWriteItems
_NOT_FENCED = "(attribute_not_exists(generation) OR generation <= :generation)"
_NO_OPEN_CASE = "(attribute_not_exists(pk) OR attribute_not_exists(open_case))"


class DynamoDbLedger(Memory):
    """Leases, cases, audit entries and counters."""

    def __init__(self, table: Table, clock: Clock, log: Logger) -> None:
        super().__init__(table, clock)
        self._log = log

    def acquire(self, instance_id: str, holder: str, now: datetime) -> Lease | None:
        """Take the lease where it is free, has expired, or is ours already; each taking has a higher generation.

        Ours: an answer that was lost and asked for again, or a crashed invocation that Lambda tries again by its id.
        """
        update = self._table.updating(
            (instance_id, "lease"),
            "SET holder = :holder, lease_until = :until, touched_at = :now ADD generation :one",
            "attribute_not_exists(pk) OR lease_until < :now OR holder = :holder",
            {":holder": holder, ":until": _epoch(now + LEASE), ":now": _epoch(now), ":one": 1},
        )
        try:
            old = self._table.update(update)
        except Refused:
            return None
        recent = int(old.get("touched_at", 0)) > _epoch(now - _RECENT)
        before = str(old.get("holder", ""))
        contended = recent and before != holder and not before.startswith(TAGGER)
        return Lease(instance_id, int(old.get("generation", 0)) + 1, contended)

    def yield_lease(self, lease: Lease) -> None:
        """Give the lease back; where that fails it is logged, and the lease expires by itself."""
        update = self._table.updating(
            (lease.instance_id, "lease"),
            "SET lease_until = :never, touched_at = :now",
            "generation = :generation",
            {":never": 0, ":now": _epoch(self._clock.now()), ":generation": lease.generation},
        )
        try:
            self._table.update(update)
        except (Refused, LedgerUnavailable) as error:
            self._log.warning("lease not given back, it expires by itself", reason=str(error))

    def case(self, instance_id: str) -> Case | None:
        """Read the latest case."""
        values = self._table.get(instance_id, "case")
        return case_of(values) if values else None

    def admit(self, instance_id: str, quotas: Sequence[Quota]) -> Quota | None:
        """Add the instance to every counter, or to none where one is full."""
        if not quotas:
            return None
        try:
            self._table.transact([self._counting(instance_id, quota) for quota in quotas])
        except Refused as refused:
            return quotas[refused.position]
        return None

    def open_case(self, case: Case, lease: Lease, ceiling: Quota) -> Quota | None:
        """Put the case where none is open, and count it, in one transaction."""
        values = {"pk": case.instance_id, "sk": "case"} | case_values(case, lease.generation)
        put = self._table.putting(values, f"{_NO_OPEN_CASE} AND {_NOT_FENCED}", {":generation": lease.generation})
        try:
            self._table.transact([put, self._counting(case.instance_id, ceiling)])
        except Refused as refused:
            if refused.position > 0:
                return ceiling
            raise Conflict(f"{case.instance_id}: a case is open already, or another function took over") from refused
        return None

    def add_interface_before(self, case: Case, lease: Lease, interface: InterfaceBefore) -> Case:
        """Add one interface to the state before, unless it is there."""
        update = self._case_update(
            case,
            lease,
            "interfaces_before.#new = :before",
            {":before": {"vpc_id": interface.vpc_id, "groups": list(interface.groups)}, "#new": interface.id},
            "attribute_not_exists(interfaces_before.#new)",
        )
        try:
            self._table.update(update)
        except Refused as refused:
            if not refused.old or interface.id not in refused.old.get("interfaces_before", {}):
                raise _taken_over(case) from refused
            return case_of(refused.old)
        before = replace(case.before, interfaces=(*case.before.interfaces, interface))
        return replace(case, before=before)

    def add_role_before(self, case: Case, lease: Lease, role: RoleBefore) -> Case:
        """Set the role before, unless it is set."""
        given = {":role": {"arn": role.arn, "id": role.id}, ":none": None}
        update = self._case_update(case, lease, "role_before = :role", given, "role_before = :none")
        try:
            self._table.update(update)
        except Refused as refused:
            if not refused.old or not refused.old.get("role_before"):
                raise _taken_over(case) from refused
            return case_of(refused.old)
        return replace(case, role=role)

    def keep_measure(self, case: Case, lease: Lease, name: str, kept: Kept) -> Case:
        """Set the measure's own attribute, unless it is set."""
        given = {":kept": kept_text(kept), "#new": measure_attribute(name)}
        update = self._case_update(case, lease, "#new = :kept", given, "attribute_not_exists(#new)")
        try:
            self._table.update(update)
        except Refused as refused:
            if not refused.old or measure_attribute(name) not in refused.old:
                raise _taken_over(case) from refused
            return case_of(refused.old)
        return replace(case, kept={**case.kept, name: kept})

    def set_taken(self, case: Case, lease: Lease, taken: frozenset[str]) -> Case:
        """Set the list."""
        try:
            self._table.update(self._case_update(case, lease, "taken = :taken", {":taken": sorted(taken)}))
        except Refused as refused:
            raise _taken_over(case) from refused
        return replace(case, taken=taken)

    def set_survivors(self, case: Case, lease: Lease, survivors: Survivors) -> None:
        """Set the text; who took the lease since and wrote is not overwritten."""
        try:
            given = {":survivors": survivors_text(survivors)}
            self._table.update(self._case_update(case, lease, "survivors = :survivors", given))
        except Refused as refused:
            raise _taken_over(case) from refused

    def set_status(self, case: Case, lease: Lease, status: CaseStatus, at: datetime) -> Case:
        """Move the case; one that closes is kept under its own key too, since the next case takes its place."""
        moved = replace(
            case,
            status=status,
            isolated_at=at if status == "Isolated" else case.isolated_at,
            closed_at=at if status in CLOSED else None,
        )
        values = case_values(moved, lease.generation)
        given = {":status": status, ":isolated": values["isolated_at"], ":closed": values["closed_at"]}
        writes = [
            self._case_update(case, lease, "#status = :status, isolated_at = :isolated, closed_at = :closed", given)
        ]
        if not moved.open:
            writes[0]["Update"]["UpdateExpression"] += " REMOVE open_case"
            closed = {"pk": case.instance_id, "sk": f"closed#{case.id}"} | values
            writes.append(self._table.putting(closed, "attribute_not_exists(pk)"))
        try:
            self._table.transact(writes)
        except Refused as refused:
            raise _taken_over(case) from refused
        return moved

    def open_instances(self) -> Iterator[str]:
        """Query the sparse index of open cases."""
        yield from (item["pk"] for item in self._table.query(OPEN_CASES_INDEX, "open_case", "open"))

    def record(self, entries: Sequence[Entry]) -> None:
        """Write the entries to the log, then append them to the table."""
        writes = [self._appending(entry, uuid4().hex[:12]) for entry in entries]
        for start in range(0, len(writes), _MOST_WRITES):
            self._table.transact(writes[start : start + _MOST_WRITES])

    def record_once(self, entry: Entry, name: str) -> None:
        """The same, under a key that the same name gives again."""
        with suppress(Refused):
            self._table.transact([self._appending(entry, name)])

    def _appending(self, entry: Entry, name: str) -> Item:
        values = entry_values(entry)
        self._log.info("audit", entry=values, case_id=entry.case_id, finding_id=entry.finding_id)
        place = {"pk": entry.instance_id, "sk": f"entry#{values['at']}#{name}"}
        return self._table.putting(place | values, "attribute_not_exists(pk)")

    def _counting(self, instance_id: str, quota: Quota) -> Item:
        expires = int(quota.window_start.timestamp()) + 2 * quota.window_seconds
        return self._table.updating(
            (f"quota#{quota.scope}", f"{quota.window_start.isoformat()}#{quota.window_seconds}"),
            "ADD instance_ids :ids SET expires_at = :expires",
            "attribute_not_exists(instance_ids) OR size(instance_ids) < :maximum OR contains(instance_ids, :id)",
            {":ids": {instance_id}, ":id": instance_id, ":maximum": quota.maximum, ":expires": expires},
        )

    def _case_update(self, case: Case, lease: Lease, sets: str, given: dict[str, Any], condition: str = "") -> Item:
        conditions = ["case_id = :case_id", _NOT_FENCED, *([condition] if condition else [])]
        return self._table.updating(
            (case.instance_id, "case"),
            f"SET generation = :generation, {sets}",
            " AND ".join(conditions),
            {":case_id": case.id, ":generation": lease.generation} | given,
        )


def _taken_over(case: Case) -> Conflict:
    return Conflict(f"{case.id}: another function took over")


def _epoch(time: datetime) -> int:
    """Milliseconds since 1970: they compare as numbers."""
    return int(time.timestamp() * 1000)
