"""The functions' roles: exactly the actions that their code calls, each on the narrowest resource and condition."""

import pytest

from tests.template import Statement, Template

TEMPLATE = Template()
TAGGER, ISOLATOR = "IAMRoleForTagFindingFunction", "IAMRoleForLambdaFunction"
LEDGER = {f"dynamodb:{name}" for name in ("GetItem", "PutItem", "UpdateItem", "ConditionCheckItem")}
COMMON = LEDGER | {"sns:Publish", "sqs:SendMessage", "logs:CreateLogStream", "logs:PutLogEvents"}
ACTIONS = {
    TAGGER: COMMON | {"ec2:DescribeInstances", "ec2:CreateTags"},
    ISOLATOR: COMMON
    | {
        "dynamodb:Query",
        "ec2:AssociateIamInstanceProfile",
        "ec2:CreateSecurityGroup",
        "ec2:CreateTags",
        "ec2:DescribeIamInstanceProfileAssociations",
        "ec2:DescribeInstances",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DisassociateIamInstanceProfile",
        "ec2:ModifyNetworkInterfaceAttribute",
        "ec2:ReplaceIamInstanceProfileAssociation",
        "ec2:RevokeSecurityGroupEgress",
        "ec2:RevokeSecurityGroupIngress",
        "iam:PassRole",
    },
}
OWN_GROUP = {"StringEquals": {"aws:ResourceTag/QuarantagStack": "quarantag"}}


def ec2(resource: str) -> str:
    return f"arn:aws-cn:ec2:cn-north-1:123456789012:{resource}/*"


def allowed(role: str, action: str, template: Template = TEMPLATE) -> dict[str, list[object]]:
    """The conditions of each resource on which the role may do this, by resource."""
    found: dict[str, list[object]] = {}
    for one in template.statements(role):
        for resource in one.resources if one.effect == "Allow" and action in one.actions else ():
            found.setdefault(resource, []).append(dict(one.conditions))
    return found


def granting(role: str) -> list[Statement]:
    return [one for one in TEMPLATE.statements(role) if one.effect == "Allow"]


def test_each_function_has_its_own_role() -> None:
    roles = [one["Role"] for one in TEMPLATE.of_type("AWS::Serverless::Function").values()]
    assert sorted(roles) == sorted(f"<{role}.Arn>" for role in ACTIONS)
    for role in ACTIONS:
        assert "ManagedPolicyArns" not in TEMPLATE.properties(role)


@pytest.mark.parametrize("role", ACTIONS)
def test_a_role_has_exactly_the_actions_of_its_function(role: str) -> None:
    assert set().union(*(one.actions for one in granting(role))) == ACTIONS[role]


@pytest.mark.parametrize("role", ACTIONS)
def test_bug_16_writes_on_everything(role: str) -> None:
    """Only describing, which supports no resource, is on `*`; and that in this Region only."""
    everywhere = [one for one in granting(role) if "*" in one.resources]
    for one in everywhere:
        assert all(action.startswith("ec2:Describe") for action in one.actions)
        assert one.conditions == {"StringEquals": {"ec2:Region": "cn-north-1"}}
    assert len(everywhere) == 1


def test_the_tagger_writes_its_three_keys_and_never_the_value_that_releases() -> None:
    assert allowed(TAGGER, "ec2:CreateTags", Template(IsolationTagKey="Quarantine", ReviewTagValue="Look")) == {
        ec2("instance"): [
            {
                "ForAllValues:StringEquals": {"aws:TagKeys": ["Quarantine", "QuarantineReason", "QuarantineStatus"]},
                "StringEqualsIfExists": {"aws:RequestTag/Quarantine": ["Isolate", "Look"]},
            }
        ]
    }


def test_the_tagger_never_downgrades() -> None:
    (denial,) = [one for one in TEMPLATE.statements(TAGGER) if one.effect == "Deny"]
    assert denial.actions == {"ec2:CreateTags"}
    assert denial.resources == (ec2("instance"),)
    assert denial.conditions == {
        "StringEquals": {
            "aws:RequestTag/SecurityIsolation": "Review",
            "aws:ResourceTag/SecurityIsolation": "Isolate",
        }
    }


