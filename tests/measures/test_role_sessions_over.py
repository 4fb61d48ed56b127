"""The policy that denies a role's older sessions, once the instance or the role is gone: it goes after twelve hours.

No session of a role lasts longer (AWS STS API Reference, "AssumeRole"), so by then nothing is left for it to deny.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import release
from quarantag.aws import wiring
from quarantag.revoking import policy_name
from tests.cloud import ACCOUNT, STACK, Lab, Launched
from tests.crash.scenarios import TAGGED
from tests.crash.site import Site, deliver, in_memory, run_sweep
from tests.crash.world import World
from tests.faults import FakeClock
from tests.measures.around import ALL_ROLE, revoke_role_sessions
from tests.measures.test_role_sessions import Revoking, reading, revoking
from tests.stack import Stack

__all__ = ["revoking"]
ROLE = f"arn:aws:iam::{ACCOUNT}:role/web-server"


def sweep_later(stack: Stack, hours: float) -> list[dict[str, Any]]:
    """What the release function's sweep answers so many hours from now."""
    wired = wiring.wired("release", wiring.Measures)
    clock = FakeClock(wired.ports.clock.now() + timedelta(hours=hours))
    later = wired._replace(ports=replace(wired.ports, clock=clock))
    cases: list[dict[str, Any]] = release.respond({"sweep": True}, stack.context(), later)["cases"]
    return cases


def test_the_policy_of_a_terminated_instance_goes_once_every_older_session_has_ended(
    revoking: Revoking, lab: Lab
) -> None:
    gone = lab.instance(profile=lab.profile())
    lab.iam.put_role_policy(RoleName="web-server", PolicyName="app", PolicyDocument=reading("bucket"))
    revoking.contain(gone)
    lab.ec2.terminate_instances(InstanceIds=[gone.id])
    denied = {"app", policy_name(STACK, gone.id)}

    assert [one["status"] for one in sweep_later(revoking.stack, 11.9)] == ["Waiting"]
    assert set(revoking.policies()) == denied
    assert [one["status"] for one in sweep_later(revoking.stack, 12.1)] == ["Ended"]
    assert set(revoking.policies()) == {"app"}
    assert sweep_later(revoking.stack, 12.2) == []


def contained() -> tuple[Site, World, Launched]:
    """A site with an isolated instance whose role's older sessions are denied."""
    site = in_memory(settings=ALL_ROLE, measures=[revoke_role_sessions])
    world: World = site.builder  # type: ignore[assignment]
    launched = world.instance([world.vpc()], profile=world.profile(), tags=TAGGED)
    deliver(site, site.ports, launched.id, "Isolate")
    assert set(world.around["role_sessions"][ROLE]) == {launched.id}
    return site, world, launched


def the_role_is_gone(world: World) -> None:
    """Its policies with it."""
    del world.around["role_sessions"][ROLE]
    _become(world, None, None)


def a_namesake_has_its_place(world: World) -> None:
    """With the same name, and another unique id."""
    _become(world, ROLE, "AROA-another")


def nothing_else(world: World) -> None:
    """The role is as it was."""


def _become(world: World, role_arn: str | None, role_id: str | None) -> None:
    (arn,) = [arn for arn, one in world.profiles.items() if one.role_arn == ROLE]
    world.profiles[arn] = replace(world.profiles[arn], role_arn=role_arn, role_id=role_id)


@pytest.mark.parametrize(
    ("what", "left"), [(nothing_else, False), (the_role_is_gone, False), (a_namesake_has_its_place, True)]
)
def test_what_happened_to_the_role_meanwhile(what: Callable[[World], None], left: bool) -> None:  # noqa: FBT001
    site, world, launched = contained()
    what(world)
    world.instances[launched.id] = replace(world.instances[launched.id], state="terminated")
    site.clock.sleep(timedelta(hours=12).total_seconds())
    assert [one.status for one in run_sweep(site, site.ports, "Release").outcomes] == ["Ended"]
    assert (ROLE in world.around["role_sessions"]) is left


def test_a_release_does_not_wait() -> None:
    site, world, launched = contained()
    site.tag(launched.id, "Release")
    assert deliver(site, site.ports, launched.id, "Release").status == "Released"
    assert ROLE not in world.around["role_sessions"]
