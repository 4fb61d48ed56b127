"""What outlives the denial of the sessions: looked up once a run has ended, again by the sweep for the first hour.

CloudTrail shows an event late (within 15 minutes, as a rule). The lease is given back before: no release waits for
this. A fault of a look-up is recorded, never raised.
"""

from datetime import datetime, timedelta

from quarantag import announcements
from quarantag.case import Case
from quarantag.errors import LedgerUnavailable, QuarantagError
from quarantag.execution import fault_of, side_by_side
from quarantag.ports import Entry, Lease, Ports
from quarantag.remains import document, next_step, said
from quarantag.report import Report
from quarantag.settings import Settings
from quarantag.survivors import Survivor, Survivors, regions, survivors_of

_LOOKED_FOR = timedelta(hours=1)
_SHOWN_WITHIN = timedelta(hours=1)
"""Longer than CloudTrail takes: what happened so long before the last look may be shown since."""
_CONTAINED = frozenset({"Isolated", "Failed"})


def look_back(report: Report, ports: Ports, settings: Settings) -> None:
    """Record and tell what the instance's sessions made, where its case is young; raises what `announce` raises."""
    record, case, lease = report.record, report.record.open_case, report.record.lease
    record.end()  # what is done is recorded before CloudTrail is waited for
    if case is None or lease is None or record.fault or not _due(case, ports.clock.now()):
        return
    seen = _seen(case, ports, settings)
    new = seen.newer_than(case.survivors)
    told = case.survivors.problems if case.survivors else ()
    if seen.problems and seen.problems != told:
        record.note("survivors-not-known", problems=seen.problems)
    record.know(seen)
    if new:
        _tell(new, report, ports, settings)
    if not seen.same_as(case.survivors):
        _keep(case, lease, seen, report, ports)


def _due(case: Case, now: datetime) -> bool:
    return case.status in _CONTAINED and now - (case.isolated_at or case.opened_at) <= _LOOKED_FOR


def _seen(case: Case, ports: Ports, settings: Settings) -> Survivors:
    """Ask each Region; where the last look was whole, only for what may have been shown since."""
    now, before = ports.clock.now(), case.survivors
    since = before.looked_at - _SHOWN_WITHIN if before and not before.problems else None
    asked = regions(settings.region)
    with side_by_side() as pool:
        calls = {one: pool.submit(ports.history.records, case.instance_id, one, since) for one in asked}
    faults = {one: fault for one, call in calls.items() if (fault := fault_of(call))}
    answers = {one: call.result() for one, call in calls.items() if one not in faults}
    texts = [text for answer in answers.values() for text in answer.texts]
    looked = Survivors(
        looked_at=now,
        found=tuple(survivors_of(texts, case.instance_id, now)),
        problems=tuple(f"{one} could not be looked up: {fault}" for one, fault in faults.items()),
        unread=tuple(f"{one}: {answer.unread}" for one, answer in answers.items() if answer.unread),
    )
    return looked.beside(before)


def _tell(new: tuple[Survivor, ...], report: Report, ports: Ports, settings: Settings) -> None:
    """Audit each at the time of its call; then people, then workflows."""
    record, now = report.record, ports.clock.now()
    for one in new:
        detail = {"what": said(one), "next_step": next_step(one, settings.account, now), "event_id": one.event_id}
        try:
            ports.ledger.record_once(
                Entry(record.instance_id, "survivor", one.at, detail, record.case_id, record.finding_id),
                one.event_id or one.what,
            )
        except LedgerUnavailable:
            break  # it is in the log
    steps = [next_step(one, settings.account, now) for one in new]
    lines = [said(one) for one in new]
    report.announce(announcements.survivors(record.instance_id, lines, steps, settings))
    if record.case:
        report.send(record.case.status, f"made by its sessions before, and not ended: {'; '.join(lines)}")


def _keep(case: Case, lease: Lease, seen: Survivors, report: Report, ports: Ports) -> None:
    """Write it into the case last, so that a crash before it tells again; what is not written is found again."""
    try:
        ports.ledger.set_survivors(case, lease, seen)
    except QuarantagError as fault:
        report.record.note("survivors-not-recorded", survivors=document(seen), fault=str(fault))
