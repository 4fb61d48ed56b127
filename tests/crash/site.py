"""One place to run the functions in: the world of memory here, the strict moto in tests/test_crash_world.py."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from quarantag.case import Case
from quarantag.errors import Retryable, Terminal
from quarantag.isolation import instances_to_sweep as to_isolate
from quarantag.isolation import isolate
from quarantag.outcome import Outcome, Request
from quarantag.ports import Ports
from quarantag.releasing import instances_to_sweep as to_release
from quarantag.releasing import release
from quarantag.settings import Settings
from quarantag.sweep import Swept, sweep
from tests.cloud import Launched
from tests.crash.books import Books, Mailbox, ports_of
from tests.crash.scenarios import Builder, InMemory, Scenario
from tests.crash.world import SETTINGS, World
from tests.faults import FakeClock

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
LAMBDA_RETRIES = (60.0, 120.0)
"""Seconds before the first and the second retry (AWS Lambda Developer Guide, "Asynchronous invocation")."""


@dataclass(frozen=True, slots=True)
class Site:
    """Everything real about one run: `opened` are the cases ever opened, `tag` writes the control tag.

    `around` is all that measures may change.
    """

    builder: Builder
    ports: Ports
    clock: FakeClock
    mailbox: Mailbox
    settings: Settings
    opened: Callable[[str], list[Case]]
    tag: Callable[[str, str], None]
    around: Callable[[], dict[str, Any]] = dict

    def told(self, instance_id: str) -> list[str]:
        """What people were told of the instance: the first words of each subject."""
        return [one.subject.split(":")[0] for one in self.mailbox.messages if instance_id in one.subject]


def in_memory(settling: int = 0, settings: Settings = SETTINGS, measures: Sequence[InMemory] = ()) -> Site:
    """A world of memory, empty, with these measures."""
    clock, world, mailbox = FakeClock(NOON), World(settings, settling), Mailbox()
    books = Books(clock)
    return Site(
        builder=world,
        ports=ports_of(world, books, mailbox, tuple(measure(world, books) for measure in measures)),
        clock=clock,
        mailbox=mailbox,
        settings=settings,
        opened=lambda instance_id: [case for case in books.opened if case.instance_id == instance_id],
        tag=lambda instance_id, value: world.tag(instance_id, **{settings.tag_key: value}),
        around=world.surroundings,
    )


def prepare(site: Site, scenario: Scenario) -> Launched:
    """Build the scenario."""
    launched = scenario.build(site.builder)
    if scenario.group_exists:
        before = site.builder.instance([launched.networks[0]], tags={site.settings.tag_key: "Isolate"})
        isolate(Request(before.id, "Isolate", "before"), site.ports, site.settings)
    return launched


def standing(ports: Ports, instance_id: str) -> dict[str, Any]:
    """What a release must bring back: the groups of each interface in order, and the profile."""
    profiles = [one.profile_arn for one in ports.instances.profile_associations(instance_id) if one.active]
    return {
        "groups": {one.id: one.groups for one in ports.instances.interfaces(instance_id)},
        "profile": profiles,
    }


def truth_of(site: Site, instance_id: str) -> dict[str, Any]:
    """What a release must bring back, with all that measures may have changed."""
    return standing(site.ports, instance_id) | {"around": site.around()}


def deliver(site: Site, ports: Ports, instance_id: str, value: str, to: str | None = None) -> Outcome:
    """Hand the event of a tag with this value to a function: `to`, or the one whose value it is."""
    work = isolate if (to or value) == site.settings.isolate_value else release
    return work(Request(instance_id, value, "request-1"), ports, site.settings)


def run_sweep(site: Site, ports: Ports, value: str) -> Swept:
    """Let the schedule run one of the functions."""
    isolating = value == site.settings.isolate_value
    ids = (to_isolate if isolating else to_release)(ports, site.settings)
    work = isolate if isolating else release
    return sweep(
        "isolate" if isolating else "release",
        ids,
        lambda instance_id: work(Request(instance_id, None, "sweep-1"), ports, site.settings),
        ports.ledger,
        lambda: 900.0,
    )


def deliver_again(site: Site, instance_id: str, value: str) -> None:
    """As Lambda does with an event whose function failed: twice more, after one and two minutes.

    Raises what the last one raised.
    """
    for wait in LAMBDA_RETRIES:
        site.clock.sleep(wait)
        try:
            deliver(site, site.ports, instance_id, value)
        except Retryable:
            if wait == LAMBDA_RETRIES[-1]:
                raise
        else:
            return


def sweep_once(site: Site, value: str, after: float = 300.0) -> None:
    """The next sweep, by default later than any lease lasts. Raises where it could not finish an instance."""
    site.clock.sleep(after)
    swept = run_sweep(site, site.ports, value)
    faults = [outcome for outcome in swept.outcomes if outcome.status == "Fault"]
    if swept.fault or faults:
        raise Terminal(f"the sweep failed: {swept.fault or faults}")


def name_of(site: Site, launched: Launched, resource: str) -> str:
    """A name for an id that is the same in each run: `interface 2`, `VPC 1's isolation group`."""
    vpcs = list(dict.fromkeys(network.vpc_id for network in launched.networks))
    if resource in vpcs:
        return f"VPC {vpcs.index(resource) + 1}"
    if resource in launched.interface_ids:
        return f"interface {launched.interface_ids.index(resource) + 1}"
    if resource.startswith("sg-"):
        found = {group.id: group.vpc_id for group in site.ports.instances.isolation_groups()}
        return f"VPC {vpcs.index(found[resource]) + 1}'s isolation group"
    kinds = {"iip-assoc-": "the association", "arn:": "the profile", launched.id: "the instance"}
    return next((name for start, name in kinds.items() if resource.startswith(start)), resource)
