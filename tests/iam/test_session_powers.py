"""The functions may put this one policy and these tags on a role, and nothing else."""

import pytest

from tests.iam.roles import unconditional
from tests.iam.simulator import Question, Request, simulate
from tests.iam.test_contained_sessions import ACCOUNT, AWS, REGION
from tests.template import Template

OURS, ADMIN = f"arn:aws:iam::{ACCOUNT}:policy/deny", "arn:aws:iam::aws:policy/AdministratorAccess"
TEMPLATE = Template(**AWS, DenyContainedSessions=OURS)
ISOLATOR, RELEASER = "IAMRoleForLambdaFunction", "IAMRoleForReleaseFunction"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
TAGS, FOREIGN = [f"QuarantagContained{slot}-{REGION}" for slot in range(1, 6)], ["Team"]


def may(role: str, action: str, context: dict[str, str | list[str]], resource: str = ROLE) -> bool:
    request = Request(f"arn:aws:sts::{ACCOUNT}:assumed-role/f/f", action, resource, context, ACCOUNT)
    return simulate([Question(request, unconditional(TEMPLATE, role))])[0].allowed


@pytest.mark.parametrize(
    ("role", "action", "tagging"),
    [(ISOLATOR, "iam:AttachRolePolicy", "iam:TagRole"), (RELEASER, "iam:DetachRolePolicy", "iam:UntagRole")],
)
def test_a_function_has_its_own_direction_of_one_policy_and_five_tags(role: str, action: str, tagging: str) -> None:
    other = RELEASER if role == ISOLATOR else ISOLATOR
    tags = {"aws:TagKeys": TAGS[:1]}
    assert may(role, action, {"iam:PolicyARN": OURS})
    assert not may(role, action, {"iam:PolicyARN": ADMIN})
    assert not may(other, action, {"iam:PolicyARN": OURS})
    assert all(may(role, tagging, {"aws:TagKeys": [key]}) for key in TAGS)
    assert not may(role, tagging, {"aws:TagKeys": FOREIGN})
    assert not may(role, tagging, {"aws:TagKeys": [*TAGS, *FOREIGN]})
    assert not may(other, tagging, dict(tags))


@pytest.mark.parametrize("role", [ISOLATOR, RELEASER])
@pytest.mark.parametrize(
    "action", ["iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:UpdateAssumeRolePolicy", "iam:DeleteRole"]
)
def test_neither_writes_a_policy_of_a_role(role: str, action: str) -> None:
    assert not may(role, action, {})
