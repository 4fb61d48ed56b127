"""What the demo expects of the ledger and of the topic, read from the tables and queues themselves."""

import json
from collections.abc import Sequence
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from jsonschema import Draft202012Validator

from console.cloud.local import ROOT
from console.cloud.state import ANALYST
from console.demo.probes import Probe
from console.demo.world import World


def recorded(world: World, name: str) -> Probe:
    """The ledger holds an open case with the groups and the profile that the instance had before.

    And with the profile's role, which the function has read from IAM (`GetInstanceProfile`).
    """

    def probe() -> tuple[bool, str]:
        case = latest_case(world, name)
        if case is None:
            return False, "no case"
        same = holds_before(world, name, case) and "open_case" in case
        return same and case["status"] == "Isolated", described(case)

    return probe


def closed(world: World, name: str) -> Probe:
    """The case is closed as released, is no longer found among the open ones, and still tells what was before."""

    def probe() -> tuple[bool, str]:
        case = latest_case(world, name)
        if case is None:
            return False, "no case"
        over = case["status"] == "Released" and bool(case["closed_at"]) and "open_case" not in case
        return over and holds_before(world, name, case), described(case)

    return probe


def drifted(world: World, name: str, interfaces: Sequence[str]) -> Probe:
    """One audit entry of a drift names exactly these interfaces."""

    def probe() -> tuple[bool, str]:
        found = [str(one) for detail in entries(world, name, "drift") for one in detail["seen"]]
        named = {word for one in found for word in one.split() if word.startswith("eni-")}
        return named == set(interfaces), "; ".join(found) or "no drift recorded"

    return probe


def asked_for_by_analyst(world: World, name: str) -> Probe:
    """The release's audit entry has the principal whom CloudTrail's history (`LookupEvents`) names."""

    def probe() -> tuple[bool, str]:
        found = [str(detail.get("principal")) for detail in entries(world, name, "release-started")]
        return ANALYST in found, ", ".join(found) or "no release recorded"

    return probe


def announced(world: World, name: str, event: str) -> Probe:
    """A message about the instance with this word reached whoever subscribes to the topic."""

    def probe() -> tuple[bool, str]:
        found = world.inbox.about(world.actors[name].id)
        return event in found, ", ".join(found) or "no message"

    return probe


def handed_off(world: World, name: str, status: str) -> Probe:
    """Forensics was told of this status by an event that fits its published schema."""

    def probe() -> tuple[bool, str]:
        about = [one for one in world.forensics.messages() if one["detail"]["instance"]["id"] == world.actors[name].id]
        told = [one for one in about if one["detail"]["status"] == status]
        schema = json.loads((ROOT / "schemas/containment-status-change-event.schema.json").read_text(encoding="utf-8"))
        wrong = [error.message for one in told for error in Draft202012Validator(schema).iter_errors(one)]
        said = ", ".join(one["detail"]["status"] for one in about) or "nothing"
        return bool(told) and not wrong, "; ".join([said, *wrong])

    return probe


def latest_case(world: World, name: str) -> dict[str, Any] | None:
    """The instance's latest case as the table has it."""
    key = {"pk": {"S": world.actors[name].id}, "sk": {"S": "case"}}
    table = world.stack.resources["ContainmentLedger"]
    item = world.cloud.client("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")
    return plain(item) if item else None


def entries(world: World, name: str, kind: str) -> list[dict[str, Any]]:
    """The details of the instance's audit entries of this kind, oldest first."""
    answer = world.cloud.client("dynamodb").query(
        TableName=world.stack.resources["ContainmentLedger"],
        KeyConditionExpression="pk = :instance AND begins_with(sk, :entry)",
        ExpressionAttributeValues={":instance": {"S": world.actors[name].id}, ":entry": {"S": "entry#"}},
        ConsistentRead=True,
    )
    found = [plain(item) for item in answer["Items"]]
    return [json.loads(one["detail"]) for one in found if one["kind"] == kind]


def holds_before(world: World, name: str, case: dict[str, Any]) -> bool:
    """Whether the case tells each interface's groups, in order, the profile and its role as they were."""
    actor = world.actors[name]
    groups = {one: tuple(before["groups"]) for one, before in case["interfaces_before"].items()}
    same = groups == {one.id: one.groups_before for one in actor.interfaces}
    profile = actor.profile_arn.rpartition("/")[2]
    (role,) = world.cloud.client("iam").get_instance_profile(InstanceProfileName=profile)["InstanceProfile"]["Roles"]
    same = same and (case["profile_before"] or {}).get("arn") == actor.profile_arn
    return same and case.get("role_before") == {"arn": role["Arn"], "id": role["RoleId"]}


def described(case: dict[str, Any]) -> str:
    """The case in one line."""
    groups = {one: before["groups"] for one, before in case["interfaces_before"].items()}
    return f"case {case['case_id']} {case['status']}, before: {groups}, role: {case.get('role_before')}"


def plain(item: dict[str, Any]) -> dict[str, Any]:
    """The item's values without DynamoDB's type letters."""
    return {field: TypeDeserializer().deserialize(value) for field, value in item.items()}
