"""What people are told: the subject says what happened to which instance; then why, who, and what to do next."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from quarantag import metrics
from quarantag.authority import ANYONE, NOT_KNOWN
from quarantag.links import finding_id_of, links
from quarantag.messages import Announcement
from quarantag.metrics import Measured
from quarantag.settings import Revocation, Settings

_TAG_VALUE_LIMIT = 256
_MOST_LISTED = 150  # SNS takes 256 KB
_DENIED = (
    "are denied, unless a note says otherwise; what was made with them before (keys, users, other sessions) lives on."
)
_SESSIONS: Mapping[Revocation, str] = {
    "instance": f"Sessions that its role issued to it before {_DENIED}",
    "role": f"All sessions that its role issued before {_DENIED}",
    "none": "Sessions issued before keep their credentials.",
}
_NOT_IN_TAGS = re.compile(r"[^\w\s+\-=.:/@]", re.ASCII)


def tag_value(text: str) -> str:
    """Fit a text into a tag value: 256 characters, only those that every AWS service allows in tags.

    Source: Amazon EC2 User Guide, "Tag your Amazon EC2 resources", tag restrictions.
    """
    return _NOT_IN_TAGS.sub("_", " ".join(text.split()))[:_TAG_VALUE_LIMIT]


def isolated(  # noqa: PLR0913, PLR0917 - the parts of the message
    instance_id: str,
    why: str,
    notes: Iterable[str],
    connections: str,
    settings: Settings,
    took: timedelta | None = None,
) -> Announcement:
    """The instance is contained and verified, `took` after its tag was written.

    `connections` is what is known of those that were open.
    """
    said = [
        f"{instance_id} is isolated: every network interface that can be changed is in the isolation group,",
        "the instance profile is the isolation profile, and both were verified by reading them again.",
        *([f"Contained {took.total_seconds():.1f} s after the tag was written."] if took is not None else []),
        f"Why: {why}",
        _who(why),
        *(f"Note: {note}" for note in notes),
        f"Cut: nobody opens a connection to or from it; {connections}.",
        _SESSIONS[settings.revoke_credentials],
    ]
    measured = [Measured(metrics.ISOLATED)]
    if took is not None:
        measured.append(Measured(metrics.TIME_TO_CONTAIN, took / timedelta(milliseconds=1)))
    next_steps = (
        f"Investigate. To see the state: tags {settings.tag_key}* on the instance, or `quarantag show {instance_id}`.",
        f"Once it is clean, or was never compromised: `quarantag release {instance_id}`.",
    )
    return _announcement("Isolated", instance_id, said, next_steps, measured, settings)


def failed(instance_id: str, why: str, problems: Iterable[str], settings: Settings) -> Announcement:
    """Containment is not complete, and trying again would end the same."""
    said = [
        f"{instance_id} is NOT fully isolated. What is left:",
        *(f"- {problem}" for problem in problems),
        f"Why it was to be isolated: {why}",
        _who(why),
    ]
    next_steps = (
        "Mend what is named above; the sweep then finishes the isolation, within minutes. Or isolate by hand.",
    )
    return _announcement("FAILED to isolate", instance_id, said, next_steps, [Measured(metrics.FAILED)], settings)


def survivors(instance_id: str, lines: Iterable[str], steps: Iterable[str], settings: Settings) -> Announcement:
    """What sessions of an isolated instance made before, and its isolation does not end."""
    said = [
        f"{instance_id}: its sessions made what its isolation does not end, as far as CloudTrail shows it by now:",
        *(f"- {line}" for line in lines),
    ]
    next_steps = (*(step for step in steps if step), f"All that is known: `quarantag show {instance_id}`.")
    return _announcement("Outlives the isolation", instance_id, said, next_steps, [], settings)


def not_tagged(instance_id: str, value: str, why: str, problem: str, settings: Settings) -> Announcement:
    """The control tag could not be written, so nothing follows from the finding."""
    said = [
        f"{instance_id} could NOT be tagged {settings.tag_key}={value}: {problem}",
        f"Why it was to be tagged: {why}",
    ]
    what = "isolate" if value == settings.isolate_value else "ask for a review"
    next_steps = (f"Mend that, then set the tag {settings.tag_key}={value} on it.",)
    return _announcement(f"FAILED to {what}", instance_id, said, next_steps, [Measured(metrics.FAILED)], settings)


def recorded_late(instance_id: str, settings: Settings) -> Announcement:
    """A cut made while the ledger was away has its case now, and its release was asked for meanwhile."""
    tag = f"{settings.tag_key}={settings.release_value}"
    said = [
        f"{instance_id} was isolated while the ledger was away, and {tag} was set before it was back.",
        "Its case is written now, from what the tags of its interfaces kept; the sweep gives it back within minutes.",
    ]
    again = f"Set the tag {tag} again. ReleasePrincipals asks for a write that is newer than the case."
    next_steps = (again if settings.release_principals != ANYONE else "Nothing; `Released` is told when it is.",)
    return _announcement("Recorded late", instance_id, said, next_steps, [], settings)


def released(instance_id: str, notes: Iterable[str], settings: Settings, who: str | None = None) -> Announcement:
    """The instance has back what its case recorded; `who` wrote the tag, where CloudTrail showed it."""
    said = [
        f"{instance_id} is released: it has back the security groups and the instance profile that its case recorded,",
        "verified by reading them again.",
        _who("") if who in (None, NOT_KNOWN) else f"Who: {who}",
        *(f"Note: {note}" for note in notes),
        "A finding isolates it again only if its activity is newer than this release.",
    ]
    next_steps = ("Check that its service is well.",)
    return _announcement("Released", instance_id, said, next_steps, [Measured(metrics.RELEASED)], settings)


def not_released(instance_id: str, problems: Iterable[str], settings: Settings) -> Announcement:
    """A release is not complete, and trying again would end the same."""
    said = [
        f"{instance_id} is NOT fully released. What is left:",
        *(f"- {problem}" for problem in problems),
    ]
    next_steps = ("Mend what is named above; the sweep then finishes the release.",)
    return _announcement("FAILED to release", instance_id, said, next_steps, [Measured(metrics.FAILED)], settings)


def drift(instance_id: str, seen: Iterable[str], settings: Settings) -> Announcement:
    """Something undid part of an isolation; it was repaired."""
    said = [f"{instance_id} had drifted from its isolation, and was isolated again:", *(f"- {one}" for one in seen)]
    next_steps = ("Find who or what undid it in CloudTrail; it will be repaired again, every five minutes.",)
    return _announcement("Drift repaired", instance_id, said, next_steps, [Measured(metrics.DRIFT_REPAIRED)], settings)


def held(instance_id: str | None, reason: str, settings: Settings, *, limit: bool = False) -> Announcement:
    """A guardrail, be it a `limit`, stopped an isolation: a human decides. None: nobody knows which instance."""
    said = [f"{instance_id or 'An instance'} was not isolated: {reason}"]
    next_steps = (
        f"If it must be isolated, set the tag {settings.tag_key}={settings.isolate_value} on it. While it "
        f"carries {settings.tag_key}={settings.review_value} and this status, the sweep decides anew within minutes: "
        "where a limit was reached, it isolates once there is room.",
    )
    return _announcement("Held, a human decides", instance_id, said, next_steps, _holds(limit=limit), settings)


def held_by_ceiling(instance_id: str, reason: str, settings: Settings) -> Announcement:
    """The stack's ceiling stopped an isolation: it is tagged already, so the tag is no way out."""
    said = [
        f"{instance_id} was not isolated: {reason}",
        "The sweep isolates it as soon as the hour has room.",
    ]
    next_steps = (
        "To act now, raise MaxContainmentsPerHour of the stack; the sweep then isolates it within minutes. "
        f"If it must not be isolated, remove the tag {settings.tag_key}.",
    )
    return _announcement("Held, a human decides", instance_id, said, next_steps, _holds(limit=True), settings)


