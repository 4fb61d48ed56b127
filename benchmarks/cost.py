"""What a finding, a containment, a release, a sweep and a month cost, from counted calls; docs/cost.md has the tables.

Calls are those of the wire (`benchmarks/wire.py`); a test counts them anew. How long Lambda is billed is an assumption:
each call waited for alone, which none is, and the pauses between two readings. Prices: `PRICES`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from benchmarks.memory_size import WHOLE_VCPU_MB
from benchmarks.scenarios import SCENARIOS, Event, Scenario, call
from benchmarks.world import World
from quarantag.metrics import BROKEN_RULES, OPEN_CASES, PAUSED, SWEEP_DURATION, UNFINISHED
from tests.template import Template

SECONDS_A_CALL = 0.05
SECONDS_A_RUN = 0.05
"""Of the processor, warm."""
SECONDS_OF_PAUSES = 5.0
"""Of an isolation or a release: between two readings, and for what AWS finishes later."""
SWEEPS_A_MONTH = 30 * 24 * 12
PRICES = {
    "Lambda, GB-second (Arm)": 0.0000133334,
    "Lambda, request": 0.20 / 1e6,
    "DynamoDB, write unit": 0.625 / 1e6,
    "DynamoDB, read unit": 0.125 / 1e6,
    "SNS, publish": 0.50 / 1e6,
    "EventBridge, custom event": 1.00 / 1e6,
    "CloudWatch, GB of logs": 0.50,
    "CloudWatch, alarm a month": 0.10,
    "CloudWatch, metric a month": 0.30,
    "KMS, key a month": 1.00,
}
"""Dollars in US East (N. Virginia), as public in 2026, without free tiers and discounts. AWS's price pages decide."""
_READS, _WRITES = {"GetItem", "Query"}, {"PutItem", "UpdateItem"}
_UNITS_OF_A_TRANSACTION = 8
"""Up to four items of 1 KB, and twice the units, since it is a transaction ("Read/write capacity", DynamoDB)."""
_KB_OF_LOG = 0.5
"""For each call: an audit entry, a step, a metric."""


@dataclass(frozen=True, slots=True)
class Work:
    """One invocation of a function: its calls by operation."""

    name: str
    scenario: Scenario
    calls: Mapping[str, int]
    pauses: float = 0.0

    @property
    def seconds(self) -> float:
        """How long it is billed, by the assumptions above."""
        return SECONDS_A_RUN + sum(self.calls.values()) * SECONDS_A_CALL + self.pauses

    @property
    def gb_seconds(self) -> float:
        """At the memory that template.yaml gives."""
        return self.seconds * WHOLE_VCPU_MB / 1024

    @property
    def dollars(self) -> float:
        """What AWS charges for it; calls of EC2, IAM, GuardDuty and CloudTrail cost nothing."""
        units = {
            "Lambda, GB-second (Arm)": self.gb_seconds,
            "Lambda, request": 1,
            "DynamoDB, read unit": sum(self.calls.get(one, 0) for one in _READS),
            "DynamoDB, write unit": sum(self.calls.get(one, 0) for one in _WRITES)
            + self.calls.get("TransactWriteItems", 0) * _UNITS_OF_A_TRANSACTION,
            "SNS, publish": self.calls.get("Publish", 0),
            "EventBridge, custom event": self.calls.get("PutEvents", 0),
            "CloudWatch, GB of logs": sum(self.calls.values()) * _KB_OF_LOG / 1e6,
        }
        return sum(PRICES[name] * count for name, count in units.items())


def _idle(_world: World) -> Event:
    return {"sweep": True}


def _one_open(world: World) -> Event:
    call("isolate", world.tagged(world.lab.instance([world.lab.vpc()]).id))
    return {"sweep": True}


def _elsewhere(world: World) -> Event:
    return world.found("i-0123456789abcdef0", accountId="999988887777")


