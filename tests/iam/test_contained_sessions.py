"""Who is denied by the policy that contained roles get: the one instance's sessions, wherever they are used from."""

from collections.abc import Mapping

import pytest

from tests.iam.simulator import FULL_ACCESS, Answer, Question, Request, simulate
from tests.template import Template

ACCOUNT, REGION = "111122223333", "eu-central-1"
AWS = {"AWS::AccountId": ACCOUNT, "AWS::Partition": "aws", "AWS::Region": REGION, "AWS::URLSuffix": "amazonaws.com"}
POLICY = Template(**AWS).properties("DenyContainedSessions")["PolicyDocument"]
CONTAINED, SIBLING, LONGER = "i-0123456789abcdef0", "i-0fedcba9876543210", "i-0123456789abcdef01"
CALLS = (
    ("s3:GetObject", "arn:aws:s3:::bucket/key"),
    ("iam:CreateUser", f"arn:aws:iam::{ACCOUNT}:user/backdoor"),
    ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/other"),
    ("ec2:TerminateInstances", f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{CONTAINED}"),
    ("iam:UntagRole", f"arn:aws:iam::{ACCOUNT}:role/app"),
    ("iam:DetachRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/app"),
    ("ec2:DescribeInstances", "*"),
)


def arn_of(instance_id: str) -> str:
    return f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{instance_id}"


def marked(*instance_ids: str) -> dict[str, str]:
    """The role's tags, one slot each, as IAM gives them to the requests of its sessions."""
    return {
        f"aws:PrincipalTag/QuarantagContained{slot}-{REGION}": arn_of(one) for slot, one in enumerate(instance_ids, 1)
    }


def asked(instance_id: str, tags: Mapping[str, str], **more: str) -> list[Answer]:
    """Each call, by a session of this instance, of a role that may do everything."""
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/{instance_id}"
    context = {"ec2:SourceInstanceARN": arn_of(instance_id), **tags, **more}
    policies = {"all": FULL_ACCESS, "deny": POLICY}
    return simulate([Question(Request(session, call, on, context, ACCOUNT), policies) for call, on in CALLS])


@pytest.mark.parametrize("slot", [1, 2, 3, 4, 5])
def test_the_contained_instance_s_session_is_denied_everything_whichever_slot_it_has(slot: int) -> None:
    others = [f"i-{number:017x}" for number in range(5)]
    others[slot - 1] = CONTAINED
    for one in asked(CONTAINED, marked(*others)):
        assert (one.allowed, one.statements) == (False, (f"deny#Contained{slot}",)), one.reason


def test_used_from_elsewhere_it_is_denied_as_well() -> None:
    """The key is the session's, not the network's."""
    for one in asked(CONTAINED, marked(CONTAINED), **{"aws:SourceIp": "198.51.100.7"}):
        assert (one.allowed, one.explicit) == (False, True), one.reason


@pytest.mark.parametrize("instance_id", [SIBLING, LONGER])
def test_a_sibling_of_the_role_keeps_what_it_had(instance_id: str) -> None:
    for one in asked(instance_id, marked(CONTAINED)):
        assert one.allowed, one.reason


def test_several_are_contained_and_the_rest_are_not() -> None:
    tags = marked(CONTAINED, LONGER)
    assert [one.allowed for one in asked(CONTAINED, tags) + asked(LONGER, tags)] == [False] * 2 * len(CALLS)
    assert [one.allowed for one in asked(SIBLING, tags)] == [True] * len(CALLS)


def test_without_a_tag_the_policy_denies_nobody() -> None:
    for one in asked(CONTAINED, {}):
        assert one.allowed, one.reason


def test_tags_of_another_region_s_stack_are_not_this_one_s() -> None:
    tags = {key.replace(REGION, "us-east-1"): value for key, value in marked(CONTAINED).items()}
    assert all(one.allowed for one in asked(CONTAINED, tags))


def test_a_session_of_the_role_that_no_instance_got_keeps_what_it_had() -> None:
    """A person's or a chained one, that is: its request has no `ec2:SourceInstanceARN`."""
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/alice"
    request = Request(session, "s3:GetObject", "arn:aws:s3:::bucket/key", marked(CONTAINED), ACCOUNT)
    (one,) = simulate([Question(request, {"all": FULL_ACCESS, "deny": POLICY})])
    assert one.allowed, one.reason
