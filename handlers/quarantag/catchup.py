"""The sweep of findings: what lost events would have brought, and what was held and may be decided otherwise by now."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from quarantag import metrics
from quarantag.errors import InvalidFinding, QuarantagError
from quarantag.finding import parse
from quarantag.metrics import Measured
from quarantag.policy import Policy
from quarantag.ports import Ports
from quarantag.settings import Settings
from quarantag.sweep import from_where_it_left_off
from quarantag.tagchange import time_of
from quarantag.tagging import Tagged, tag

_SWEEP = "findings"
_LEFT_OVER = "undecided findings"
_OVERLAP = timedelta(minutes=15)
"""A finding may be listed later than it says that it was updated."""
_FIRST = timedelta(hours=1)
_RESERVE_SECONDS = 30.0

_Seconds = Callable[[], float]
_Decide = Callable[[Mapping[str, object]], None]


@dataclass(slots=True)
class CaughtUp:
    """What a sweep decided; `unreadable` are findings that can't be parsed, with the reason.

    `again` is about what an earlier sweep could not decide: its fault was raised then, and is only logged now.
    `measured` is what it counts.
    """

    tagged: list[Tagged] = field(default_factory=list)
    again: list[Tagged] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    measured: tuple[Measured, ...] = ()

    @property
    def fault(self) -> QuarantagError | None:
        """The first fault that must be tried again or looked at."""
        return next((one.fault for one in self.tagged if one.fault), None)


def decide_one(event: Mapping[str, object], policy: Policy, holder: str, ports: Ports, settings: Settings) -> CaughtUp:
    """Decide about the finding of an event. Raises `InvalidFinding`."""
    tagged = list(tag(parse(event), policy, holder, ports, settings))
    measured = [Measured(metrics.FINDINGS_DECIDED, about=one.decision.action) for one in tagged]
    made = time_of(event)
    if made and any(one.outcome == "tagged" for one in tagged):
        measured.append(Measured(metrics.TIME_TO_TAG, (ports.clock.now() - made) / timedelta(milliseconds=1)))
    return CaughtUp(tagged, measured=tuple(measured))


def catch_up(policy: Policy, holder: str, ports: Ports, settings: Settings, seconds_left: _Seconds) -> CaughtUp:
    """Decide about every finding updated since the last sweep, anew about every held one, and about those left over.

    Oldest first, so that what there is no time for is where the next sweep begins; what an earlier sweep could not
    decide comes last, so that it keeps nothing waiting. Nothing where GuardDuty is off, or while acting is paused.
    """
    if ports.switch.paused():
        return _wait(ports)
    return _decide_all(policy, holder, ports, settings, seconds_left)


def _decide_all(policy: Policy, holder: str, ports: Ports, settings: Settings, seconds_left: _Seconds) -> CaughtUp:
    done = CaughtUp()
    began = ports.clock.now()
    undecided = set(ports.ledger.undecided())

    def decide(document: Mapping[str, object], into: list[Tagged]) -> None:
        try:
            finding = parse(document)
        except InvalidFinding as refused:
            done.unreadable.append(str(refused))
            return
        tagged = tag(finding, policy, holder, ports, settings)
        into.extend(tagged)
        faulty = any(one.fault for one in tagged)
        if faulty != (finding.id in undecided):
            ports.ledger.set_undecided(finding.id, undecided=faulty)
        undecided.discard(finding.id)

    for document in _held(ports, settings):
        decide(document, done.tagged)
    whole = _decide_updated(partial(decide, into=done.tagged), ports, seconds_left)
    _decide_left_over(partial(decide, into=done.again), undecided, ports, seconds_left)
    done.measured = _measured(done, ports.clock.now() - began, whole=whole)
    return done


def _decide_updated(decide: _Decide, ports: Ports, seconds_left: _Seconds) -> bool:
    """Answers whether there was time for all."""
    left_off = ports.ledger.cursor(_SWEEP)
    now = ports.clock.now()
    since = (datetime.fromisoformat(left_off) if left_off else now - _FIRST) - _OVERLAP
    reached = now
    for document in ports.findings.updated_since(since):
        if seconds_left() < _RESERVE_SECONDS:
            reached = _updated_at(document, since)
            break
        decide(document)
    ports.ledger.set_cursor(_SWEEP, reached.isoformat())
    return reached == now


def _decide_left_over(decide: _Decide, undecided: set[str], ports: Ports, seconds_left: _Seconds) -> None:
    """From where the last sweep had no time left; one that GuardDuty keeps no more is given up."""
    last = ports.ledger.cursor(_LEFT_OVER) if undecided else ""
    for finding_id in from_where_it_left_off(sorted(undecided), last):
        if seconds_left() < _RESERVE_SECONDS:
            ports.ledger.set_cursor(_LEFT_OVER, last)
            return
        found = list(ports.findings.by_id([finding_id]))
        for document in found:
            decide(document)
        if not found:
            ports.ledger.set_undecided(finding_id, undecided=False)
        last = finding_id


def _wait(ports: Ports) -> CaughtUp:
    """Decide nothing, and remember since when: a stack that was made paused must catch up from its beginning."""
    if not ports.ledger.cursor(_SWEEP):
        ports.ledger.set_cursor(_SWEEP, (ports.clock.now() - _FIRST).isoformat())
    return CaughtUp(measured=(Measured(metrics.PAUSED), Measured(metrics.SWEEP_DURATION, 0, "tag_finding")))


def _measured(done: CaughtUp, took: timedelta, *, whole: bool) -> tuple[Measured, ...]:
    unfinished = sum(one.fault is not None for one in (*done.tagged, *done.again)) + len(done.unreadable) + (not whole)
    return (
        Measured(metrics.PAUSED, 0),
        Measured(metrics.SWEEP_DURATION, took / timedelta(milliseconds=1), "tag_finding"),
        Measured(metrics.UNFINISHED, unfinished, "tag_finding"),
    )


def _held(ports: Ports, settings: Settings) -> Iterator[Mapping[str, object]]:
    """Findings whose decision is held still: neither has a human acted, nor is the finding too old to be kept."""
    waiting: list[str] = []
    for instance_id, finding_id in ports.ledger.held():
        try:
            instance = ports.instances.instance(instance_id)
        except QuarantagError:  # it is read again when its finding is decided, and the fault said there
            waiting.append(finding_id)
            continue
        tags = instance.tags if instance else {}
        if tags.get(settings.tag_key) == settings.review_value and tags.get(settings.status_key, "").startswith("Held"):
            waiting.append(finding_id)
        else:
            ports.ledger.set_held(instance_id, finding_id, held=False)
    yield from ports.findings.by_id(waiting)


def _updated_at(document: Mapping[str, object], otherwise: datetime) -> datetime:
    try:
        return datetime.fromisoformat(str(document.get("UpdatedAt")))
    except ValueError:
        return otherwise
