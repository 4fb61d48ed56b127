"""The service control policies: what an administrator of a member account can't do, and what they leave to everyone."""

import json

import pytest

from tests.counted import Counted
from tests.iam.people import (
    ADMIN,
    DEPLOYER,
    FUNCTION,
    KEY,
    NAMESAKE,
    RESPONDER,
    asked,
    ec2,
    guard,
    tagged,
)
from tests.iam.simulator import Question, simulate

INSTANCE, INTERFACE, GROUP = ec2("instance"), ec2("network-interface", "eni-1"), ec2("security-group", "sg-1")
SNAPSHOT = "arn:aws:ec2:eu-central-1::snapshot/snap-1"
AWS = "arn:aws:{}:eu-central-1:111122223333:{}"
LAMBDA = AWS.format("lambda", "function:quarantag-IsolationLambdaFunction-XYZ")
RULE = AWS.format("events", "rule/StackSet-quarantag-0f-EC2TagChangeEvent-XYZ")
TABLE = AWS.format("dynamodb", "table/quarantag-ContainmentLedger-XYZ")
STACK = AWS.format("cloudformation", "stack/quarantag/0f")
LOG = AWS.format("logs", "log-group:quarantag-IsolationLog-XYZ")
ROLE, PROFILE = FUNCTION, "arn:aws:iam::111122223333:instance-profile/quarantag/SecurityIsolation-IAMRole-eu-central-1"

