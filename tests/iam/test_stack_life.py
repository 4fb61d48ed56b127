"""The stack's own function: each call that it makes is allowed to its role, and nothing that would give power is."""

from collections.abc import Iterator

import pytest

import stack
from quarantag.stacklife import DELETION, parse
from quarantag.takedown import live
from tests.cloud import ACCOUNT, REGION, TABLE
from tests.counted import Counted
from tests.iam.asked import facts
from tests.iam.people import ec2, tagged
from tests.iam.roles import LIFE, TAGGER, arn, by, policies
from tests.iam.simulator import Question, Request, simulate
from tests.iam.test_attacks import ADMIN, ADMIN_POLICY, EVERYONE, GROUP, INSTANCE, INTERFACE, OURS, TO_EC2
from tests.iam.wire import Wire, listening
from tests.stack import forget_wiring
from tests.stacklives import STACK_ID, Life, event
from tests.template import as_list

BY_LAMBDA = {"logs:CreateLogStream", "logs:PutLogEvents", "sqs:SendMessage"}
LEDGER = arn("ContainmentLedger")
OWN_POLICY = arn("DenyContainedSessions")
ATTACKS: dict[str, Question] = {
    "it deletes a group that the stack did not make": by(LIFE, "ec2:DeleteSecurityGroup", GROUP),
    "it deletes another stack's group": by(LIFE, "ec2:DeleteSecurityGroup", GROUP, **tagged("QuarantagStack", "other")),
    "it makes a group the stack's own": by(LIFE, "ec2:CreateTags", GROUP, aws__TagKeys=["QuarantagStack"]),
    "it opens a group": by(LIFE, "ec2:AuthorizeSecurityGroupIngress", GROUP, **OURS),
    "it changes an interface's groups": by(LIFE, "ec2:ModifyNetworkInterfaceAttribute", INTERFACE),
    "it tags an instance": by(LIFE, "ec2:CreateTags", INSTANCE, aws__TagKeys=["SecurityIsolation"]),
    "it untags an instance": by(LIFE, "ec2:DeleteTags", INSTANCE, aws__TagKeys=["SecurityIsolation"]),
    "it gives a profile": by(LIFE, "ec2:ReplaceIamInstanceProfileAssociation", INSTANCE),
    "it terminates": by(LIFE, "ec2:TerminateInstances", INSTANCE),
    "it passes a role": by(LIFE, "iam:PassRole", ADMIN, **TO_EC2),
    "it detaches another policy": by(LIFE, "iam:DetachRolePolicy", ADMIN, iam__PolicyARN=ADMIN_POLICY),
    "it attaches a policy": by(LIFE, "iam:AttachRolePolicy", ADMIN, iam__PolicyARN=OWN_POLICY),
    "it writes a policy": by(LIFE, "iam:PutRolePolicy", ADMIN),
    "it removes other tags of a role": by(LIFE, "iam:UntagRole", ADMIN, aws__TagKeys=["Team"]),
    "it lists who has another policy": by(LIFE, "iam:ListEntitiesForPolicy", ADMIN_POLICY),
    "it closes a case": by(LIFE, "dynamodb:PutItem", LEDGER, dynamodb__LeadingKeys=["i-1"]),
    "it writes without saying which item": by(LIFE, "dynamodb:PutItem", LEDGER),
    "it updates an item": by(LIFE, "dynamodb:UpdateItem", LEDGER, dynamodb__LeadingKeys=["switch"]),
    "it reads a case": by(LIFE, "dynamodb:GetItem", LEDGER, dynamodb__LeadingKeys=["i-1"]),
    "it looks at another stack": by(LIFE, "cloudformation:DescribeStacks", f"{STACK_ID}-other"),
    "it deletes the stack": by(LIFE, "cloudformation:DeleteStack", f"{STACK_ID}"),
    "it deletes a volume": by(LIFE, "ec2:DeleteVolume", ec2("volume", "vol-1")),
    **{
        name.replace(TAGGER, LIFE): by(LIFE, one.request.action, one.request.resource)
        for name, one in EVERYONE.items()
        if name.startswith(TAGGER) and "pauses" not in name
    },
}


@pytest.fixture
def heard(life: Life) -> Iterator[Wire]:
    """The stack goes: with a group, a role that still has the policy, and an instance that was released."""
    with listening(facts()) as wire:
        forget_wiring()
        life.freed(life.contained().id)
        life.lab.profile("web")
        life.lab.iam.attach_role_policy(RoleName="web", PolicyArn=life.policy_arn)
        wire.answers = {"cloudformation:DescribeStacks": {"Stacks": [{"StackStatus": "DELETE_IN_PROGRESS"}]}}
        wire.role = LIFE
        forget_wiring()
        request = parse(event("Delete", DELETION, ResourceProperties={"SettleSeconds": "0"}))
        assert live(request, *stack.wired()) == ""
        yield wire


def test_every_call_is_allowed_and_no_action_is_granted_that_none_needs(
    heard: Wire, life: Life, counted: Counted
) -> None:
    arns = {
        "ContainmentLedger": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{TABLE}",
        "DenyContainedSessions": life.policy_arn,
    }
    here = {"AWS::AccountId": ACCOUNT, "AWS::Region": REGION, "AWS::StackId": STACK_ID}
    granted = policies(LIFE, arns, **here)
    asked = {one.shape: one for call in heard.heard if call.role == LIFE for one in call.asked}
    principal = f"arn:aws:sts::{ACCOUNT}:assumed-role/{LIFE}/one"
    answers = simulate(
        Question(Request(principal, one.action, one.resource, one.context, ACCOUNT), granted) for one in asked.values()
    )
    assert [one.reason for one in answers if not one.allowed] == []
    allowed = {
        action
        for document in granted.values()
        for one in document["Statement"]
        for action in as_list(one["Action"])
        if one["Effect"] == "Allow"
    }
    assert allowed - {one.action for one in asked.values()} == BY_LAMBDA
    counted(f"the stack's own function: {len(answers)} distinct questions to IAM allowed")


def test_every_attack_is_denied(counted: Counted) -> None:
    answers = dict(zip(ATTACKS, simulate(ATTACKS.values()), strict=True))
    assert {name: one.reason for name, one in answers.items() if one.allowed} == {}
    counted(f"the stack's own function: {len(ATTACKS)} attacks denied")
