"""The crash matrix: every call of a clean run, every fault that it can meet, both ways to go on after it."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Literal

from quarantag.errors import QuarantagError
from tests.cloud import Launched
from tests.crash.scenarios import Scenario
from tests.crash.site import Site, deliver, deliver_again, in_memory, name_of, prepare, run_sweep, sweep_once, truth_of
from tests.crash.tap import Call, Died, Fault, Tap
from tests.crash.verdict import problems_of_isolation, problems_of_release, uncut, unsaved
from tests.crash.world import SETTINGS
from tests.trails import Thief

Direction = Literal["Isolate", "Release"]
Ending = Literal["event again", "sweep only"]
DIRECTIONS: tuple[Direction, ...] = ("Isolate", "Release")
ENDINGS: tuple[Ending, ...] = ("event again", "sweep only")


@dataclass(frozen=True, slots=True)
class Cell:
    """One fault at one call of one scenario's run, and how it goes on."""

    scenario: Scenario
    direction: Direction
    fault: Fault
    ending: Ending

    def __str__(self) -> str:
        return f"{self.direction}, {self.scenario.name}: {self.fault}; then {self.ending}"


@cache
def recorded(scenario: Scenario, direction: Direction) -> tuple[Call, ...]:
    """The calls of a clean run, once each."""
    site, launched, _ = _begun(scenario, direction)
    tap = Tap(site.ports, partial(name_of, site, launched))
    _run(site, tap, launched, scenario, direction)
    return tuple(dict.fromkeys(tap.calls))


def faults(scenario: Scenario, direction: Direction) -> Iterator[Fault]:
    """Every fault that a call of the clean run can meet."""
    for call in recorded(scenario, direction):
        yield from (Fault(call, kind) for kind in call.kinds)


def cells(scenario: Scenario, direction: Direction) -> Iterator[Cell]:
    """Every fault, each with both endings."""
    for fault in faults(scenario, direction):
        yield from (Cell(scenario, direction, fault, ending) for ending in ENDINGS)


def problems(cell: Cell, site: Site | None = None) -> list[str]:
    """What does not hold in this cell; empty where all does."""
    site, launched, truth = _begun(cell.scenario, cell.direction, site)
    tap = Tap(site.ports, partial(name_of, site, launched), cell.fault)
    with suppress(QuarantagError, Died):
        _run(site, tap, launched, cell.scenario, cell.direction)
    found = [] if tap.met else ["the fault's call never came"]
    if cell.direction == "Isolate" and _without_ledger(cell.fault):
        found += uncut(site, launched)
    try:
        return found + _afterwards(cell, site, launched, truth)
    except QuarantagError as error:
        return [*found, f"{type(error).__name__}: {error}"]


def _afterwards(cell: Cell, site: Site, launched: Launched, truth: dict[str, object]) -> list[str]:
    """Go on as the cell says; an isolation is then released, so that the state before is put to the test."""
    if cell.ending == "event again":
        deliver_again(site, launched.id, cell.direction)
    else:
        sweep_once(site, cell.direction)
    unheard = cell.fault.call.port in ("announcer", "bus") and cell.fault.kind == "final fault"
    told = not unheard  # it is in the ledger and the log
    if cell.direction == "Release":
        shown = cell.fault.call.method != "tag" or cell.fault.kind not in ("final fault", "no room for tags")
        return problems_of_release(site, launched, truth, told=told, shown=shown)
    found = problems_of_isolation(site, launched, truth, told=told) + _finished(site, launched)
    site.tag(launched.id, "Release")
    deliver(site, site.ports, launched.id, "Release")
    return found + problems_of_release(site, launched, truth)


def _finished(site: Site, launched: Launched) -> list[str]:
    """What the evidence lacks once the sweep had its time: a recent intent waits for EC2 to show what was made."""
    case = site.ports.ledger.case(launched.id)
    for _ in range(2):
        if case and unsaved(site, case):
            sweep_once(site, "Isolate")
    return unsaved(site, case) if case else []


def _begun(
    scenario: Scenario, direction: Direction, site: Site | None = None
) -> tuple[Site, Launched, dict[str, object]]:
    site = site or in_memory(scenario.settling, scenario.settings or SETTINGS, scenario.measures)
    if scenario.robbed:
        site = replace(site, ports=replace(site.ports, history=Thief()))
    launched = prepare(site, scenario)
    truth = truth_of(site, launched.id)
    if direction == "Release":
        deliver(site, site.ports, launched.id, "Isolate")
        site.clock.sleep(3600)
        site.tag(launched.id, "Release")
    return site, launched, truth


def _run(site: Site, tap: Tap, launched: Launched, scenario: Scenario, direction: Direction) -> None:
    if scenario.by_sweep:
        run_sweep(site, tap.ports, direction)
    else:
        deliver(site, tap.ports, launched.id, direction)


def _without_ledger(fault: Fault) -> bool:
    """Whether the fault is only that the ledger can't be reached: the cut must have happened all the same."""
    away = fault.kind == "ledger away from here"
    return away or (fault.call.port == "ledger" and fault.kind in ("passing fault", "answer lost"))