TAGS: dict[str, Question] = {
    "isolates without being a responder": asked(
        ADMIN, "ec2:CreateTags", INSTANCE, aws__TagKeys=[KEY], **{f"aws__RequestTag/{KEY}": "Isolate"}
    ),
    "releases": asked(ADMIN, "ec2:CreateTags", INSTANCE, aws__TagKeys=[KEY], **{f"aws__RequestTag/{KEY}": "Release"}),
    "among other tags": asked(ADMIN, "ec2:CreateTags", INSTANCE, aws__TagKeys=["Name", KEY]),
    "at launch": asked(ADMIN, "ec2:CreateTags", INSTANCE, aws__TagKeys=[KEY], ec2__CreateAction="RunInstances"),
    "forges the status": asked(ADMIN, "ec2:CreateTags", INSTANCE, aws__TagKeys=[f"{KEY}Status"]),
    "forges the reason": asked(ADMIN, "ec2:CreateTags", INSTANCE, aws__TagKeys=[f"{KEY}Reason"]),
    "exempts itself": asked(ADMIN, "ec2:CreateTags", INSTANCE, aws__TagKeys=[f"{KEY}Exempt"]),
    "writes a twin that differs in case": asked(ADMIN, "ec2:CreateTags", INSTANCE, aws__TagKeys=["securityisolation"]),
    "removes the control tag": asked(ADMIN, "ec2:DeleteTags", INSTANCE, aws__TagKeys=[KEY]),
    "removes all tags, naming none": asked(ADMIN, "ec2:DeleteTags", INSTANCE),
    "unfreezes an interface": asked(ADMIN, "ec2:DeleteTags", INTERFACE, aws__TagKeys=[KEY]),
    "forges the groups before": asked(ADMIN, "ec2:CreateTags", INTERFACE, aws__TagKeys=[f"{KEY}GroupsBefore"]),
    "takes a group for the stack's": asked(ADMIN, "ec2:CreateTags", GROUP, aws__TagKeys=["QuarantagStack"]),
    "takes the evidence's mark off": asked(ADMIN, "ec2:DeleteTags", SNAPSHOT, aws__TagKeys=["QuarantagCase"]),
    **{
        f"forges the evidence's {key}": asked(ADMIN, "ec2:CreateTags", SNAPSHOT, aws__TagKeys=[key])
        for key in ("QuarantagInstance", "QuarantagFinding", "QuarantagTime", "QuarantagVolume", "QuarantagDevice")
    },
    "makes another snapshot its copy": asked(ADMIN, "ec2:CreateTags", SNAPSHOT, aws__TagKeys=["QuarantagCopyOf"]),
    "under a namesake of a function's role": asked(NAMESAKE, "ec2:CreateTags", INSTANCE, aws__TagKeys=[KEY]),
}
CONTAINED: dict[str, Question] = {
    action: asked(ADMIN, f"ec2:{action}", INSTANCE, **tagged())
    for action in (
        *("ModifyInstanceAttribute", "ModifyInstanceMetadataOptions", "ModifyNetworkInterfaceAttribute"),
        *("AssociateIamInstanceProfile", "ReplaceIamInstanceProfileAssociation", "DisassociateIamInstanceProfile"),
        *("AttachNetworkInterface", "DetachNetworkInterface", "AssociateAddress", "AttachVolume", "DetachVolume"),
        *("StartInstances", "StopInstances", "TerminateInstances"),
    )
}
FROZEN: dict[str, Question] = {
    f"{action} {resource.split(':')[-1]}": asked(ADMIN, f"ec2:{action}", resource, **tagged())
    for resource, actions in {
        INTERFACE: (
            *("AssignPrivateIpAddresses", "UnassignPrivateIpAddresses", "AssignIpv6Addresses", "UnassignIpv6Addresses"),
            *(
                "ModifyNetworkInterfaceAttribute",
                "AssociateAddress",
                "DetachNetworkInterface",
                "DeleteNetworkInterface",
            ),
            "CreateNetworkInterfacePermission",
        ),
        GROUP: (
            *("AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", "ModifySecurityGroupRules"),
            "DeleteSecurityGroup",
        ),
    }.items()
    for action in actions
}
EVIDENCE: dict[str, Question] = {
    action: asked(ADMIN, f"ec2:{action}", SNAPSHOT, **tagged("QuarantagStack", "quarantag"))
    for action in ("DeleteSnapshot", "ModifySnapshotAttribute", "UnlockSnapshot")
}
STACKS: dict[str, Question] = {
    "changes a function's code": asked(ADMIN, "lambda:UpdateFunctionCode", LAMBDA),
    "changes its environment": asked(ADMIN, "lambda:UpdateFunctionConfiguration", LAMBDA),
    "throttles it to nothing": asked(ADMIN, "lambda:PutFunctionConcurrency", LAMBDA),
    "lets another invoke it": asked(ADMIN, "lambda:AddPermission", LAMBDA),
    "disables a rule": asked(ADMIN, "events:DisableRule", RULE),
    "takes a rule's targets": asked(ADMIN, "events:RemoveTargets", RULE),
    "overwrites a case": asked(ADMIN, "dynamodb:PutItem", TABLE),
    "deletes a case": asked(ADMIN, "dynamodb:DeleteItem", TABLE),
    "deletes the ledger": asked(ADMIN, "dynamodb:DeleteTable", TABLE),
    "deletes a log": asked(ADMIN, "logs:DeleteLogGroup", LOG),
    "deletes the stack": asked(ADMIN, "cloudformation:DeleteStack", STACK),
    "updates the stack": asked(ADMIN, "cloudformation:UpdateStack", STACK),
    "widens a function's role": asked(ADMIN, "iam:PutRolePolicy", ROLE),
    "attaches an administrator's policy to it": asked(ADMIN, "iam:AttachRolePolicy", ROLE),
    "lets itself assume it": asked(ADMIN, "iam:UpdateAssumeRolePolicy", ROLE),
    "makes a role under the path that is let through": asked(ADMIN, "iam:CreateRole", ROLE),
    "puts another role into the isolation profile": asked(ADMIN, "iam:AddRoleToInstanceProfile", PROFILE),
    "changes a managed policy of the stack": asked(
        ADMIN, "iam:CreatePolicyVersion", "arn:aws:iam::111122223333:policy/quarantag/quarantag-TakeMeasures-XYZ"
    ),
    "a responder writes the ledger": asked(RESPONDER, "dynamodb:UpdateItem", TABLE),
    "a function's role widens itself": asked(FUNCTION, "iam:PutRolePolicy", ROLE),
}
DENIED = {**TAGS, **CONTAINED, **FROZEN, **EVIDENCE, **STACKS}
LET_THROUGH: dict[str, Question] = {
    "a function tags": asked(FUNCTION, "ec2:CreateTags", INSTANCE, aws__TagKeys=[KEY]),
    "a responder tags": asked(RESPONDER, "ec2:CreateTags", INSTANCE, aws__TagKeys=[KEY]),
    "a function cuts": asked(FUNCTION, "ec2:ModifyNetworkInterfaceAttribute", INTERFACE, **tagged()),
    "a function thaws": asked(FUNCTION, "ec2:DeleteTags", INTERFACE, aws__TagKeys=[KEY]),
    "a responder works on a contained instance": asked(RESPONDER, "ec2:StopInstances", INSTANCE, **tagged()),
    "a function records": asked(FUNCTION, "dynamodb:UpdateItem", TABLE),
    "a deployer updates": asked(DEPLOYER, "lambda:UpdateFunctionCode", LAMBDA),
    "a deployer makes a role": asked(DEPLOYER, "iam:CreateRole", ROLE),
    "anyone tags otherwise": asked(ADMIN, "ec2:CreateTags", INSTANCE, aws__TagKeys=["Name"]),
    "anyone removes another tag": asked(ADMIN, "ec2:DeleteTags", INSTANCE, aws__TagKeys=["Name"]),
    "anyone works on an instance under review": asked(ADMIN, "ec2:StopInstances", INSTANCE, **tagged(value="Review")),
    "anyone works on an instance": asked(ADMIN, "ec2:TerminateInstances", INSTANCE),
    "anyone changes a group of their own": asked(ADMIN, "ec2:AuthorizeSecurityGroupIngress", GROUP),
    "anyone changes an interface of their own": asked(ADMIN, "ec2:AssignPrivateIpAddresses", INTERFACE),
    "anyone deletes a snapshot of their own": asked(ADMIN, "ec2:DeleteSnapshot", SNAPSHOT),
    "anyone changes another function": asked(
        ADMIN, "lambda:UpdateFunctionCode", AWS.format("lambda", "function:shop-Checkout")
    ),
    "anyone makes another role": asked(ADMIN, "iam:CreateRole", ADMIN),
    "anyone reads the ledger": asked(ADMIN, "dynamodb:GetItem", TABLE),
}


