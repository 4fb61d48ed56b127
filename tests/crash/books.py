"""The `Ledger`, `Announcer`, `Trail` and `Findings` ports in memory, with the conditions of `aws/ledger.py`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import Any

from quarantag.aws.ledger import LEASE
from quarantag.case import CLOSED, Case, CaseStatus, InterfaceBefore, Kept, RoleBefore
from quarantag.errors import Conflict
from quarantag.measures import Measure
from quarantag.messages import Announcement
from quarantag.ports import TAGGER, Clock, Entry, Lease, Ports, Quota, TagWrite
from quarantag.survivors import Survivors
from tests.crash.world import World
from tests.crash.world_instances import WorldInstances
from tests.statuschanges import validate_status_change

_RECENT = timedelta(seconds=10)
_PAST = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _Held:
    holder: str
    until: datetime
    touched: datetime
    generation: int


@dataclass(slots=True)
class Books:
    """The ledger: every change is one conditional write, here under one lock."""

    clock: Clock
    leases: dict[str, _Held] = field(default_factory=dict)
    cases: dict[str, tuple[Case, int]] = field(default_factory=dict)
    closed: dict[str, Case] = field(default_factory=dict)
    opened: list[Case] = field(default_factory=list)
    counted: dict[tuple[str, datetime, int], set[str]] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    named: set[tuple[str, str]] = field(default_factory=set)
    holds: set[tuple[str, str]] = field(default_factory=set)
    waiting: set[str] = field(default_factory=set)
    messages: set[str] = field(default_factory=set)
    cursors: dict[str, str] = field(default_factory=dict)
    lock: RLock = field(default_factory=RLock)

    def acquire(self, instance_id: str, holder: str, now: datetime) -> Lease | None:
        with self.lock:
            old = self.leases.get(instance_id)
            if old and old.until >= now and old.holder != holder:
                return None
            generation = old.generation + 1 if old else 1
            self.leases[instance_id] = _Held(holder, now + LEASE, now, generation)
            recent = old is not None and old.touched > now - _RECENT
            other = old is not None and old.holder != holder and not old.holder.startswith(TAGGER)
            return Lease(instance_id, generation, recent and other)

    def yield_lease(self, lease: Lease) -> None:
        with self.lock:
            held = self.leases.get(lease.instance_id)
            if held and held.generation == lease.generation:
                held.until, held.touched = _PAST, self.clock.now()

    def case(self, instance_id: str) -> Case | None:
        with self.lock:
            found = self.cases.get(instance_id)
            return found[0] if found else None

    def admit(self, instance_id: str, quotas: Sequence[Quota]) -> Quota | None:
        with self.lock:
            for quota in quotas:
                if self._full(instance_id, quota):
                    return quota
            for quota in quotas:
                self._counter(quota).add(instance_id)
            return None

    def open_case(self, case: Case, lease: Lease, ceiling: Quota) -> Quota | None:
        with self.lock:
            old = self.cases.get(case.instance_id)
            if old and (old[0].open or old[1] > lease.generation):
                raise Conflict(f"{case.instance_id}: a case is open already, or another function took over")
            full = self.admit(case.instance_id, [ceiling])
            if full is None:
                self._put(case, lease)
                self.opened.append(case)
            return full

    def add_interface_before(self, case: Case, lease: Lease, interface: InterfaceBefore) -> Case:
        with self.lock:
            old = self._stored(case)
            if old and interface.id in {one.id for one in old[0].before.interfaces}:
                return old[0]
            stored = self._fenced(case, lease)
            before = replace(stored.before, interfaces=(*stored.before.interfaces, interface))
            self._put(replace(stored, before=before), lease)
            return replace(case, before=replace(case.before, interfaces=(*case.before.interfaces, interface)))

    def add_role_before(self, case: Case, lease: Lease, role: RoleBefore) -> Case:
        with self.lock:
            old = self._stored(case)
            if old and old[0].role:
                return old[0]
            self._put(replace(self._fenced(case, lease), role=role), lease)
            return replace(case, role=role)

    def keep_measure(self, case: Case, lease: Lease, name: str, kept: Kept) -> Case:
        with self.lock:
            old = self._stored(case)
            if old and name in old[0].kept:
                return old[0]
            stored = self._fenced(case, lease)
            self._put(replace(stored, kept={**stored.kept, name: json.loads(json.dumps(kept))}), lease)
            return self._stored(case)[0]  # type: ignore[index]

    def set_taken(self, case: Case, lease: Lease, taken: frozenset[str]) -> Case:
        with self.lock:
            self._put(replace(self._fenced(case, lease), taken=taken), lease)
            return replace(case, taken=taken)

    def set_survivors(self, case: Case, lease: Lease, survivors: Survivors) -> None:
        with self.lock:
            self._put(replace(self._fenced(case, lease), survivors=survivors), lease)

    def set_status(self, case: Case, lease: Lease, status: CaseStatus, at: datetime) -> Case:
        with self.lock:
            isolated_at = at if status == "Isolated" else case.isolated_at
            moved = {"status": status, "isolated_at": isolated_at, "closed_at": at if status in CLOSED else None}
            stored = replace(self._fenced(case, lease), **moved)  # type: ignore[arg-type]
            if not stored.open:
                if case.id in self.closed:
                    raise Conflict(f"{case.id}: another function took over")
                self.closed[case.id] = stored
            self._put(stored, lease)
            return replace(case, **moved)  # type: ignore[arg-type]

    def set_held(self, instance_id: str, finding_id: str, *, held: bool) -> None:
        with self.lock:
            (self.holds.add if held else self.holds.discard)((instance_id, finding_id))

    def held(self) -> Iterator[tuple[str, str]]:
        return iter(sorted(self.holds))

    def set_undecided(self, finding_id: str, *, undecided: bool) -> None:
        with self.lock:
            (self.waiting.add if undecided else self.waiting.discard)(finding_id)

    def undecided(self) -> Iterator[str]:
        return iter(sorted(self.waiting))

    def told(self, key: str) -> bool:
        return key in self.messages

    def set_told(self, key: str) -> None:
        self.messages.add(key)

    def cursor(self, sweep: str) -> str:
        return self.cursors.get(sweep, "")

    def set_cursor(self, sweep: str, instance_id: str) -> None:
        self.cursors[sweep] = instance_id

    def open_instances(self) -> Iterator[str]:
        with self.lock:
            return iter([case.instance_id for case, _ in self.cases.values() if case.open])

    def record(self, entries: Sequence[Entry]) -> None:
        with self.lock:
            self.entries.extend(entries)

    def record_once(self, entry: Entry, name: str) -> None:
        with self.lock:
            if (entry.instance_id, name) not in self.named:
                self.named.add((entry.instance_id, name))
                self.entries.append(entry)

    def _counter(self, quota: Quota) -> set[str]:
        return self.counted.setdefault((quota.scope, quota.window_start, quota.window_seconds), set())

    def _full(self, instance_id: str, quota: Quota) -> bool:
        counted = self._counter(quota)
        return bool(counted) and instance_id not in counted and len(counted) >= quota.maximum

    def _stored(self, case: Case) -> tuple[Case, int] | None:
        return self.cases.get(case.instance_id)

    def _fenced(self, case: Case, lease: Lease) -> Case:
        stored = self._stored(case)
        if stored is None or stored[0].id != case.id or stored[1] > lease.generation:
            raise Conflict(f"{case.id}: another function took over")
        return stored[0]

    def _put(self, case: Case, lease: Lease) -> None:
        ordered = tuple(sorted(case.before.interfaces, key=lambda one: one.id))  # as a DynamoDB map is read back
        kept = replace(case, before=replace(case.before, interfaces=ordered))
        self.cases[case.instance_id] = kept, lease.generation


@dataclass(slots=True)
class Mailbox:
    """The `Announcer` port: what people were told."""

    messages: list[Announcement] = field(default_factory=list)

    def announce(self, announcement: Announcement) -> None:
        self.messages.append(announcement)

    def flush(self) -> None:
        """Nothing is ever put aside."""


@dataclass(slots=True)
class Workflows:
    """The `Bus` port: what workflows were told, each held to its schema."""

    details: list[Mapping[str, Any]] = field(default_factory=list)

    def send(self, detail: Mapping[str, Any]) -> None:
        validate_status_change(detail)
        self.details.append(detail)


@dataclass(slots=True)
class Silence:
    """The `Trail` and `Findings` ports where neither shows anything."""

    def last_write(self, instance_id: str, since: datetime) -> TagWrite | None:  # noqa: ARG002 - the port's shape
        return None

    def updated_since(self, since: datetime) -> Iterator[Mapping[str, object]]:  # noqa: ARG002 - the port's shape
        return iter(())

    def by_id(self, finding_ids: Sequence[str]) -> Iterator[Mapping[str, object]]:  # noqa: ARG002 - the port's shape
        return iter(())


def ports_of(world: World, books: Books, mailbox: Mailbox, measures: tuple[Measure[Any], ...] = ()) -> Ports:
    """Every port over these."""
    return Ports(
        WorldInstances(world), books, books.clock, mailbox, Silence(), Silence(), Workflows(), measures=measures
    )
