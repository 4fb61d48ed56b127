"""What people are told: the subject says what happened to which instance, the text why and what to do next."""

import re
from collections.abc import Iterable

from quarantag.outlets import Announcement
from quarantag.plan import Plan
from quarantag.settings import Settings

_TAG_VALUE_LIMIT = 256
_NOT_IN_TAGS = re.compile(r"[^\w\s+\-=.:/@]", re.ASCII)


def tag_value(text: str) -> str:
    """Fit a text into a tag value: 256 characters, only those that every AWS service allows in tags.

    Source: Amazon EC2 User Guide, "Tag your Amazon EC2 resources", tag restrictions.
    """
    return _NOT_IN_TAGS.sub("_", " ".join(text.split()))[:_TAG_VALUE_LIMIT]


def isolated(instance_id: str, why: str, notes: Iterable[str], connections: str, settings: Settings) -> Announcement:
    """The instance is contained and verified; `connections` is what is known of those that were open."""
    text = [
        f"{instance_id} is isolated: every network interface that can be changed is in the isolation group,",
        "the instance profile is the isolation profile, and both were verified by reading them again.",
        f"Why: {why}",
        *(f"Note: {note}" for note in notes),
        f"Cut: nobody opens a connection to or from it; {connections}.",
        "Sessions issued before keep their credentials.",
        f"Next: investigate. To see the state: tags {settings.tag_key}* on the instance.",
    ]
    return _announcement("Isolated", instance_id, text, settings)


def failed(instance_id: str, why: str, problems: Iterable[str], settings: Settings) -> Announcement:
    """Containment is not complete, and trying again would end the same."""
    text = [
        f"{instance_id} is NOT fully isolated. What is left:",
        *(f"- {problem}" for problem in problems),
        f"Why it was to be isolated: {why}",
        "Next: mend what is named above; the sweep then finishes the isolation, within minutes. Or isolate by hand.",
    ]
    return _announcement("FAILED to isolate", instance_id, text, settings)


def not_tagged(instance_id: str, value: str, why: str, problem: str, settings: Settings) -> Announcement:
    """The control tag could not be written, so nothing follows from the finding."""
    text = [
        f"{instance_id} could NOT be tagged {settings.tag_key}={value}: {problem}",
        f"Why it was to be tagged: {why}",
        f"Next: mend that, then set the tag {settings.tag_key}={value} on it.",
    ]
    what = "isolate" if value == settings.isolate_value else "ask for a review"
    return _announcement(f"FAILED to {what}", instance_id, text, settings)


def recorded_late(instance_id: str, settings: Settings) -> Announcement:
    """A cut made while the ledger was away has its case now, and its release was asked for meanwhile."""
    tag = f"{settings.tag_key}={settings.release_value}"
    text = [
        f"{instance_id} was isolated while the ledger was away, and {tag} was set before it was back.",
        "Its case is written now, from what the tags of its interfaces kept; the sweep gives it back within minutes.",
    ]
    if settings.release_principals != ("*",):
        text.append(f"Next: set the tag {tag} again. ReleasePrincipals asks for a write that is newer than the case.")
    return _announcement("Recorded late", instance_id, text, settings)


def released(instance_id: str, notes: Iterable[str], settings: Settings) -> Announcement:
    """The instance has back what its case recorded."""
    text = [
        f"{instance_id} is released: it has back the security groups and the instance profile that its case recorded,",
        "verified by reading them again.",
        *(f"Note: {note}" for note in notes),
        "A finding isolates it again only if its activity is newer than this release.",
    ]
    return _announcement("Released", instance_id, text, settings)


def not_released(instance_id: str, problems: Iterable[str], settings: Settings) -> Announcement:
    """A release is not complete, and trying again would end the same."""
    text = [
        f"{instance_id} is NOT fully released. What is left:",
        *(f"- {problem}" for problem in problems),
        "Next: mend what is named above; the sweep then finishes the release.",
    ]
    return _announcement("FAILED to release", instance_id, text, settings)


def drift(instance_id: str, seen: Iterable[str], settings: Settings) -> Announcement:
    """Something undid part of an isolation; it was repaired."""
    text = [f"{instance_id} had drifted from its isolation, and was isolated again:", *(f"- {one}" for one in seen)]
    return _announcement("Drift repaired", instance_id, text, settings)


def held(instance_id: str, reason: str, settings: Settings) -> Announcement:
    """A guardrail stopped an isolation: a human decides."""
    text = [
        f"{instance_id} was not isolated: {reason}",
        f"Next: if it must be isolated, set the tag {settings.tag_key}={settings.isolate_value} on it. While it "
        f"carries {settings.tag_key}={settings.review_value} and this status, the sweep decides anew within minutes: "
        "where a limit was reached, it isolates once there is room.",
    ]
    return _announcement("Held, a human decides", instance_id, text, settings)


def held_by_ceiling(instance_id: str, reason: str, settings: Settings) -> Announcement:
    """The stack's ceiling stopped an isolation: it is tagged already, so the tag is no way out."""
    text = [
        f"{instance_id} was not isolated: {reason}",
        "The sweep isolates it as soon as the hour has room.",
        "Next: to act now, raise MaxContainmentsPerHour of the stack; the sweep then isolates it within minutes. "
        f"If it must not be isolated, remove the tag {settings.tag_key}.",
    ]
    return _announcement("Held, a human decides", instance_id, text, settings)


def review(instance_id: str, reason: str, settings: Settings) -> Announcement:
    """A finding asks for a human's look."""
    text = [
        f"{instance_id} was tagged {settings.tag_key}={settings.review_value}: {reason}",
        f"Next: look at the finding; to isolate, set {settings.tag_key}={settings.isolate_value} on the instance.",
    ]
    return _announcement("Review", instance_id, text, settings)


def observed(instance_id: str, would: str, settings: Settings) -> Announcement:
    """Mode is `observe`: what would have been done."""
    return _announcement("Observe only", instance_id, [f"Mode is observe; {instance_id}: {would}"], settings)


def tampering(instance_id: str, what: str, settings: Settings) -> Announcement:
    """Someone touched the control tag in a way that is never honoured."""
    text = [f"{instance_id}: {what}", "Next: find who did it in CloudTrail (CreateTags, DeleteTags), and set it right."]
    return _announcement("Control tag tampering", instance_id, text, settings)


def would_do(todo: Plan, measures: Iterable[str] = ()) -> str:
    """Say what a plan would do, and which measures would be taken beside it, in one line."""
    steps = [f"{type(step).__name__} {step.target}" for step in todo.steps]
    beside = f"; beside it: {', '.join(measures)}" if measures else ""
    return ("would do: " + ", ".join(steps) if steps else "nothing is left to do") + beside


def _announcement(what: str, instance_id: str, text: Iterable[str], settings: Settings) -> Announcement:
    place = {"account": settings.account, "region": settings.region, "instance_id": instance_id}
    subject = f"{what}: {instance_id} ({settings.account} {settings.region})"
    return Announcement(subject, "\n".join(text), {**place, "event": what})
