"""The functions, wired as template.yaml wires them, in process over the strict moto; their world is asked of AWS."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

import isolate
import release
import revoke
import stack as own_function
import tag_finding
from quarantag import isolation
from quarantag.aws import wiring
from quarantag.aws.attributes import unmarshalled
from quarantag.outcome import Outcome, Request
from quarantag.ports import Ports
from tests.cloud import ACCOUNT, REGION, SESSION, STACK, TABLE, Lab
from tests.faults import FakeClock, Fault, faulty
from tests.findings import document
from tests.invocation import invoke
from tests.statuschanges import validate_status_change, workflows

KEY = "SecurityIsolation"
DEFAULTS = {
    "ACCOUNT_ID": ACCOUNT,
    "AWS_REGION": REGION,
    "STACK_NAME": STACK,
    "ISOLATION_TAG_KEY": KEY,
    "ISOLATE_TAG_VALUE": "Isolate",
    "REVIEW_TAG_VALUE": "Review",
    "RELEASE_TAG_VALUE": "Release",
    "ISOLATION_SECURITY_GROUP_NAME": "SecurityIsolation-SecurityGroup",
    "MODE": "enforce",
    "ACT_ON_SAMPLE_FINDINGS": "false",
    "MAX_CONTAINMENTS_PER_HOUR": "50",
    "SEVERITY_POLICY": "default",
    "PROTECT_INSTANCE": "false",
    "SNAPSHOT_VOLUMES": "false",
    "EVENT_BUS_NAME": "default",
    "DISABLE_METADATA_SERVICE": "false",
    "DISASSOCIATE_ELASTIC_IPS": "false",
    "EXISTING_CONNECTIONS": "keep",
    "FREEZE_INTERFACES": "false",
    "AUTO_SCALING_MEMBERS": "keep",
    "REVOKE_CREDENTIALS": "none",
    "SERVICE_MODELS": "models",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}
"""What template.yaml sets by default, and the credentials that Lambda gives; the measures have tests of their own."""


@dataclass(frozen=True, slots=True)
class Context:
    """What the functions use of Lambda's context."""

    aws_request_id: str = "request-1"
    seconds: float = 90.0

    def get_remaining_time_in_millis(self) -> int:
        """How long the function may still run."""
        return int(self.seconds * 1000)


