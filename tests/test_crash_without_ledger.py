"""The ledger away for more than one run: what the tags kept is the state before, whatever was added since."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from quarantag.case import groups_to_tag
from quarantag.errors import LedgerUnavailable, QuarantagError
from quarantag.outcome import Request
from quarantag.ports import TagWrite
from quarantag.releasing import release
from tests.cloud import Lab, Launched
from tests.crash.scenarios import one_interface
from tests.crash.site import Site, deliver, in_memory, run_sweep, sweep_once, truth_of
from tests.crash.strict import strict_site
from tests.crash.tap import Tap
from tests.crash.verdict import problems_of_isolation, problems_of_release
from tests.crash.world import World


def without_ledger(site: Site, launched: Launched) -> type[QuarantagError] | None:
    try:
        tap = Tap(site.ports, nth=("acquire", 1, "ledger away from here"))
        deliver(site, tap.ports, launched.id, "Isolate")
    except LedgerUnavailable as error:
        return type(error)
    return None


def begun() -> tuple[Site, World, Launched]:
    site = in_memory()
    world = site.builder
    assert isinstance(world, World)
    return site, world, one_interface(world)


def test_what_was_added_beside_the_cut_is_not_the_state_before() -> None:
    site, world, launched = begun()
    truth = truth_of(site, launched.id)
    assert without_ledger(site, launched) is LedgerUnavailable
    (interface,), (home,) = launched.interface_ids, launched.networks
    cut = world.interfaces[interface][1].groups
    world.set_groups(interface, *cut, world.group(home.vpc_id, "added"))
    assert without_ledger(site, launched) is LedgerUnavailable
    assert deliver(site, site.ports, launched.id, "Isolate").status == "Isolated"
    site.tag(launched.id, "Release")
    assert deliver(site, site.ports, launched.id, "Release").status == "Released"
    assert truth_of(site, launched.id) == truth


def test_what_an_older_outage_kept_is_not_the_state_before() -> None:
    site, world, launched = begun()
    without_ledger(site, launched)
    for value in ("Isolate", "Release"):
        site.clock.sleep(60)
        site.tag(launched.id, value)
        deliver(site, site.ports, launched.id, value)
    (interface,), (home,) = launched.interface_ids, launched.networks
    world.set_groups(interface, world.group(home.vpc_id, "changed since"))
    truth = truth_of(site, launched.id)
    for value in ("Isolate", "Release"):
        site.clock.sleep(60)
        site.tag(launched.id, value)
        deliver(site, site.ports, launched.id, value)
    assert truth_of(site, launched.id) == truth


@pytest.mark.parametrize("value", ["Release", "Review"])
def test_the_strict_moto_shows_the_same(
    lab: Lab,
    ledger_table: Any,  # noqa: ANN401 - a boto3 resource
    isolation_profile_arn: str,
    value: str,
) -> None:
    site = strict_site(lab, ledger_table, isolation_profile_arn)
    launched = one_interface(lab)
    truth = truth_of(site, launched.id)
    assert without_ledger(site, launched) is LedgerUnavailable
    site.tag(launched.id, value)
    assert list(site.ports.instances.groups_kept()) == [launched.id]
    sweep_once(site, "Isolate")
    site.tag(launched.id, "Release")
    sweep_once(site, "Release")
    assert problems_of_release(site, launched, truth) == []
    assert lab.tags(launched.interface_ids[0]) == {site.settings.groups_before_key: ""}


@pytest.mark.parametrize("again", [False, True])
def test_where_only_some_may_release_the_request_must_be_newer_than_the_case(*, again: bool) -> None:
    """CloudTrail may not show yet what was written since, so an older request of one who may can't be told from it."""
    alice = "arn:aws:iam::123456789012:user/alice"
    site, _, launched, truth = orphan("Release")
    written = site.clock.now()
    sweep_once(site, "Isolate")
    few = replace(site.settings, release_principals=(alice,))
    write = TagWrite(launched.id, "Release", site.clock.now() + timedelta(seconds=1) if again else written, alice)
    outcome = release(Request(launched.id, None, "sweep"), site.ports, few, write)
    assert outcome.status == ("Released" if again else "Waiting")
    assert (truth_of(site, launched.id) == truth) is again


