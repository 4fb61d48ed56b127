"""The whole way in the local cloud, from a finding or a tag that is put: until the tag, the cut, its verification.

The built functions, wired by the deployed template (label: local cloud). The first instance meets cold functions, the
others warm ones. Its EventBridge and Lambda are emulators: what they take is not what AWS's take.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

from console.cloud.build import built_artifact
from console.cloud.deploy import deploy
from console.cloud.local import local_cloud
from console.cloud.service_events import put_service_event
from console.demo.findings import command_and_control, event
from console.demo.furniture import IMAGE, furnish
from console.demo.world import TAG_KEY, Actor, Interface, World

STAGES = ("until the tag", "until the cut", "until verified")
_POLL, _LONGEST = 0.02, 60.0


@dataclass(frozen=True, slots=True)
class Way:
    """How something that was put came through: seconds of each stage, which follow each other."""

    put: str
    warm: bool
    stages: tuple[float, float, float]


def measure(warm: int = 7) -> list[Way]:
    """One cold way and so many warm ones, from a finding and from a tag; TimeoutError where one does not end."""
    with local_cloud() as cloud:
        world = furnish(cloud, deploy(cloud, built_artifact()))
        find = partial(_find, partial(put_service_event, cloud.aws_endpoint))
        return [*_ways(world, "finding", find, warm), *_ways(world, "tag", partial(_tag, world), warm)]


def medians(ways: list[Way]) -> list[Way]:
    """One for each kind: the middle of each stage."""
    kinds = sorted({(one.put, one.warm) for one in ways})
    return [_middle([one for one in ways if (one.put, one.warm) == kind]) for kind in kinds]


def _middle(ways: list[Way]) -> Way:
    first, second, third = (median(one.stages[number] for one in ways) for number in range(len(STAGES)))
    return Way(ways[0].put, ways[0].warm, (first, second, third))


def _ways(world: World, name: str, put: Callable[[Actor], None], warm: int) -> Iterator[Way]:
    """The functions have met nothing before the first finding; `isolate` is warm for every tag after it."""
    for number in range(warm + (name == "finding")):
        actor = _launch(world, f"{name}-{number}")
        begun = time.monotonic()
        put(actor)
        seen = _watch(world, actor, begun)
        yield Way(name, name == "tag" or number > 0, seen)


def _find(put: Callable[[dict[str, Any]], None], actor: Actor) -> None:
    put(event(command_and_control(actor)))


def _tag(world: World, actor: Actor) -> None:
    tags = [{"Key": TAG_KEY, "Value": "Isolate"}]
    world.cloud.client("ec2").create_tags(Resources=[actor.id], Tags=tags)


def _watch(world: World, actor: Actor, begun: float) -> tuple[float, float, float]:
    """Look until the end, and note when each stage was first seen to be over."""
    ec2, (interface,) = world.cloud.client("ec2"), actor.interfaces
    moments: list[float] = []
    while len(moments) < len(STAGES):
        shown = ec2.describe_instances(InstanceIds=[actor.id])["Reservations"][0]["Instances"][0]
        tags = {tag["Key"]: tag["Value"] for tag in shown.get("Tags", [])}
        groups = tuple(group["GroupId"] for group in shown["NetworkInterfaces"][0]["Groups"])
        over = (
            TAG_KEY in tags,
            groups != interface.groups_before,
            tags.get(f"{TAG_KEY}Status", "").startswith("Isolated"),
        )
        moments += [time.monotonic()] * (sum(over) - len(moments))
        if time.monotonic() - begun > _LONGEST:
            raise TimeoutError(f"{actor.id} is not isolated: {tags}")
        time.sleep(_POLL)
    tagged, cut, verified = moments
    return tagged - begun, cut - tagged, verified - cut


def _launch(world: World, name: str) -> Actor:
    """One more of the shop's instances."""
    ec2, shop = world.cloud.client("ec2"), world.actors["shop"]
    home = shop.interfaces[0]
    made = ec2.run_instances(
        ImageId=IMAGE, MinCount=1, MaxCount=1, SubnetId=home.subnet_id, SecurityGroupIds=list(home.groups_before)
    )["Instances"][0]
    shown = made["NetworkInterfaces"][0]
    groups = tuple(group["GroupId"] for group in shown["Groups"])
    interface = Interface(shown["NetworkInterfaceId"], home.vpc_id, home.subnet_id, groups)
    return Actor(name, made["InstanceId"], shop.profile_arn, (interface,))
