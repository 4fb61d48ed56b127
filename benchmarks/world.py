"""The AWS that is measured against: strict moto in this process, with what template.yaml makes, and its environment."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from console.cloud.strict_moto import StrictMoto, strict_moto
from console.compile_policies import main as compile_policies
from tests.cloud import ACCOUNT, ISOLATION_PROFILE, REGION, SESSION, STACK, TABLE, Lab
from tests.findings import document
from tests.stack import KEY, tag_change

ROOT = Path(__file__).resolve().parents[1]
WITHOUT_MEASURES = {
    **dict.fromkeys(("PROTECT_INSTANCE", "SNAPSHOT_VOLUMES", "DISABLE_METADATA_SERVICE"), "false"),
    **dict.fromkeys(("DISASSOCIATE_ELASTIC_IPS", "FREEZE_INTERFACES"), "false"),
    **dict.fromkeys(("EXISTING_CONNECTIONS", "AUTO_SCALING_MEMBERS"), "keep"),
    "REVOKE_CREDENTIALS": "none",
}
"""The parameters of what supports the cut, each turned off."""


@dataclass(frozen=True, slots=True)
class World:
    """The cloud, what makes things in it, and the environment that template.yaml gives the functions."""

    cloud: StrictMoto
    lab: Lab
    environment: Mapping[str, str]

    def tagged(self, instance_id: str, value: str = "Isolate") -> dict[str, Any]:
        """Tag the instance, as a person does; the event that follows."""
        self.lab.tag(instance_id, **{KEY: value})
        return tag_change(instance_id, self.lab.tags(instance_id))

    def found(self, instance_id: str, **changes: object) -> dict[str, Any]:
        """The event of a severity-8 command-and-control finding about the instance, with changes by path."""
        place = {"accountId": ACCOUNT, "region": REGION, "resource__instanceDetails__instanceId": instance_id}
        detail = document(**{**place, "type": "Backdoor:EC2/C&CActivity.B", "severity": 8, **changes})
        return {"source": "aws.guardduty", "detail-type": "GuardDuty Finding", "id": "event-1", "detail": detail}


@contextmanager
def world(*, measures: bool = True) -> Iterator[World]:
    """An empty cloud with one deployed stack; the environment is this process's own while the block runs.

    Without `measures` the stack's parameters ask for none of those that support the cut.
    """
    artifact = _policies()
    with strict_moto() as cloud:
        lab = Lab(cloud, SESSION.client("ec2"), SESSION.client("iam"))
        environment = _stack(lab) | {"LAMBDA_TASK_ROOT": str(artifact)} | ({} if measures else WITHOUT_MEASURES)
        before = dict(os.environ)
        os.environ.update(environment)
        try:
            yield World(cloud, lab, environment)
        finally:
            os.environ.clear()
            os.environ.update(before)


@cache
def _policies() -> Path:
    """The directory that has `policies/` as the artifact has it; made once for each process."""
    artifact = ROOT / "build" / "benchmarks"
    if compile_policies([str(ROOT / "policies"), str(artifact / "policies")]):
        raise SystemExit(1)  # it has said why
    return artifact


def _stack(lab: Lab) -> dict[str, str]:
    """Make the stack's resources; the functions' environment with template.yaml's defaults."""
    _ledger_table()
    return {
        "ACCOUNT_ID": ACCOUNT,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "STACK_NAME": STACK,
        "ISOLATION_TAG_KEY": KEY,
        "ISOLATE_TAG_VALUE": "Isolate",
        "REVIEW_TAG_VALUE": "Review",
        "RELEASE_TAG_VALUE": "Release",
        "ISOLATION_SECURITY_GROUP_NAME": "SecurityIsolation-SecurityGroup",
        "ISOLATION_INSTANCE_PROFILE_ARN": lab.profile(ISOLATION_PROFILE),
        "MODE": "enforce",
        "ACT_ON_SAMPLE_FINDINGS": "false",
        "MAX_CONTAINMENTS_PER_HOUR": "50",
        "EVENT_BUS_NAME": "default",
        "SESSIONS_POLICY_ARN": _sessions_policy(lab),
        "LEDGER_TABLE": TABLE,
        "NOTIFICATIONS_TOPIC_ARN": SESSION.client("sns").create_topic(Name="notifications")["TopicArn"],
        "SEVERITY_POLICY": "default",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "POWERTOOLS_LOG_LEVEL": "CRITICAL",
    }


def _sessions_policy(lab: Lab) -> str:
    """What it says matters to nobody here, but that it is there."""
    nothing = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}
    made = lab.iam.create_policy(PolicyName="DenyContainedSessions", PolicyDocument=json.dumps(nothing))
    return str(made["Policy"]["Arn"])


def _ledger_table() -> None:
    SESSION.client("dynamodb").create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk", "open_case")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "open-cases",
                "KeySchema": [{"AttributeName": "open_case", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    )
