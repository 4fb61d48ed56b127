"""The functions' roles: exactly the actions that their code calls, each on the narrowest resource and condition."""

import json

import pytest

from tests.measures.declared import GIVEN, READ, TAKEN
from tests.template import Template, ec2, iam, source, statements

TEMPLATE = Template(ExistingConnections="nacl", RevokeCredentials="role")
TAGGER, ISOLATOR, RELEASER = "IAMRoleForTagFindingFunction", "IAMRoleForLambdaFunction", "IAMRoleForReleaseFunction"
LEDGER = {f"dynamodb:{name}" for name in ("GetItem", "PutItem", "UpdateItem")}
TRACE = {"xray:PutTelemetryRecords", "xray:PutTraceSegments"}
COMMON = LEDGER | {
    *("dynamodb:Query", "ec2:CreateTags", "ec2:DescribeInstances", "events:PutEvents"),
    *("logs:CreateLogStream", "logs:PutLogEvents", "sns:Publish", "sqs:SendMessage"),
    *TRACE,
}
RECONCILE = COMMON | {
    *("cloudtrail:LookupEvents", "ec2:AssociateIamInstanceProfile"),
    "ec2:DescribeIamInstanceProfileAssociations",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DisassociateIamInstanceProfile",
    "ec2:ModifyNetworkInterfaceAttribute",
    "ec2:ReplaceIamInstanceProfileAssociation",
    "iam:GetInstanceProfile",
    "iam:PassRole",
}
CHANGE_RULES = {
    f"ec2:{name}"
    for name in ("AuthorizeSecurityGroupIngress", "RevokeSecurityGroupEgress", "RevokeSecurityGroupIngress")
}
MAKE_GROUPS = CHANGE_RULES | {"ec2:CreateSecurityGroup"}
READ_FINDINGS = {"guardduty:GetFindings", "guardduty:ListDetectors", "guardduty:ListFindings"}
ACTIONS = {
    TAGGER: COMMON | READ_FINDINGS,
    ISOLATOR: RECONCILE | MAKE_GROUPS | {"events:DescribeRule", "events:ListTargetsByRule"} | READ | TAKEN,
    RELEASER: RECONCILE | READ | GIVEN,
}
LOGS = {TAGGER: "<TagFindingLog.Arn>", ISOLATOR: "<IsolationLog.Arn>", RELEASER: "<ReleaseLog.Arn>"}
SNAPSHOT = "arn:aws-cn:ec2:cn-north-1:*:snapshot/*"
GLOBAL_EVENTS = {"StringEquals": {"aws:RequestedRegion": ["cn-north-1", "us-east-1", "cn-north-1", "us-gov-west-1"]}}
OWN_GROUP = {"StringEquals": {"aws:ResourceTag/QuarantagStack": "quarantag"}}


def test_each_function_has_its_own_role() -> None:
    roles = sorted(one["Role"][1:-5] for one in TEMPLATE.of_type("AWS::Serverless::Function").values())
    assert roles == sorted((*ACTIONS, "IAMRoleForRevokeFunction", "IAMRoleForStackFunction"))
    for role in ACTIONS:
        assert "ManagedPolicyArns" not in TEMPLATE.properties(role)
    attached = {
        name: one["Roles"] for name, one in TEMPLATE.of_type("AWS::IAM::ManagedPolicy").items() if "Roles" in one
    }
    taking = ("TakeMeasures", "LetRespondersIn", "TakeEvidence", "CopyEvidence", "ShareEvidence")
    assert attached == {name: [f"<{ISOLATOR}>"] for name in taking} | {
        "GiveMeasuresBack": [f"<{RELEASER}>"],
        "ReadEvidence": [f"<{ISOLATOR}>", f"<{RELEASER}>"],
        "TellWorkflows": [f"<{TAGGER}>", f"<{ISOLATOR}>", f"<{RELEASER}>"],
        "NeverFlipTheSwitch": [f"<{TAGGER}>", f"<{ISOLATOR}>", f"<{RELEASER}>"],
    }


