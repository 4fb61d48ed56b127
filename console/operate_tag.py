"""`quarantag isolate`, `review` and `release`: ask, write the tag and nothing else, wait for the status tag."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from console.operate_aws import Desk
from console.operate_look import Sight, look_at
from quarantag.announcements import tag_value
from quarantag.authority import ANYONE
from quarantag.errors import LedgerUnavailable, Terminal
from quarantag.settings import Settings

Verb = Literal["isolate", "review", "release"]
Progress = Callable[[str, float], None]

VERBS: dict[str, Verb] = {"isolate": "isolate", "review": "review", "release": "release"}
ENDS = {"isolate": "Isolated", "release": "Released", "review": ""}
"""The status that says yes; a review has none, no function answers it."""
_NO = frozenset({"Failed", "Held", "Ended"})
_PAUSE_SECONDS = 2.0
_TRAIL = "only these may release, and CloudTrail takes up to 15 minutes to show who wrote the tag"


class Declined(Exception):
    """Nothing was written; the text says why in one line."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the operator wants: `timeout_seconds` is how long to wait for the end, 0 does not wait."""

    verb: Verb
    instance_id: str
    reason: str | None = None
    timeout_seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class End:
    """How it ended: `status` and `reason` are the status tag's, `good` says whether it is what was wished for.

    `ended` is False where it was not waited for, or not long enough.
    """

    wish: Wish
    asked: str
    status: str | None
    reason: str
    ended: bool
    good: bool
    seconds: float


def carry_out(desk: Desk, wish: Wish, ask: Callable[[str], bool], progress: Progress) -> End:
    """Ask, write, wait. `ask` gets the question, `progress` each reading: the status tag and the seconds waited.

    Raises `Declined` where nothing was written, `Retryable` or `Terminal` where AWS can't be reached or says no.
    """
    sight = _look(desk, wish)
    if not ask(question(sight, wish)):
        raise Declined(f"{wish.instance_id}: not confirmed, nothing was written")
    tags = {desk.settings.tag_key: value_of(desk.settings, wish.verb)}
    if wish.reason:
        tags[desk.settings.reason_key] = tag_value(wish.reason)
    desk.instances.tag(wish.instance_id, tags)
    return _Waiting(desk, wish, sight, progress).end()


def question(sight: Sight, wish: Wish) -> str:
    """What is about to happen, what speaks against it, and the question."""
    settings, name = sight.settings, sight.tag("Name")
    named = f"{sight.id} ({name})" if name else sight.id
    place = f"{settings.account} {settings.region}"
    if wish.verb == "isolate":
        what = [f"{named} in {place} loses its network and its instance profile, until it is released."]
    elif wish.verb == "release":
        what = [f"{named} in {place} gets back the groups and the profile that its case recorded."]
    else:
        what = [f"{named} in {place} is marked for a human to look at; nothing else changes."]
    what += cautions(sight, wish.verb)
    return "\n".join([*what, f"Write {settings.tag_key}={value_of(settings, wish.verb)}?"])


def cautions(sight: Sight, verb: Verb) -> list[str]:
    """What the operator should know before they say yes."""
    settings = sight.settings
    said = []
    if settings.mode == "observe" and verb != "review":
        said.append("The stack's Mode is observe: it tells what it would do, and changes nothing.")
    if verb == "release" and settings.release_principals != ANYONE:
        said.append(f"ReleasePrincipals: {', '.join(settings.release_principals)}: {_TRAIL}.")
    if verb == "review" and sight.open_case:
        said.append("Its case stays open: a review never releases, and people are told that the tag was changed.")
    elif verb == "review" and sight.asked == settings.isolate_value:
        said.append(f"It is tagged {settings.isolate_value}: that request is withdrawn.")
    return said