@dataclass(slots=True)
class Stack:
    """One deployed stack: sends events to its functions, and shows what people and auditors see."""

    lab: Lab
    sqs: Any
    queue_url: str
    dynamodb: Any
    events_url: str
    requests: int = field(default=0)

    def context(self) -> Any:  # noqa: ANN401
        """A new Lambda invocation."""
        self.requests += 1
        return Context(f"request-{self.requests}")

    def isolate(self, instance_id: str, **changed: str) -> dict[str, Any]:
        """The isolator's only case for a change of the control tag, with `changed` over the live tags."""
        answer = invoke(isolate, tag_change(instance_id, self.lab.tags(instance_id) | changed), self.context())
        return cast("dict[str, Any]", answer["cases"][0])

    def ports(self, *faults: Fault) -> Ports:
        """The real ports with faults in them, and a clock that does not wait."""
        real = wiring.ports(wiring.base(), wiring.logger("test"))
        broken = {name: faulty(getattr(real, name), *faults) for name in ("instances", "ledger", "announcer")}
        kept: dict[str, Any] = {name: getattr(real, name) for name in ("trail", "findings", "bus", "switch")}
        return Ports(clock=FakeClock(), **kept, **broken)

    def release(self, instance_id: str, **changed: str) -> dict[str, Any]:
        """The releaser's only case for a change of the control tag, with `changed` over the live tags."""
        answer = invoke(release, tag_change(instance_id, self.lab.tags(instance_id) | changed), self.context())
        return cast("dict[str, Any]", answer["cases"][0])

    def tag_and_release(self, instance_id: str) -> dict[str, Any]:
        """As a releaser does: the tag, then the event that follows."""
        self.lab.tag(instance_id, **{KEY: "Release"})
        return self.release(instance_id)

    def sweep(self, function: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - one of the handler modules
        """What the function answers to the schedule."""
        (answer,) = invoke(function, {"sweep": True}, self.context()).values()
        return cast("list[dict[str, Any]]", answer)

    def reconcile(self, instance_id: str, *faults: Fault, wanted: str | None = "Isolate", **ports: object) -> Outcome:
        """One run of the isolator over faulty ports, or over these ports instead."""
        request = Request(instance_id, wanted, self.context().aws_request_id)
        used = replace(self.ports(*faults), **cast("dict[str, Any]", ports))
        return isolation.isolate(request, used, wiring.settings())

    def tag_and_isolate(self, instance_id: str) -> dict[str, Any]:
        """As an analyst does: the tag, then the event that follows."""
        self.lab.tag(instance_id, **{KEY: "Isolate"})
        return self.isolate(instance_id)

    def find(self, finding: dict[str, Any]) -> list[dict[str, Any]]:
        """The tagger's decisions about a finding."""
        event = {"source": "aws.guardduty", "detail-type": "GuardDuty Finding", "id": "event-1", "detail": finding}
        return cast("list[dict[str, Any]]", tag_finding.handler(event, self.context())["decisions"])

    def announced(self) -> list[str]:
        """Subjects of the messages sent since the last call."""
        subjects = []
        while messages := self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                subjects.append(json.loads(message["Body"])["Subject"])
                self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return subjects

    def sent(self) -> list[dict[str, Any]]:
        """Details of the status changes sent to workflows since the last call, each held to its schema."""
        details = []
        while messages := self.sqs.receive_message(QueueUrl=self.events_url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                details.append(json.loads(message["Body"])["detail"])
                validate_status_change(details[-1])
                self.sqs.delete_message(QueueUrl=self.events_url, ReceiptHandle=message["ReceiptHandle"])
        return details

    def items(self) -> list[dict[str, Any]]:
        """Everything in the ledger."""
        return [unmarshalled(item) for item in self.dynamodb.scan(TableName=TABLE)["Items"]]

    def case(self, instance_id: str) -> dict[str, Any] | None:
        """The instance's latest case."""
        found = (item for item in self.items() if (item["pk"], item["sk"]) == (instance_id, "case"))
        return next(found, None)

    def entries(self, instance_id: str, kind: str) -> list[dict[str, Any]]:
        """Details of the instance's audit entries of this kind, oldest first."""
        found = [item for item in self.items() if item["pk"] == instance_id and item.get("kind") == kind]
        return [json.loads(item["detail"]) for item in sorted(found, key=lambda item: str(item["sk"]))]

    def isolation_group(self, vpc_id: str) -> dict[str, Any]:
        """The stack's one isolation group in the VPC."""
        filters = [{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "tag:QuarantagStack", "Values": [STACK]}]
        (group,) = self.lab.ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
        return cast("dict[str, Any]", group)

    def profile(self, instance_id: str) -> str | None:
        """ARN of the instance's profile."""
        association = self.lab.association(instance_id)
        return association["IamInstanceProfile"]["Arn"] if association else None


def tag_change(instance_id: str, tags: dict[str, str], key: str = KEY) -> dict[str, Any]:
    """An EventBridge tag-change event, in the shape that AWS documents."""
    return {
        "version": "0",
        "id": "bddcf1d6-0000-0000-0000-000000000000",
        "detail-type": "Tag Change on Resource",
        "source": "aws.tag",
        "account": ACCOUNT,
        "time": "2026-11-23T12:00:00Z",
        "region": REGION,
        "resources": [f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{instance_id}"],
        "detail": {
            "changed-tag-keys": [key],
            "service": "ec2",
            "resource-type": "instance",
            "version": 1,
            "tags": tags,
        },
    }


def about(instance_id: str, **changes: object) -> dict[str, Any]:
    """A severity-8 command-and-control finding about this instance of this account and Region."""
    place = {"accountId": ACCOUNT, "region": REGION, "resource__instanceDetails__instanceId": instance_id}
    return document(**{**place, "type": "Backdoor:EC2/C&CActivity.B", "severity": 8, **changes})


def is_cut(stack: Stack, interface_id: str, vpc_id: str) -> bool:
    """Whether the interface is in the VPC's isolation group only, and that group has no rule."""
    group = stack.isolation_group(vpc_id)
    no_rules = not group["IpPermissions"] and not group["IpPermissionsEgress"]
    return no_rules and stack.lab.groups(interface_id) == [group["GroupId"]]


@pytest.fixture
def stack(
    lab: Lab,
    ledger_table: Any,  # noqa: ANN401 - a boto3 resource
    isolation_profile_arn: str,
    task_root: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Stack]:
    """A deployed stack with the default parameters."""
    sns, sqs = SESSION.client("sns"), SESSION.client("sqs")
    topic = sns.create_topic(Name="notifications")["TopicArn"]
    queue_url = sqs.create_queue(QueueName="mailbox")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:mailbox")
    environment = DEFAULTS | {
        "ISOLATION_INSTANCE_PROFILE_ARN": isolation_profile_arn,
        "LEDGER_TABLE": ledger_table.name,
        "NOTIFICATIONS_TOPIC_ARN": topic,
        "LAMBDA_TASK_ROOT": task_root,
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    forget_wiring()
    running = Stack(lab, sqs, queue_url, SESSION.client("dynamodb"), workflows(sqs))
    yield running
    running.sent()
    forget_wiring()


def forget_wiring() -> None:
    """As a cold start: the functions read their environment anew, and no logger is hushed, as benchmarks do."""
    for name in [one for one in logging.root.manager.loggerDict if one.startswith("quarantag")]:
        logging.getLogger(name).setLevel(logging.INFO)
    wiring.wired.cache_clear()
    revoke.wired.cache_clear()
    own_function.wired.cache_clear()
    tag_finding.policy.cache_clear()