@pytest.mark.parametrize(("policy", "actions"), [("TakeMeasures", READ | TAKEN), ("GiveMeasuresBack", READ | GIVEN)])
def test_the_measures_powers_are_in_a_policy_of_their_own(policy: str, actions: set[str]) -> None:
    found = statements(TEMPLATE.properties(policy)["PolicyDocument"])
    assert set().union(*(one.actions for one in found if one.effect == "Allow")) <= actions


@pytest.mark.parametrize("role", ACTIONS)
def test_policies_fit_into_what_iam_takes(role: str) -> None:
    """IAM and AWS STS quotas: a role's own policies 10,240 characters together, a managed one 6,144."""
    sizes = [len(_dense(one["PolicyDocument"])) for one in TEMPLATE.properties(role)["Policies"]]
    assert sum(sizes) < 10_240
    managed = TEMPLATE.of_type("AWS::IAM::ManagedPolicy").values()
    assert [len(_dense(one["PolicyDocument"])) for one in managed if len(_dense(one["PolicyDocument"])) >= 6_144] == []


def _dense(document: object) -> str:
    parsed = json.loads(document) if isinstance(document, str) else document
    return json.dumps(parsed, separators=(",", ":"))


@pytest.mark.parametrize("role", ACTIONS)
def test_a_role_has_exactly_the_actions_of_its_function(role: str) -> None:
    assert set().union(*(one.actions for one in TEMPLATE.granted(role))) == ACTIONS[role]


@pytest.mark.parametrize("role", ACTIONS)
def test_bug_16_writes_on_everything(role: str) -> None:
    """Only reading that supports no resource is on `*`; and that in this Region only, but for IAM's events."""
    everywhere = [one for one in TEMPLATE.granted(role) if "*" in one.resources]
    assert everywhere
    for one in everywhere:
        described = all(action.startswith("ec2:Describe") for action in one.actions)
        scaling = all(action.startswith("autoscaling:Describe") for action in one.actions)
        assert described or scaling or one.actions <= READ_FINDINGS | TRACE | {"cloudtrail:LookupEvents"}
        key = "ec2:Region" if described else "aws:RequestedRegion"
        assert one.conditions in ({"StringEquals": {key: "cn-north-1"}}, GLOBAL_EVENTS)


@pytest.mark.parametrize(("role", "actions"), [(ISOLATOR, TAKEN), (RELEASER, GIVEN)])
def test_groups_are_changed_in_this_account_and_region_only(role: str, actions: set[str]) -> None:
    """Taking a member out is the isolator's alone, putting one back the releaser's."""
    groups = "arn:aws-cn:autoscaling:cn-north-1:123456789012:autoScalingGroup:*:autoScalingGroupName/*"
    changing = {one for one in actions if one.startswith("autoscaling:")}
    assert changing
    assert all(list(TEMPLATE.allowed(role, action)) == [groups] for action in changing)


def test_the_tagger_writes_its_three_keys_and_never_the_value_that_releases() -> None:
    template = Template(IsolationTagKey="Quarantine", ReviewTagValue="Look")
    assert template.allowed(TAGGER, "ec2:CreateTags") == {
        ec2("instance"): [
            {
                "ForAllValues:StringEquals": {"aws:TagKeys": ["Quarantine", "QuarantineReason", "QuarantineStatus"]},
                "StringEqualsIfExists": {"aws:RequestTag/Quarantine": ["Isolate", "Look"]},
            }
        ]
    }


def test_the_tagger_never_downgrades() -> None:
    denial, _switch = [one for one in TEMPLATE.statements(TAGGER) if one.effect == "Deny"]
    assert denial.actions == {"ec2:CreateTags"}
    assert denial.resources == (ec2("instance"),)
    assert denial.conditions == {
        "StringEquals": {
            "aws:RequestTag/SecurityIsolation": "Review",
            "aws:ResourceTag/SecurityIsolation": "Isolate",
        }
    }


