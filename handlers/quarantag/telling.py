"""What people are told of a finding that leaves no tag behind, and what the reason tag tells."""

from quarantag.announcements import tag_value
from quarantag.decision import Decision
from quarantag.errors import LedgerUnavailable, Terminal
from quarantag.finding import Finding
from quarantag.instance import Instance, Observation
from quarantag.messages import Announcement
from quarantag.ports import Entry, Ports
from quarantag.settings import Settings
from quarantag.statuschange import StatusChange


def announce_once(message: Announcement, ports: Ports) -> None:
    """Announce what no tag remembers: once, though each delivery and each sweep finds it anew; at least once.

    The ledger remembers it; while that is away it is announced again. Raises what the announcer raises.
    """
    key = f"{message.subject} {message.text}"
    try:
        if ports.ledger.told(key):
            return
    except LedgerUnavailable:
        pass  # twice is better than never
    ports.announcer.announce(message)
    try:
        ports.ledger.set_told(key)
    except LedgerUnavailable:
        return


def held_status(decision: Decision) -> str:
    """Give the status tag's value of what is held."""
    return tag_value(f"Held: {decision.reason}")


def send_held(instance: Instance, decision: Decision, finding: Finding, ports: Ports, settings: Settings) -> None:
    """Tell workflows that a human decides, where the status tag does not say it yet.

    Before the tag is written, so that what could not be sent (`Retryable` is raised) is due still: at least once. What
    can never be sent is recorded.
    """
    if instance.tags.get(settings.status_key) == held_status(decision):
        return
    now, seen = ports.clock.now(), Observation(instance, (), (), ())
    change = StatusChange(instance.id, "Held", decision.reason, now, None, seen, (), reason_tag(decision, finding))
    try:
        ports.bus.send(change.detail(settings))
    except Terminal as fault:
        detail = {"status": "Held", "fault": str(fault)}
        _record(Entry(instance.id, "event-not-sent", now, detail, None, finding.id), ports)


def _record(entry: Entry, ports: Ports) -> None:
    try:
        ports.ledger.record([entry])
    except LedgerUnavailable:
        return  # it is in the log already


def reason_tag(decision: Decision, finding: Finding) -> str:
    """Give the reason tag's value: rule, severity, finding type, finding id."""
    return tag_value(f"{decision.rule} severity {finding.severity} {finding.type} finding {finding.id}")