def review(instance_id: str, reason: str, settings: Settings) -> Announcement:
    """A finding asks for a human's look."""
    said = [f"{instance_id} was tagged {settings.tag_key}={settings.review_value}: {reason}"]
    next_steps = (f"Look at the finding; to isolate, set {settings.tag_key}={settings.isolate_value} on the instance.",)
    return _announcement("Review", instance_id, said, next_steps, [Measured(metrics.REVIEW)], settings)


def observed(instance_id: str, would: str, settings: Settings) -> Announcement:
    """Mode is `observe`: what would have been done."""
    said = [f"Mode is observe; {instance_id}: {would}"]
    next_steps = ("To have it done, set the stack's Mode to enforce.",)
    return _announcement("Observe only", instance_id, said, next_steps, [Measured(metrics.OBSERVED)], settings)


def tampering(instance_id: str, what: str, settings: Settings) -> Announcement:
    """Someone touched the control tag in a way that is never honoured."""
    next_steps = ("Find who did it in CloudTrail (CreateTags, DeleteTags), and set it right.",)
    measured = [Measured(metrics.TAMPERING)]
    return _announcement(
        "Control tag tampering", instance_id, [f"{instance_id}: {what}"], next_steps, measured, settings
    )


def digest(by_kind: Mapping[str, Sequence[str]], settings: Settings) -> Announcement:
    """Many messages in one: by their kind, the oldest first."""
    said, most = [], _MOST_LISTED // max(1, len(by_kind))
    for event, texts in by_kind.items():
        said += [f"{event} ({len(texts)}):", *(f"- {text}" for text in texts[:most])]
        if len(texts) > most:
            said.append(f"- and {len(texts) - most} more: in the log, lines `message put aside`")
    count = sum(len(texts) for texts in by_kind.values())
    where = f"{settings.account} {settings.region}"
    return Announcement(
        subject=f"Digest of {count} messages: {', '.join(by_kind)} ({where})",
        said=(f"{count} more messages of the last minutes, beyond those sent one by one:", *said),
        next_steps=("See what is open: `quarantag list`. So many at once may be one incident, or a flood of decoys.",),
        links=links(None, None, settings),
        detail={"account": settings.account, "region": settings.region, "event": "Digest"},
    )


def _holds(*, limit: bool) -> list[Measured]:
    return [Measured(metrics.HELD), *([Measured(metrics.LIMIT_REACHED)] if limit else [])]


def _who(why: str) -> str:
    """Say who asked, as far as it is known at once."""
    if finding_id_of(why):
        return "Who: the severity policy, about that finding."
    return "Who: CloudTrail names who wrote the tag, within minutes (see `Who did what`)."


def _announcement(  # noqa: PLR0913, PLR0917 - the parts of a message
    event: str,
    instance_id: str | None,
    said: Iterable[str],
    next_steps: tuple[str, ...],
    measured: Iterable[Measured],
    settings: Settings,
) -> Announcement:
    place = {"account": settings.account, "region": settings.region, "instance_id": instance_id or "an instance"}
    lines = tuple(said)
    return Announcement(
        subject=f"{event}: {place['instance_id']} ({settings.account} {settings.region})",
        said=lines,
        next_steps=next_steps,
        links=links(instance_id, finding_id_of(" ".join(lines)), settings),
        detail={**place, "event": event},
        measured=tuple(measured),
    )
