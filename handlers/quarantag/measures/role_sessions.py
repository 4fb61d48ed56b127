"""Deny every session of the role that the instance had which was issued before now: whoever it was issued to.

For those who want what needs no variable in a policy. No function that isolates or releases may write a policy: the
case says since when, and a function of its own, started with the instance's id alone, makes the role what the case
says (`revoking`). A session that is issued later is not denied: the role's other users get new ones.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Protocol

from quarantag.case import Kept, ProfileBefore, RoleBefore
from quarantag.measures import Measure, MeasureStep, Subject, Todo
from quarantag.revocable import Profiles, name_of, of_pods, path_of, role_before, while_sessions_live, why_untouched
from quarantag.settings import Settings

OWN_PATH = "/quarantag/"
MOST_OTHERS = 100
"""So many of the instances that it hits, too, are counted: one page of one call."""
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Denial:
    """The role's policy for one instance, with its time: "" where somebody changed it."""

    before: str


class RoleSessionsPort(Profiles, Protocol):
    """Roles of this account, the wish in the instance's case, and the function that fulfils it."""

    def others(self, profile_arn: str, instance_id: str) -> tuple[str, ...]:
        """Other instances with this profile, `MOST_OTHERS` at most."""

    def exists(self, role_arn: str, role_id: str) -> bool:
        """Whether the role is there; a namesake with another unique id is not it."""

    def denial(self, role_arn: str, instance_id: str) -> Denial | None:
        """The role's policy for this instance, or None where there is none."""

    def wished(self, instance_id: str, case_id: str) -> str:
        """Before when sessions are to be denied as the case says, "" for none."""

    def wish(self, instance_id: str, case_id: str, before: str) -> None:
        """Write so into the case; `Conflict` where it is not the latest, or closed."""

    def revoke(self, instance_id: str) -> None:
        """Have the role made what the case says."""


@dataclass(frozen=True, slots=True)
class DenyOlderSessions:
    """Write into the case before when sessions are denied, then have it done; again with the same end."""

    actions: ClassVar[frozenset[str]] = frozenset({"lambda:InvokeFunction"})
    undo: ClassVar[str] = "AllowOlderSessions"

    role_arn: str
    instance_id: str
    case_id: str
    before: str

    @property
    def target(self) -> str:
        """The role, for which instance."""
        return f"{self.role_arn} for {self.instance_id}"

    def apply(self, port: RoleSessionsPort) -> None:
        """In this order: the function does what the case says."""
        port.wish(self.instance_id, self.case_id, self.before)
        port.revoke(self.instance_id)


