"""The functions of one deployed stack with the wire listened to, and the questions that their calls put to IAM."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

import isolate
import release
import tag_finding
from tests.cloud import ACCOUNT, REGION, Lab
from tests.iam.people import ACCOUNT as ELSEWHERE
from tests.iam.roles import DEPLOYED, ISOLATOR, RELEASER, TAGGER, arn, policies
from tests.iam.simulator import Policy, Question, Request
from tests.iam.wire import Heard, Wire
from tests.measures.test_evidence import KMS_KEY
from tests.scaling import Scaling, scaling_of
from tests.stack import Stack, about, forget_wiring
from tests.template import Template

ROLES = {isolate: ISOLATOR, release: RELEASER, tag_finding: TAGGER}
EVERYTHING = {
    "PROTECT_INSTANCE": "true",
    "FREEZE_INTERFACES": "true",
    "DISABLE_METADATA_SERVICE": "true",
    "DISASSOCIATE_ELASTIC_IPS": "true",
    "EXISTING_CONNECTIONS": "nacl",
    "AUTO_SCALING_MEMBERS": "standby",
    "REVOKE_CREDENTIALS": "instance",
    "SNAPSHOT_VOLUMES": "true",
    "LOCK_SNAPSHOTS_DAYS": "7",
    "EVIDENCE_KMS_KEY_ARN": KMS_KEY,
    "EVIDENCE_ACCOUNT_ID": "444455556666",
}
HERE = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "ExistingConnections": "nacl",
    "LockSnapshotsDays": "7",
    "EvidenceKmsKeyArn": KMS_KEY,
    "EvidenceAccountId": "444455556666",
}
KEY_POLICY = Template(**DEPLOYED | HERE).properties("NotificationsKey")["KeyPolicy"]
LETS_IAM_DECIDE = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
    ],
}
"""The policy that KMS gives a key ("Default key policy", AWS KMS Developer Guide): volumes' and that for evidence."""


@dataclass(slots=True)
class Played:
    """The stack whose functions are listened to."""

    stack: Stack
    lab: Lab
    wire: Wire
    scaling: Scaling
    arns: dict[str, str]
    monkeypatch: pytest.MonkeyPatch

    def isolated(self, instance_id: str) -> str:
        """Tag it, and have the isolator handle the event: the status."""
        self.wire.role = ISOLATOR
        return str(self.stack.tag_and_isolate(instance_id)["status"])

    def released(self, instance_id: str) -> str:
        """Tag it, and have the releaser handle the event: the status."""
        self.wire.role = RELEASER
        return str(self.stack.tag_and_release(instance_id)["status"])

    def swept(self, function: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - a handler module
        """One sweep of the function."""
        self.wire.role = ROLES[function]
        return self.stack.sweep(function)

    def found(self, instance_id: str, **changes: object) -> str:
        """What the tagger decides about a finding."""
        self.wire.role = TAGGER
        return str(self.stack.find(about(instance_id, **changes))[0]["action"])

    def set(self, **environment: str) -> None:
        """Deploy with other parameters."""
        for name, value in environment.items():
            self.monkeypatch.setenv(name, value)
        forget_wiring()

    def granted(self, role: str) -> dict[str, Policy]:
        """The role's policies, deployed as this stack is."""
        return policies(role, self.arns, **HERE)


def question(heard: Heard, number: int, identity: dict[str, Policy]) -> Question:
    """One of the questions of a call, for the role that made it."""
    asked = heard.asked[number]
    principal = f"arn:aws:sts::{ACCOUNT}:assumed-role/{heard.role}/one"
    request = Request(principal, asked.action, asked.resource, asked.context, ACCOUNT)
    if not asked.action.startswith("kms:"):
        return Question(request, identity)
    topic_key = str(asked.context["kms:ViaService"]).startswith("sns.")
    return Question(request, identity, resource=KEY_POLICY if topic_key else LETS_IAM_DECIDE)


def deployed(stack: Stack, lab: Lab, wire: Wire, isolation_profile: str, monkeypatch: pytest.MonkeyPatch) -> Played:
    """The stack with every measure on, and the ARNs of what it has."""
    template = Template(**{"AWS::Region": REGION})
    policy = template.properties("DenyContainedSessions")["PolicyDocument"]
    made = lab.iam.create_policy(PolicyName="deny-contained-sessions", PolicyDocument=json.dumps(policy))["Policy"]
    role = lab.iam.get_instance_profile(InstanceProfileName=isolation_profile.rpartition("/")[2])["InstanceProfile"]
    arns = {
        "ContainmentLedger": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/quarantag-ledger",
        "Notifications": f"arn:aws:sns:{REGION}:{ACCOUNT}:notifications",
        "RootInstanceProfile": isolation_profile,
        "EC2IsolationRole": role["Roles"][0]["Arn"],
        "DenyContainedSessions": made["Arn"],
        **{name: arn(name).replace(f":{ELSEWHERE}:", f":{ACCOUNT}:") for name in template.of_type("AWS::Events::Rule")},
    }
    played = Played(stack, lab, wire, scaling_of(lab), arns, monkeypatch)
    played.set(**EVERYTHING, SESSIONS_POLICY_ARN=made["Arn"])
    return played
