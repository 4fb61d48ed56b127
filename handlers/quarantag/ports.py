"""The outside world, one narrow protocol for each thing: implemented by `aws/`, and by state fakes in tests.

Every method may raise `Retryable` (try again later) or `Terminal` (a change is needed); nothing else.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from quarantag.case import Case, CaseStatus, InterfaceBefore, Kept, RoleBefore
from quarantag.instance import Instance, Interface, IsolationGroup, Profile, ProfileAssociation, Rule
from quarantag.measures import Measure
from quarantag.metrics import Meter, Unmetered
from quarantag.outlets import Announcer, Bus
from quarantag.survivors import SessionHistory, Survivors, Unwatched
from quarantag.switch import Fixed, Switch


class Instances(Protocol):
    """EC2 instances of this account and Region, and the isolation groups of this stack."""

    def instance(self, instance_id: str) -> Instance | None:
        """The instance now, or None where EC2 does not know it."""

    def interfaces(self, instance_id: str) -> tuple[Interface, ...]:
        """Every network interface attached (or attaching) to the instance."""

    def profile_associations(self, instance_id: str) -> tuple[ProfileAssociation, ...]:
        """Every instance profile association of the instance, in any state."""

    def isolation_groups(self) -> tuple[IsolationGroup, ...]:
        """Every security group with this stack's creation tag, in any VPC, with its rules."""

    def profile(self, arn: str) -> Profile | None:
        """The instance profile as IAM has it now, or None where there is none of this name."""

    def existing_groups(self, group_ids: Sequence[str]) -> frozenset[str]:
        """Those of these security groups that exist."""

    def ended(self, instance_ids: Sequence[str]) -> frozenset[str]:
        """Those of these instances that are terminated, about to be, or unknown to EC2."""

    def tagged(self, value: str) -> Iterator[str]:
        """Ids of the instances whose control tag has this value; cost grows with these, not with the fleet."""

    def groups_kept(self) -> Iterator[str]:
        """Ids of the instances with an interface that is in an isolation group and has the tag of its groups before."""

    def tag(self, resource_id: str, tags: Mapping[str, str]) -> None:
        """Write these tags in one call; raises `TagLimitReached` where the resource has no room for them."""

    def create_isolation_group(self, vpc_id: str) -> None:
        """Make this stack's isolation group in the VPC; a group made by another run meanwhile is fine."""

    def revoke_rules(self, group_id: str, rules: frozenset[Rule]) -> None:
        """Take these rules off the group; a rule that is gone already is fine."""

    def allow_rule(self, group_id: str, rule: Rule) -> None:
        """Add this inbound rule to the group; one that it has already is fine."""

    def set_interface_groups(self, interface_id: str, groups: Sequence[str]) -> None:
        """Give the interface exactly these groups."""

    def associate_profile(self, instance_id: str, profile_arn: str) -> None:
        """Associate the profile with an instance that has none; `Conflict` where it has one by now."""

    def replace_profile(self, association_id: str, profile_arn: str) -> None:
        """Replace the profile of an active association; `Conflict` where it is not active (any more)."""

    def disassociate_profile(self, association_id: str) -> None:
        """End the association; one that has ended already is fine."""


TAGGER = "tag_finding "
"""What a holder's name starts with that changes tags only: the tag is read again anyway, until it is the event's."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on one instance: until it expires no other function has it. Writes carry `generation`.

    `contended`: another holder changed more than tags moments ago, so what was read before the lease is not trusted.
    """

    instance_id: str
    generation: int
    contended: bool = False


