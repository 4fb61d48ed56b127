"""The role that an instance had, for both ways of denying its sessions: which it is, and why it may stay untouched."""

from datetime import timedelta
from typing import Protocol

from quarantag.case import ProfileBefore, RoleBefore
from quarantag.instance import Profile
from quarantag.measures import Subject
from quarantag.settings import Settings

_LONGEST = timedelta(hours=12)
"""No session of a role lasts longer (AWS STS API Reference, "AssumeRole"); EC2's own last some six hours."""
_SERVICE_LINKED = "/aws-service-role/"


class Profiles(Protocol):
    """Instance profiles of this account."""

    def profile(self, arn: str) -> Profile | None:
        """The instance profile as IAM has it now, or None where there is none of this name."""


def role_before(before: ProfileBefore, subject: Subject, port: Profiles) -> RoleBefore | None:
    """The role of the case, else the one that the profile before has now."""
    if subject.case.role:
        return subject.case.role
    profile = port.profile(before.arn)
    if profile is None or profile.id != before.id or not profile.role_arn or not profile.role_id:
        return None
    return RoleBefore(profile.role_arn, profile.role_id)


def why_untouched(role: RoleBefore | None, before: ProfileBefore, settings: Settings) -> str:
    """Why the role is not touched, or an empty string; the isolation role has the name of its profile."""
    if role is None:
        return f"the role of {before.arn} is not known any more: revoke its sessions by hand"
    if path_of(role.arn).startswith(_SERVICE_LINKED):
        return f"{role.arn} is service-linked: nobody may change it, its sessions live until they expire"
    if name_of(role.arn) == name_of(settings.isolation_profile_arn):
        return f"{role.arn} is the isolation role: it may do nothing anyway"
    return ""


def while_sessions_live(subject: Subject) -> tuple[str, ...]:
    """Why the denial of an instance that is gone stays: stolen sessions of it may be valid."""
    until = (subject.case.isolated_at or subject.case.opened_at) + _LONGEST
    if not subject.observation.instance.ended or subject.now >= until:
        return ()
    return (f"its sessions stay denied until none can be valid, {until:%Y-%m-%d %H:%M} UTC",)


def of_pods(subject: Subject) -> tuple[str, ...]:
    """What lives on where the instance is a worker of a cluster."""
    cluster = subject.observation.instance.cluster
    pods = f"pods of the cluster {cluster} have roles of their own (IRSA, EKS Pod Identity): these live on"
    return (pods,) if cluster else ()


def name_of(arn: str) -> str:
    """The last part of an ARN: a role's or profile's name, an instance's id."""
    return arn.rpartition("/")[2]


def path_of(role_arn: str) -> str:
    """A role's path, from slash to slash."""
    return role_arn.partition(":role")[2].removesuffix(name_of(role_arn))
