"""What the demo expects, each read from the live emulator and never from what a function says of itself.

A probe answers whether it holds now, and what was seen, in words.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from console.demo.world import CREATION_KEY, REASON_KEY, STATUS_KEY, TAG_KEY, World

Probe = Callable[[], tuple[bool, str]]


def tagged(world: World, name: str, value: str) -> Probe:
    """The control tag has this value, and a reason stands beside it."""

    def probe() -> tuple[bool, str]:
        tags = world.look([name])[name].tags
        return tags.get(TAG_KEY) == value and REASON_KEY in tags, f"{tags.get(TAG_KEY)}: {tags.get(REASON_KEY)}"

    return probe


def cut(world: World, name: str) -> Probe:
    """Each interface has one group: the stack's own, of the interface's VPC, without a single rule."""

    def probe() -> tuple[bool, str]:
        now = world.look([name])[name].groups
        groups = world.groups([one for ids in now.values() for one in ids])
        verdicts = []
        for interface in world.actors[name].interfaces:
            ids = now.get(interface.id, ())
            verdicts.append(len(ids) == 1 and isolates(groups[ids[0]], interface.vpc_id, world.stack.name))
        seen = "; ".join(f"{one}: {', '.join(described(groups[id_]) for id_ in ids)}" for one, ids in now.items())
        return all(verdicts) and len(now) == len(verdicts), seen

    return probe


def isolates(group: Mapping[str, Any], vpc_id: str, stack: str) -> bool:
    """Whether the group is this stack's isolation group of the VPC and lets nothing through."""
    tags = {tag["Key"]: tag["Value"] for tag in group.get("Tags", [])}
    rules = [*group["IpPermissions"], *group["IpPermissionsEgress"]]
    return tags.get(CREATION_KEY) == stack and group["VpcId"] == vpc_id and not rules


def described(group: Mapping[str, Any]) -> str:
    """The group's name and how many rules it has."""
    rules = len(group["IpPermissions"]) + len(group["IpPermissionsEgress"])
    return f"{group['GroupName']} ({rules} rule{'' if rules == 1 else 's'})"


def powerless(world: World, name: str) -> Probe:
    """The instance has the stack's isolation profile and no other."""

    def probe() -> tuple[bool, str]:
        arn = world.look([name])[name].profile_arn
        wanted = world.stack.resources["RootInstanceProfile"].rpartition("/")[2]
        return arn.rpartition("/")[2] == wanted, arn.rpartition("/")[2]

    return probe


def status(world: World, name: str, word: str) -> Probe:
    """The status tag says this."""

    def probe() -> tuple[bool, str]:
        view = world.look([name])[name]
        return view.status == word, view.tags.get(STATUS_KEY, "no status tag")

    return probe


def untouched(world: World, name: str, *, tag: str | None = None) -> Probe:
    """Network and profile are as they were; of our tags there is at most the control tag with this value."""
    actor = world.actors[name]

    def probe() -> tuple[bool, str]:
        view = world.look([name])[name]
        same = view.groups == {one.id: one.groups_before for one in actor.interfaces}
        same = same and view.profile_arn == actor.profile_arn and view.tags.get(TAG_KEY) == tag
        ours = {key: value for key, value in view.tags.items() if key.startswith(TAG_KEY)}
        return same, f"groups {'as before' if same else view.groups}, tags {ours or 'none'}"

    return probe


def reachable(world: World, name: str) -> Probe:
    """Every interface has a group again that it had before: what was isolated no longer is."""

    def probe() -> tuple[bool, str]:
        now, actor = world.look([name])[name].groups, world.actors[name]
        verdicts = [set(one.groups_before) <= set(now.get(one.id, ())) for one in actor.interfaces]
        return all(verdicts), "; ".join(f"{one}: {', '.join(ids)}" for one, ids in now.items())

    return probe


def given_back(world: World, name: str) -> Probe:
    """Each interface has exactly the groups that it had before, in their order, and the instance its profile."""
    actor = world.actors[name]

    def probe() -> tuple[bool, str]:
        view = world.look([name])[name]
        same = view.groups == {one.id: one.groups_before for one in actor.interfaces}
        return same and view.profile_arn == actor.profile_arn, f"{dict(view.groups)}, {view.profile_arn or 'none'}"

    return probe


def without_control_tag(world: World, name: str) -> Probe:
    """The control tag is gone."""

    def probe() -> tuple[bool, str]:
        value = world.look([name])[name].tags.get(TAG_KEY)
        return value is None, value or "no control tag"

    return probe


def delivered(world: World, logical_id: str, more_than: int) -> Probe:
    """The function has ended more invocations than before, so that what follows is not merely early."""

    def probe() -> tuple[bool, str]:
        ended = invocations(world, logical_id)
        return ended > more_than, f"{ended - more_than} more invocation(s) of {logical_id}"

    return probe


def invocations(world: World, logical_id: str) -> int:
    """How many invocations of the function have ended, by the platform's own lines in its log group."""
    name, logs = world.stack.resources[logical_id], world.cloud.client("logs")
    configuration = world.cloud.client("lambda").get_function_configuration(FunctionName=name)
    group = configuration["LoggingConfig"]["LogGroup"]
    if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
        return 0
    events = logs.filter_log_events(logGroupName=group)["events"]
    return sum(one["message"].startswith("END RequestId") for one in events)


def kept(world: World, event: Mapping[str, Any]) -> Probe:
    """The failed-events queue holds the event as it was sent, with the reason why it failed."""

    def probe() -> tuple[bool, str]:
        bodies = failed(world)
        for body in bodies:
            reason = body.get("responsePayload", {}).get("errorMessage")
            if body.get("requestPayload") == event and reason:
                return True, reason
        return False, f"{len(bodies)} other message(s)"

    return probe


def kept_only(world: World, event: Mapping[str, Any]) -> Probe:
    """Nothing else failed: the queue holds this event and no other."""

    def probe() -> tuple[bool, str]:
        bodies = failed(world)
        reasons = [str(body.get("responsePayload", {}).get("errorMessage")) for body in bodies]
        return [body.get("requestPayload") for body in bodies] == [event], "; ".join(reasons) or "an empty queue"

    return probe


def failed(world: World) -> list[dict[str, Any]]:
    """The failed-events queue's messages, at most ten; they stay there."""
    queue = world.stack.resources["FailedEvents"]
    answer = world.cloud.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0)
    return [json.loads(message["Body"]) for message in answer.get("Messages", [])]