def test_no_administrator_of_an_account_does_what_is_guarded(counted: Counted) -> None:
    answers = dict(zip(DENIED, simulate(DENIED.values()), strict=True))
    assert {name: one.reason for name, one in answers.items() if not one.explicit} == {}
    counted(f"service control policies: {len(DENIED)} attacks denied, {len(LET_THROUGH)} calls let through")


def test_what_must_go_on_goes_on() -> None:
    answers = dict(zip(LET_THROUGH, simulate(LET_THROUGH.values()), strict=True))
    assert {name: one.reason for name, one in answers.items() if not one.allowed} == {}


@pytest.mark.parametrize("name", guard())
def test_each_is_shorter_than_what_organizations_takes(name: str) -> None:
    """Quotas for AWS Organizations: 5,120 characters, white space included unless the console saves it."""
    dense = json.dumps(json.loads(guard()[name]), separators=(",", ":"))
    assert len(dense) < 5_120
    longest = guard(IsolationTagKey="k" * 116, ResponderPrincipals=[f"arn:aws:iam::111122223333:role/{'r' * 64}"] * 3)
    assert len(json.dumps(json.loads(longest[name]), separators=(",", ":"))) < 5_120


@pytest.mark.parametrize("name", guard())
def test_each_statement_decides_at_least_one_attack(name: str) -> None:
    """A condition with a misspelt key would never match, and no attack would show it."""
    decided = {one for answer in simulate(DENIED.values()) for one in answer.statements}
    sids = {f"{name}#{statement['Sid']}" for statement in json.loads(guard()[name])["Statement"]}
    assert sids <= decided