@dataclass(frozen=True, slots=True)
class Quota:
    """At most `maximum` distinct instances in one window of one scope (`account`, `vpc=vpc-1`, `stack`…)."""

    scope: str
    window_start: datetime
    window_seconds: int
    maximum: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One append-only audit entry: who or what, did what, to which instance, with what result."""

    instance_id: str
    kind: str
    at: datetime
    detail: Mapping[str, Any] = field(default_factory=dict)
    case_id: str | None = None
    finding_id: str | None = None


class Ledger(Protocol):
    """The DynamoDB table of leases, cases, audit entries and counters. May raise `LedgerUnavailable`."""

    def acquire(self, instance_id: str, holder: str, now: datetime) -> Lease | None:
        """Take the lease of the instance; None where another holder has it."""

    def yield_lease(self, lease: Lease) -> None:
        """Give the lease back; raises nothing, since a lease that stays expires by itself."""

    def case(self, instance_id: str) -> Case | None:
        """The instance's latest case, open or closed."""

    def admit(self, instance_id: str, quotas: Sequence[Quota]) -> Quota | None:
        """Count the instance in all quotas, or in none: answers the quota that is full. Idempotent by instance."""

    def open_case(self, case: Case, lease: Lease, ceiling: Quota) -> Quota | None:
        """Open the case and count it under the ceiling, both or neither: answers the ceiling where it is full.

        Raises `Conflict` where a case is open already or the lease was lost.
        """

    def add_interface_before(self, case: Case, lease: Lease, interface: InterfaceBefore) -> Case:
        """Record the state before of an interface attached since, and answer the case with it.

        One that is recorded is never overwritten. Raises `Conflict` where the lease was lost.
        """

    def add_role_before(self, case: Case, lease: Lease, role: RoleBefore) -> Case:
        """Record the role that the profile before had; one that is recorded is never overwritten."""

    def keep_measure(self, case: Case, lease: Lease, name: str, kept: Kept) -> Case:
        """Record what a measure found; what is recorded is never overwritten, and the case answered has it."""

    def set_taken(self, case: Case, lease: Lease, taken: frozenset[str]) -> Case:
        """Record which measures were verified."""

    def set_survivors(self, case: Case, lease: Lease, survivors: Survivors) -> None:
        """Record what outlives the denial, in place of what an earlier look found; the lease may be given back."""

    def set_status(self, case: Case, lease: Lease, status: CaseStatus, at: datetime) -> Case:
        """Move the case and answer it so; `Released` and `Ended` close it. Raises `Conflict`: the lease was lost."""

    def set_held(self, instance_id: str, finding_id: str, *, held: bool) -> None:
        """Remember that the decision about this finding is held, or that it is not any more."""

    def held(self) -> Iterator[tuple[str, str]]:
        """Instance id and finding id of each held decision."""

    def set_undecided(self, finding_id: str, *, undecided: bool) -> None:
        """Remember that a sweep could not decide about this finding, or that one could."""

    def undecided(self) -> Iterator[str]:
        """Ids of the findings that no sweep could decide about yet."""

    def told(self, key: str) -> bool:
        """Whether people were told this."""

    def set_told(self, key: str) -> None:
        """Remember that people were told this, for as long as a finding is kept."""

    def cursor(self, sweep: str) -> str:
        """Where the sweep of this name left off: an instance id, "" at the beginning."""

    def set_cursor(self, sweep: str, instance_id: str) -> None:
        """Remember where the sweep left off."""

    def open_instances(self) -> Iterator[str]:
        """Ids of the instances with an open case."""

    def record(self, entries: Sequence[Entry]) -> None:
        """Append audit entries, mirrored to the log first."""

    def record_once(self, entry: Entry, name: str) -> None:
        """Append the audit entry under this name, mirrored to the log first; one that is there already is fine."""


@dataclass(frozen=True, slots=True)
class TagWrite:
    """One write of an instance's control tag, as CloudTrail recorded it; `value` is "" where it was removed.

    `principal` is the caller's ARN, `issuer` the role's behind a session, `session_instance` the instance whose own
    session it was, `event_id` CloudTrail's id of the record.
    """

    instance_id: str
    value: str
    at: datetime
    principal: str
    issuer: str | None = None
    session_instance: str | None = None
    event_id: str = ""


class Trail(Protocol):
    """CloudTrail's event history of the last 90 days; an event appears there within minutes."""

    def last_write(self, instance_id: str, since: datetime) -> TagWrite | None:
        """The latest write of the instance's control tag since then, or None where none is shown yet."""


class Findings(Protocol):
    """GuardDuty's findings of this account and Region; none where GuardDuty is off."""

    def updated_since(self, since: datetime) -> Iterator[Mapping[str, object]]:
        """Unarchived findings as GetFindings answers them, oldest update first."""

    def by_id(self, finding_ids: Sequence[str]) -> Iterator[Mapping[str, object]]:
        """Those of these findings that are still kept."""


class Clock(Protocol):
    """Time, so that tests can move it."""

    def now(self) -> datetime:
        """The time in UTC."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


@dataclass(frozen=True, slots=True)
class Ports:
    """All that a function may touch."""

    instances: Instances
    ledger: Ledger
    clock: Clock
    announcer: Announcer
    trail: Trail
    findings: Findings
    bus: Bus
    meter: Meter = field(default_factory=Unmetered)
    switch: Switch = field(default_factory=Fixed)
    measures: Iterable[Measure[Any]] = ()
    history: SessionHistory = field(default_factory=Unwatched)
