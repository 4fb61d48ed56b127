"""What the roles may do to connections, by the policy simulator: the isolator takes, the releaser gives back."""

from collections.abc import Mapping

import pytest

from tests.iam.roles import unconditional
from tests.iam.simulator import Question, Request, simulate
from tests.template import Template

TEMPLATE = Template(ExistingConnections="nacl", **{"AWS::Partition": "aws", "AWS::Region": "eu-central-1"})
ACCOUNT = "123456789012"
ISOLATOR, RELEASER = "IAMRoleForLambdaFunction", "IAMRoleForReleaseFunction"
PLACE = {"ec2:Region": "eu-central-1"}


def question(role: str, action: str, kind: str, context: Mapping[str, str]) -> Question:
    who = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/function"
    resource = f"arn:aws:ec2:eu-central-1:{ACCOUNT}:{kind}/{kind}-0123456789abcdef0"
    request = Request(who, f"ec2:{action}", resource, {**PLACE, **context}, ACCOUNT)
    return Question(request, unconditional(TEMPLATE, role))


@pytest.mark.parametrize(("role", "allowed"), [(ISOLATOR, [True, False, False]), (RELEASER, [False, True, False])])
def test_the_metadata_service_is_disabled_by_one_and_enabled_by_the_other(role: str, allowed: list[bool]) -> None:
    """The key is what the call asks for; a call that does not name the endpoint has none."""
    contexts: list[dict[str, str]] = [
        {"ec2:Attribute/HttpEndpoint": "disabled", "ec2:MetadataHttpEndpoint": "enabled"},
        {"ec2:Attribute/HttpEndpoint": "enabled", "ec2:MetadataHttpEndpoint": "disabled"},
        {"ec2:Attribute/HttpTokens": "optional", "ec2:MetadataHttpEndpoint": "disabled"},
    ]
    asked = [question(role, "ModifyInstanceMetadataOptions", "instance", context) for context in contexts]
    assert [one.allowed for one in simulate(asked)] == allowed


@pytest.mark.parametrize(
    ("action", "kinds", "mine"),
    [
        ("CreateNetworkAclEntry", ["network-acl"], ISOLATOR),
        ("DeleteNetworkAclEntry", ["network-acl"], RELEASER),
        ("DisassociateAddress", ["elastic-ip", "network-interface"], ISOLATOR),
        ("AssociateAddress", ["elastic-ip", "network-interface", "instance"], RELEASER),
    ],
)
def test_one_takes_and_the_other_gives_back(action: str, kinds: list[str], mine: str) -> None:
    for role in (ISOLATOR, RELEASER):
        answers = simulate([question(role, action, kind, {}) for kind in kinds])
        assert [one.allowed for one in answers] == [role == mine] * len(kinds)
