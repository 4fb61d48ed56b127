"""What becomes of a denial when the instance or the role is gone, or the role can't be changed: in memory."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from quarantag.errors import Terminal
from quarantag.measures.sessions import RevokeSessions
from tests.cloud import ACCOUNT, REGION, Launched
from tests.crash.scenarios import TAGGED
from tests.crash.site import Site, deliver, in_memory, run_sweep
from tests.crash.world import World
from tests.faults import Fault, faulty
from tests.measures.around_sessions import WorldSessions

ROLE = f"arn:aws:iam::{ACCOUNT}:role/web-server"


def contained(*faults: Fault, tags: Mapping[str, str] = TAGGED) -> tuple[Site, World, Launched, str]:
    """A site with an isolated instance, and the end of its isolation in words."""
    worlds: list[World] = []

    def measure(world: World, _books: object) -> RevokeSessions:
        worlds.append(world)
        return RevokeSessions(faulty(WorldSessions(world), *faults))

    site = in_memory(measures=[measure])
    launched = site.builder.instance([site.builder.vpc()], profile=site.builder.profile(), tags=tags)
    return site, worlds[0], launched, deliver(site, site.ports, launched.id, "Isolate").reason


def terminate(world: World, launched: Launched) -> None:
    world.instances[launched.id] = replace(world.instances[launched.id], state="terminated")


def end_role(world: World, role_id: str | None) -> None:
    """Delete the role; with a `role_id`, make a namesake."""
    (arn,) = [arn for arn, one in world.profiles.items() if one.role_arn == ROLE]
    role_arn = ROLE if role_id else None
    world.profiles[arn] = replace(world.profiles[arn], role_arn=role_arn, role_id=role_id)


def swept(site: Site) -> list[str]:
    return [one.status for one in run_sweep(site, site.ports, "Release").outcomes]


def test_a_terminated_instance_s_slot_is_freed_once_no_session_of_it_can_live() -> None:
    site, world, launched, _ = contained()
    denied = world.around["sessions"][ROLE]
    assert denied == {1: f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{launched.id}", "policy": True}
    terminate(world, launched)
    site.clock.sleep(timedelta(hours=11).total_seconds())
    assert (swept(site), world.around["sessions"][ROLE]) == (["Waiting"], denied)
    site.clock.sleep(timedelta(hours=1).total_seconds())
    assert (swept(site), dict(world.around["sessions"])) == (["Ended"], {})
    assert swept(site) == []


def test_a_role_that_is_gone_frees_the_slot() -> None:
    site, world, launched, _ = contained()
    del world.around["sessions"][ROLE]
    end_role(world, None)
    terminate(world, launched)
    site.clock.sleep(timedelta(hours=12).total_seconds())
    assert (swept(site), dict(world.around["sessions"])) == (["Ended"], {})


def test_a_namesake_of_the_role_is_not_touched() -> None:
    site, world, launched, _ = contained()
    denied = dict(world.around["sessions"][ROLE])
    end_role(world, "AROA-another")
    terminate(world, launched)
    site.clock.sleep(timedelta(hours=12).total_seconds())
    assert (swept(site), dict(world.around["sessions"])) == (["Ended"], {ROLE: denied})


def test_a_role_at_a_quota_is_said_and_does_not_stop_the_cut() -> None:
    quota = Terminal(f"attach the policy that denies contained sessions to {ROLE}: LimitExceeded: PoliciesPerRole: 10")
    site, _, launched, reason = contained(Fault("attach", quota))
    case = site.ports.ledger.case(launched.id)
    assert case
    assert (case.status, case.taken) == ("Isolated", frozenset())
    assert "PoliciesPerRole: 10" in reason
    assert any("PoliciesPerRole: 10" in one.text for one in site.mailbox.messages)


def test_a_role_that_is_slow_to_show_its_tag_is_read_again() -> None:
    """IAM is eventually consistent: the step is made again with the same end, and verified once IAM shows it."""
    site, world, launched, reason = contained()
    del world.around["sessions"][ROLE][1]
    deliver(site, site.ports, launched.id, "Isolate")
    assert reason == "verified"
    assert world.around["sessions"][ROLE][1].endswith(launched.id)


def test_of_a_kubernetes_worker_it_is_said_that_the_pods_roles_live_on() -> None:
    *_, reason = contained(tags=TAGGED | {"eks:cluster-name": "shop"})
    assert "pods of the cluster shop have roles of their own" in reason
