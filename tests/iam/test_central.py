"""The organization's bus and topic: its stacks send there and nobody else does; a stack sends nothing else there."""

from collections.abc import Mapping
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from tests.iam.people import ACCOUNT, REGION
from tests.iam.roles import DEPLOYED, FUNCTIONS, policies
from tests.iam.simulator import FULL_ACCESS, Policy, Question, Request, simulate
from tests.template import ROOT, Template

SECURITY, ORGANIZATION = "999988887777", "o-abcdefghij"
BUS = f"arn:aws:events:{REGION}:{SECURITY}:event-bus/quarantag-central"
TOPIC = f"arn:aws:sns:{REGION}:{SECURITY}:quarantag-central-Topic-XYZ"
KEY = f"arn:aws:kms:{REGION}:{SECURITY}:key/0f"
ON = {"CentralEventBusArn": BUS, "CentralTopicArn": TOPIC}
FORWARDER = "RoleForCentralBus"
NAMES = {"<Bus.Arn>": BUS, "<Topic>": TOPIC, "<AlarmsToTopic.Arn>": f"arn:aws:events:{REGION}:{SECURITY}:rule/x"}


def central(logical_id: str, document: str) -> Any:  # noqa: ANN401 - a policy document
    """A policy of central.yaml, in the account of the security team."""
    parsed: dict[str, Any] = yaml_parse((ROOT / "policies/organization/central.yaml").read_text(encoding="utf-8"))
    values = DEPLOYED | {"AWS::AccountId": SECURITY, "OrganizationId": ORGANIZATION}
    found = Template(**values).evaluated(parsed["Resources"][logical_id]["Properties"][document])
    return _named(found)


def _named(value: Any) -> Any:  # noqa: ANN401 - a policy's value
    if isinstance(value, dict):
        return {key: _named(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_named(one) for one in value]
    return NAMES.get(value, value)


BUS_POLICY: Policy = {"Version": "2012-10-17", "Statement": [central("BusPolicy", "Statement")]}
TOPIC_POLICY: Policy = central("TopicPolicy", "PolicyDocument")
KEY_POLICY: Policy = central("Key", "KeyPolicy")
HOW: dict[str, tuple[str, Policy, dict[str, str | list[str]]]] = {
    "events:PutEvents": (BUS, BUS_POLICY, {"events:source": ["quarantag"]}),
    "sns:Publish": (TOPIC, TOPIC_POLICY, {"aws:SecureTransport": "true"}),
    "kms:GenerateDataKey": (KEY, KEY_POLICY, {"kms:ViaService": f"sns.{REGION}.amazonaws.com"}),
    "kms:Decrypt": (KEY, KEY_POLICY, {"kms:ViaService": f"sns.{REGION}.amazonaws.com"}),
}
"""What a member does there: the resource, its policy, and the keys that AWS fills."""


def asked(
    role: str,
    action: str,
    identity: Mapping[str, Policy],
    context: Mapping[str, str | list[str]] = {},
    organization: str = ORGANIZATION,
) -> Question:
    """A call of this role (its path and name) of a member account."""
    resource, policy, keys = HOW[action]
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role.rpartition('/')[2]}/one"
    who = {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/{role}", "aws:PrincipalOrgID": organization}
    given = {**keys, **who, **context}
    return Question(Request(session, action, resource, given, SECURITY), identity, resource=policy)


def of_stack(role: str, action: str, **context: str | list[str]) -> Question:
    """A call of a role of the member's stack; `__` in a context key stands for `:`."""
    keys = {key.replace("__", ":"): value for key, value in context.items()}
    return asked(f"quarantag/quarantag-{role}-XYZ", action, policies(role, {}, **ON), keys)


def test_the_stacks_of_the_organization_send() -> None:
    published = [
        of_stack(role, action) for role in FUNCTIONS for action in ("sns:Publish", "kms:GenerateDataKey", "kms:Decrypt")
    ]
    forwarded = [
        of_stack(FORWARDER, "events:PutEvents"),
        of_stack(FORWARDER, "events:PutEvents", events__source=["aws.cloudwatch"]),
    ]
    assert [one.reason for one in simulate([*published, *forwarded]) if not one.allowed] == []


ANYTHING = {"administrator": FULL_ACCESS}


@pytest.mark.parametrize("action", HOW)
def test_nobody_else_of_the_organization_and_nobody_outside_sends(action: str) -> None:
    attacks = {
        "an administrator of a member": asked("Admin", action, ANYTHING),
        "a namesake without the path": asked("quarantag-RoleForCentralBus-XYZ", action, ANYTHING),
        "a stack elsewhere": asked(
            "quarantag/quarantag-RoleForCentralBus-XYZ", action, ANYTHING, organization="o-zyxwvutsrq"
        ),
    }
    answers = dict(zip(attacks, simulate(attacks.values()), strict=True))
    assert [name for name, one in answers.items() if one.allowed] == []


def test_a_stack_sends_nothing_else_there() -> None:
    attacks = [
        of_stack(FORWARDER, "events:PutEvents", events__source=["aws.guardduty"]),
        of_stack(FORWARDER, "sns:Publish"),
        *(of_stack(role, "events:PutEvents") for role in FUNCTIONS),
        of_stack(FUNCTIONS[0], "kms:Decrypt", kms__ViaService=f"s3.{REGION}.amazonaws.com"),
    ]
    assert [one.reason for one in simulate(attacks) if one.allowed] == []


def test_functions_publish_to_one_topic_only() -> None:
    for role in FUNCTIONS:
        published = {
            resource
            for one in Template(**DEPLOYED | ON).granted(role)
            for resource in one.resources
            if "sns:Publish" in one.actions
        }
        assert published == {TOPIC}
