"""What an operator's commands read of AWS, with an analyst's permissions: the stack, its ledger, the live instances.

The adapter of the operator's commands: beside the local cloud only this module and `replay/live` know the SDK. It
changes nothing but tags, and those only through `Ec2Instances.tag`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3

from console.deployed import PATIENT, says, session_of, stack_of
from quarantag.aws import faults, reading
from quarantag.aws.attributes import unmarshalled
from quarantag.aws.instances import Ec2Instances
from quarantag.aws.items import OPEN_CASES_INDEX, case_of
from quarantag.aws.switch import DynamoDbSwitch
from quarantag.aws.table import Table
from quarantag.aws.wiring import SystemClock
from quarantag.case import Case
from quarantag.errors import Terminal
from quarantag.execution import side_by_side
from quarantag.instance import Instance, Observation
from quarantag.ports import Clock, Instances
from quarantag.settings import CASE_TAG_KEY, Mode, Settings
from quarantag.switch import BY_PARAMETER, Fixed, Switch

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_ec2 import EC2Client

DEFAULT_STACK = "quarantag"
_TEXTS = {
    "IsolationTagKey": "tag_key",
    "IsolateTagValue": "isolate_value",
    "ReviewTagValue": "review_value",
    "ReleaseTagValue": "release_value",
    "ForensicAccessSource": "forensic_access_source",
}
"""The stack's parameters that are settings as they are written."""
_DEFAULT_ROLE = "SecurityIsolation-IAMRole"
_MODES: dict[str, Mode] = {"enforce": "enforce", "observe": "observe"}
_MOST_FILTER_VALUES = 200  # EC2 User Guide, "Filtering considerations"


@dataclass(frozen=True, slots=True)
class Place:
    """Which stack is meant; with `tag_key` or `ledger` CloudFormation is not asked, for those who may not read it."""

    stack: str = DEFAULT_STACK
    region: str | None = None
    profile: str | None = None
    tag_key: str | None = None
    ledger: str | None = None
    forensic_access_source: str | None = None
    forensic_access_port: int = 22

    @property
    def told(self) -> bool:
        """Whether the operator says what CloudFormation would."""
        return bool(self.tag_key or self.ledger)


class CaseBook:
    """The ledger, read only; raises `LedgerUnavailable`, and `Terminal` where nobody said which table it is."""

    def __init__(self, client: "DynamoDBClient", name: str | None, clock: Clock) -> None:
        """Read the table of this name."""
        self._client = client
        self._name = name
        self._clock = clock

    @property
    def known(self) -> bool:
        """Whether there is a ledger to read."""
        return self._name is not None

    def case(self, instance_id: str) -> Case | None:
        """The latest case of the instance, open or closed."""
        values = self._table().get(instance_id, "case")
        return case_of(values) if values else None

    def cases(self, instance_ids: Iterable[str]) -> dict[str, Case]:
        """The latest case of each of these instances that has one."""
        ids = sorted(set(instance_ids))
        with side_by_side() as pool:
            calls = {one: pool.submit(self.case, one) for one in ids}
        return {one: case for one, call in calls.items() if (case := call.result())}

    def open_instances(self) -> frozenset[str]:
        """Ids of the instances with an open case."""
        return frozenset(item["pk"] for item in self._table().query(OPEN_CASES_INDEX, "open_case", "open"))

    def entries(self, instance_id: str) -> Iterator[dict[str, Any]]:
        """The audit entries of the instance as they were written, oldest first."""
        return self._query(instance_id, "entry#")

    def closed(self, instance_id: str) -> Iterator[Case]:
        """Every closed case of the instance, oldest first."""
        yield from (case_of(values) for values in self._query(instance_id, "closed#"))

    def _query(self, instance_id: str, prefix: str) -> Iterator[dict[str, Any]]:
        self._table()
        with faults.translated(f"read the ledger {self._name}"):
            pages = self._client.get_paginator("query").paginate(
                TableName=str(self._name),
                KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
                ExpressionAttributeValues={":pk": {"S": instance_id}, ":prefix": {"S": prefix}},
                ConsistentRead=True,
            )
            for page in pages:
                yield from (unmarshalled(item) for item in page["Items"])

    def paused(self) -> str:
        """Who paused the stack by the switch and why, "" where nobody did or no ledger is known."""
        return DynamoDbSwitch(self._table()).paused() if self.known else ""

    def _table(self) -> Table:
        if self._name is None:
            raise Terminal("the ledger's table is not known: name it by --ledger, or leave --tag-key away")
        return Table(self._client, self._name, self._clock)


@dataclass(frozen=True, slots=True)
class Saved:
    """A snapshot of a case; its tags say of which volume and device it is, and whether a copy."""

    id: str
    state: str
    tags: Mapping[str, str]


