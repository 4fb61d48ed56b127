"""Mutated events: each handler refuses with this package's own errors, and acts on nothing that none may ask for."""

from random import Random

import isolate
import release
import tag_finding
from tests.cloud import Lab
from tests.crash.crew import one_core
from tests.crash.fuzz import Fuzz, run
from tests.stack import Stack

EVENTS = 2_000
WIRED = 100


def test_mutated_events_are_refused_or_harmless() -> None:
    with one_core():
        seen = run(seed=1, events=EVENTS)
    for kind, function in (("tag", "isolate"), ("tag", "release"), ("finding", "tag_finding")):
        assert seen[f"{kind}, {function}: refused"] > EVENTS / 10, "else nothing invalid was sent"
        assert seen[f"{kind}, {function}: understood"] > EVENTS / 50, "else nothing valid was"
    assert min(seen["finding: tagged"], seen["trail: recorded tagged"]) > EVENTS / 50, seen
    assert seen["tag: tagged"] == seen["trail: tagged"] == 0


class Deployed:
    """The strict moto, with the stack in it."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.known: set[str] = set()

    def tags(self, instance_id: str) -> dict[str, str]:
        return self.stack.lab.tags(instance_id)

    def untag(self, instance_id: str, key: str) -> None:
        self.stack.lab.ec2.delete_tags(Resources=[instance_id], Tags=[{"Key": key}])

    def changed(self) -> bool:
        interfaces = self.stack.lab.ec2.describe_network_interfaces()["NetworkInterfaces"]
        groups = {group["GroupId"] for one in interfaces for group in one["Groups"]}
        instances = [i for r in self.stack.lab.ec2.describe_instances()["Reservations"] for i in r["Instances"]]
        cases = [item for item in self.stack.items() if item["sk"] == "case"]
        return len(groups) != 1 or any(one.get("Tags") for one in instances) or bool(cases)

    def recorded(self) -> list[tuple[str, str]]:
        entries = {item["sk"]: item for item in self.stack.items() if str(item["sk"]).startswith("entry#")}
        new = [(item["pk"], item["kind"]) for key, item in entries.items() if key not in self.known]
        self.known |= entries.keys()
        return new


def test_the_handlers_as_lambda_calls_them_are_no_different(stack: Stack, lab: Lab) -> None:
    network = lab.vpc()
    mine, other = (lab.instance([network]).id for _ in range(2))
    handlers = {"isolate": isolate.handler, "release": release.handler, "tag_finding": tag_finding.handler}
    one = Fuzz(Random(2), Deployed(stack), handlers, mine, other)  # noqa: S311 - a seed, no secret
    for _ in range(WIRED):
        one.trail_event()
        one.finding_event()
    assert min(one.seen["finding: tagged"], one.seen["trail: recorded tagged"]) > 0, one.seen