def orphan(value: str) -> tuple[Site, World, Launched, dict[str, object]]:
    """Cut without a ledger; then the tag is changed, or removed, while it is still away."""
    site, world, launched = begun()
    truth = truth_of(site, launched.id)
    assert without_ledger(site, launched) is LedgerUnavailable
    if value:
        site.tag(launched.id, value)
    else:
        world.untag(launched.id, site.settings.tag_key)
    return site, world, launched, truth


def test_a_release_asked_for_meanwhile_is_given_by_the_next_sweeps() -> None:
    site, _, launched, truth = orphan("Release")
    deliver(site, site.ports, launched.id, "Release")
    sweep_once(site, "Isolate")
    sweep_once(site, "Release")
    assert truth_of(site, launched.id) == truth
    assert problems_of_release(site, launched, truth) == []


def test_its_case_holds_what_the_tags_kept_and_nothing_more_is_taken() -> None:
    site, _, launched, truth = orphan("Release")
    sweep_once(site, "Isolate")
    case = site.ports.ledger.case(launched.id)
    assert case
    assert {one.id: one.groups for one in case.before.interfaces} == truth["groups"]
    assert truth_of(site, launched.id)["profile"] == truth["profile"]
    assert site.told(launched.id) == ["Recorded late"]


@pytest.mark.parametrize("value", ["", "Review", "nonsense"])
def test_a_removed_tag_leaves_it_isolated_with_a_case_and_an_alarm(value: str) -> None:
    site, _, launched, truth = orphan(value)
    sweep_once(site, "Isolate")
    sweep_once(site, "Release")
    assert problems_of_isolation(site, launched, truth, told=True) == []
    assert "Control tag tampering" in site.told(launched.id)
    site.tag(launched.id, "Release")
    deliver(site, site.ports, launched.id, "Release")
    assert truth_of(site, launched.id) == truth


@pytest.mark.parametrize("value", ["Release", ""])
def test_a_forged_tag_alone_isolates_nothing_and_gives_nothing(value: str) -> None:
    site, world, launched = begun()
    (interface,), (home,) = launched.interface_ids, launched.networks
    deliver(site, site.ports, world.instance([home], tags={"SecurityIsolation": "Isolate"}).id, "Isolate")
    site.tag(launched.id, value or "nothing")
    truth = truth_of(site, launched.id)
    stolen = world.group(home.vpc_id, "databases")
    site.ports.instances.tag(interface, {site.settings.groups_before_key: groups_to_tag([stolen])})
    for function in ("Isolate", "Release"):
        sweep_once(site, function)
    assert truth_of(site, launched.id) == truth
    assert site.ports.ledger.case(launched.id) is None


def test_once_the_case_is_written_the_tag_serves_no_other_instance() -> None:
    site, world, launched, _ = orphan("Release")
    sweep_once(site, "Isolate")
    other = one_interface(world)
    world.untag(other.id, site.settings.tag_key)
    (interface,) = launched.interface_ids
    world.interfaces[interface] = other.id, world.interfaces[interface][1]
    sweep_once(site, "Isolate")
    assert site.ports.ledger.case(other.id) is None


def test_observe_says_it_and_writes_no_case() -> None:
    site, _, launched, _ = orphan("")
    watching = replace(site, settings=replace(site.settings, mode="observe"))
    sweep_once(watching, "Isolate")
    assert site.ports.ledger.case(launched.id) is None
    assert site.told(launched.id) == ["Observe only"]


def test_the_sweep_reads_no_interface_of_the_fleet() -> None:
    site, world, launched, _ = orphan("")
    for _ in range(20):
        world.instance([launched.networks[0]])
    tap = Tap(site.ports)
    run_sweep(site, tap.ports, "Isolate")
    assert {one.resource for one in tap.calls if one.method == "interfaces"} == {launched.id}
