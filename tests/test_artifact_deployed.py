"""The built stack, deployed from template.yaml to the local cloud: a tag isolates, another gives back, sweeps run."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from console.cloud.build import built_artifact
from console.cloud.deploy import Deployed, deploy
from console.cloud.local import LocalCloud, local_cloud
from console.cloud.place import ACCOUNT
from console.cloud.service_events import put_service_event
from console.demo import probes
from console.demo.furniture import furnish
from console.demo.world import Actor, World
from quarantag.aws.attributes import unmarshalled
from tests.built import built_or_skipped
from tests.test_template_rules import FUNCTIONS

SECONDS = 30.0


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloud]:
    built_or_skipped()
    with local_cloud() as running:
        yield running


@pytest.fixture(scope="module")
def stack(cloud: LocalCloud) -> Deployed:
    return deploy(cloud, built_artifact())


@pytest.fixture(scope="module")
def world(cloud: LocalCloud, stack: Deployed) -> World:
    return furnish(cloud, stack)


def until(wanted: Callable[[], bool]) -> bool:
    """Whether it comes true in time."""
    deadline = time.monotonic() + SECONDS
    while not (true := wanted()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return true


def tag(world: World, actor: Actor, value: str) -> None:
    tags = [{"Key": "SecurityIsolation", "Value": value}]
    world.cloud.client("ec2").create_tags(Resources=[actor.id], Tags=tags)


def failures(cloud: LocalCloud, stack: Deployed) -> str:
    """What the functions could not handle, to read where a test fails."""
    queue = stack.resources["FailedEvents"]
    return str(cloud.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"))


def is_as_it_was(world: World, actor: Actor) -> bool:
    now = world.look([actor.name])[actor.name]
    groups = {one.id: one.groups_before for one in actor.interfaces}
    return (now.groups, now.profile_arn) == (groups, actor.profile_arn)


def test_release_brings_everything_back(cloud: LocalCloud, stack: Deployed, world: World) -> None:
    """The role of the profile is on record, too: IAM is asked where the instances are."""
    shop = world.actors["shop"]
    tag(world, shop, "Isolate")
    assert until(lambda: world.look(["shop"])["shop"].status == "Isolated")
    assert until(lambda: probes.invocations(world, "IsolationLambdaFunction") > 0)  # and has given its lease back
    assert not is_as_it_was(world, shop)
    key = {"pk": {"S": shop.id}, "sk": {"S": "case"}}
    ledger = stack.resources["ContainmentLedger"]
    case = unmarshalled(cloud.client("dynamodb").get_item(TableName=ledger, Key=key)["Item"])
    assert case["role_before"]["arn"] == f"arn:aws:iam::{ACCOUNT}:role/web-server"
    tag(world, shop, "Release")
    assert until(lambda: world.look(["shop"])["shop"].status == "Released"), failures(cloud, stack)
    assert is_as_it_was(world, shop)


def test_the_trail_s_own_event_starts_the_releaser(cloud: LocalCloud, world: World) -> None:
    """Here it comes alone, for an instance that has nothing to get back."""
    before = probes.invocations(world, "ReleaseFunction")
    parameters = {
        "resourcesSet": {"items": [{"resourceId": world.actors["canary"].id}]},
        "tagSet": {"items": [{"key": "SecurityIsolation", "value": "Release"}]},
    }
    record = {"eventName": "CreateTags", "userIdentity": {"type": "Root"}, "requestParameters": parameters}
    put_service_event(
        cloud.aws_endpoint, {"source": "aws.ec2", "detail-type": "AWS API Call via CloudTrail", "detail": record}
    )
    assert until(lambda: probes.invocations(world, "ReleaseFunction") > before)
    assert is_as_it_was(world, world.actors["canary"])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_function_sweeps(cloud: LocalCloud, stack: Deployed, function: str) -> None:
    payload = json.dumps({"sweep": True})
    answer = cloud.client("lambda").invoke(FunctionName=stack.resources[function], Payload=payload)
    said = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, said
    assert set(said) in ({"cases"}, {"decisions"})


def test_the_schedule_is_deployed(cloud: LocalCloud, stack: Deployed) -> None:
    """It first runs five minutes after it was made: it does not disturb whoever plays here."""
    events: Any = cloud.client("events")
    name = stack.resources["SweepSchedule"]
    rule = events.describe_rule(Name=name)
    assert (rule["ScheduleExpression"], rule["State"]) == ("rate(5 minutes)", "ENABLED")
    targets = events.list_targets_by_rule(Rule=name)["Targets"]
    assert sorted(one["Id"] for one in targets) == sorted(FUNCTIONS)
    inputs = {one["Id"]: json.loads(one["Input"]) for one in targets}
    assert all(one["sweep"] is True for one in inputs.values())
    watched = inputs["IsolationLambdaFunction"]["rules"]  # one of the functions looks after the stack's rules
    assert {stack.resources["EC2TagChangeEvent"], stack.resources["GuardDutyFindingEvent"]} <= set(watched)
