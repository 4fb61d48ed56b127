"""template.yaml: the published bugs of containment Lambdas that live in a template, and what the design promises."""

import re
from datetime import timedelta
from typing import Any

import pytest

from quarantag.aws.ledger import LEASE
from tests.template import ROOT, Template, as_list, source, statements

TEMPLATE = Template()
FUNCTION = "AWS::Serverless::Function"
RULES = {"TagFindingFunction": "GuardDutyFindingEvent", "IsolationLambdaFunction": "EC2TagChangeEvent"}
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
    "RootInstanceProfile": "AWS::IAM::InstanceProfile",
    "TagFindingFunction": FUNCTION,
}
NAMES = re.compile(r"(?:Role|InstanceProfile|Function|Table|Queue|Topic|LogGroup|Alarm|Rule|Alias|Policy)?Name")


def test_logical_ids_that_others_script_against() -> None:
    kinds = {name: one["Type"] for name, one in source()["Resources"].items()}
    assert {name: kinds.get(name) for name in STABLE} == STABLE


def test_bug_12_rule_matches_every_tag_change() -> None:
    pattern = Template(IsolationTagKey="Quarantine").properties("EC2TagChangeEvent")["EventPattern"]
    assert pattern == {
        "source": ["aws.tag"],
        "detail-type": ["Tag Change on Resource"],
        "detail": {"service": ["ec2"], "resource-type": ["instance"], "changed-tag-keys": ["Quarantine"]},
    }


def test_bug_filtering_on_resource_type_never_sees_attack_sequences() -> None:
    pattern = TEMPLATE.properties("GuardDutyFindingEvent")["EventPattern"]
    assert pattern == {"source": ["aws.guardduty"], "detail-type": ["GuardDuty Finding"]}


def test_bug_13_invoke_permission_without_source_arn() -> None:
    permitted = {one["FunctionName"]: one for one in TEMPLATE.of_type("AWS::Lambda::Permission").values()}
    assert set(permitted) == {f"<{function}>" for function in TEMPLATE.of_type(FUNCTION)}
    for function, rule in RULES.items():
        permission = permitted[f"<{function}>"]
        assert permission["SourceArn"] == f"<{rule}.Arn>"
        assert (permission["Principal"], permission["Action"]) == ("events.amazonaws.com", "lambda:InvokeFunction")


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
    principals = {"lambda.amazonaws.com", "events.amazonaws.com", "cloudwatch.amazonaws.com"}  # the same everywhere
    assert set(re.findall(r"[\w.{}:$-]*amazonaws\.com", text)) == principals | {"ec2.amazonaws.com"}
    trust = TEMPLATE.properties("EC2IsolationRole")["AssumeRolePolicyDocument"]["Statement"]
    assert [one["Principal"] for one in trust] == [{"Service": "ec2.amazonaws.com.cn"}]


@pytest.mark.parametrize("rule", RULES.values())
def test_bug_16_no_dead_letter_queue_at_the_rule(rule: str) -> None:
    (target,) = TEMPLATE.properties(rule)["Targets"]
    assert target["DeadLetterConfig"] == {"Arn": "<FailedEvents.Arn>"}
    assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0
    assert 60 <= target["RetryPolicy"]["MaximumEventAgeInSeconds"] <= 86400


@pytest.mark.parametrize("function", RULES)
def test_bug_16_no_dead_letter_queue_at_the_function(function: str) -> None:
    config = TEMPLATE.properties(function)["EventInvokeConfig"]
    assert config["DestinationConfig"] == {"OnFailure": {"Type": "SQS", "Destination": "<FailedEvents.Arn>"}}
    assert config["MaximumRetryAttempts"] == 2
    assert 60 <= config["MaximumEventAgeInSeconds"] <= 21600


def test_bug_16_no_alarm() -> None:
    watched = set()
    for alarm in TEMPLATE.of_type("AWS::CloudWatch::Alarm").values():
        assert alarm["AlarmActions"] == ["<Notifications>"]
        (dimension,) = alarm["Dimensions"]
        watched.add((alarm["MetricName"], dimension["Value"]))
    assert watched == {
        ("ApproximateNumberOfMessagesVisible", "<FailedEvents.QueueName>"),
        *(("Errors", f"<{function}>") for function in RULES),
        *(("DestinationDeliveryFailures", f"<{function}>") for function in RULES),
        *(("InvocationsFailedToBeSentToDlq", f"<{rule}>") for rule in RULES.values()),
    }


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


def test_only_our_rules_may_send_to_the_failed_events() -> None:
    (policy,) = TEMPLATE.of_type("AWS::SQS::QueuePolicy").values()
    allowed = [one for one in policy["PolicyDocument"]["Statement"] if one["Effect"] == "Allow"]
    assert [one["Principal"] for one in allowed] == [{"Service": "events.amazonaws.com"}]
    assert [set(one["Condition"]["ArnEquals"]["aws:SourceArn"]) for one in allowed] == [
        {f"<{rule}.Arn>" for rule in RULES.values()}
    ]
    assert TEMPLATE.properties("FailedEvents") == {"MessageRetentionPeriod": 14 * 86400, "SqsManagedSseEnabled": True}


@pytest.mark.parametrize("kind", ["AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"])
def test_nothing_is_sent_in_the_clear(kind: str) -> None:
    (policy,) = TEMPLATE.of_type(kind).values()
    denied = [one for one in statements(policy["PolicyDocument"]) if one.effect == "Deny"]
    assert [one.conditions for one in denied] == [{"Bool": {"aws:SecureTransport": "false"}}]


def test_the_ledger_outlives_the_stack_and_is_safe() -> None:
    ledger = source()["Resources"]["ContainmentLedger"]
    assert (ledger["DeletionPolicy"], ledger["UpdateReplacePolicy"]) == ("Retain", "Retain")
    table = TEMPLATE.properties("ContainmentLedger")
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"] == {"SSEEnabled": True}
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
    """The groups are made where they are needed, so the stack says how to find them all."""
    outputs: dict[str, Any] = TEMPLATE.evaluated(source()["Outputs"])
    assert "Name=tag:QuarantagStack,Values=quarantag" in outputs["IsolationGroups"]["Value"]


def test_functions_end_before_their_lease_does() -> None:
    for function in TEMPLATE.of_type(FUNCTION).values():
        assert timedelta(seconds=function["Timeout"]) < LEASE


def test_the_isolation_profile_holds_the_isolation_role() -> None:
    assert TEMPLATE.properties("RootInstanceProfile")["Roles"] == ["<EC2IsolationRole>"]
