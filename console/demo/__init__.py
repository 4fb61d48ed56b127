"""`quarantag demo`: deploys the real stack to a local cloud and plays five scenes; their ends are read from there."""

import json
import signal
import sys
import time
from types import FrameType
from typing import Any

from rich.console import Console

from console.cloud.build import built_artifact
from console.cloud.deploy import deploy
from console.cloud.local import LocalCloud, LocalCloudError, start, stop
from console.demo.scenes import play
from console.demo.screen import Screen, Silence, before_after, how_to_go_on, verdict
from console.demo.stage import Stage
from console.demo.world import View, World, furnish

GOOD, NO, UNUSABLE = 0, 1, 2


def demo(as_json: bool, keep: bool) -> int:  # noqa: FBT001 - the console's options
    """Play everything; answer 0 where every expectation held, 1 where one did not, 2 where it could not be played.

    `as_json` prints the result only, in the shape of the design's stable interfaces; `keep` leaves the cloud running.
    """
    console = Console(quiet=as_json, highlight=False)
    former = signal.signal(signal.SIGTERM, _end)
    cloud: LocalCloud | None = None
    kept = False
    try:
        with console.status("Building the stack as `sam build` does"):
            artifact = built_artifact()
        began = time.monotonic()
        with console.status("Starting the local cloud and deploying the stack"):
            cloud = start(outlives_us=keep)
            world = furnish(cloud, deploy(cloud, artifact))
        console.print(f"[dim]Deployed: AWS at {cloud.aws_endpoint}, EC2 at {cloud.ec2_endpoint}[/dim]")
        stage = Stage(world, Silence() if as_json else Screen(console), began)
        play(stage)
        kept = keep
        return report(stage, console, as_json=as_json, keep=keep)
    except LocalCloudError as error:
        sys.stderr.write(f"quarantag demo: {error}\n")
        return UNUSABLE
    finally:
        if cloud and not kept:
            stop(cloud)
        signal.signal(signal.SIGTERM, former)


def report(stage: Stage, console: Console, *, as_json: bool, keep: bool) -> int:
    """Print the result; answer the exit code."""
    world, views = stage.world, stage.world.look(stage.world.actors)
    if as_json:
        sys.stdout.write(json.dumps(result(stage, views), indent=2) + "\n")
    else:
        console.print()
        console.print(before_after(world, views))
        console.print(verdict(stage.expectations, time.monotonic() - stage.began))
    if keep:
        sys.stderr.write(f"\n{how_to_go_on(world.cloud, world)}\n")
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
