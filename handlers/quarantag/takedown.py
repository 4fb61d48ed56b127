"""The stack's deletion and change, over ports: refused while instances are contained, else cleaned up after.

A deletion never leaves an instance half-way: acting is paused first, then every run that began before has ended
(`settle`), then it is asked again who is contained. What is refused leaves the stack as it was, and acting again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from quarantag.errors import LedgerUnavailable, QuarantagError
from quarantag.ports import Clock
from quarantag.settings import Settings
from quarantag.stacklife import Contained, LifeRequest, changed, why_not_changed, why_not_deleted, wish, work

PAUSED_BY = "the stack's deletion"
_SETTLING, _LONGEST_SETTLING = 90.0, 200.0  # seconds
_PAUSES = (1.0, 2.0, 4.0)  # seconds


class Stacks(Protocol):
    """CloudFormation, as far as the stack itself is concerned."""

    def status(self, stack_id: str) -> str:
        """What the stack is doing, as `DELETE_IN_PROGRESS`."""


class Containments(Protocol):
    """Who is contained, by the ledger and by the instances themselves."""

    def cases(self) -> frozenset[str]:
        """Ids of the instances with an open case."""

    def tagged(self, key: str, value: str) -> frozenset[str]:
        """Ids of the living instances with this tag."""

    def cut_without_ledger(self, key: str) -> frozenset[str]:
        """Ids of the instances in an isolation group whose groups before are in a tag of this key alone."""


class Leftovers(Protocol):
    """What the functions made outside the stack, and what of the stack hangs on what is outside."""

    def group_users(self) -> Mapping[str, frozenset[str]]:
        """The isolation groups, and of each the interfaces and groups that keep it from being deleted."""

    def delete_group(self, group_id: str) -> None:
        """Delete the group; one that is gone is fine."""

    def denied_roles(self) -> tuple[str, ...]:
        """Names of the roles that the policy that denies contained sessions is attached to."""

    def allow(self, role_name: str) -> None:
        """Take the policy and the tags that it compares with off the role; a role that is gone is fine."""


class Pausing(Protocol):
    """The kill switch, for who may flip it."""

    def paused_by(self) -> str:
        """Who paused, "" where nobody did. Raises `LedgerUnavailable`."""

    def flip(self, *, paused: bool, by: str) -> None:
        """Pause or resume. Raises `LedgerUnavailable`."""


@dataclass(frozen=True, slots=True)
class LifePorts:
    """All that the stack's own function may touch, but the answer."""

    stacks: Stacks
    containments: Containments
    leftovers: Leftovers
    pausing: Pausing
    clock: Clock
    log: Callable[[str], None]


def live(request: LifeRequest, ports: LifePorts, settings: Settings) -> str:
    """Do what the request asks for; answers why it is refused, "" where it is not.

    Raises `Retryable` or `Terminal` by what AWS answers: then, too, acting is as it was before, or the log says not.
    """
    if wish(request) == "nothing":
        return ""
    asked = work(request, ports.stacks.status(request.stack_id))
    ports.log(f"{request.kind} of {request.logical_id}: {asked}")
    if asked == "may it change":
        observing = settings.mode == "observe"
        contained = _contained(ports, request.before.get("IsolationTagKey", ""), request.before, observing=observing)
        return why_not_changed(changed(request), contained, request.before)
    if asked == "take down":
        return _take_down(ports, settings, _seconds(request.properties.get("SettleSeconds", "")))
    return ""


def _take_down(ports: LifePorts, settings: Settings, settle: float) -> str:
    reason = _needed(ports, settings)
    if reason:
        return reason
    paused = ports.pausing.paused_by()
    if not paused:
        ports.pausing.flip(paused=True, by=PAUSED_BY)
    gone, left = False, ""
    try:
        ports.clock.sleep(settle)
        reason = _needed(ports, settings) or _clean_up(ports)
        gone = not reason
    finally:
        if not gone and paused in ("", PAUSED_BY):
            left = _resume(ports)
    return f"{reason} {left}".rstrip()


def _resume(ports: LifePorts) -> str:
    """Act again; where that can't be written, say so: nothing is contained until somebody resumes."""
    fault = ""
    for pause in _PAUSES:
        try:
            ports.pausing.flip(paused=False, by=PAUSED_BY)
        except LedgerUnavailable as unavailable:
            fault = f"Acting is still paused ({unavailable}): quarantag resume."
            ports.clock.sleep(pause)
        else:
            return ""
    ports.log(fault)
    return fault


def _seconds(text: str) -> float:
    """Read how long to wait for runs that began before, within what the function's own time allows."""
    return min(float(text), _LONGEST_SETTLING) if text.isdecimal() else _SETTLING


def _needed(ports: LifePorts, settings: Settings) -> str:
    """Why the stack can't go now."""
    values = {"IsolateTagValue": settings.isolate_value}
    contained = _contained(ports, settings.tag_key, values, observing=settings.mode == "observe")
    return why_not_deleted(contained, ports.leftovers.group_users(), settings.tag_key, settings.release_value)


def _contained(ports: LifePorts, key: str, values: Mapping[str, str], *, observing: bool) -> Contained:
    """Where the mode is to observe, a tag asks for nothing."""
    return Contained(
        ports.containments.cases(),
        frozenset() if observing else ports.containments.tagged(key, values.get("IsolateTagValue", "")),
        ports.containments.cut_without_ledger(f"{key}GroupsBefore"),
    )


def _clean_up(ports: LifePorts) -> str:
    """Each thing is tried, whatever became of the others; answers what could not be removed."""
    failed: list[str] = []
    removals: list[tuple[Callable[[str], None], str]]
    removals = [(ports.leftovers.delete_group, group) for group in ports.leftovers.group_users()]
    removals += [(ports.leftovers.allow, role) for role in ports.leftovers.denied_roles()]
    for remove, target in removals:
        try:
            remove(target)
            ports.log(f"removed what was made outside the stack: {target}")
        except QuarantagError as error:
            failed.append(str(error))
    return f"What was made outside the stack can't be removed, so it stays: {'; '.join(failed)}" if failed else ""