class Fleet:
    """Live instances in few calls: those that are asked for together are read together."""

    def __init__(self, client: "EC2Client", instances: Instances) -> None:
        """Read by this client, and one instance's parts by the functions' own port."""
        self._client = client
        self._instances = instances

    def instances(self, instance_ids: Iterable[str]) -> dict[str, Instance]:
        """Those of these instances that EC2 knows (`DescribeInstances` by filter: an unknown id fails no other)."""
        ids = sorted(set(instance_ids))
        parts = [ids[start : start + _MOST_FILTER_VALUES] for start in range(0, len(ids), _MOST_FILTER_VALUES)]
        return {found.id: found for part in parts for found in self._described(part)}

    def observations(self, of: Sequence[Instance]) -> dict[str, Observation]:
        """All that is read of each of these instances, for `plan`."""
        if not of:
            return {}
        groups = self._instances.isolation_groups()
        with side_by_side() as pool:
            interfaces = [pool.submit(self._instances.interfaces, one.id) for one in of]
            profiles = [pool.submit(self._instances.profile_associations, one.id) for one in of]
        return {
            one.id: Observation(one, found.result(), associations.result(), groups)
            for one, found, associations in zip(of, interfaces, profiles, strict=True)
        }

    def snapshots(self, case_id: str) -> Iterator[Saved]:
        """The case's evidence (`DescribeSnapshots` by its tag)."""
        with faults.translated(f"read the snapshots of {case_id}"):
            pages = self._client.get_paginator("describe_snapshots").paginate(
                OwnerIds=["self"], Filters=[{"Name": f"tag:{CASE_TAG_KEY}", "Values": [case_id]}]
            )
            for page in pages:
                for one in page["Snapshots"]:
                    yield Saved(one["SnapshotId"], one["State"], reading.tags_of(one.get("Tags", [])))

    def _described(self, ids: Sequence[str]) -> Iterator[Instance]:
        with faults.translated("read the instances"):
            pages = self._client.get_paginator("describe_instances").paginate(
                Filters=[{"Name": "instance-id", "Values": list(ids)}]
            )
            for page in pages:
                for reservation in page["Reservations"]:
                    yield from (reading.instance_of(one) for one in reservation.get("Instances", []))


@dataclass(frozen=True, slots=True)
class Desk:
    """All that a command needs: the stack's settings, and what reads AWS."""

    settings: Settings
    instances: Instances
    fleet: Fleet
    book: CaseBook
    clock: Clock
    switch: Switch


def desk(place: Place, clock: Clock | None = None) -> Desk:
    """Find the stack and give what its commands need. Raises `Retryable` or `Terminal`, each one line."""
    session = session_of(place)
    ec2 = session.client("ec2", config=PATIENT)
    dynamodb = session.client("dynamodb", config=PATIENT)
    settings, ledger, parameter = _told(session, place) if place.told else _deployed(session, place)
    instances = Ec2Instances(ec2, lambda: session.client("iam", config=PATIENT), settings)
    clock = clock or SystemClock()
    book = CaseBook(dynamodb, ledger, clock)
    return Desk(settings, instances, Fleet(ec2, instances), book, clock, Fixed(parameter) if parameter else book)


def _deployed(session: boto3.Session, place: Place) -> tuple[Settings, str, str]:
    """Read the stack's parameters and outputs (CloudFormation `DescribeStacks`): settings, ledger, who paused it."""
    stack = stack_of(session, place.stack)
    outputs, given = says(stack)
    if "Ledger" not in outputs or "IsolationInstanceProfile" not in outputs:
        raise Terminal(f"the stack {place.stack} is not Quarantag's, or not deployed yet: it has no output Ledger")
    account = stack["StackId"].split(":")[4]
    settings = Settings(
        account=account,
        region=session.region_name,
        isolation_profile_arn=outputs["IsolationInstanceProfile"],
        stack=stack["StackName"],
        mode=_MODES.get(given.get("Mode", ""), "enforce"),
        release_principals=tuple(given.get("ReleasePrincipals", "*").split(",")),
        forensic_access_port=int(given.get("ForensicAccessPort", "22")),
        **_texts(given),
    )
    return settings, outputs["Ledger"], BY_PARAMETER if given.get("Paused") == "true" else ""


def _told(session: boto3.Session, place: Place) -> tuple[Settings, str | None, str]:
    """Take what the operator says, and the template's defaults for the rest; STS says which account this is."""
    with faults.translated("ask who you are"):
        identity = session.client("sts", config=PATIENT).get_caller_identity()
    partition, account = identity["Arn"].split(":")[1], identity["Account"]
    profile = f"arn:{partition}:iam::{account}:instance-profile/{_DEFAULT_ROLE}-{session.region_name}"
    given = {"IsolationTagKey": place.tag_key, "ForensicAccessSource": place.forensic_access_source}
    texts = _texts({name: value for name, value in given.items() if value})
    port = place.forensic_access_port
    settings = Settings(account, session.region_name, profile, stack=place.stack, forensic_access_port=port, **texts)
    return settings, place.ledger, ""


def _texts(given: Mapping[str, str]) -> dict[str, Any]:
    return {setting: given[name] for name, setting in _TEXTS.items() if name in given}
