"""IAM's quotas, with the longest values that the parameters may have ("IAM and AWS STS quotas", IAM User Guide).

A role may have 10 managed policies (20 where AWS raises it); its own have 10,240 characters together, a managed one
6,144; white space does not count.
"""

import json
from typing import Any

import pytest

from tests.iam.roles import DEPLOYED
from tests.template import Template, as_document, source

MANAGED_OF_A_ROLE, OWN_CHARACTERS, MANAGED_CHARACTERS, RESOURCES = 10, 10_240, 6_144, 500
LONGEST = {
    "AWS::Region": "ap-southeast-99",
    "AWS::Partition": "aws-us-gov",
    "AWS::URLSuffix": "amazonaws.com.cn",
    "AWS::StackName": "S" * 128,
    "AWS::StackId": "S" * 300,
    "CanaryInstanceId": "i-0123456789abcdef0",
    "CentralEventBusArn": f"arn:aws-us-gov:events:us-gov-west-1:123456789012:event-bus/{'b' * 256}",
    "CentralTopicArn": f"arn:aws-us-gov:sns:us-gov-west-1:123456789012:{'t' * 256}",
    "EventBusName": "b" * 256,
    "EvidenceKmsKeyArn": f"arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/{'k' * 64}",
    "ExistingConnections": "nacl",
    "IsolateTagValue": "i" * 256,
    "IsolationRoleName": "r" * 48,
    "IsolationTagKey": "K" * 116,
    "KmsKeyArn": f"arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/{'k' * 64}",
    "ReleaseTagValue": "l" * 256,
    "ReviewTagValue": "v" * 256,
    "RevocableRolePath": f"/{'p' * 510}/",
    "RevokeCredentials": "role",
}
NAME = 128 + 36 + 13
"""Of what CloudFormation names: at most the stack's name, the logical id and its own end."""
TEMPLATE = Template(**DEPLOYED | LONGEST)
ROLES = TEMPLATE.of_type("AWS::IAM::Role")


def characters(document: Any) -> int:  # noqa: ANN401 - a policy document
    """As IAM counts: without white space, every name as long as it can be."""
    text = json.dumps(as_document(document), separators=(",", ":"))
    named = sum(text.count(f"<{one}{end}") for one in source()["Resources"] for end in (">", ".Arn>"))
    return len(text) + named * (NAME + len("arn:aws-us-gov:dynamodb:us-gov-west-1:123456789012:table/"))


def attached(kind: str, role: str) -> dict[str, dict[str, Any]]:
    """The policies of this type that are attached to the role."""
    return {name: one for name, one in TEMPLATE.of_type(kind).items() if f"<{role}>" in one.get("Roles", [])}


def test_the_longest_values_are_allowed_and_none_is_longer() -> None:
    parameters = source()["Parameters"]
    assert {name for name in LONGEST if "::" not in name} <= set(parameters)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_no_more_managed_policies_than_it_may(role: str) -> None:
    assert len(attached("AWS::IAM::ManagedPolicy", role)) <= MANAGED_OF_A_ROLE - 2, "two are left to the customer"


@pytest.mark.parametrize("role", ROLES)
def test_a_role_s_own_policies_fit(role: str) -> None:
    own = [one["PolicyDocument"] for one in ROLES[role]["Policies"]]
    own += [one["PolicyDocument"] for one in attached("AWS::IAM::Policy", role).values()]
    assert sum(map(characters, own)) < OWN_CHARACTERS


@pytest.mark.parametrize("policy", TEMPLATE.of_type("AWS::IAM::ManagedPolicy"))
def test_a_managed_policy_fits(policy: str) -> None:
    assert characters(TEMPLATE.properties(policy)["PolicyDocument"]) < MANAGED_CHARACTERS


def test_the_stack_has_fewer_resources_than_it_may() -> None:
    """A function of SAM's is two: itself, and how it is invoked."""
    functions = TEMPLATE.of_type("AWS::Serverless::Function")
    assert len(source()["Resources"]) + len(functions) < 120 < RESOURCES
