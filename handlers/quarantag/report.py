"""What people see of one run: the instance's status tag and the announcements."""

from quarantag.announcements import tag_value, tampering
from quarantag.errors import QuarantagError, Terminal
from quarantag.instance import Instance
from quarantag.ports import Announcement, Ports
from quarantag.record import Record
from quarantag.settings import Settings


class Report:
    """Writes the status tag where it differs, and announces; a fault of either never stops a containment."""

    def __init__(self, record: Record, ports: Ports, settings: Settings) -> None:
        """Nothing is shown yet."""
        self.record = record
        self.ports = ports
        self.settings = settings
        self._shown: str | None = None

    def seen(self, instance: Instance) -> None:
        """Take note of the status tag that the instance carries."""
        self._shown = instance.tags.get(self.settings.status_key)

    def show(self, status: str, reason: str) -> None:
        """Write the status tag: the status and a short reason. A fault (no room for a tag, say) is recorded."""
        value = tag_value(f"{status}: {reason}" if reason else status)
        if value == self._shown:
            return
        try:
            self.ports.instances.tag(self.record.instance_id, {self.settings.status_key: value})
        except QuarantagError as fault:
            self.record.note("status-not-tagged", status=value, fault=str(fault))
        self._shown = value

    def announce(self, message: Announcement) -> None:
        """Publish; raises `Retryable`, since a message that is due must not be lost; records what can't be sent."""
        try:
            self.ports.announcer.announce(message)
        except Terminal as fault:
            self.record.note("not-announced", subject=message.subject, text=message.text, fault=str(fault))

    def watch(self, instance: Instance, wanted: str | None) -> None:
        """Announce what is never honoured: a twin of the control tag, and its removal while a case is open."""
        key, found = self.settings.tag_key, instance.tags
        for twin in sorted(name for name in found if name != key and name.casefold() == key.casefold()):
            self._tampered(f"the tag {twin} differs from the control tag {key} in case only; it is not honoured")
        values = (self.settings.isolate_value, self.settings.release_value)
        if wanted is not None and self.record.open_case and found.get(key) not in values:
            live = found.get(key, "nothing: it was removed")
            self._tampered(f"the control tag reads {live}; that never releases: the instance stays isolated")

    def _tampered(self, what: str) -> None:
        self.record.note("tampering", what=what)
        self.announce(tampering(self.record.instance_id, what, self.settings))
