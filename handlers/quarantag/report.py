"""What people see of one run: the instance's status tag and the announcements."""

from quarantag.announcements import tag_value
from quarantag.errors import QuarantagError, Retryable, Terminal
from quarantag.instance import Instance, Observation
from quarantag.measures import Supported
from quarantag.messages import Announcement
from quarantag.ports import Ports
from quarantag.record import Record
from quarantag.settings import Settings
from quarantag.statuschange import StatusChange


class Report:
    """Writes the status tag where it differs, and announces; a fault of either never stops a containment."""

    def __init__(self, record: Record, ports: Ports, settings: Settings) -> None:
        """Nothing is shown yet."""
        self.record = record
        self.ports = ports
        self.settings = settings
        self.observation: Observation | None = None
        self.supported: tuple[Supported, ...] = ()
        self._shown: str | None = None
        self._written = False

    def seen(self, observation: Observation) -> None:
        """Take note of it, and of the status tag until this run writes it: a later read may be stale."""
        self.observation = observation
        self.record.asked = observation.instance.tags.get(self.settings.reason_key, "")
        if not self._written:
            self._shown = observation.instance.tags.get(self.settings.status_key)

    def show(self, status: str, reason: str, *, last: bool = False) -> None:
        """Write the status tag: the status and a short reason. A fault (no room for a tag, say) is recorded.

        Where it is the `last` word, because no sweep comes back to the instance, a passing fault is raised.
        """
        value = _status_tag(status, reason)
        if value == self._shown:
            return
        try:
            self.ports.instances.tag(self.record.instance_id, {self.settings.status_key: value})
        except QuarantagError as fault:
            self.record.note("status-not-tagged", status=value, fault=str(fault))
            if last and isinstance(fault, Retryable):
                raise
        self._shown, self._written = value, True

    def announce(self, message: Announcement) -> None:
        """Publish; raises `Retryable`, since a message that is due must not be lost; records what can't be sent."""
        try:
            self.ports.announcer.announce(message)
        except Terminal as fault:
            self.record.note("not-announced", subject=message.subject, text=message.text, fault=str(fault))

    def conclude(self, status: str, reason: str, message: Announcement) -> None:
        """Tell people, then workflows, how it ended."""
        self.announce(message)
        self.send(status, reason)

    def send(self, status: str, reason: str) -> None:
        """Tell workflows; raises `Retryable` as `announce` does, and records what can't be sent."""
        now, case = self.ports.clock.now(), self.record.case
        change = StatusChange(self.record.instance_id, status, reason, now, case, self.observation, self.supported)
        try:
            self.ports.bus.send(change.detail(self.settings))
        except Terminal as fault:
            self.record.note("event-not-sent", status=status, fault=str(fault))

    def tell_once(self, kind: str, status: str, reason: str, message: Announcement) -> None:
        """Announce and show it, unless the status tag shows it already: a sweep comes back to it again and again."""
        if self._shown != _status_tag(status, reason):
            self.tell(kind, reason, message)
            if status == "Held":
                self.send(status, reason)
            self.show(status, reason)

    def tell(self, kind: str, what: str, message: Announcement) -> None:
        """Announce, with an audit entry of this kind."""
        self.record.note(kind, what=what)
        self.announce(message)

    def warning(self, instance: Instance, *, contained: bool) -> str:
        """Say what is never honoured: a twin of the control tag, its removal while contained; "" if neither.

        `contained`: without a case yet.
        """
        key, found = self.settings.tag_key, instance.tags
        twins = sorted(name for name in found if name != key and name.casefold() == key.casefold())
        said = [f"the tag {twin} differs from the control tag {key} in case only - not honoured" for twin in twins]
        values = (self.settings.isolate_value, self.settings.release_value)
        if (contained or self.record.open_case) and found.get(key) not in values:
            said.append(f"the control tag reads {found.get(key, 'nothing')} - that never releases")
        return "; ".join(said)


def _status_tag(status: str, reason: str) -> str:
    return tag_value(f"{status}: {reason}" if reason else status)
