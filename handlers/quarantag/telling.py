"""What people are told of a finding that leaves no tag behind, and what the reason tag tells."""

from quarantag.announcements import tag_value
from quarantag.decision import Decision
from quarantag.errors import LedgerUnavailable
from quarantag.finding import Finding
from quarantag.messages import Announcement
from quarantag.ports import Ports


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


def reason_tag(decision: Decision, finding: Finding) -> str:
    """Give the reason tag's value: rule, severity, finding type, finding id."""
    return tag_value(f"{decision.rule} severity {finding.severity} {finding.type} finding {finding.id}")
