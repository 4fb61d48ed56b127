"""template.yaml: the published bugs of containment Lambdas that live in a template, and what the design promises."""

import re
from datetime import timedelta
from typing import Any

from benchmarks.memory_size import WHOLE_VCPU_MB
from quarantag.aws.ledger import LEASE
from tests.template import ROOT, Template, as_list, source

TEMPLATE = Template()
FUNCTION = "AWS::Serverless::Function"
STABLE = {
    "ContainmentLedger": "AWS::DynamoDB::Table",
    "EC2IsolationRole": "AWS::IAM::Role",
    "EC2TagChangeEvent": "AWS::Events::Rule",
    "FailedEvents": "AWS::SQS::Queue",
    "GuardDutyFindingEvent": "AWS::Events::Rule",
    "IAMRoleForLambdaFunction": "AWS::IAM::Role",
    "IsolationLambdaFunction": FUNCTION,
    "IsolationLambdaFunctionInvokePermissions": "AWS::Lambda::Permission",
    "Notifications": "AWS::SNS::Topic",
    "ReleaseFunction": FUNCTION,
    "ReleaseTagChangeEvent": "AWS::Events::Rule",
    "RootInstanceProfile": "AWS::IAM::InstanceProfile",
    "SweepSchedule": "AWS::Events::Rule",
    "TagFindingFunction": FUNCTION,
}
NAMES = re.compile(r"(?:Role|InstanceProfile|Function|Table|Queue|Topic|LogGroup|Alarm|Rule|Alias|ManagedPolicy)?Name")


def test_logical_ids_that_others_script_against() -> None:
    kinds = {name: one["Type"] for name, one in source()["Resources"].items()}
    assert {name: kinds.get(name) for name in STABLE} == STABLE


def test_bug_15_fixed_names_stop_a_second_region_or_stack() -> None:
    """Only IAM's are named, and those carry the Region and a parameter."""
    resources = source()["Resources"]
    named = {
        (logical_id, key): str(TEMPLATE.evaluated(value))
        for logical_id, one in resources.items()
        for key, value in one.get("Properties", {}).items()
        if NAMES.fullmatch(key) and key not in {"MetricName", "FunctionName"}
    }
    assert set(named) == {("EC2IsolationRole", "RoleName"), ("RootInstanceProfile", "InstanceProfileName")}
    assert set(named.values()) == {"SecurityIsolation-IAMRole-cn-north-1"}


def test_bug_15_literal_partition() -> None:
    text = (ROOT / "template.yaml").read_text(encoding="utf-8")
    assert not re.findall(r"arn:aws[a-z-]*:", text)
    same_everywhere = {f"{service}.amazonaws.com" for service in ("cloudwatch", "ec2", "events", "lambda", "scheduler")}
    assert set(re.findall(r"[\w.{}:$-]*amazonaws\.com", text)) == same_everywhere
    trust = TEMPLATE.properties("EC2IsolationRole")["AssumeRolePolicyDocument"]["Statement"]
    assert [one["Principal"] for one in trust] == [{"Service": "ec2.amazonaws.com.cn"}]


def test_alarms_can_reach_the_encrypted_topic() -> None:
    """CloudWatch can't use AWS's own key for SNS: its policy is fixed."""
    assert TEMPLATE.properties("Notifications")["KmsMasterKeyId"] == "<NotificationsKey>"
    key = TEMPLATE.properties("NotificationsKey")["KeyPolicy"]
    (topic,) = TEMPLATE.of_type("AWS::SNS::TopicPolicy").values()
    for document, action in ((key, "kms:GenerateDataKey*"), (topic["PolicyDocument"], "sns:Publish")):
        services = [one for one in document["Statement"] if one["Principal"] == {"Service": "cloudwatch.amazonaws.com"}]
        assert [action in as_list(one["Action"]) for one in services] == [True]
        assert [one["Condition"] for one in services] == [{"StringEquals": {"aws:SourceAccount": "123456789012"}}]


def test_the_key_opens_through_the_topic_only() -> None:
    opened = [
        one["Condition"]["StringEquals"]
        for one in TEMPLATE.properties("NotificationsKey")["KeyPolicy"]["Statement"]
        if one["Principal"] == {"AWS": "*"}
    ]
    assert opened == [{"kms:CallerAccount": "123456789012", "kms:ViaService": "sns.cn-north-1.amazonaws.com.cn"}]


def test_the_ledger_outlives_the_stack_and_is_safe() -> None:
    ledger = source()["Resources"]["ContainmentLedger"]
    assert (ledger["DeletionPolicy"], ledger["UpdateReplacePolicy"]) == ("Retain", "Retain")
    table = TEMPLATE.properties("ContainmentLedger")
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert [one["AttributeName"] for one in table["KeySchema"]] == ["pk", "sk"]
    (index,) = table["GlobalSecondaryIndexes"]
    assert (index["IndexName"], index["Projection"]) == ("open-cases", {"ProjectionType": "KEYS_ONLY"})
    assert index["KeySchema"] == [{"AttributeName": "open_case", "KeyType": "HASH"}]


def test_the_logs_outlive_the_stack_and_end() -> None:
    groups = TEMPLATE.of_type("AWS::Logs::LogGroup")
    assert {one["LoggingConfig"]["LogGroup"] for one in TEMPLATE.of_type(FUNCTION).values()} == {
        f"<{name}>" for name in groups
    }
    for name, group in groups.items():
        assert source()["Resources"][name]["DeletionPolicy"] == "Retain"
        assert group["RetentionInDays"] >= 365


def test_bug_18_groups_left_behind_can_be_found() -> None:
    """The groups are made where they are needed, so the stack says how to find them all; it deletes them, too."""
    outputs: dict[str, Any] = TEMPLATE.evaluated(source()["Outputs"])
    assert "Name=tag:QuarantagStack,Values=quarantag" in outputs["IsolationGroups"]["Value"]


def test_functions_end_before_their_lease_does() -> None:
    """But the stack's own, which takes no lease: see test_template_stack_life."""
    for name, function in TEMPLATE.of_type(FUNCTION).items():
        assert timedelta(seconds=function["Timeout"]) < LEASE or name == "StackFunction"


def test_functions_have_the_size_that_was_measured() -> None:
    assert {one["MemorySize"] for one in TEMPLATE.of_type(FUNCTION).values()} == {WHOLE_VCPU_MB}


def test_the_isolation_profile_holds_the_isolation_role() -> None:
    assert TEMPLATE.properties("RootInstanceProfile")["Roles"] == ["<EC2IsolationRole>"]
