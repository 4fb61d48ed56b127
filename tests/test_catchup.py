"""The sweep of findings: lost finding events are caught, held decisions are decided anew until a human acts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pytest

import tag_finding
from quarantag.aws import wiring
from quarantag.catchup import CaughtUp, catch_up
from quarantag.errors import Retryable
from quarantag.ports import Ports
from tests.cloud import Lab
from tests.faults import FakeClock, Fault
from tests.stack import KEY, Stack, about


@dataclass(slots=True)
class Findings:
    """GuardDuty, as far as the port shows it: documents with the time of their update."""

    kept: list[dict[str, Any]] = field(default_factory=list)
    asked: list[datetime] = field(default_factory=list)

    def updated_since(self, since: datetime) -> Iterator[Mapping[str, object]]:
        self.asked.append(since)
        found = [one for one in self.kept if datetime.fromisoformat(one["updatedAt"]) >= since]
        yield from sorted(found, key=lambda one: str(one["updatedAt"]))

    def by_id(self, finding_ids: Sequence[str]) -> Iterator[Mapping[str, object]]:
        yield from (one for one in self.kept if one["id"] in finding_ids)


@dataclass(slots=True)
class Sweeper:
    """Sweeps of one stack, on a clock that the test moves."""

    stack: Stack
    findings: Findings
    clock: FakeClock

    def sweep(self, seconds_left: Callable[[], float] = lambda: 90.0, *faults: Fault) -> CaughtUp:
        ports = replace(self.stack.ports(*faults), findings=self.findings, clock=self.clock)
        settings = wiring.settings()
        return catch_up(tag_finding.policy(), "sweep", ports, settings, seconds_left)

    def keep(self, document: dict[str, Any], finding_id: str = "f1") -> None:
        self.findings.kept.append(document | {"id": finding_id, "updatedAt": self.clock.now().isoformat()})


@pytest.fixture
def sweeper(stack: Stack) -> Sweeper:
    return Sweeper(stack, Findings(), FakeClock())


def outcomes(done: CaughtUp) -> list[tuple[str, str]]:
    return [(one.decision.action, one.outcome) for one in (*done.tagged, *done.again)]


def test_a_lost_finding_event_is_caught_once(sweeper: Sweeper, lab: Lab) -> None:
    instance = lab.instance()
    sweeper.keep(about(instance.id))
    assert outcomes(sweeper.sweep()) == [("isolate", "tagged")]
    assert lab.tags(instance.id)[KEY] == "Isolate"
    assert outcomes(sweeper.sweep()) == [("isolate", "already")], "the overlap reads it again and changes nothing"


def test_a_sweep_begins_where_the_last_one_ended_less_an_overlap(sweeper: Sweeper) -> None:
    sweeper.sweep()
    first = sweeper.clock.now()
    sweeper.clock.sleep(300)
    sweeper.sweep()
    assert (first - sweeper.findings.asked[1]).total_seconds() == 900


def test_without_time_it_goes_on_where_it_left_off(sweeper: Sweeper, lab: Lab) -> None:
    instances = [lab.instance() for _ in range(2)]
    for number, instance in enumerate(instances):
        sweeper.keep(about(instance.id), f"f{number}")
        sweeper.clock.sleep(3600)
    times = iter([90.0, 10.0])
    sweeper.sweep(lambda: next(times))
    assert [KEY in lab.tags(one.id) for one in instances] == [False, True] or lab.tags(instances[0].id)
    sweeper.sweep()
    assert KEY in lab.tags(instances[1].id)


def test_one_that_cannot_be_parsed_is_said_and_stops_no_other(sweeper: Sweeper, lab: Lab) -> None:
    instance = lab.instance()
    sweeper.keep({"severity": "HIGH"}, "bad")
    sweeper.keep(about(instance.id), "good")
    done = sweeper.sweep()
    assert len(done.unreadable) == 1
    assert lab.tags(instance.id)[KEY] == "Isolate"


def held(sweeper: Sweeper, lab: Lab) -> str:
    """An eleventh instance, beyond the account's limit of the default policy."""
    vpc = lab.vpc()
    for number in range(10):
        sweeper.stack.find(about(lab.instance([vpc]).id, id=f"other-{number}"))
    instance = lab.instance([vpc])
    document = about(instance.id, id="held")
    (decision,) = sweeper.stack.find(document)
    assert decision["action"] == "hold"
    sweeper.keep(document, "held")
    sweeper.stack.announced()
    return instance.id


