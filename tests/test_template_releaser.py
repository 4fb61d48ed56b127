"""The releaser's role is the only one that can give: each of its powers, and who else has none of it."""

import pytest

from tests.template import Template, ec2, iam

TEMPLATE = Template()
TAGGER, ISOLATOR, RELEASER = "IAMRoleForTagFindingFunction", "IAMRoleForLambdaFunction", "IAMRoleForReleaseFunction"
PROFILES = (
    "ec2:AssociateIamInstanceProfile",
    "ec2:DisassociateIamInstanceProfile",
    "ec2:ReplaceIamInstanceProfileAssociation",
)


def test_it_gives_any_interface_any_group() -> None:
    """IAM can't know which groups a case recorded."""
    kinds = ("instance", "network-interface", "security-group")
    assert TEMPLATE.allowed(RELEASER, "ec2:ModifyNetworkInterfaceAttribute") == {ec2(kind): [{}] for kind in kinds}


@pytest.mark.parametrize("action", PROFILES)
def test_it_gives_any_instance_any_profile(action: str) -> None:
    """Nor which profile."""
    assert TEMPLATE.allowed(RELEASER, action) == {ec2("instance"): [{}]}


def test_it_passes_roles_to_ec2_only() -> None:
    services = ["ec2.amazonaws.com", "ec2.amazonaws.com.cn"]
    assert TEMPLATE.allowed(RELEASER, "iam:PassRole") == {
        iam("role"): [{"StringEquals": {"iam:PassedToService": services}}]
    }


def test_it_never_passes_a_function_s_own_role() -> None:
    """Else an instance could become the releaser, where somebody widened that role's trust."""
    denied = [one for one in TEMPLATE.statements(RELEASER) if one.effect == "Deny"]
    (denial,) = (one for one in denied if one.actions == {"iam:PassRole"})
    assert set(denial.resources) == {one["Role"] for one in TEMPLATE.of_type("AWS::Serverless::Function").values()}
    assert not denial.conditions


def test_it_asks_cloudtrail_in_this_region_only() -> None:
    region = {"StringEquals": {"aws:RequestedRegion": "cn-north-1"}}
    assert TEMPLATE.allowed(RELEASER, "cloudtrail:LookupEvents") == {"*": [region]}


def test_it_writes_the_status_tag_and_never_a_control_tag() -> None:
    written = Template(IsolationTagKey="Quarantine").allowed(RELEASER, "ec2:CreateTags")
    assert written == {ec2("instance"): [{"ForAllValues:StringEquals": {"aws:TagKeys": ["QuarantineStatus"]}}]}


def test_it_makes_and_changes_no_group() -> None:
    actions = set().union(*(one.actions for one in TEMPLATE.granted(RELEASER)))
    assert {one for one in actions if "SecurityGroup" in one} == {"ec2:DescribeSecurityGroups"}


@pytest.mark.parametrize("role", [TAGGER, ISOLATOR])
def test_no_other_role_gives_a_group_that_is_not_the_stack_s_own(role: str) -> None:
    groups = TEMPLATE.allowed(role, "ec2:ModifyNetworkInterfaceAttribute").get(ec2("security-group"), [])
    assert all(conditions for conditions in groups)


@pytest.mark.parametrize("role", [TAGGER, ISOLATOR])
def test_no_other_role_gives_a_profile_or_passes_a_role_that_has_power(role: str) -> None:
    for action in PROFILES:
        taken = action == "ec2:DisassociateIamInstanceProfile"
        for conditions in TEMPLATE.allowed(role, action).values():
            assert taken or conditions == [{"ArnEquals": {"ec2:NewInstanceProfile": "<RootInstanceProfile.Arn>"}}]
    assert set(TEMPLATE.allowed(role, "iam:PassRole")) <= {"<EC2IsolationRole.Arn>"}


def test_no_wildcard_grants_more_than_it_says() -> None:
    for role in (TAGGER, ISOLATOR, RELEASER):
        assert [action for one in TEMPLATE.granted(role) for action in one.actions if "*" in action] == []
