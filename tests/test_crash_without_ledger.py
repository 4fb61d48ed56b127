"""The ledger away for more than one run: what the tags kept is the state before, whatever was added since."""

from quarantag.errors import LedgerUnavailable, QuarantagError
from tests.cloud import Launched
from tests.crash.scenarios import one_interface
from tests.crash.site import Site, deliver, in_memory, standing
from tests.crash.tap import Tap
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
    truth = standing(site.ports, launched.id)
    assert without_ledger(site, launched) is LedgerUnavailable
    (interface,), (home,) = launched.interface_ids, launched.networks
    cut = world.interfaces[interface][1].groups
    world.set_groups(interface, *cut, world.group(home.vpc_id, "added"))
    assert without_ledger(site, launched) is LedgerUnavailable
    assert deliver(site, site.ports, launched.id, "Isolate").status == "Isolated"
    site.tag(launched.id, "Release")
    assert deliver(site, site.ports, launched.id, "Release").status == "Released"
    assert standing(site.ports, launched.id) == truth


def test_what_an_older_outage_kept_is_not_the_state_before() -> None:
    site, world, launched = begun()
    without_ledger(site, launched)
    for value in ("Isolate", "Release"):
        site.clock.sleep(60)
        site.tag(launched.id, value)
        deliver(site, site.ports, launched.id, value)
    (interface,), (home,) = launched.interface_ids, launched.networks
    world.set_groups(interface, world.group(home.vpc_id, "changed since"))
    truth = standing(site.ports, launched.id)
    for value in ("Isolate", "Release"):
        site.clock.sleep(60)
        site.tag(launched.id, value)
        deliver(site, site.ports, launched.id, value)
    assert standing(site.ports, launched.id) == truth
