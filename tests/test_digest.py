"""A storm of messages becomes a few messages and a digest; none is lost, whatever fails."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

import isolate
from quarantag import announcements
from quarantag.aws import wiring
from quarantag.aws.outbox import DynamoDbOutbox
from quarantag.aws.table import Table
from quarantag.digest import MOST_IN_A_DIGEST, MOST_OF_A_KIND, WINDOW_MINUTES, Gathering, Outbox, Waiting
from quarantag.errors import LedgerUnavailable, Retryable
from quarantag.messages import Announcement
from quarantag.metrics import Measured, Unmetered
from tests.cloud import SESSION, TABLE, Lab
from tests.crash.world import SETTINGS
from tests.faults import FakeClock, Fault, faulty
from tests.stack import Stack, about


@dataclass(slots=True)
class Office:
    """An announcer over an outbox, what it sent, and what it measured."""

    outbox: Outbox
    clock: FakeClock = field(default_factory=FakeClock)
    sent: list[Announcement] = field(default_factory=list)
    measured: list[Measured] = field(default_factory=list)
    down: bool = False

    @property
    def announcer(self) -> Gathering:
        return Gathering(self.send, self.outbox, self.clock, self, SETTINGS)

    def send(self, message: Announcement) -> None:
        if self.down:
            raise Retryable("the topic is throttled")
        self.sent.append(message)

    def measure(self, measurements: Any) -> None:  # noqa: ANN401
        self.measured += measurements

    def review(self, number: int) -> None:
        self.announcer.announce(announcements.review(f"i-{number:08x}", "seen", SETTINGS))

    def told(self) -> set[str]:
        """Each instance that people were told of."""
        text = "\n".join(f"{one.subject}\n{one.text}" for one in self.sent)
        return {f"i-{number:08x}" for number in range(2000) if f"i-{number:08x}" in text}


@pytest.fixture
def office(ledger_table: Any) -> Office:  # noqa: ANN401 - a boto3 resource
    clock = FakeClock()
    clock.time = clock.time.replace(minute=0, second=0)
    table = Table(SESSION.client("dynamodb"), ledger_table.name, clock)
    return Office(DynamoDbOutbox(table, clock, wiring.logger("test")), clock)


def test_a_storm_is_a_few_messages_and_a_digest(office: Office) -> None:
    for number in range(60):
        office.review(number)
    assert len(office.sent) == MOST_OF_A_KIND
    office.announcer.flush()
    office.announcer.flush()
    assert len(office.sent) == MOST_OF_A_KIND + 1
    assert office.sent[-1].subject.startswith("Digest of 50 messages: Review")
    assert office.told() == {f"i-{number:08x}" for number in range(60)}
    assert len(office.measured) == 60, "an alarm counts what waits, too"


def test_another_kind_and_another_window_are_sent_at_once(office: Office) -> None:
    for number in range(MOST_OF_A_KIND + 1):
        office.review(number)
    office.announcer.announce(announcements.failed("i-00000001", "why", ["eni-1"], SETTINGS))
    assert office.sent[-1].subject.startswith("FAILED to isolate")
    office.clock.sleep(WINDOW_MINUTES * 60)
    office.review(999)
    assert office.sent[-1].subject.startswith("Review: i-000003e7")


def test_a_digest_that_could_not_be_sent_is_sent_by_the_next_sweep(office: Office) -> None:
    for number in range(MOST_OF_A_KIND + 2):
        office.review(number)
    office.down = True
    with pytest.raises(Retryable):
        office.announcer.flush()
    office.down = False
    office.announcer.flush()
    assert office.told() == {f"i-{number:08x}" for number in range(MOST_OF_A_KIND + 2)}


@pytest.mark.parametrize("away", ["count", "put_aside"])
def test_without_a_ledger_each_is_sent(office: Office, away: str) -> None:
    office.outbox = faulty(office.outbox, Fault(away, LedgerUnavailable("away")))
    for number in range(MOST_OF_A_KIND + 5):
        office.review(number)
    assert len(office.sent) == MOST_OF_A_KIND + 5


def test_a_ledger_that_cannot_be_read_holds_up_no_sweep(office: Office) -> None:
    office.outbox = faulty(office.outbox, Fault("waiting", LedgerUnavailable("away")))
    office.announcer.flush()
    assert office.sent == []


def test_what_waits_is_whole_in_the_ledger(office: Office, stack: Stack) -> None:
    for number in range(MOST_OF_A_KIND + 1):
        office.review(number)
    (kept,) = [item for item in stack.items() if item["pk"] == "digest"]
    assert kept["text"].startswith("i-0000000a was tagged SecurityIsolation=Review: seen")
    assert "Next: " in kept["text"]
    assert stack.dynamodb.describe_table(TableName=TABLE)["Table"]["TableName"] == TABLE


class Flood:
    """An outbox in which far more waits than fits into a message."""

    def count(self, event: str, window: datetime) -> int:  # noqa: ARG002 - the port's shape
        return MOST_OF_A_KIND + 1

    def put_aside(self, message: Announcement, at: datetime) -> None:
        """Keep it."""

    def waiting(self) -> Iterator[Waiting]:
        for number in range(5000):
            yield Waiting(f"{number:05}", f"Kind {number % 3}", "é" * 200)

    def set_sent(self, waiting: Waiting) -> None:
        """Forget it."""


def test_the_largest_digest_fits_into_a_message() -> None:
    """SNS API Reference, Publish: 262,144 bytes, here twice: the text, and the chat's JSON in JSON."""
    sent: list[Announcement] = []
    Gathering(sent.append, Flood(), FakeClock(), Unmetered(), SETTINGS).flush()
    (message,) = sent
    assert f"Digest of {MOST_IN_A_DIGEST} messages" in message.subject
    assert "more: in the log" in message.text
    assert len(json.dumps({"default": message.text}).encode()) < 200_000


def test_the_sweep_of_a_deployed_stack_sends_the_digest(stack: Stack, lab: Lab) -> None:
    for _ in range(MOST_OF_A_KIND + 3):
        probed = about(lab.instance().id, type="Recon:EC2/PortProbeUnprotectedPort", service__resourceRole="TARGET")
        stack.find(probed)
    told = stack.announced()
    if len(told) == MOST_OF_A_KIND:  # else the storm fell into two windows
        stack.sweep(isolate)
        assert [one.split(":")[0] for one in stack.announced()] == ["Digest of 3 messages"]
