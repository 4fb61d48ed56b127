"""What outlives the denial of an instance's sessions: what those sessions made, picked from CloudTrail's records.

An instance's session has the instance's id as its name (CloudTrail User Guide, "CloudTrail userIdentity element"), and
CloudTrail's event history knows it as the user name. `GetFederationToken` and `GetSessionToken` are not looked for: a
role's session can't call them (IAM User Guide, "Compare AWS STS credentials"). Pods that got a role by
`AssumeRoleWithWebIdentity` (IRSA) are known to CloudTrail by their service account, so they can't be found by instance.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from quarantag.makers import MADE, Made

MOST_KEPT = 50
"""A case is one DynamoDB item (400 KB at most)."""
_LONGEST_SESSION = timedelta(hours=12)
"""Of a role (IAM User Guide, "Update the maximum session duration for a role")."""
_MOST_CHARACTERS, _LONGEST_ARN = 200, 640
"""An ARN with the longest path and name that IAM takes fits (IAM User Guide, "IAM and AWS STS quotas")."""
_ODD = re.compile(r"[^A-Za-z0-9+=,.@_/:-]|^-")
_EXPIRES = ("%b %d, %Y, %I:%M:%S %p", "%b %d, %Y %I:%M:%S %p")
"""How CloudTrail writes the end of credentials ("Logging IAM and AWS STS API calls", IAM User Guide, examples)."""
_GLOBAL = (("cn-", "cn-north-1"), ("us-gov-", "us-gov-west-1"), ("", "us-east-1"))
"""By the first letters of a Region: where IAM's events are, and those of the global STS and sign-in endpoints.

Sources: CloudTrail User Guide, "Viewing CloudTrail events with the AWS CLI"; the guides of AWS in China and GovCloud.
"""


@dataclass(frozen=True, slots=True)
class Records:
    """Records as the JSON texts that CloudTrail answers, newest first; `unread` says which ones were not asked for."""

    texts: tuple[str, ...] = ()
    unread: str = ""


class SessionHistory(Protocol):
    """CloudTrail's event history of an instance's own sessions; raises what the methods of `ports` raise."""

    def records(self, instance_id: str, region: str, since: datetime | None) -> Records:
        """What these sessions called in the Region, reads too; since then, or ever (CloudTrail keeps 90 days)."""


class Unwatched:
    """The `SessionHistory` that shows nothing."""

    def records(self, instance_id: str, region: str, since: datetime | None) -> Records:  # noqa: ARG002 - the port's shape
        """Answer none."""
        return Records()


@dataclass(frozen=True, slots=True)
class Survivor:
    """One thing that was made: `what` it is, `of` which user or role, by which call (`event`), valid `until`."""

    kind: str
    event: str
    what: str
    of: str
    at: datetime
    until: datetime | None
    region: str
    event_id: str

    @property
    def key(self) -> tuple[str, str, str]:
        """The same for one session that is got again and again."""
        return self.event, self.what, self.of


@dataclass(frozen=True, slots=True)
class Survivors:
    """What was found, first seen so at `looked_at`; `problems` of that look, and what was too much to be read."""

    looked_at: datetime
    found: tuple[Survivor, ...] = ()
    problems: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    def beside(self, before: "Survivors | None") -> "Survivors":
        """Add what an earlier look found; newest first, and no more than a case can keep.

        What has no end goes before what ends by itself: else a thief who assumes a role often would push his keys out.
        """
        earlier = before.found if before else ()
        found = {one.key: one for one in sorted((*earlier, *self.found), key=lambda one: one.at)}
        lasting = sorted(found.values(), key=lambda one: (one.until is None, one.at), reverse=True)
        unread = dict.fromkeys((*(before.unread if before else ()), *self.unread))
        if len(lasting) > MOST_KEPT:
            unread[f"of more than {MOST_KEPT} those without an end, and the newest, are kept"] = None
        kept = sorted(lasting[:MOST_KEPT], key=lambda one: one.at, reverse=True)
        return replace(self, found=tuple(kept), unread=tuple(unread))

    def same_as(self, before: "Survivors | None") -> bool:
        """Whether it tells nothing that an earlier look did not tell."""
        return before is not None and replace(self, looked_at=before.looked_at) == before

    def newer_than(self, before: "Survivors | None") -> tuple[Survivor, ...]:
        """Those that an earlier look did not find."""
        known = {one.key for one in before.found} if before else set()
        return tuple(one for one in self.found if one.key not in known)


def regions(region: str) -> tuple[str, ...]:
    """The Regions to ask: the instance's own, and the partition's one for global events."""
    everywhere = next(name for start, name in _GLOBAL if region.startswith(start))
    return tuple(dict.fromkeys((region, everywhere)))


def survivors_of(texts: Iterable[str], instance_id: str, now: datetime) -> Iterator[Survivor]:
    """Pick what calls that succeeded made, unless its time is over. Raises nothing, whatever the records hold."""
    for text in texts:
        record = _parsed(text)
        made = MADE.get((_word(record.get("eventSource")), _word(record.get("eventName"))))
        if made and not record.get("errorCode") and _session_of(record) == instance_id:
            survivor = _survivor(record, made)
            if survivor and _lives(survivor, made, now):
                yield survivor


def _parsed(text: str) -> Mapping[str, object]:
    try:
        return _mapping(json.loads(text))
    except (ValueError, TypeError, RecursionError):
        return {}


def _session_of(record: Mapping[str, object]) -> str:
    """The name of the role session that called (`AROA…:i-…`)."""
    return str(_mapping(record.get("userIdentity")).get("principalId")).rpartition(":")[2]


def _survivor(record: Mapping[str, object], made: Made) -> Survivor | None:
    at = _time(record.get("eventTime"))
    if at is None or (made.only and _at(record, made.only[0]) != made.only[1]):
        return None
    return Survivor(
        kind=made.kind,
        event=_word(record.get("eventName")),
        what=_first(record, made.what),
        of=_first(record, made.of),
        at=at,
        until=_time(_at(record, made.until)),
        region=_word(record.get("awsRegion")),
        event_id=_word(record.get("eventID")),
    )


def _lives(survivor: Survivor, made: Made, now: datetime) -> bool:
    ends = survivor.until or (survivor.at + _LONGEST_SESSION if made.until else None)
    return ends is None or ends > now


def _first(record: Mapping[str, object], paths: Iterable[str]) -> str:
    """The first of these places that holds a text."""
    return next((_word(found) for path in paths if isinstance(found := _at(record, path), str)), "")


def _at(record: Mapping[str, object], path: str) -> object:
    found: object = record
    for name in path.split(".") if path else ():
        found = _mapping(found).get(name)
    return found if path else None


def _word(value: object) -> str:
    """A text that a terminal, a mail and a shell take for nothing but a word: others chose it."""
    if not isinstance(value, str):
        return ""
    return _ODD.sub("_", value[: _LONGEST_ARN if value.startswith("arn:") else _MOST_CHARACTERS])


def _time(value: object) -> datetime | None:
    """A time as CloudTrail writes one; None where it is none."""
    text = " ".join(value[:_MOST_CHARACTERS].split()) if isinstance(value, str) else ""
    for parse in (datetime.fromisoformat, *(_by(form) for form in _EXPIRES)):
        try:
            time = parse(text)
            return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None


def _by(form: str) -> Callable[[str], datetime]:
    return lambda text: datetime.strptime(text, form)  # noqa: DTZ007 - CloudTrail writes UTC


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
