"""The written side of one run: its lease, its case and its audit entries, with or without a reachable ledger."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from threading import Lock
from typing import Any

from quarantag.case import Case, CaseStatus, InterfaceBefore, Kept, RoleBefore, case_id, groups_to_tag, state_before
from quarantag.errors import LedgerUnavailable, QuarantagError
from quarantag.execution import SideBySide, side_by_side
from quarantag.instance import Observation
from quarantag.links import finding_id_of
from quarantag.ports import Entry, Lease, Ports, Quota
from quarantag.settings import Settings
from quarantag.survivors import Survivors

_HOUR_SECONDS = 3600


def ceiling(now: datetime, settings: Settings) -> Quota:
    """The stack-wide ceiling: so many distinct instances in this clock hour, whoever tagged them."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    return Quota("stack", hour, _HOUR_SECONDS, settings.max_containments_per_hour)


class Record:
    """What one run holds and writes in the ledger; `fault` is set once the ledger can't be reached."""

    def __init__(self, instance_id: str, holder: str, ports: Ports, settings: Settings) -> None:
        """Hold nothing yet."""
        self.instance_id = instance_id
        self.holder = holder
        self.ports = ports
        self.settings = settings
        self.lease: Lease | None = None
        self.case: Case | None = None
        self.fault: LedgerUnavailable | None = None
        self.paused = ""
        self.asked = ""  # the reason tag
        self._entries: list[Entry] = []
        self._lock = Lock()  # measures write beside the cut

    @property
    def open_case(self) -> Case | None:
        """The case, where it is open."""
        return self.case if self.case and self.case.open else None

    @property
    def case_id(self) -> str | None:
        """The latest case, open or closed."""
        return self.case.id if self.case else None

    @property
    def finding_id(self) -> str | None:
        """The finding that asked for it, as far as the case or the reason tag names one."""
        return finding_id_of(self.open_case.reason if self.open_case else self.asked)

    def take(self) -> bool:
        """Take the lease and read the case; False where another function has the lease."""
        ledger = self.ports.ledger
        with side_by_side() as pool:
            lease = pool.submit(ledger.acquire, self.instance_id, self.holder, self.ports.clock.now())
            case = pool.submit(ledger.case, self.instance_id)
            paused = pool.submit(self.ports.switch.paused)
        self.paused = paused.result()
        try:
            self.lease = lease.result()
            self.case = case.result()
        except LedgerUnavailable as fault:
            self.fail(fault)
            return True
        return self.lease is not None

    def reread(self) -> None:
        """Read the case again, since another function changed it after it was read."""
        try:
            self.case = self.ports.ledger.case(self.instance_id)
        except LedgerUnavailable as fault:
            self.fail(fault)

    def open(self, observation: Observation) -> Quota | None:
        """Open a case with the state before; answers the ceiling where it is full."""
        if self.lease is None or self.fault:
            return None
        now = self.ports.clock.now()
        reason = observation.instance.tags.get(self.settings.reason_key, "tagged without a reason tag")
        before = state_before(observation, self.settings)
        case = Case(case_id(self.instance_id, now), self.instance_id, "Isolating", now, before, reason)
        try:
            full = self.ports.ledger.open_case(case, self.lease, ceiling(now, self.settings))
        except LedgerUnavailable as fault:
            self.fail(fault)
            return None
        if full is None:
            self.case = case
            self.note("case-opened", case_id=case.id, reason=reason)
        return full

    def keep(self, interfaces: Iterable[InterfaceBefore]) -> None:
        """Record the groups of interfaces about to be cut: in the case, else in a tag of each, and in the log."""
        for interface in interfaces:
            self._keep_in_case(interface)
            if self.fault:
                self._keep_in_tag(interface)

    def empty_tags(self, observation: Observation) -> None:
        """Empty the tags that kept groups, since the case holds them now: an interface may go to another instance."""
        key = self.settings.groups_before_key
        for interface in observation.interfaces:
            if self.open_case and interface.tags.get(key):
                try:
                    self.ports.instances.tag(interface.id, {key: ""})
                except QuarantagError as fault:
                    self.note("groups-before-not-emptied", interface_id=interface.id, fault=str(fault))

    def add_role(self, role: RoleBefore) -> None:
        """Record the role that the profile before had, in the open case."""
        case = self.open_case
        if case is None or self.lease is None or case.role:
            return
        try:
            self._merge(role=self.ports.ledger.add_role_before(case, self.lease, role).role)
        except LedgerUnavailable as fault:
            self.fail(fault)

    def keep_measure(self, name: str, kept: Kept) -> Kept:
        """Record what a measure found, and answer what is recorded. Raises `LedgerUnavailable`: it then must wait."""
        case = self.open_case
        if case is None or self.lease is None or self.fault:
            raise self.fault or LedgerUnavailable(f"{self.instance_id}: no case is open")
        recorded = self.ports.ledger.keep_measure(case, self.lease, name, kept).kept[name]
        with self._lock:
            if self.case:
                self.case = replace(self.case, kept={**self.case.kept, name: recorded})
        return recorded

    def set_taken(self, taken: frozenset[str]) -> None:
        """Record which measures were verified, unless it is recorded."""
        case = self.open_case
        if case is None or self.lease is None or self.fault or case.taken == taken:
            return
        self._merge(taken=self.ports.ledger.set_taken(case, self.lease, taken).taken)

    def move(self, status: CaseStatus) -> None:
        """Move the case to this status, unless it is there."""
        case = self.open_case
        if case is None or self.lease is None or case.status == status:
            return
        moved = self.ports.ledger.set_status(case, self.lease, status, self.ports.clock.now())
        self._merge(status=status, isolated_at=moved.isolated_at, closed_at=moved.closed_at)
        self.note("status", case_id=case.id, status=status)

    def note(self, kind: str, **detail: object) -> None:
        """Keep an audit entry for the next `flush`."""
        self._entries.append(self._entry(kind, detail))

    def note_beside(self, entries: Sequence[tuple[str, Mapping[str, object]]]) -> None:
        """Append audit entries at once: what runs beside the cut waits for nobody's `flush`."""
        try:
            self.ports.ledger.record([self._entry(kind, detail) for kind, detail in entries])
        except LedgerUnavailable:
            return  # they are in the log

    def flush(self) -> None:
        """Append the audit entries; they reach the log even where they can't reach the ledger."""
        entries, self._entries = self._entries, []
        try:
            if entries:
                self.ports.ledger.record(entries)
        except LedgerUnavailable as fault:
            self.fault = self.fault or fault

    def flush_beside(self, pool: SideBySide) -> None:
        """Flush in the pool: what was done is written while the next read is under way."""
        if self._entries:
            pool.submit(self.flush)

    def yield_lease(self) -> None:
        """Give the lease back."""
        lease, self.lease = self.lease, None
        if lease:
            self.ports.ledger.yield_lease(lease)

    def end(self) -> None:
        """Write what is left and give the lease back."""
        with side_by_side() as pool:
            flushed = pool.submit(self.flush)
            self.yield_lease()
        flushed.result()

    def know(self, survivors: Survivors) -> None:
        """Take note of what was found, so that whoever is told of the case is told of that, too."""
        self._merge(survivors=survivors)

    def fail(self, fault: LedgerUnavailable) -> None:
        """Go on without the ledger."""
        self.fault = fault
        self.note("ledger-unreachable", fault=str(fault))

    def _entry(self, kind: str, detail: Mapping[str, object]) -> Entry:
        return Entry(self.instance_id, kind, self.ports.clock.now(), detail, self.case_id, self.finding_id)

    def _merge(self, **changed: Any) -> None:  # noqa: ANN401 - fields of a case
        with self._lock:
            self.case = self.case and replace(self.case, **changed)

    def _keep_in_case(self, interface: InterfaceBefore) -> None:
        case = self.open_case
        try:
            if case and self.lease and not self.fault:
                self._merge(before=self.ports.ledger.add_interface_before(case, self.lease, interface).before)
        except LedgerUnavailable as fault:
            self.fail(fault)

    def _keep_in_tag(self, interface: InterfaceBefore) -> None:
        self.note("groups-before", interface_id=interface.id, groups=interface.groups)
        if not interface.groups:
            return
        try:
            tags = {self.settings.groups_before_key: groups_to_tag(interface.groups)}
            self.ports.instances.tag(interface.id, tags)
        except QuarantagError as error:
            self.note("groups-before-not-tagged", interface_id=interface.id, fault=str(error))
