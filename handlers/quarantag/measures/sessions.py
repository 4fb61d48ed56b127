"""Deny the sessions that were issued to this one instance: stolen credentials end, the role's other instances go on.

The stack owns one managed policy: deny everything where `ec2:SourceInstanceARN` equals the value of one of five tags
of the role. It is attached to the role that the instance had, and the instance's ARN written into one of the tags. A
session carries that key wherever it is used (IAM User Guide, "AWS global condition context keys"). Which instance has
which tag is claimed in the ledger first, so that two at once never take the same: it is kept there, by the role.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from quarantag.case import Kept
from quarantag.measures import Measure, MeasureStep, Subject, Todo
from quarantag.measures.slots import Claims, Slots
from quarantag.revocable import Profiles, name_of, of_pods, role_before, while_sessions_live, why_untouched
from quarantag.settings import Settings


@dataclass(frozen=True, slots=True)
class Role:
    """A role as IAM has it now: the instance ARN in each slot's tag, and whether the policy is attached."""

    marked: Mapping[int, str]
    attached: bool


class SessionsPort(Profiles, Slots, Protocol):
    """Roles of this account, with the ledger's claims on them."""

    def role(self, role_arn: str, role_id: str) -> Role | None:
        """The role, or None where it is gone; a namesake with another unique id is not it."""

    def mark(self, role_arn: str, slot: int, instance_arn: str) -> None:
        """Write the slot's tag."""

    def unmark(self, role_arn: str, slot: int) -> None:
        """Remove the slot's tag; a role that is gone has none."""

    def attach(self, role_arn: str) -> None:
        """Attach the policy; attached already is fine."""

    def detach(self, role_arn: str) -> None:
        """Detach the policy; detached already, or a role that is gone, is fine."""


@dataclass(frozen=True, slots=True)
class DenySessions:
    """Claim a slot of the role, write the instance's ARN into its tag, attach the policy; again with the same end."""

    actions: ClassVar[frozenset[str]] = frozenset({"iam:TagRole", "iam:AttachRolePolicy"})
    undo: ClassVar[str] = "AllowSessions, and DetachDenial where no other instance of the role is contained"

    role_arn: str
    role_id: str
    instance_arn: str
    avoid: tuple[int, ...] = ()

    @property
    def target(self) -> str:
        """The role, for which instance."""
        return f"{self.role_arn} for {name_of(self.instance_arn)}"

    def apply(self, port: SessionsPort) -> None:
        """In this order: the tag is never written without the claim."""
        slot = port.claim(self.role_id, name_of(self.instance_arn), self.avoid)
        port.mark(self.role_arn, slot, self.instance_arn)
        port.attach(self.role_arn)


@dataclass(frozen=True, slots=True)
class AllowSessions:
    """Remove the slot's tag, then give the slot back, so that nobody's tag but the instance's own is removed."""

    actions: ClassVar[frozenset[str]] = frozenset({"iam:UntagRole"})
    undo: ClassVar[str] = "DenySessions, by the next isolation"

    role_arn: str
    role_id: str
    instance_id: str
    slot: int
    exists: bool

    @property
    def target(self) -> str:
        """The role, for which instance."""
        return f"{self.role_arn} for {self.instance_id}"

    def apply(self, port: SessionsPort) -> None:
        """In this order: a slot that is free has no tag."""
        if self.exists:
            port.unmark(self.role_arn, self.slot)
        port.free(self.role_id, self.slot, self.instance_id)


@dataclass(frozen=True, slots=True)
class DetachDenial:
    """Take the policy off the role, while nobody claims a slot of it; where one is in use it stays."""

    actions: ClassVar[frozenset[str]] = frozenset({"iam:DetachRolePolicy"})
    undo: ClassVar[str] = "DenySessions, by the next isolation"

    role_arn: str
    role_id: str
    instance_id: str

    @property
    def target(self) -> str:
        """The role."""
        return self.role_arn

    def apply(self, port: SessionsPort) -> None:
        """Whatever comes of it, the next claim must not wait for this role for ever."""
        if port.begin_detaching(self.role_id, self.instance_id):
            try:
                port.detach(self.role_arn)
            finally:
                port.end_detaching(self.role_id, self.instance_id)