def test_interfaces_go_into_the_stack_s_own_groups_only() -> None:
    assert TEMPLATE.allowed(ISOLATOR, "ec2:ModifyNetworkInterfaceAttribute") == {
        ec2("instance"): [{}],
        ec2("network-interface"): [{}],
        ec2("security-group"): [OWN_GROUP],
    }


@pytest.mark.parametrize("action", sorted(CHANGE_RULES))
def test_only_the_stack_s_own_groups_change_their_rules(action: str) -> None:
    assert TEMPLATE.allowed(ISOLATOR, action) == {ec2("security-group"): [OWN_GROUP]}


def test_bug_18_group_left_behind_unmarked() -> None:
    """No group without the creation tag is made, and no group gets the tag but when it is made."""
    assert TEMPLATE.allowed(ISOLATOR, "ec2:CreateSecurityGroup") == {
        ec2("security-group"): [{"StringEquals": {"aws:RequestTag/QuarantagStack": "quarantag"}}],
        ec2("vpc").replace("123456789012", "*"): [{}],  # a shared one is of the account that shares it
    }
    assert TEMPLATE.allowed(ISOLATOR, "ec2:CreateTags")[ec2("security-group")] == [
        {"StringEquals": {"ec2:CreateAction": "CreateSecurityGroup"}}
    ]


def test_the_isolator_never_writes_a_control_tag() -> None:
    written = TEMPLATE.allowed(ISOLATOR, "ec2:CreateTags")
    assert written[ec2("instance")] == [{"ForAllValues:StringEquals": {"aws:TagKeys": ["SecurityIsolationStatus"]}}]
    assert written[ec2("network-interface")] == [
        {"ForAllValues:StringEquals": {"aws:TagKeys": ["SecurityIsolationGroupsBefore"]}},
        {"ForAllValues:StringEquals": {"aws:TagKeys": ["SecurityIsolation"]}},  # freezes; no rule hears of it
    ]
    assert written[SNAPSHOT] == [
        {"StringEquals": {"ec2:CreateAction": ["CopySnapshot", "CreateSnapshots"]}},
        OWN_GROUP | {"ForAllValues:StringEquals": {"aws:TagKeys": ["QuarantagDevice", "QuarantagVolume"]}},
    ]
    assert set(written) == {ec2("instance"), ec2("network-interface"), ec2("security-group"), SNAPSHOT}


@pytest.mark.parametrize("action", ["ec2:AssociateIamInstanceProfile", "ec2:ReplaceIamInstanceProfileAssociation"])
def test_an_isolated_instance_gets_the_isolation_profile_only(action: str) -> None:
    profile = {"ArnEquals": {"ec2:NewInstanceProfile": "<RootInstanceProfile.Arn>"}}
    assert TEMPLATE.allowed(ISOLATOR, action) == {ec2("instance"): [profile]}


def test_the_isolator_passes_the_isolation_role_only_and_to_ec2_only() -> None:
    ((resource, (condition,)),) = TEMPLATE.allowed(ISOLATOR, "iam:PassRole").items()
    assert resource == "<EC2IsolationRole.Arn>"
    assert condition == {"StringEquals": {"iam:PassedToService": ["ec2.amazonaws.com", "ec2.amazonaws.com.cn"]}}