def test_a_held_decision_is_decided_anew_once_the_limit_has_room(sweeper: Sweeper, lab: Lab) -> None:
    instance_id = held(sweeper, lab)
    sweeper.sweep()
    assert lab.tags(instance_id)[KEY] == "Review"
    assert sweeper.stack.announced() == [], "told once, not at each sweep"
    sweeper.clock.sleep(3600)
    sweeper.sweep()
    assert lab.tags(instance_id)[KEY] == "Isolate"
    sweeper.sweep()
    assert list(sweeper.stack.ports().ledger.held()) == []


@pytest.mark.parametrize("act", ["isolate", "remove", "release"])
def test_a_human_who_acts_ends_it(sweeper: Sweeper, lab: Lab, act: str) -> None:
    instance_id = held(sweeper, lab)
    sweeper.findings.kept.clear()
    if act == "remove":
        lab.ec2.delete_tags(Resources=[instance_id], Tags=[{"Key": KEY}])
    else:
        lab.tag(instance_id, **{KEY: act.capitalize()})
    sweeper.clock.sleep(7200)
    sweeper.sweep()
    assert list(sweeper.stack.ports().ledger.held()) == []
    assert lab.tags(instance_id).get(KEY) == (None if act == "remove" else act.capitalize())


THROTTLED = Retryable("RequestLimitExceeded")


def unread(sweeper: Sweeper, lab: Lab) -> str:
    """An instance that could not be read in a sweep; the finding is older than the overlap by now."""
    instance = lab.instance()
    sweeper.keep(about(instance.id))
    done = sweeper.sweep(lambda: 90.0, Fault("instance", THROTTLED, instance.id))
    assert done.fault is THROTTLED
    assert KEY not in lab.tags(instance.id)
    for _ in range(2):
        sweeper.clock.sleep(3600)
        done = sweeper.sweep(lambda: 90.0, Fault("instance", THROTTLED, instance.id))
    assert [one.fault for one in done.again] == [THROTTLED]
    assert done.fault is None, "its alarm was sent before"
    sweeper.clock.sleep(3600)
    return instance.id


def test_a_finding_whose_instance_cannot_be_read_is_tried_until_it_can(sweeper: Sweeper, lab: Lab) -> None:
    instance_id = unread(sweeper, lab)
    assert outcomes(sweeper.sweep()) == [("isolate", "tagged")]
    assert lab.tags(instance_id)[KEY] == "Isolate"
    sweeper.clock.sleep(3600)
    assert outcomes(sweeper.sweep()) == [], "and then no more"


def test_a_finding_that_is_not_kept_any_more_is_not_waited_for(sweeper: Sweeper, lab: Lab) -> None:
    instance_id = unread(sweeper, lab)
    sweeper.findings.kept.clear()
    assert outcomes(sweeper.sweep()) == []
    assert list(sweeper.stack.ports().ledger.undecided()) == []
    assert KEY not in lab.tags(instance_id)


def test_what_cannot_be_read_keeps_no_new_finding_waiting(sweeper: Sweeper, lab: Lab) -> None:
    bad = unread(sweeper, lab)
    instance = lab.instance()
    sweeper.keep(about(instance.id), "f2")
    times = iter([90.0, 10.0])
    sweeper.sweep(lambda: next(times))
    assert [KEY in lab.tags(one) for one in (bad, instance.id)] == [False, True]
    sweeper.sweep()
    assert KEY in lab.tags(bad)


def test_where_time_is_short_each_has_its_turn(sweeper: Sweeper, lab: Lab) -> None:
    bad = unread(sweeper, lab)
    instance = lab.instance()
    sweeper.keep(about(bad, id="f0"), "f0")
    sweeper.keep(about(instance.id), "f2")
    for _ in range(3):
        sweeper.sweep(lambda: 90.0, Fault("instance", THROTTLED))
        sweeper.clock.sleep(3600)
    for _ in range(3):
        times = iter([90.0, 10.0]).__next__
        sweeper.sweep(times, Fault("instance", THROTTLED, bad))
    assert KEY in lab.tags(instance.id)


def test_where_guardduty_is_off_the_sweep_does_nothing(stack: Stack) -> None:
    assert stack.sweep(tag_finding) == []


def test_the_ports_fit(stack: Stack) -> None:
    ports: Ports = replace(stack.ports(), findings=Findings())
    assert list(ports.findings.by_id(["f1"])) == []