def _look(desk: Desk, wish: Wish) -> Sight:
    """Look before the tag is written; refuses what can't come to anything. A ledger out of reach stops nothing."""
    instance = desk.instances.instance(wish.instance_id)
    if instance is None:
        raise Terminal(f"there is no instance {wish.instance_id} in {desk.settings.account} {desk.settings.region}")
    if instance.ended:
        raise Declined(f"{wish.instance_id} is {instance.state}: there is nothing to {wish.verb}, nothing was written")
    case, known = None, desk.book.known
    try:
        case = desk.book.case(wish.instance_id) if known else None
    except LedgerUnavailable:
        known = False
    if wish.verb == "release" and known and not (case and case.open):
        raise Declined(f"{wish.instance_id} has no open case: there is nothing to give back, nothing was written")
    return Sight(wish.instance_id, instance, case, None, desk.settings)


def value_of(settings: Settings, verb: Verb) -> str:
    """The control tag's value that asks for this."""
    values = {"isolate": settings.isolate_value, "review": settings.review_value, "release": settings.release_value}
    return values[verb]


class _Waiting:
    """Reads the instance until its status tag says how it ended."""

    def __init__(self, desk: Desk, wish: Wish, before: Sight, progress: Progress) -> None:
        self.desk = desk
        self.wish = wish
        self.before = before.status_tag
        self.progress = progress
        self.asked = value_of(desk.settings, wish.verb)
        self.written = False
        self.seconds = 0.0

    def end(self) -> End:
        """How it ended, or how it stands when the time is over."""
        if self.wish.verb == "review":
            return self._end(None, "a human must look at it", ended=True, good=True)
        if self.desk.settings.mode == "observe":
            reason = "the stack's Mode is observe: it tells what it would do, and changes nothing"
            return self._end(None, reason, ended=False, good=False)
        if self.wish.timeout_seconds <= 0:
            return self._end(None, "not waited for", ended=False, good=True)
        start = self.desk.clock.now()
        while True:
            sight = self._look()
            end = self._judged(sight)
            self.seconds = (self.desk.clock.now() - start).total_seconds()
            if end:
                return replace(end, seconds=self.seconds)
            if self.seconds >= self.wish.timeout_seconds:
                return self._too_late(sight)
            self.progress(sight.status_tag or "no status yet", self.seconds)
            self.desk.clock.sleep(min(_PAUSE_SECONDS, self.wish.timeout_seconds - self.seconds))

    def _look(self) -> Sight:
        instance = self.desk.instances.instance(self.wish.instance_id)
        return Sight(self.wish.instance_id, instance, None, None, self.desk.settings)

    def _judged(self, sight: Sight) -> End | None:
        """The end, if it is there. A status tag from before tells nothing, unless the instance itself bears it out."""
        if not sight.there:
            return self._end("Ended", "the instance is terminated", ended=True, good=False)
        if sight.asked == self.asked:
            self.written = True
        elif self.written:  # until it was seen once, EC2 may still show the tag from before
            reason = f"the control tag reads {sight.asked or 'nothing'} by now: somebody else changed it"
            return self._end(sight.status, reason, ended=True, good=False)
        status, _, reason = (sight.status_tag or "").partition(":")
        changed = sight.status_tag != self.before
        if status == ENDS[self.wish.verb] and (changed or self._borne_out()):
            return self._end(status, reason.strip(), ended=True, good=True)
        if status in _NO and changed:
            return self._end(status, reason.strip(), ended=True, good=False)
        return None

    def _borne_out(self) -> bool:
        seen = look_at(self.desk, self.wish.instance_id)
        if self.wish.verb == "isolate":
            return bool(seen.contained)
        return self.desk.book.known and not seen.open_case

    def _too_late(self, sight: Sight) -> End:
        shown = f"the status tag reads {sight.status_tag!r}" if sight.status_tag else "there is no status tag"
        reason = f"no end within {self.wish.timeout_seconds:g} seconds, {shown}; the functions go on without you"
        return self._end(sight.status, reason, ended=False, good=False)

    def _end(self, status: str | None, reason: str, *, ended: bool, good: bool) -> End:
        return End(self.wish, self.asked, status, reason, ended, good, self.seconds)