def test_interfaces_go_into_the_stack_s_own_groups_only() -> None:
    assert allowed(ISOLATOR, "ec2:ModifyNetworkInterfaceAttribute") == {
        ec2("instance"): [{}],
        ec2("network-interface"): [{}],
        ec2("security-group"): [OWN_GROUP],
    }


@pytest.mark.parametrize("action", ["ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress"])
def test_only_the_stack_s_own_groups_lose_rules(action: str) -> None:
    assert allowed(ISOLATOR, action) == {ec2("security-group"): [OWN_GROUP]}


def test_bug_18_group_left_behind_unmarked() -> None:
    """No group without the creation tag is made, and no group gets the tag but when it is made."""
    assert allowed(ISOLATOR, "ec2:CreateSecurityGroup") == {
        ec2("security-group"): [{"StringEquals": {"aws:RequestTag/QuarantagStack": "quarantag"}}],
        ec2("vpc"): [{}],
    }
    assert allowed(ISOLATOR, "ec2:CreateTags")[ec2("security-group")] == [
        {"StringEquals": {"ec2:CreateAction": "CreateSecurityGroup"}}
    ]


def test_the_isolator_never_writes_a_control_tag() -> None:
    written = allowed(ISOLATOR, "ec2:CreateTags")
    assert written[ec2("instance")] == [{"ForAllValues:StringEquals": {"aws:TagKeys": ["SecurityIsolationStatus"]}}]
    assert written[ec2("network-interface")] == [
        {"ForAllValues:StringEquals": {"aws:TagKeys": ["SecurityIsolationGroupsBefore"]}}
    ]
    assert set(written) == {ec2("instance"), ec2("network-interface"), ec2("security-group")}


@pytest.mark.parametrize("action", ["ec2:AssociateIamInstanceProfile", "ec2:ReplaceIamInstanceProfileAssociation"])
def test_an_instance_gets_the_isolation_profile_only(action: str) -> None:
    profile = {"ArnEquals": {"ec2:NewInstanceProfile": "<RootInstanceProfile.Arn>"}}
    assert allowed(ISOLATOR, action) == {ec2("instance"): [profile]}


def test_the_isolation_role_only_is_passed_and_to_ec2_only() -> None:
    ((resource, (condition,)),) = allowed(ISOLATOR, "iam:PassRole").items()
    assert resource == "<EC2IsolationRole.Arn>"
    assert condition == {"StringEquals": {"iam:PassedToService": ["ec2.amazonaws.com", "ec2.amazonaws.com.cn"]}}


@pytest.mark.parametrize("role", ACTIONS)
def test_the_ledger_the_topic_the_queue_and_the_own_log_only(role: str) -> None:
    for action in LEDGER:
        assert set(allowed(role, action)) == {"<ContainmentLedger.Arn>"}
    assert set(allowed(role, "dynamodb:Query")) <= {"<ContainmentLedger.Arn>/index/open-cases"}
    assert set(allowed(role, "sns:Publish")) == {"<Notifications>"}
    assert set(allowed(role, "sqs:SendMessage")) == {"<FailedEvents.Arn>"}
    own = {"<TagFindingLog.Arn>"} if role == TAGGER else {"<IsolationLog.Arn>"}
    assert set(allowed(role, "logs:PutLogEvents")) == set(allowed(role, "logs:CreateLogStream")) == own


def test_the_isolation_role_may_do_nothing() -> None:
    """And is denied everything, so that a bucket that trusts the whole account does not let it in."""
    (denial,) = TEMPLATE.statements("EC2IsolationRole")
    assert (denial.effect, list(denial.actions), list(denial.resources)) == ("Deny", ["*"], ["*"])
    assert not denial.conditions
    assert "ManagedPolicyArns" not in TEMPLATE.properties("EC2IsolationRole")