@dataclass(frozen=True, slots=True)
class Seen:
    """What is kept or to be kept (None: there was no profile), the role (None: gone), its claims."""

    kept: Kept | None
    role: Role | None = None
    claims: Claims = field(default_factory=Claims)


@dataclass(frozen=True, slots=True)
class RevokeSessions(Measure[Seen]):
    """`RevokeCredentials` = `instance`."""

    name: ClassVar[str] = "sessions"
    reads: ClassVar[frozenset[str]] = frozenset(
        {"iam:GetInstanceProfile", "iam:GetRole", "iam:ListAttachedRolePolicies"}
    )
    taking: ClassVar[tuple[type[MeasureStep], ...]] = (DenySessions,)
    giving: ClassVar[tuple[type[MeasureStep], ...]] = (AllowSessions, DetachDenial)
    outlives: ClassVar[bool] = True

    port: SessionsPort

    def wanted(self, settings: Settings) -> bool:
        """`RevokeCredentials`."""
        return settings.revoke_credentials == "instance"

    def observe(self, subject: Subject) -> Seen:
        """The role that the case kept, or else the role of the profile before; and who else has a slot of it."""
        kept = subject.case.kept.get(self.name) or self._found(subject)
        if not kept or kept["untouched"]:
            return Seen(kept)
        role = self.port.role(kept["role_arn"], kept["role_id"])
        return Seen(kept, role, self.port.claims(kept["role_id"]))

    def keep(self, seen: Seen, subject: Subject) -> Kept | None:  # noqa: ARG002 - the measure's shape
        """The role with its unique id, or why it is not touched; nothing of an instance that had no profile."""
        return seen.kept

    def plan(self, seen: Seen, kept: Kept, subject: Subject) -> Todo:
        """The instance's own tag on the role, and the policy."""
        if kept["untouched"]:
            return Todo(notes=(kept["untouched"],))
        if seen.role is None:
            return Todo(notes=(f"{kept['role_arn']} was deleted, and what its sessions may do with it",))
        notes = of_pods(subject)
        marked = {seen.role.marked.get(slot) for slot in seen.claims.of(subject.id)}
        if seen.role.attached and kept["instance_arn"] in marked:
            return Todo(notes=notes)
        avoid = tuple(
            slot
            for slot, arn in sorted(seen.role.marked.items())
            if slot not in seen.claims.holders and _is_another(arn, kept["instance_arn"])
        )
        return Todo((DenySessions(kept["role_arn"], kept["role_id"], kept["instance_arn"], avoid),), notes=notes)

    def plan_release(self, seen: Seen, kept: Kept, subject: Subject) -> Todo:
        """The tag and slot, then the policy nobody needs; of a gone instance once none of its sessions can live."""
        if kept["untouched"]:
            return Todo()
        waiting = while_sessions_live(subject)
        if waiting:
            return Todo(waiting=waiting)
        role_arn, role_id = kept["role_arn"], kept["role_id"]
        mine = seen.claims.of(subject.id)
        if mine:
            exists = seen.role is not None
            return Todo(tuple(AllowSessions(role_arn, role_id, subject.id, slot, exists) for slot in mine))
        detaching = seen.claims.detaching == subject.id
        unused = seen.role is not None and seen.role.attached and not seen.claims.holders
        return Todo((DetachDenial(role_arn, role_id, subject.id),) if detaching or unused else ())

    def _found(self, subject: Subject) -> Kept | None:
        before = subject.case.before.profile
        if before is None:
            return None
        role = role_before(before, subject, self.port)
        return {
            "role_arn": role.arn if role else "",
            "role_id": role.id if role else "",
            "instance_arn": _instance_arn(before.arn, subject),
            "untouched": why_untouched(role, before, subject.settings),
        }


def _instance_arn(profile_arn: str, subject: Subject) -> str:
    partition, settings = profile_arn.split(":")[1], subject.settings
    return f"arn:{partition}:ec2:{settings.region}:{settings.account}:instance/{subject.id}"


def _is_another(marked: str, instance_arn: str) -> bool:
    """Whether a second stack of this Region contains an instance by this tag; anything else is overwritten."""
    return marked != instance_arn and marked.startswith(instance_arn.rpartition("/")[0] + "/")
