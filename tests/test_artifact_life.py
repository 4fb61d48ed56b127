"""The built stack in the local cloud: deployed, updated and deleted, with cases open and closed."""

from collections.abc import Iterator
from typing import Any

import pytest

from console.cloud.build import built_artifact
from console.cloud.deploy import Deployed, deploy
from console.cloud.local import LocalCloud, local_cloud
from console.cloud.redeploy import delete, update
from console.demo import probes
from console.demo.furniture import furnish
from console.demo.world import View, World
from tests.built import built_or_skipped
from tests.length import soak_only
from tests.test_artifact_deployed import is_as_it_was, until

pytestmark = soak_only

RETAINED = ("StackDeletion", "DenyContainedSessions", "EC2IsolationRole", "RootInstanceProfile")


@pytest.fixture
def cloud() -> Iterator[LocalCloud]:
    built_or_skipped()
    with local_cloud() as running:
        yield running


@pytest.fixture
def world(cloud: LocalCloud) -> World:
    """The stack with its defaults; a deletion waits one second for runs that began before."""
    return furnish(cloud, deploy(cloud, built_artifact(), settle=1))


def reaches(world: World, name: str, value: str, status: str, key: str = "SecurityIsolation") -> None:
    """Tag the instance and wait for the status that follows."""
    world.cloud.client("ec2").create_tags(Resources=[world.actors[name].id], Tags=[{"Key": key, "Value": value}])
    assert until(lambda: look(world, name).tags.get(f"{key}Status", "").partition(":")[0] == status), look(world, name)


def released(world: World, name: str, key: str = "SecurityIsolation") -> None:
    """Have it released, and wait until its case is closed, which is the function's last deed."""
    reaches(world, name, "Release", "Released", key)
    place = {"pk": {"S": world.actors[name].id}, "sk": {"S": "case"}}
    ledger, dynamodb = world.stack.resources["ContainmentLedger"], world.cloud.client("dynamodb")
    assert until(lambda: "open_case" not in dynamodb.get_item(TableName=ledger, Key=place)["Item"])


def isolated(world: World, name: str) -> View:
    """How it looks once it is isolated, and the function has ended."""
    reaches(world, name, "Isolate", "Isolated")
    assert until(lambda: probes.invocations(world, "IsolationLambdaFunction") > 0)
    return look(world, name)


def look(world: World, name: str) -> View:
    return world.look([name])[name]


def resources(cloud: LocalCloud, stack: Deployed) -> dict[str, str]:
    listed = cloud.client("cloudformation").describe_stack_resources(StackName=stack.name)["StackResources"]
    return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in listed}


def own_groups(cloud: LocalCloud) -> list[Any]:
    own = [{"Name": "tag:QuarantagStack", "Values": ["quarantag"]}]
    return list(cloud.client("ec2").describe_security_groups(Filters=own)["SecurityGroups"])


def kept(cloud: LocalCloud, stack: Deployed) -> set[str]:
    """What a deleted stack leaves: kinds of items in its ledger, its logs, its snapshots."""
    items = cloud.client("dynamodb").scan(TableName=stack.resources["ContainmentLedger"])["Items"]
    own = [{"Name": "tag:QuarantagStack", "Values": ["quarantag"]}]
    snapshots = cloud.client("ec2").describe_snapshots(Filters=own)["Snapshots"]
    logs = cloud.client("logs").describe_log_groups(logGroupNamePrefix=stack.resources["IsolationLog"])["logGroups"]
    found = {item["sk"]["S"].partition("#")[0] for item in items}
    return found | ({"snapshots"} if snapshots else set()) | ({"log"} if logs else set())


def test_a_deletion_waits_for_the_release_and_leaves_only_what_it_must(cloud: LocalCloud, world: World) -> None:
    stack, shop = world.stack, world.actors["shop"]
    cut = isolated(world, "shop")
    before = resources(cloud, stack)
    reason = delete(cloud, stack)
    assert reason.startswith("StackDeletion: ")
    assert shop.id in reason
    assert "create-tags --tags Key=SecurityIsolation,Value=Release" in reason
    assert (resources(cloud, stack), look(world, "shop")) == (before, cut)

    released(world, "shop")
    assert is_as_it_was(world, shop)
    assert delete(cloud, stack) == ""
    assert own_groups(cloud) == []
    assert {"case", "closed", "entry", "snapshots", "log"} <= kept(cloud, stack)

    again = deploy(cloud, built_artifact(), settle=1)
    assert again.resources["ContainmentLedger"] != stack.resources["ContainmentLedger"]
    reaches(World(cloud, again, world.actors, world.inbox, world.forensics), "shop", "Isolate", "Isolated")


def test_the_tag_changes_only_once_nobody_is_contained(cloud: LocalCloud, world: World) -> None:
    stack, artifact, bastion = world.stack, built_artifact(), world.actors["bastion"]
    cut = isolated(world, "bastion")
    reason = update(cloud, artifact, stack, settle=1, IsolationTagKey="Another")
    assert reason.startswith("StackChange: IsolationTagKey can't change")
    assert bastion.id in reason
    assert update(cloud, artifact, stack, settle=1, MaxContainmentsPerHour="20", ContainWithinSeconds="90") == ""
    assert look(world, "bastion") == cut
    released(world, "bastion")
    assert is_as_it_was(world, bastion)

    assert update(cloud, artifact, stack, settle=1, IsolationTagKey="Another") == ""
    reaches(world, "bastion", "Isolate", "Isolated", key="Another")
    assert bastion.id in delete(cloud, stack)
    released(world, "bastion", "Another")
    assert delete(cloud, stack) == ""
    assert own_groups(cloud) == []


def test_the_way_out_keeps_what_isolates(cloud: LocalCloud, world: World) -> None:
    """Retained by name, as docs/operate.md says: the stack goes, the instance stays cut and can be nobody."""
    cut = isolated(world, "bastion")
    assert delete(cloud, world.stack) != ""
    assert delete(cloud, world.stack, RETAINED) == ""
    now = look(world, "bastion")
    assert (now.groups, now.profile_arn) == (cut.groups, cut.profile_arn)
    assert kept(cloud, world.stack) >= {"case", "entry"}
