"""Runs at once with every measure on, call by call in seeded orders: the end is that of one run after another."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from random import Random

import pytest

from quarantag.isolation import isolate
from quarantag.outcome import Request
from quarantag.ports import Ports
from quarantag.releasing import release
from quarantag.settings import Settings
from tests.counted import Counted
from tests.crash.crew import one_core
from tests.crash.invariants import Watch
from tests.crash.race import Work, race
from tests.crash.site import Site, deliver, in_memory, run_sweep, sweep_once
from tests.crash.world import World
from tests.measures.around import ALL_ON, ALL_ROLE, EVERY
from tests.measures.members import keep_from_group

SEEDS = 3
_KEEPING = next(one for one in EVERY if one is keep_from_group)
_WARM = tuple(partial(keep_from_group, state="Warmed:Running") if one is _KEEPING else one for one in EVERY)
_NO_STANDBY = tuple(partial(keep_from_group, standby=False) if one is _KEEPING else one for one in EVERY)


@dataclass(frozen=True, slots=True)
class Track:
    """The place of a race: two instances of one role, group and VPC."""

    site: Site
    world: World
    watch: Watch
    first: str
    second: str
    random: Random
    requests: Iterator[int]

    def tagged(self, instance_id: str, value: str) -> None:
        """An analyst's tag."""
        self.site.tag(instance_id, value)

    def event(self, instance_id: str, value: str, to: str | None = None) -> Work:
        """A function handles the tag's event."""
        request = Request(instance_id, value, f"race-{next(self.requests)}")
        function = isolate if (to or value) == "Isolate" else release
        return lambda ports: function(request, ports, self.site.settings)

    def sweep(self, value: str) -> Work:
        """The schedule runs a function."""
        return lambda ports: run_sweep(self.site, ports, value)

    def retag(self, instance_id: str, value: str) -> Work:
        """An analyst changes the tag at some moment of the race, and its own function gets the event."""

        def work(ports: Ports) -> None:
            for _ in range(self.random.randrange(1, 40)):
                ports.instances.instance(instance_id)  # a turn, so that the moment is the seed's
            self.tagged(instance_id, value)
            self.event(instance_id, value)(ports)

        return work

    def settle(self) -> None:
        """The next sweeps, with nothing else going on."""
        for _ in range(2):
            sweep_once(self.site, "Isolate")
            sweep_once(self.site, "Release", after=0.0)
        self.watch.everything_is_as_tagged()


def track(seed: int) -> Track:
    """What is on, and how the group lets its members go, is the seed's."""
    random = Random(seed)  # noqa: S311 - an order, no secret
    settings: Settings = replace(random.choice([ALL_ON, ALL_ROLE]), forensic_access_source="10.0.0.0/8")
    site = in_memory(random.choice([0, 2]), settings, random.choice([EVERY, EVERY, _WARM, _NO_STANDBY]))
    world: World = site.builder  # type: ignore[assignment]
    network, profile = world.vpc(), world.profile()
    first, second = (world.instance([network] * 2, profile=profile).id for _ in range(2))
    return Track(site, world, Watch(site, world), first, second, random, count(1))


def isolators_and_the_sweep(on: Track) -> Sequence[Work]:
    """One event delivered twice, and both sweeps."""
    on.tagged(on.first, "Isolate")
    return on.event(on.first, "Isolate"), on.event(on.first, "Isolate"), on.sweep("Isolate"), on.sweep("Release")


def a_release_during_an_isolation(on: Track) -> Sequence[Work]:
    """The tag changes while the isolator works."""
    on.tagged(on.first, "Isolate")
    return on.event(on.first, "Isolate"), on.retag(on.first, "Release"), on.sweep("Isolate"), on.sweep("Release")


def an_isolation_during_a_release(on: Track) -> Sequence[Work]:
    """The other way round, after an isolation that ended well."""
    on.tagged(on.first, "Isolate")
    deliver(on.site, on.site.ports, on.first, "Isolate")
    on.tagged(on.first, "Release")
    return on.event(on.first, "Release"), on.retag(on.first, "Isolate"), on.sweep("Isolate"), on.sweep("Release")


def two_of_one_role_isolated(on: Track) -> Sequence[Work]:
    """Both at once: one isolation group, one role's slots, one Auto Scaling group, one network ACL."""
    for one in (on.first, on.second):
        on.tagged(one, "Isolate")
    return on.event(on.first, "Isolate"), on.event(on.second, "Isolate"), on.sweep("Isolate")


def one_released_while_its_sibling_is_isolated(on: Track) -> Sequence[Work]:
    """What they share stays for whom still needs it."""
    on.tagged(on.first, "Isolate")
    deliver(on.site, on.site.ports, on.first, "Isolate")
    on.tagged(on.first, "Release")
    on.tagged(on.second, "Isolate")
    return on.event(on.first, "Release"), on.event(on.second, "Isolate"), on.sweep("Release"), on.sweep("Isolate")


def both_released(on: Track) -> Sequence[Work]:
    """The last one out takes off what they shared."""
    for one in (on.first, on.second):
        on.tagged(one, "Isolate")
        deliver(on.site, on.site.ports, one, "Isolate")
        on.tagged(one, "Release")
    return on.event(on.first, "Release"), on.event(on.second, "Release"), on.sweep("Release")


RACES = (
    isolators_and_the_sweep,
    a_release_during_an_isolation,
    an_isolation_during_a_release,
    two_of_one_role_isolated,
    one_released_while_its_sibling_is_isolated,
    both_released,
)


Race = Callable[[Track], Sequence[Work]]


def run(race_of: Race, seed: int) -> int:
    """Run the race, then release all that is isolated: how many turns there were."""
    on = track(seed)
    turns = race(on.site.ports, race_of(on), seed)
    on.settle()
    for one in (on.first, on.second):
        on.tagged(one, "Release")
    on.settle()
    return len(turns)


@pytest.mark.parametrize("race_of", RACES, ids=lambda one: one.__name__)
def test_it_ends_as_one_run_after_another(race_of: Race, counted: Counted) -> None:
    with one_core():
        turns = [run(race_of, seed) for seed in range(SEEDS)]
    counted(f"races: {race_of.__name__}, {SEEDS} orders, {sum(turns)} calls in turn")


def test_what_a_sibling_left_suspended_is_said_by_the_last_release() -> None:
    """Its case began after the sibling's release had begun: once that seemed to be how the group was before."""
    site = in_memory(settings=ALL_ON, measures=_WARM)
    first, second = (site.builder.instance().id for _ in range(2))
    site.tag(first, "Isolate")
    deliver(site, site.ports, first, "Isolate")
    site.tag(first, "Release")
    site.tag(second, "Isolate")
    for instance_id, value in ((first, "Release"), (second, "Isolate")):
        deliver(site, site.ports, instance_id, value)
    site.tag(second, "Release")
    reason = deliver(site, site.ports, second, "Release").reason
    assert site.around()["auto_scaling processes"]["Terminate"]
    assert "left suspended in the group web" in reason
    assert f"beside {first}; resume it unless it was so before" in reason
