"""`quarantag demo`: deploys the real stack to a local cloud and plays its scenes; their ends are read from there."""

import json
import signal
import sys
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from console.cloud.build import built_artifact
from console.cloud.deploy import deploy
from console.cloud.local import LocalCloud, LocalCloudError, local_cloud
from console.cloud.service_events import put_service_event
from console.demo.furniture import furnish
from console.demo.member import MEMBER
from console.demo.scenes import play
from console.demo.screen import Screen, Silence, before_after, field_by_field, how_to_go_on, show_outliving, verdict
from console.demo.stage import Audience, Stage
from console.demo.theft import survivors
from console.demo.world import View, World

GOOD, NO, UNUSABLE = 0, 1, 2


def demo(as_json: bool, keep: bool) -> int:  # noqa: FBT001 - the console's options
    """Play everything; answer 0 where every expectation held, 1 where one did not, 2 where it could not be played.

    `as_json` prints the result only, in the shape of the design's stable interfaces; `keep` leaves the cloud running.
    """
    console = Console(quiet=as_json, highlight=False)
    former = signal.signal(signal.SIGTERM, _end)
    try:
        with console.status("Building the stack as `sam build` does"):
            artifact = built_artifact()
        with local_cloud(keep=keep) as cloud:
            stage = perform(cloud, artifact, console, Silence() if as_json else Screen(console))
            code = report(stage, console, as_json=as_json)
            if keep:
                sys.stderr.write(f"\n{how_to_go_on(cloud, stage.world)}\n")
    except (LocalCloudError, BotoCoreError, ClientError) as error:
        sys.stderr.write(f"quarantag demo: {error}\n")
        return UNUSABLE
    finally:
        signal.signal(signal.SIGTERM, former)
    return code


def perform(cloud: LocalCloud, artifact: Path, console: Console, audience: Audience) -> Stage:
    """Deploy the stack, make the instances and play; answer the stage with all verdicts."""
    began = time.monotonic()
    with console.status("Deploying the stack to the local cloud"):
        world = furnish(cloud, deploy(cloud, artifact))
    console.print(f"[dim]Deployed: AWS at {cloud.aws_endpoint}, EC2 at {cloud.ec2_endpoint}[/dim]")
    stage = Stage(world, audience, partial(put_service_event, cloud.aws_endpoint), began)
    play(stage)
    return stage


def report(stage: Stage, console: Console, *, as_json: bool) -> int:
    """Print the result; answer the exit code."""
    world, views = stage.world, stage.world.look(stage.world.actors)
    if as_json:
        sys.stdout.write(json.dumps(result(stage, views), indent=2) + "\n")
    else:
        console.print()
        console.print(field_by_field(stage.portraits))
        console.print()
        show_outliving(console, survivors(world, MEMBER), datetime.now(UTC))
        console.print()
        console.print(before_after(world, stage.isolated, views))
        console.print(verdict(stage.expectations, time.monotonic() - stage.began))
    return GOOD if all(one.ok for one in stage.expectations) else NO


def result(stage: Stage, views: dict[str, View]) -> dict[str, Any]:
    """The result as data: a stable interface."""
    return {
        "ok": all(one.ok for one in stage.expectations),
        "expectations": [{"name": one.name, "ok": one.ok, "seen": one.seen} for one in stage.expectations],
        "instances": [instance_result(stage.world, name, views[name]) for name in stage.world.actors],
    }


def instance_result(world: World, name: str, view: View) -> dict[str, Any]:
    """One instance of the result: its status and each interface's group ids before and after."""
    interfaces = [
        {"id": one.id, "groups_before": list(one.groups_before), "groups_after": list(view.groups.get(one.id, ()))}
        for one in world.actors[name].interfaces
    ]
    return {"id": world.actors[name].id, "status": view.status, "interfaces": interfaces}


def _end(number: int, _frame: FrameType | None) -> None:
    """Turn SIGTERM into the end of the program, so that everything is cleaned up."""
    sys.exit(128 + number)
