"""All of an instance that a containment touches, field by field, in words that a person compares."""

from collections.abc import Iterator, Mapping
from typing import Any

from console.demo.sessions import role_of
from console.demo.world import CREATION_KEY, TAG_KEY, World

Fields = Mapping[str, str]
_ATTRIBUTES = {
    "termination protection": "disableApiTermination",
    "stop protection": "disableApiStop",
    "shutdown from inside": "instanceInitiatedShutdownBehavior",
}
_OWN = {"RootInstanceProfile": "isolation", "DenyContainedSessions": "denial"}
"""What the stack's own are called here."""


def whole(world: World, name: str) -> Fields:
    """Every field by its name; of the role too, and what the Auto Scaling group and the load balancer have."""
    return {
        **dict(_network(world, name)),
        "instance profile": _short(world.look([name])[name].profile_arn, world) or "none",
        **dict(_instance(world, name)),
        **dict(_group(world, name)),
        **dict(_role(world, name)),
    }


def _network(world: World, name: str) -> Iterator[tuple[str, str]]:
    filters = [{"Name": "attachment.instance-id", "Values": [world.actors[name].id]}]
    found = world.cloud.client("ec2").describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
    for one in sorted(found, key=lambda each: int(each["Attachment"]["DeviceIndex"])):
        label = f"interface {one['Attachment']['DeviceIndex']}"
        tags = {tag["Key"]: tag["Value"] for tag in one.get("TagSet", [])}
        groups = world.groups([group["GroupId"] for group in one["Groups"]])
        named = [groups[group["GroupId"]] for group in one["Groups"]]
        yield (
            f"{label}: groups",
            ", ".join("isolation" if _is_own(group, world) else group["GroupName"] for group in named),
        )
        yield f"{label}: tag", tags.get(TAG_KEY, "none")


def _instance(world: World, name: str) -> Iterator[tuple[str, str]]:
    ec2, instance_id = world.cloud.client("ec2"), world.actors[name].id
    for label, attribute in _ATTRIBUTES.items():
        answer = ec2.describe_instance_attribute(InstanceId=instance_id, Attribute=attribute)
        yield label, _word(answer[attribute[0].upper() + attribute[1:]]["Value"])
    (reservation,) = ec2.describe_instances(InstanceIds=[instance_id])["Reservations"]
    (instance,) = reservation["Instances"]
    for device in sorted(instance["BlockDeviceMappings"], key=lambda one: str(one["DeviceName"])):
        kept = "goes with it" if device["Ebs"]["DeleteOnTermination"] else "stays"
        yield f"volume {device['DeviceName']}", kept


def _group(world: World, name: str) -> Iterator[tuple[str, str]]:
    member = member_of(world, name)
    if member is None:
        yield "Auto Scaling", "in no group"
        return
    yield "Auto Scaling", f"{member['LifecycleState']} in {member['AutoScalingGroupName']}"
    yield "scale-in protection", _word(member["ProtectedFromScaleIn"])
    yield "load balancer", "sends requests" if serves(world, name) else "sends nothing"


def _role(world: World, name: str) -> Iterator[tuple[str, str]]:
    role = role_of(world, name)
    names = {actor.id: actor.name for actor in world.actors.values()}
    marks = {key: value.rpartition("/")[2] for key, value in sorted(role.tags.items())}
    yield "role: tags", ", ".join(f"{key} = {names.get(value, value)}" for key, value in marks.items()) or "none"
    attached = (_short(arn, world) for arn in role.attached)
    yield "role: policies", ", ".join(sorted([*role.inline, *attached])) or "none"
    yield "its sessions", "denied everything" if role.denials(world.actors[name].id) else "not denied"


def member_of(world: World, name: str) -> Mapping[str, Any] | None:
    """The instance as a member of its Auto Scaling group, None where it is in none."""
    answer = world.cloud.client("autoscaling").describe_auto_scaling_instances(InstanceIds=[world.actors[name].id])
    found: list[Mapping[str, Any]] = answer["AutoScalingInstances"]
    return next(iter(found), None)


def serves(world: World, name: str) -> bool:
    """Whether a target group of its Auto Scaling group sends it requests."""
    member, balancing = member_of(world, name), world.cloud.client("elbv2")
    if member is None:
        return False
    group = group_named(world, member["AutoScalingGroupName"])
    health = [
        one
        for arn in group["TargetGroupARNs"]
        for one in balancing.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    ]
    serving = [one["Target"]["Id"] for one in health if one["TargetHealth"]["State"] not in {"draining", "unused"}]
    return world.actors[name].id in serving


def group_named(world: World, name: str) -> Mapping[str, Any]:
    """The Auto Scaling group."""
    answer = world.cloud.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    group: Mapping[str, Any] = answer["AutoScalingGroups"][0]
    return group


def _is_own(group: Mapping[str, Any], world: World) -> bool:
    """Whether the group is one of the stack's own."""
    return {"Key": CREATION_KEY, "Value": world.stack.name} in group.get("Tags", [])


def _short(arn: str, world: World) -> str:
    """The last part of the ARN, or what the stack has it for."""
    name = arn.rpartition("/")[2]
    own = {world.stack.resources[one].rpartition("/")[2]: called for one, called in _OWN.items()}
    return own.get(name, name)


def _word(value: object) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)
