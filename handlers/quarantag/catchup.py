"""The sweep of findings: what lost events would have brought, and what was held and may be decided otherwise by now."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from quarantag.errors import InvalidFinding, QuarantagError
from quarantag.finding import parse
from quarantag.policy import Policy
from quarantag.ports import Ports
from quarantag.settings import Settings
from quarantag.sweep import from_where_it_left_off
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
    """

    tagged: list[Tagged] = field(default_factory=list)
    again: list[Tagged] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    @property
    def fault(self) -> QuarantagError | None:
        """The first fault that must be tried again or looked at."""
        return next((one.fault for one in self.tagged if one.fault), None)


def catch_up(policy: Policy, holder: str, ports: Ports, settings: Settings, seconds_left: _Seconds) -> CaughtUp:
    """Decide about every finding updated since the last sweep, anew about every held one, and about those left over.

    Oldest first, so that what there is no time for is where the next sweep begins; what an earlier sweep could not
    decide comes last, so that it keeps nothing waiting. Nothing where GuardDuty is off.
    """
    done = CaughtUp()
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
    _decide_updated(partial(decide, into=done.tagged), ports, seconds_left)
    _decide_left_over(partial(decide, into=done.again), undecided, ports, seconds_left)
    return done


def _decide_updated(decide: _Decide, ports: Ports, seconds_left: _Seconds) -> None:
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
