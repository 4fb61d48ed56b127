"""What every measure can rely on, with a lamp that must be off: kept first, verified, never in the way of the cut."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import ClassVar

from quarantag.case import Kept
from quarantag.errors import LedgerUnavailable, QuarantagError, Retryable, Terminal
from quarantag.measures import Measure, MeasureStep, Subject, Todo
from quarantag.settings import Settings
from tests.cloud import Launched
from tests.crash.matrix import Direction
from tests.crash.scenarios import TAGGED
from tests.crash.site import Site, deliver, in_memory, run_sweep, sweep_once
from tests.crash.verdict import uncut
from tests.faults import Fault, faulty


@dataclass(slots=True)
class Lamp:
    """The port: a lamp that burns, the calls made, and what each raises."""

    burning: bool = True
    seen: list[str] = field(default_factory=list)
    before_switching: Callable[[], None] = lambda: None
    fault: QuarantagError | None = None
    deaf: bool = False

    def read(self) -> bool:
        return self.burning

    def switch(self, burning: bool) -> None:  # noqa: FBT001 - the measure's port
        self.before_switching()
        self.seen.append("on" if burning else "off")
        if self.fault:
            raise self.fault
        if not self.deaf:
            self.burning = burning


@dataclass(frozen=True, slots=True)
class Switch:
    actions: ClassVar[frozenset[str]] = frozenset()
    undo: ClassVar[str] = "the same with what was kept"
    burning: bool

    @property
    def target(self) -> str:
        return "the lamp"

    def apply(self, port: Lamp) -> None:
        port.switch(self.burning)


@dataclass(frozen=True, slots=True)
class LampOff(Measure[bool]):
    name: ClassVar[str] = "lamp"
    reads: ClassVar[frozenset[str]] = frozenset()
    taking: ClassVar[tuple[type[MeasureStep], ...]] = (Switch,)
    giving: ClassVar[tuple[type[MeasureStep], ...]] = (Switch,)

    port: Lamp

    def wanted(self, settings: Settings) -> bool:
        return settings.protect_instance

    def observe(self, subject: Subject) -> bool:  # noqa: ARG002 - the measure's shape
        return self.port.read()

    def keep(self, seen: bool, subject: Subject) -> Kept | None:  # noqa: ARG002, FBT001 - the measure's shape
        return {"burning": seen}

    def plan(self, seen: bool, kept: Kept, subject: Subject) -> Todo:  # noqa: ARG002, FBT001 - the measure's shape
        return Todo((Switch(burning=False),) if seen else (), notes=("a lamp",))

    def plan_release(self, seen: bool, kept: Kept, subject: Subject) -> Todo:  # noqa: ARG002, FBT001 - as above
        return Todo((Switch(burning=True),) if kept["burning"] and not seen else ())


class Staying(LampOff):
    """It outlives the instance."""

    outlives = True


def place(lamp: Lamp, kind: type[LampOff] = LampOff) -> tuple[Site, Launched]:
    """A site with the measure, and a tagged instance."""
    site = in_memory(measures=[lambda _world, _books: kind(lamp)])
    return site, site.builder.instance([site.builder.vpc()], profile=site.builder.profile(), tags=TAGGED)


def run(site: Site, launched: Launched, direction: Direction = "Isolate") -> str:
    if direction == "Release":
        site.tag(launched.id, "Release")
    return deliver(site, site.ports, launched.id, direction).status


def kept(site: Site, launched: Launched) -> Kept | None:
    case = site.ports.ledger.case(launched.id)
    return case.kept.get("lamp") if case else None


def test_it_is_kept_taken_and_given_back() -> None:
    lamp = Lamp()
    site, launched = place(lamp)
    assert run(site, launched) == "Isolated"
    assert (lamp.burning, kept(site, launched)) == (False, {"burning": True})
    assert run(site, launched, "Release") == "Released"
    assert (lamp.burning, lamp.seen) == (True, ["off", "on"])


def test_what_was_found_is_written_before_anything_is_changed() -> None:
    lamp = Lamp()
    site, launched = place(lamp)
    found: list[Kept | None] = []
    lamp.before_switching = lambda: found.append(kept(site, launched))
    run(site, launched)
    assert found == [{"burning": True}]


def test_what_was_found_first_counts() -> None:
    lamp = Lamp()
    site, launched = place(lamp)
    run(site, launched)
    run(site, launched)
    assert kept(site, launched) == {"burning": True}
    run(site, launched, "Release")
    assert lamp.burning


def test_what_was_off_before_stays_off() -> None:
    lamp = Lamp(burning=False)
    site, launched = place(lamp)
    run(site, launched)
    run(site, launched, "Release")
    assert (lamp.burning, lamp.seen) == (False, [])


def test_what_can_t_be_done_is_said_and_stops_nothing() -> None:
    lamp = Lamp(fault=Terminal("the switch is welded"))
    site, launched = place(lamp)
    outcome = deliver(site, site.ports, launched.id, "Isolate")
    assert outcome.status == "Isolated"
    assert "lamp: the switch is welded" in outcome.reason
    assert uncut(site, launched) == []
    assert lamp.seen == ["off"]  # once: it would fail the same


def test_a_passing_fault_is_tried_again_by_the_sweep() -> None:
    lamp = Lamp(fault=Retryable("throttled"))
    site, launched = place(lamp)
    assert run(site, launched) == "Isolated"
    assert lamp.burning
    lamp.fault = None
    sweep_once(site, "Isolate")
    assert not lamp.burning
    assert site.told(launched.id) == ["Isolated"]  # it was never done, so it is no drift


def test_what_is_undone_is_drift() -> None:
    lamp = Lamp()
    site, launched = place(lamp)
    run(site, launched)
    lamp.burning = True
    sweep_once(site, "Isolate")
    assert not lamp.burning
    assert site.told(launched.id) == ["Isolated", "Drift repaired"]


def test_a_change_that_never_shows_is_said() -> None:
    lamp = Lamp(deaf=True)
    site, launched = place(lamp)
    outcome = deliver(site, site.ports, launched.id, "Isolate")
    assert outcome.status == "Isolated"
    assert "Switch the lamp is not verified yet" in outcome.reason


def test_without_the_ledger_nothing_is_taken_that_could_not_be_given_back() -> None:
    lamp = Lamp()
    site, launched = place(lamp)
    away = Fault("keep_measure", LedgerUnavailable("away"))
    ports = replace(site.ports, ledger=faulty(site.ports.ledger, away))
    assert deliver(site, ports, launched.id, "Isolate").status == "Isolated"
    assert (lamp.burning, uncut(site, launched)) == (True, [])
    sweep_once(site, "Isolate")
    assert not lamp.burning


def test_a_release_that_can_t_give_it_back_is_not_released() -> None:
    lamp = Lamp()
    site, launched = place(lamp)
    run(site, launched)
    lamp.fault = Terminal("the switch is welded")
    assert run(site, launched, "Release") == "Failed"
    lamp.fault = None
    sweep_once(site, "Release")
    case = site.ports.ledger.case(launched.id)
    assert case is not None
    assert (case.status, lamp.burning) == ("Released", True)


def test_a_parameter_switched_off_since_gives_it_back_all_the_same() -> None:
    lamp = Lamp()
    site, launched = place(lamp)
    run(site, launched)
    off = replace(site, settings=replace(site.settings, protect_instance=False))
    assert run(off, launched, "Release") == "Released"
    assert lamp.burning


def test_it_waits_for_the_cut_only_where_it_says_so() -> None:
    class After(LampOff):
        when = "after"

    for kind, expected in ((After, []), (LampOff, None)):
        lamp = Lamp()
        site, launched = place(lamp, kind)
        seen: list[list[str]] = []
        lamp.before_switching = lambda site=site, launched=launched, seen=seen: seen.append(uncut(site, launched))  # type: ignore[misc]
        run(site, launched)
        assert len(seen) == 1
        assert expected is None or seen == [expected]


def test_of_an_instance_that_ended_what_outlives_it_is_given_back_by_the_release_function() -> None:
    for kind, given in ((Staying, True), (LampOff, False)):
        lamp = Lamp()
        site, launched = place(lamp, kind)
        run(site, launched)
        world = site.builder
        world.instances[launched.id] = replace(world.instances[launched.id], state="terminated")  # type: ignore[attr-defined]
        assert run(site, launched) == "Ended"
        run_sweep(site, site.ports, "Release")
        case = site.ports.ledger.case(launched.id)
        assert case is not None
        assert (case.status, lamp.burning) == ("Ended", given)