_COUNTED = {one.name: one for one in SCENARIOS}
_CONTAINS = "isolate: 1 interface, fresh VPC, with measures"
WORKS = (
    Work(
        "a finding that is ignored",
        _COUNTED["tag_finding: ignore"],
        {"DescribeInstances": 1, "GetItem": 2},
    ),
    Work("a finding of another account", Scenario("elsewhere", "tag_finding", _elsewhere), {}),
    Work(
        "a finding that isolates",
        _COUNTED["tag_finding: isolate"],
        {"CreateTags": 1, "DescribeInstances": 2, "GetItem": 3, "TransactWriteItems": 2, "UpdateItem": 2},
    ),
    Work(
        "a containment, the VPC's first, every default measure",
        _COUNTED[_CONTAINS],
        {
            "AttachRolePolicy": 1,
            "CreateSecurityGroup": 1,
            "CreateSnapshots": 1,
            "CreateTags": 4,
            "DescribeAutoScalingInstances": 1,
            "DescribeIamInstanceProfileAssociations": 4,
            "DescribeInstanceAttribute": 6,
            "DescribeInstanceTypes": 1,
            "DescribeInstances": 12,
            "DescribeNetworkInterfaces": 6,
            "DescribeSecurityGroups": 4,
            "DescribeSnapshots": 3,
            "GetInstanceProfile": 2,
            "GetItem": 5,
            "GetRole": 2,
            "ListAttachedRolePolicies": 2,
            "LookupEvents": 2,
            "ModifyInstanceAttribute": 3,
            "ModifyNetworkInterfaceAttribute": 1,
            "Publish": 1,
            "PutEvents": 1,
            "ReplaceIamInstanceProfileAssociation": 1,
            "RevokeSecurityGroupEgress": 1,
            "TagRole": 1,
            "TransactWriteItems": 11,
            "UpdateItem": 11,
        },
        SECONDS_OF_PAUSES,
    ),
    Work(
        "a release, of the cut and the profile",
        _COUNTED["release: 1 interface"],
        {
            "CreateTags": 2,
            "DescribeIamInstanceProfileAssociations": 3,
            "DescribeInstances": 4,
            "DescribeNetworkInterfaces": 3,
            "DescribeSecurityGroups": 6,
            "GetInstanceProfile": 3,
            "GetItem": 2,
            "LookupEvents": 1,
            "ModifyNetworkInterfaceAttribute": 1,
            "Publish": 1,
            "PutEvents": 1,
            "ReplaceIamInstanceProfileAssociation": 1,
            "TransactWriteItems": 5,
            "UpdateItem": 3,
        },
        SECONDS_OF_PAUSES,
    ),
    Work(
        "an idle sweep of tag_finding",
        Scenario("idle", "tag_finding", _idle),
        {"GetItem": 2, "ListDetectors": 1, "PutItem": 1, "Query": 2},
    ),
    Work(
        "an idle sweep of isolate",
        Scenario("idle", "isolate", _idle),
        {"DescribeInstances": 2, "DescribeSecurityGroups": 1, "GetItem": 1, "Query": 2},
    ),
    Work(
        "an idle sweep of release",
        Scenario("idle", "release", _idle),
        {"DescribeInstances": 1, "GetItem": 1, "Query": 1},
    ),
    Work(
        "a sweep of isolate with one contained, every default measure",
        Scenario("open", "isolate", _one_open, measures=True),
        {
            "DescribeAutoScalingInstances": 1,
            "DescribeIamInstanceProfileAssociations": 2,
            "DescribeInstanceAttribute": 3,
            "DescribeInstances": 6,
            "DescribeNetworkInterfaces": 4,
            "DescribeSecurityGroups": 3,
            "DescribeSnapshots": 1,
            "GetItem": 3,
            "LookupEvents": 2,
            "Query": 2,
            "UpdateItem": 2,
        },
        1.0,
    ),
)


def work(name: str) -> Work:
    """The work of this name."""
    return next(one for one in WORKS if one.name == name)


IDLE_METRICS = 3 * len((SWEEP_DURATION, UNFINISHED)) + len((OPEN_CASES, PAUSED, BROKEN_RULES))
"""Written by every sweep: the first two by each function. Others cost only in the hours in which they are written."""


def idle_month() -> Iterator[tuple[str, float]]:
    """What one stack costs in a month without a finding, by item, in dollars."""
    sweeps = sum(one.dollars for one in WORKS if one.name.startswith("an idle sweep"))
    yield "sweeps", sweeps * SWEEPS_A_MONTH
    alarms = len(Template().of_type("AWS::CloudWatch::Alarm"))
    yield f"{alarms} alarms", alarms * PRICES["CloudWatch, alarm a month"]
    yield f"{IDLE_METRICS} metrics", IDLE_METRICS * PRICES["CloudWatch, metric a month"]
    yield "the topic's key", PRICES["KMS, key a month"]
