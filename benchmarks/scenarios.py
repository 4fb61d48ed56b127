"""The situations that are counted: each prepares its world and gives the event that one function then gets."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from io import StringIO
from typing import Any, Literal

import isolate
import release
import tag_finding
from benchmarks.world import World
from quarantag.aws import wiring
from tests.cloud import ACCOUNT, REGION, Launched
from tests.stack import Context, tag_change

Event = dict[str, Any]
Function = Literal["isolate", "release", "tag_finding"]


@dataclass(frozen=True, slots=True)
class Scenario:
    """Goals are the most round trips until the last interface is cut, and until that is verified.

    With `measures`, those that template.yaml asks for by default run beside the cut, which must be no deeper for it.
    They wait by the clock between their readings, so that no other round trip can be counted then.
    """

    name: str
    function: Function
    prepare: Callable[[World], Event]
    to_cut: int | None = None
    to_verified: int | None = None
    measures: bool = False


def call(function: Function, event: Event) -> None:
    """Hand the event to the function's handler, as a new invocation."""
    handlers = {"isolate": isolate.handler, "release": release.handler, "tag_finding": tag_finding.handler}
    context: Any = Context("invocation")
    with unsaid():
        handlers[function](event, context)


@contextmanager
def unsaid() -> Iterator[None]:
    """Without what a function says on standard output: its metrics."""
    with redirect_stdout(StringIO()):
        yield


def forget_wiring() -> None:
    """As in a new sandbox: the functions make their clients anew."""
    wiring.wired.cache_clear()
    tag_finding.policy.cache_clear()


def _isolation(
    interfaces: int = 1, vpcs: int = 1, *, fresh: bool = False, profile: bool = True, stopped: bool = False
) -> Callable[[World], Event]:
    """One instance; its interfaces are spread over its VPCs, where an earlier case left a group unless `fresh`."""

    def prepare(world: World) -> Event:
        networks = [world.lab.vpc() for _ in range(vpcs)]
        if not fresh:
            call("isolate", world.tagged(world.lab.instance(networks).id))
        homes = [networks[number % vpcs] for number in range(interfaces)]
        arn = world.lab.profile() if profile else None
        return world.tagged(world.lab.instance(homes, profile=arn, stopped=stopped).id)

    return prepare


def _tagged_by_a_finding(world: World) -> Event:
    """The hands-off way: the tagger has let go of the instance's lease a moment ago."""
    network = world.lab.vpc()
    call("isolate", world.tagged(world.lab.instance([network]).id))
    instance = world.lab.instance([network], profile=world.lab.profile())
    call("tag_finding", world.found(instance.id))
    return tag_change(instance.id, world.lab.tags(instance.id))


def _isolated_before(world: World) -> Event:
    event = _isolation()(world)
    call("isolate", event)
    return event


def _release(interfaces: int = 1) -> Callable[[World], Event]:
    """An isolated instance whose tag says that it gets back what it had."""

    def prepare(world: World) -> Event:
        instance = world.lab.instance([world.lab.vpc()] * interfaces, profile=world.lab.profile())
        call("isolate", world.tagged(instance.id))
        world.lab.tag(instance.id, SecurityIsolation="Release")
        return tag_change(instance.id, world.lab.tags(instance.id))

    return prepare


def _finding(**changes: object) -> Callable[[World], Event]:
    return lambda world: world.found(_instance(world).id, **changes)


def _found_before(world: World) -> Event:
    event = _finding()(world)
    call("tag_finding", event)
    return event


def _sequence(world: World) -> Event:
    place = {"accountId": ACCOUNT, "region": REGION}
    resources = [place | {"resourceType": "EC2_INSTANCE", "uid": _instance(world).id} for _ in range(3)]
    return world.found(
        "",
        type="AttackSequence:EC2/CompromisedInstanceGroup",
        severity=9,
        resource={"resourceType": "AttackSequence"},
        service__detection={"sequence": {"resources": resources}},
    )


def _instance(world: World) -> Launched:
    return world.lab.instance(tags={"Name": "web"})


def _there(name: str, prepare: Callable[[World], Event]) -> Scenario:
    return Scenario(f"isolate: {name}", "isolate", prepare, to_cut=3, to_verified=6)


def _fresh(name: str, prepare: Callable[[World], Event]) -> Scenario:
    return replace(_there(f"{name}, fresh VPC", prepare), to_cut=5, to_verified=None)


def _supported(one: Scenario) -> Scenario:
    name = f"{one.name}, with measures"
    return replace(one, name=name, to_verified=None, measures=True)


def _tags(name: str, prepare: Callable[[World], Event]) -> Scenario:
    return Scenario(f"tag_finding: {name}", "tag_finding", prepare)


SCENARIOS = (
    _there("1 interface", _isolation()),
    _there("1 interface, tagged by a finding", _tagged_by_a_finding),
    _there("2 interfaces", _isolation(2)),
    _there("4 interfaces", _isolation(4)),
    _there("2 interfaces in 2 VPCs", _isolation(2, 2)),
    _there("1 interface, no profile", _isolation(profile=False)),
    _there("1 interface, stopped", _isolation(stopped=True)),
    _fresh("1 interface", _isolation(fresh=True)),
    _fresh("2 interfaces", _isolation(2, fresh=True)),
    _fresh("4 interfaces", _isolation(4, fresh=True)),
    _fresh("2 interfaces in 2 VPCs", _isolation(2, 2, fresh=True)),
    _supported(_there("4 interfaces", _isolation(4))),
    _supported(_fresh("1 interface", _isolation(fresh=True))),
    replace(_there("isolated already", _isolated_before), to_cut=None),
    Scenario("release: 1 interface", "release", _release()),
    Scenario("release: 4 interfaces", "release", _release(4)),
    _tags("isolate", _finding()),
    _tags("review", _finding(type="UnauthorizedAccess:EC2/MaliciousIPCaller.Custom", severity=5)),
    _tags("ignore", _finding(type="Recon:EC2/PortProbeUnprotectedPort", severity=2)),
    _tags("sample", _finding(service__additionalInfo__sample=True)),
    _tags("duplicate", _found_before),
    _tags("sequence over 3 instances", _sequence),
)