@dataclass(frozen=True, slots=True)
class AllowOlderSessions:
    """Take the time out of the case, then have the policy deleted."""

    actions: ClassVar[frozenset[str]] = frozenset({"lambda:InvokeFunction"})
    undo: ClassVar[str] = "DenyOlderSessions, by the next isolation"

    role_arn: str
    instance_id: str
    case_id: str

    @property
    def target(self) -> str:
        """The role, for which instance."""
        return f"{self.role_arn} for {self.instance_id}"

    def apply(self, port: RoleSessionsPort) -> None:
        """In this order: the function does what the case says."""
        port.wish(self.instance_id, self.case_id, "")
        port.revoke(self.instance_id)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the case kept or must keep of the role, what the case wishes, and what the role has."""

    kept: Kept | None
    exists: bool = False
    wished: str = ""
    denial: Denial | None = None


@dataclass(frozen=True, slots=True)
class RevokeRoleSessions(Measure[Seen]):
    """Deny the role's older sessions; outlives the instance, since stolen sessions do."""

    name: ClassVar[str] = "role_sessions"
    reads: ClassVar[frozenset[str]] = frozenset(
        {"ec2:DescribeInstances", "iam:GetInstanceProfile", "iam:GetRole", "iam:GetRolePolicy"}
    )
    taking: ClassVar[tuple[type[MeasureStep], ...]] = (DenyOlderSessions,)
    giving: ClassVar[tuple[type[MeasureStep], ...]] = (AllowOlderSessions,)
    outlives: ClassVar[bool] = True

    port: RoleSessionsPort

    def wanted(self, settings: Settings) -> bool:
        """Where the parameter says so."""
        return settings.revoke_credentials == "role"

    def observe(self, subject: Subject) -> Seen:
        """The role that the case kept, or else the role of the profile before; and its policy for this instance."""
        kept = subject.case.kept.get(self.name) or self._found(subject)
        if not kept or kept["untouched"]:
            return Seen(kept)
        exists = self.port.exists(kept["role_arn"], kept["role_id"])
        denial = self.port.denial(kept["role_arn"], subject.id) if exists else None
        return Seen(kept, exists, self.port.wished(subject.id, subject.case.id), denial)

    def keep(self, seen: Seen, subject: Subject) -> Kept | None:  # noqa: ARG002 - the measure's shape
        """The role with its unique id and whom else it hits, or why it is not touched; nothing without a profile."""
        return seen.kept

    def plan(self, seen: Seen, kept: Kept, subject: Subject) -> Todo:
        """The policy; where the instance had the role again meanwhile, with the time now."""
        if kept["untouched"]:
            return Todo(notes=(kept["untouched"],))
        if not seen.exists:
            return Todo(notes=(f"{kept['role_arn']} was deleted, and what its sessions may do with it",))
        before = seen.wished
        if not before or (_may_have_the_role(subject) and datetime.fromisoformat(before) < subject.began):
            before = _next_second(subject.now)
        notes = (_hit(kept), *of_pods(subject))
        if before == seen.wished and seen.denial == Denial(before):
            return Todo(notes=notes)
        return Todo((DenyOlderSessions(kept["role_arn"], subject.id, subject.case.id, before),), notes=notes)

    def plan_release(self, seen: Seen, kept: Kept, subject: Subject) -> Todo:
        """The policy is deleted; of a gone instance once none of its sessions can live."""
        if kept["untouched"]:
            return Todo()
        waiting = while_sessions_live(subject)
        if waiting or (not seen.wished and seen.denial is None):
            return Todo(waiting=waiting)
        return Todo((AllowOlderSessions(kept["role_arn"], subject.id, subject.case.id),))

    def _found(self, subject: Subject) -> Kept | None:
        before = subject.case.before.profile
        if before is None:
            return None
        role = role_before(before, subject, self.port)
        untouched = _untouched(role, before, subject.settings)
        return {
            "role_arn": role.arn if role else "",
            "role_id": role.id if role else "",
            "profile_arn": before.arn,
            "others": [] if untouched else list(self.port.others(before.arn, subject.id)),
            "untouched": untouched,
        }


def _untouched(role: RoleBefore | None, before: ProfileBefore, settings: Settings) -> str:
    """Why the role is not touched, or an empty string."""
    why = why_untouched(role, before, settings)
    if why or role is None:
        return why
    path = path_of(role.arn)
    if path.startswith(OWN_PATH):
        return f"{role.arn} is one of Quarantag's own: its sessions are not denied"
    if not path.startswith(settings.revocable_role_path):
        return f"{role.arn} is not under RevocableRolePath {settings.revocable_role_path}: revoke its sessions by hand"
    return ""


def _hit(kept: Kept) -> str:
    """Whom the policy hits beside the instance."""
    others, profile = kept["others"], name_of(kept["profile_arn"])
    named = ", ".join(others[:_NAMED]) + (" …" if len(others) > _NAMED else "")
    count = f"{len(others)}{' or more' if len(others) >= MOST_OTHERS else ''}"
    who = f"{count} other instances with {profile} ({named})" if others else f"no other instance with {profile}"
    return f"older sessions of {name_of(kept['role_arn'])} are denied until renewed, whoever has them: {who}"


def _may_have_the_role(subject: Subject) -> bool:
    """Whether the instance may have got new sessions since: a release began, or it has a profile that is not ours."""
    ours = subject.settings.isolation_profile_arn
    held = any(one.active and one.profile_arn != ours for one in subject.observation.associations)
    return held or subject.case.status == "Releasing"


def _next_second(now: datetime) -> str:
    """Issue times have whole seconds: those of this second are older, too."""
    return f"{now.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}"
