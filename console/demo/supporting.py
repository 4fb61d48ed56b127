"""What the demo expects of the measures that support the cut, each read from the live emulator."""

from collections.abc import Mapping
from typing import Any

from console.demo.probes import Probe
from console.demo.records import latest_case
from console.demo.sessions import role_of
from console.demo.whole import Fields, group_named, member_of, serves, whole
from console.demo.world import TAG_KEY, World


def replaced(world: World, name: str, desired: int) -> Probe:
    """It is on standby; the desired capacity is what it was, and as many others are in service."""

    def probe() -> tuple[bool, str]:
        member = member_of(world, name)
        if member is None:
            return False, "in no group"
        group = group_named(world, member["AutoScalingGroupName"])
        serving = [one for one in group["Instances"] if one["LifecycleState"] == "InService"]
        seen = f"{member['LifecycleState']}, desired {group['DesiredCapacity']}, {len(serving)} in service"
        same = group["DesiredCapacity"] == desired == len(serving)
        return member["LifecycleState"] == "Standby" and same, seen

    return probe


def desired(world: World, name: str) -> int:
    """The desired capacity of the instance's group."""
    member = member_of(world, name)
    return int(group_named(world, member["AutoScalingGroupName"])["DesiredCapacity"]) if member else 0


def served(world: World, name: str, *, ever: bool) -> Probe:
    """Whether the group's load balancer sends it requests is as given."""

    def probe() -> tuple[bool, str]:
        now = serves(world, name)
        return now is ever, "a target" if now else "no target"

    return probe


def protected(world: World, name: str) -> Probe:
    """Termination and stop protection are on, a shutdown stops it, and no volume ends with it."""
    wanted = {"termination protection": "on", "stop protection": "on", "shutdown from inside": "stop"}

    def probe() -> tuple[bool, str]:
        now = whole(world, name)
        volumes = {field: value for field, value in now.items() if field.startswith("volume ")}
        seen = {field: now[field] for field in wanted}
        kept = bool(volumes) and set(volumes.values()) == {"stays"}
        return seen == wanted and kept, in_words(seen | volumes)

    return probe


def frozen(world: World, name: str) -> Probe:
    """Every interface carries the control tag's key."""

    def probe() -> tuple[bool, str]:
        ids = [one.id for one in world.actors[name].interfaces]
        found = world.cloud.client("ec2").describe_network_interfaces(NetworkInterfaceIds=ids)["NetworkInterfaces"]
        seen = {one["NetworkInterfaceId"]: tags_of(one.get("TagSet", [])).get(TAG_KEY, "no tag") for one in found}
        return len(seen) == len(ids) and "no tag" not in seen.values(), in_words(seen)

    return probe


def saved(world: World, name: str) -> Probe:
    """Each volume has exactly one snapshot with the tag of the latest case, and it is complete."""

    def probe() -> tuple[bool, str]:
        case, ec2 = latest_case(world, name), world.cloud.client("ec2")
        if case is None:
            return False, "no case"
        by_instance = [{"Name": "attachment.instance-id", "Values": [world.actors[name].id]}]
        volumes = sorted(one["VolumeId"] for one in ec2.describe_volumes(Filters=by_instance)["Volumes"])
        by_case = [{"Name": "tag:QuarantagCase", "Values": [case["case_id"]]}]
        made = ec2.describe_snapshots(OwnerIds=["self"], Filters=by_case)["Snapshots"]
        complete = all(one["State"] == "completed" for one in made)
        seen = ", ".join(f"{one['SnapshotId']} of {one['VolumeId']}" for one in made) or "no snapshot"
        return complete and bool(made) and sorted(one["VolumeId"] for one in made) == volumes, seen

    return probe


def denied(world: World, name: str) -> Probe:
    """A policy attached to its role denies everything to the sessions that this instance got."""

    def probe() -> tuple[bool, str]:
        found = role_of(world, name).denials(world.actors[name].id)
        return bool(found), f"denied by {', '.join(found)}" if found else "not denied"

    return probe


def spared(world: World, name: str) -> Probe:
    """The denial is attached to its role, hits none of its own sessions, and the role has the policies that it had."""

    def probe() -> tuple[bool, str]:
        role = role_of(world, name)
        found = role.denials(world.actors[name].id)
        seen = f"denied by {', '.join(found)}" if found else f"{len(role.attached)} policies attached, none denies it"
        return bool(role.attached) and bool(role.inline) and not found, seen

    return probe


def same(world: World, name: str, before: Fields) -> Probe:
    """Every field is as it was; what differs is seen."""

    def probe() -> tuple[bool, str]:
        now = whole(world, name)
        differing = {
            field: f"{before.get(field, 'not there')} → {now.get(field, 'not there')}"
            for field in sorted({*before, *now})
            if before.get(field) != now.get(field)
        }
        return not differing, in_words(differing) or f"{len(now)} fields as before"

    return probe


def role_fields(world: World, name: str) -> Fields:
    """The fields of its role as they are now: it shares them."""
    return {field: value for field, value in whole(world, name).items() if field.startswith("role: ")}


def in_words(seen: Mapping[str, str]) -> str:
    """The fields in one line."""
    return "; ".join(f"{field}: {value}" for field, value in seen.items())


def tags_of(tags: list[dict[str, Any]]) -> dict[str, str]:
    """The tags by key."""
    return {one["Key"]: one["Value"] for one in tags}