def test_only_the_stack_s_own_snapshots_are_made_locked_copied_and_shared() -> None:
    """Shared with the one account, locked for the days of the parameter, and neither unlocked nor deleted."""
    template = Template(EvidenceAccountId="210987654321", LockSnapshotsDays="30")
    marked = {"StringEquals": {"aws:RequestTag/QuarantagStack": "quarantag"}}
    made = template.allowed(ISOLATOR, "ec2:CreateSnapshots")
    assert made == {ec2("instance"): [{}], ec2("volume"): [{}], SNAPSHOT: [marked]}
    assert template.allowed(ISOLATOR, "ec2:CopySnapshot") == {SNAPSHOT: [OWN_GROUP, marked]}
    (locking,) = template.allowed(ISOLATOR, "ec2:LockSnapshot")[SNAPSHOT]
    assert locking == OWN_GROUP | {"NumericEquals": {"ec2:SnapshotLockDuration": "30"}}
    (sharing,) = template.allowed(ISOLATOR, "ec2:ModifySnapshotAttribute")[SNAPSHOT]
    account = {"ec2:Add/userId": "210987654321"}
    assert sharing == {"StringEquals": OWN_GROUP["StringEquals"] | account}


@pytest.mark.parametrize(
    ("policy", "condition"),
    [
        *(("ReadEvidence", "TakesEvidence"), ("TakeEvidence", "TakesEvidence")),
        ("LetRespondersIn", "GivesForensicAccess"),
        *(("CopyEvidence", "CopiesEvidence"), ("ShareEvidence", "SharesEvidence")),
    ],
)
def test_some_powers_are_there_only_where_a_parameter_asks(policy: str, condition: str) -> None:
    assert source()["Resources"][policy]["Condition"] == condition
    assert condition in source()["Conditions"]


@pytest.mark.parametrize("role", [TAGGER, ISOLATOR, RELEASER])
def test_one_kind_of_event_is_sent_to_the_one_bus(role: str) -> None:
    kind = {"events:detail-type": "Containment Status Change", "events:source": "quarantag"}
    assert Template(EventBusName="forensics").allowed(role, "events:PutEvents") == {
        "arn:aws-cn:events:cn-north-1:123456789012:event-bus/forensics": [
            {"ForAllValues:StringEquals": kind, "Null": dict.fromkeys(kind, "false")}
        ]
    }


def test_keys_are_used_by_ebs_only() -> None:
    for one in TEMPLATE.granted(ISOLATOR):
        if any(action.startswith("kms:") for action in one.actions):
            assert one.conditions["StringEquals"] == {"kms:ViaService": "ec2.cn-north-1.amazonaws.com.cn"}
            assert ("kms:CreateGrant" in one.actions) == ("Bool" in one.conditions)


@pytest.mark.parametrize("role", [ISOLATOR, RELEASER])
def test_of_iam_only_instance_profiles_are_read(role: str) -> None:
    assert TEMPLATE.allowed(role, "iam:GetInstanceProfile") == {iam("instance-profile"): [{}]}


@pytest.mark.parametrize("role", ACTIONS)
def test_the_ledger_the_topic_the_queue_and_the_own_log_only(role: str) -> None:
    for action in LEDGER:
        assert set(TEMPLATE.allowed(role, action)) == {"<ContainmentLedger.Arn>"}
    assert set(TEMPLATE.allowed(role, "dynamodb:Query")) == {"<ContainmentLedger.Arn>/index/open-cases"}
    assert set(TEMPLATE.allowed(role, "sns:Publish")) == {"<Notifications>"}
    assert set(TEMPLATE.allowed(role, "sqs:SendMessage")) == {"<FailedEvents.Arn>"}
    for action in ("logs:PutLogEvents", "logs:CreateLogStream"):
        assert set(TEMPLATE.allowed(role, action)) == {LOGS[role]}


def test_the_isolation_role_may_do_nothing() -> None:
    """And is denied everything, so that a bucket that trusts the whole account does not let it in."""
    (denial,) = TEMPLATE.statements("EC2IsolationRole")
    assert (denial.effect, list(denial.actions), list(denial.resources)) == ("Deny", ["*"], ["*"])
    assert not denial.conditions
    assert "ManagedPolicyArns" not in TEMPLATE.properties("EC2IsolationRole")
