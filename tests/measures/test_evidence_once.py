"""Crash anywhere around the snapshots: one set of them for the case, never none and never two."""

from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from quarantag.case import Case, StateBefore
from quarantag.errors import QuarantagError
from quarantag.instance import Instance, Observation
from quarantag.measures import Subject
from quarantag.measures.evidence import SaveEvidence
from quarantag.steps.evidence import Evidence
from tests.crash.matrix import faults
from tests.crash.scenarios import Scenario, one_interface
from tests.crash.site import NOON, Site, deliver, in_memory, name_of, prepare, sweep_once
from tests.crash.tap import Died, Fault, Tap
from tests.crash.verdict import unsaved
from tests.crash.world import SETTINGS
from tests.measures.around import HANDED_OVER
from tests.measures.evidence_world import WorldEvidence, save_evidence

SCENARIO = Scenario("evidence", one_interface, measures=(save_evidence,), settings=HANDED_OVER)
RELEVANT = ("evidence", "ledger")
FAULTS = [fault for fault in faults(SCENARIO, "Isolate") if fault.call.port in RELEVANT]
VOLUMES = {"/dev/xvda": "vol-1"}


def saved(site: Site) -> WorldEvidence:
    """The port of the site's one measure."""
    port: WorldEvidence = next(iter(site.ports.measures)).port
    return port


@pytest.mark.parametrize("lag", [0.0, 3.0])
@pytest.mark.parametrize("pause", [1.0, 60.0, 300.0])
def test_there_is_one_set_of_snapshots_whatever_failed(pause: float, lag: float) -> None:
    """The next event comes at once, after a minute, or the sweep finds it; EC2 shows them at once, or late.

    One set: each volume's snapshot, its one copy under the key, both locked, the copy shared with the account.
    """
    wrong = []
    for fault in FAULTS:
        site = in_memory(settings=HANDED_OVER, measures=[partial(save_evidence, lag=lag)])
        launched = prepare(site, SCENARIO)
        tap = Tap(site.ports, partial(name_of, site, launched), fault)
        with suppress(QuarantagError, Died):
            deliver(site, tap.ports, launched.id, "Isolate")
        site.clock.sleep(pause)
        with suppress(QuarantagError):
            deliver(site, site.ports, launched.id, "Isolate")
        for _ in range(3):
            sweep_once(site, "Isolate")
        case = site.ports.ledger.case(launched.id)
        assert case
        wrong += [f"{fault}: {problem}" for problem in unsaved(site, case)]
    assert wrong == []


def test_a_final_fault_of_their_creation_is_tried_by_each_sweep() -> None:
    site = in_memory(settings=HANDED_OVER, measures=SCENARIO.measures)
    launched = prepare(site, SCENARIO)
    (call,) = {fault.call for fault in FAULTS if fault.call.method == "create_snapshots"}
    tap = Tap(site.ports, partial(name_of, site, launched), Fault(call, "final fault"))
    assert "denied" in deliver(site, tap.ports, launched.id, "Isolate").reason
    sweep_once(site, "Isolate")
    assert len(saved(site).snapshots) == 4, "two volumes, each with its copy"


def subject(age: float, *, kept: bool = True) -> Subject:
    """A case whose intent is so many seconds old; `kept` before this run."""
    intent = {"asked_at": NOON.isoformat(), "volumes": VOLUMES}
    case = Case("case-1", "i-1", "Isolating", NOON, StateBefore((), None), kept={"evidence": intent} if kept else {})
    seen = Observation(Instance("i-1", "running", "vpc-1", {}), (), (), ())
    return Subject(seen, case, SETTINGS, NOON + timedelta(seconds=age), {}, NOON)


def planned(seen: Evidence, of: Subject) -> tuple[str, bool]:
    """Which steps, and whether it waits."""
    measure = SaveEvidence(port=None)  # type: ignore[arg-type]
    todo = measure.plan(seen, {"asked_at": NOON.isoformat(), "volumes": VOLUMES}, of)
    return ",".join(type(step).__name__ for step in todo.steps), bool(todo.pending)


@pytest.mark.parametrize(
    ("seen", "of", "expected"),
    [
        (Evidence(VOLUMES), subject(0, kept=False), ("CreateSnapshots", False)),
        (Evidence(VOLUMES), subject(0), ("", True)),
        (Evidence(VOLUMES), subject(119), ("", True)),
        (Evidence(VOLUMES), subject(120), ("CreateSnapshots", False)),
        (Evidence(VOLUMES, refused=frozenset({"case-1"})), subject(1), ("CreateSnapshots", False)),
        (Evidence(VOLUMES, asked={"case-1": NOON}), subject(0, kept=False), ("", True)),
        (Evidence(VOLUMES, asked={"case-1": NOON + timedelta(minutes=5)}), subject(301), ("", True)),
        (Evidence(VOLUMES, asked={"case-1": NOON}), subject(301), ("CreateSnapshots", False)),
        (Evidence({}), subject(301), ("CreateSnapshots", False)),
    ],
)
def test_a_recent_intent_waits_and_an_old_one_is_done(seen: Evidence, of: Subject, expected: tuple[str, bool]) -> None:
    assert planned(seen, of) == expected


def test_an_instance_without_a_volume_has_nothing_to_save() -> None:
    measure: Any = SaveEvidence(port=None)  # type: ignore[arg-type]
    todo = measure.plan(Evidence({}), {"asked_at": NOON.isoformat(), "volumes": {}}, subject(0))
    assert (todo.steps, todo.pending) == ((), ())
    assert "no EBS volume" in todo.notes[0]
