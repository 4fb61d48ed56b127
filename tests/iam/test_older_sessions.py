"""Who is denied by the policy that the role function writes, sessions issued before; and what it may not do."""

import json

import pytest

from quarantag.revoking import policy
from tests.iam.roles import DEPLOYED
from tests.iam.simulator import FULL_ACCESS, Answer, Question, Request, simulate
from tests.iam.test_contained_sessions import ACCOUNT, AWS, CALLS, CONTAINED, REGION, SIBLING
from tests.template import Template

DENIAL = policy("2026-11-23T12:00:01Z")
ISOLATOR, RELEASER, REVOKER = "IAMRoleForLambdaFunction", "IAMRoleForReleaseFunction", "IAMRoleForRevokeFunction"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:revoke"
LEDGER = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/ledger"
PLACED = {"RevokeRoleSessionsFunction.Arn": FUNCTION, "ContainmentLedger.Arn": LEDGER}
PLACE = DEPLOYED | AWS
ROLED = Template(**PLACE | {"RevokeCredentials": "role"})
PATHED = Template(**PLACE | {"RevokeCredentials": "role", "RevocableRolePath": "/app/"})


def role(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def asked(session: str, issued: str) -> list[Answer]:
    """Each call, by this session of a role that may do everything."""
    principal = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/{session}"
    context = {"aws:TokenIssueTime": issued}
    policies = {"all": FULL_ACCESS, "deny": DENIAL}
    return simulate([Question(Request(principal, call, on, context, ACCOUNT), policies) for call, on in CALLS])


@pytest.mark.parametrize("session", [CONTAINED, SIBLING, "alice"])
@pytest.mark.parametrize("issued", ["2026-11-23T12:00:00Z", "2026-11-23T06:00:00Z", "2026-11-22T23:59:59Z"])
def test_a_session_issued_before_is_denied_everything_whoever_has_it(session: str, issued: str) -> None:
    for one in asked(session, issued):
        assert (one.allowed, one.explicit) == (False, True), one.reason


@pytest.mark.parametrize("issued", ["2026-11-23T12:00:01Z", "2026-11-23T13:00:00Z"])
def test_a_session_issued_after_keeps_what_the_role_has(issued: str) -> None:
    for one in asked(SIBLING, issued):
        assert one.allowed, one.reason


def question(who: str, action: str, on: str, template: Template = ROLED) -> Question:
    """A call by a function."""
    documents = template.documents(who)
    placed = {name: _placed(one) for name, one in documents.items()}
    return Question(Request(f"arn:aws:sts::{ACCOUNT}:assumed-role/f/f", action, on, {}, ACCOUNT), placed)


def _placed(document: object) -> dict[str, object]:
    text = json.dumps(document)
    for name, arn in PLACED.items():
        text = text.replace(f"<{name}>", arn)
    return dict(json.loads(text))


ATTACKS = {
    "the role function writes a policy outside its path": question(
        REVOKER, "iam:PutRolePolicy", role("batch/job"), PATHED
    ),
    "the role function writes a policy of a path that only begins so": question(
        REVOKER, "iam:PutRolePolicy", role("application/job"), PATHED
    ),
    "the role function takes a policy outside its path": question(
        REVOKER, "iam:DeleteRolePolicy", role("batch/job"), PATHED
    ),
    **{
        f"the role function {what} {whose}": question(REVOKER, action, role(name))
        for whose, name in (
            ("of its own role", "quarantag/revoker"),
            ("of the releaser", "quarantag/releaser"),
            ("of an AWS service", "aws-service-role/eks.amazonaws.com/linked"),
        )
        for what, action in (("writes a policy", "iam:PutRolePolicy"), ("takes a policy", "iam:DeleteRolePolicy"))
    },
    **{
        f"the role function may {action}": question(REVOKER, action, on)
        for action, on in (
            ("iam:AttachRolePolicy", role("app")),
            ("iam:DetachRolePolicy", role("app")),
            ("iam:PassRole", role("app")),
            ("iam:UpdateAssumeRolePolicy", role("app")),
            ("iam:CreateRole", role("app")),
            ("iam:TagRole", role("app")),
            ("iam:PutUserPolicy", f"arn:aws:iam::{ACCOUNT}:user/one"),
            ("iam:CreateAccessKey", f"arn:aws:iam::{ACCOUNT}:user/one"),
            ("sts:AssumeRole", role("app")),
            ("lambda:InvokeFunction", FUNCTION),
            ("dynamodb:PutItem", LEDGER),
            ("dynamodb:UpdateItem", LEDGER),
        )
    },
    **{
        f"{who} {what}": question(who, action, on)
        for who in (ISOLATOR, RELEASER)
        for what, action, on in (
            ("writes a policy itself", "iam:PutRolePolicy", role("app")),
            ("takes a policy itself", "iam:DeleteRolePolicy", role("app")),
            ("starts another function", "lambda:InvokeFunction", f"{FUNCTION}-other"),
            ("changes the function's code", "lambda:UpdateFunctionCode", FUNCTION),
        )
    },
    "the isolator starts the function where the parameter does not ask for it": question(
        ISOLATOR, "lambda:InvokeFunction", FUNCTION, Template(**PLACE)
    ),
}
ALLOWED = {
    "the role function writes a policy": question(REVOKER, "iam:PutRolePolicy", role("app")),
    "the role function writes one under its path": question(REVOKER, "iam:PutRolePolicy", role("app/x/job"), PATHED),
    "the role function takes it": question(REVOKER, "iam:DeleteRolePolicy", role("app")),
    "the role function reads a case": question(REVOKER, "dynamodb:GetItem", LEDGER),
    "the isolator starts it": question(ISOLATOR, "lambda:InvokeFunction", FUNCTION),
    "the releaser starts it": question(RELEASER, "lambda:InvokeFunction", FUNCTION),
    "the isolator sees whether it is done": question(ISOLATOR, "iam:GetRolePolicy", role("app")),
    "the releaser sees whether it is done": question(RELEASER, "iam:GetRolePolicy", role("app")),
}


def test_every_attack_is_denied() -> None:
    answers = dict(zip(ATTACKS, simulate(ATTACKS.values()), strict=True))
    assert {name: one.reason for name, one in answers.items() if one.allowed} == {}


def test_what_each_is_for_is_allowed() -> None:
    answers = dict(zip(ALLOWED, simulate(ALLOWED.values()), strict=True))
    assert {name: one.reason for name, one in answers.items() if not one.allowed} == {}
