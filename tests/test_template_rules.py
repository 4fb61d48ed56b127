"""template.yaml: which events reach which function, that nothing else may start it, and that no event is lost."""

import json
from datetime import timedelta
from typing import Any

import pytest
from ministack.services import eventbridge

from quarantag.settings import Settings
from quarantag.sweep import is_sweep
from quarantag.tagwrite import release_writes, tag_writes
from tests.template import Template, statements

TEMPLATE = Template()
FUNCTION = "AWS::Serverless::Function"
FUNCTIONS = ("TagFindingFunction", "IsolationLambdaFunction", "ReleaseFunction")
STARTS = {
    "GuardDutyFindingEvent": ("TagFindingFunction",),
    "EC2TagChangeEvent": ("IsolationLambdaFunction",),
    "ControlTagWrittenEvent": ("IsolationLambdaFunction",),
    "ReleaseTagChangeEvent": ("ReleaseFunction",),
    "ReleaseTagWrittenEvent": ("ReleaseFunction",),
    "SweepSchedule": FUNCTIONS,
}
TARGETS = [(rule, target) for rule in STARTS for target in TEMPLATE.properties(rule)["Targets"]]
SWEEP_EVERY = timedelta(minutes=5)
TAG = {"key": "SecurityIsolation", "value": "Release"}
INSTANCE, VOLUME = "i-0123456789abcdef0", "vol-0123456789abcdef0"


def test_each_rule_starts_its_functions() -> None:
    started = {
        rule: tuple(target["Arn"] for target in one["Targets"])
        for rule, one in TEMPLATE.of_type("AWS::Events::Rule").items()
    }
    assert started == {rule: tuple(f"<{name}.Arn>" for name in names) for rule, names in STARTS.items()}


@pytest.mark.parametrize("rule", ["EC2TagChangeEvent", "ReleaseTagChangeEvent"])
def test_bug_12_rule_matches_every_tag_change(rule: str) -> None:
    assert Template(IsolationTagKey="Quarantine").properties(rule)["EventPattern"] == {
        "source": ["aws.tag"],
        "detail-type": ["Tag Change on Resource"],
        "detail": {
            "service": ["ec2"],
            "resource-type": ["instance"],
            "changed-tag-keys": [{"equals-ignore-case": "Quarantine"}],
        },
    }


@pytest.mark.parametrize("rule", ["EC2TagChangeEvent", "ReleaseTagChangeEvent"])
@pytest.mark.parametrize(
    ("keys", "heard"),
    [
        (["SecurityIsolation"], True),
        (["Name", "securityisolation"], True),
        (["SECURITYISOLATION"], True),
        (["SecurityIsolationStatus"], False),
        (["Name"], False),
    ],
)
def test_a_key_that_differs_in_case_only_is_heard(rule: str, keys: list[str], heard: bool) -> None:  # noqa: FBT001
    detail = {"service": "ec2", "resource-type": "instance", "changed-tag-keys": keys}
    event = json.dumps({"source": "aws.tag", "detail-type": "Tag Change on Resource", "detail": detail})
    pattern = json.dumps(TEMPLATE.properties(rule)["EventPattern"])
    asked = eventbridge._test_event_pattern({"Event": event, "EventPattern": pattern})  # noqa: SLF001
    assert json.loads(asked[2])["Result"] is heard


def test_bug_filtering_on_resource_type_never_sees_attack_sequences() -> None:
    pattern = TEMPLATE.properties("GuardDutyFindingEvent")["EventPattern"]
    assert pattern == {"source": ["aws.guardduty"], "detail-type": ["GuardDuty Finding"]}


def written(tags: list[dict[str, str]], resource: str = INSTANCE, **detail: Any) -> dict[str, Any]:  # noqa: ANN401
    """CloudTrail's event of a CreateTags, as it comes on the event bus."""
    items = [{"resourceId": VOLUME}, {"resourceId": resource}]
    parameters = {"resourcesSet": {"items": items}, "tagSet": {"items": tags}}
    record = {"eventName": "CreateTags", "requestParameters": parameters, **detail}
    return {"source": "aws.ec2", "detail-type": "AWS API Call via CloudTrail", "detail": record}


@pytest.mark.parametrize(
    ("event", "heard"),
    [
        (written([TAG]), True),
        (written([{"key": "Owner", "value": "me"}, TAG]), True),
        (written([TAG | {"value": "Isolate"}]), False),
        (written([TAG | {"value": "release"}]), False),
        (written([TAG | {"value": "Isolate"}, {"key": "Wish", "value": "Release"}]), False),
        (written([TAG], resource="eni-0123456789abcdef0"), False),
        (written([TAG], errorCode="Client.UnauthorizedOperation"), False),
        (written([TAG], eventName="DeleteTags"), False),
    ],
)
def test_cloudtrail_s_event_starts_the_releaser_where_it_releases_an_instance(
    event: dict[str, Any],
    heard: bool,  # noqa: FBT001
) -> None:
    pattern = json.dumps(TEMPLATE.properties("ReleaseTagWrittenEvent")["EventPattern"])
    asked = eventbridge._test_event_pattern({"Event": json.dumps(event), "EventPattern": pattern})  # noqa: SLF001
    assert json.loads(asked[2])["Result"] is heard
    settings = Settings(account="123456789012", region="cn-north-1", isolation_profile_arn="arn")
    assert bool(release_writes(event, settings)) is heard


@pytest.mark.parametrize(
    ("event", "heard"),
    [
        (written([TAG | {"value": "Isolate"}]), True),
        (written([TAG]), True),
        (written([{"key": "Owner", "value": "me"}, TAG | {"value": "nonsense"}]), True),
        (written([{"key": "SecurityIsolation"}], eventName="DeleteTags"), True),
        (written([], eventName="DeleteTags"), True),
        (written([{"key": "SecurityIsolationStatus", "value": "Isolated"}]), False),
        (written([{"key": "Owner"}], eventName="DeleteTags"), False),
        (written([TAG], resource="eni-0123456789abcdef0"), False),
        (written([TAG], errorCode="Client.UnauthorizedOperation"), False),
        (written([TAG], eventName="RunInstances"), False),
    ],
)
def test_cloudtrail_s_event_of_the_control_tag_starts_who_records_it(event: dict[str, Any], heard: bool) -> None:  # noqa: FBT001
    pattern = json.dumps(TEMPLATE.properties("ControlTagWrittenEvent")["EventPattern"])
    asked = eventbridge._test_event_pattern({"Event": json.dumps(event), "EventPattern": pattern})  # noqa: SLF001
    assert json.loads(asked[2])["Result"] is heard
    settings = Settings(account="123456789012", region="cn-north-1", isolation_profile_arn="arn")
    known = event["detail"]["eventName"] != "RunInstances" and not event["detail"].get("errorCode")
    assert not known or bool(tag_writes(event, settings)) is heard


def test_who_wrote_is_looked_for_by_the_stack_s_own_key() -> None:
    pattern = Template(IsolationTagKey="Quarantine").properties("ControlTagWrittenEvent")["EventPattern"]
    assert pattern["detail"]["requestParameters"]["tagSet"]["items"] == {"key": ["Quarantine", {"exists": False}]}


def test_cloudtrail_s_event_is_looked_for_by_the_stack_s_own_key_and_value() -> None:
    pattern = Template(IsolationTagKey="Quarantine", ReleaseTagValue="Free").properties("ReleaseTagWrittenEvent")
    looked_for = pattern["EventPattern"]["detail"]["requestParameters"]["tagSet"]["items"]
    assert looked_for == {"key": ["Quarantine"], "value": ["Free"]}


def test_the_sweep_is_what_the_functions_take_for_one() -> None:
    sweep = TEMPLATE.properties("SweepSchedule")
    assert sweep["ScheduleExpression"] == f"rate({SWEEP_EVERY // timedelta(minutes=1)} minutes)"
    assert "EventPattern" not in sweep
    for target in sweep["Targets"]:
        assert is_sweep(json.loads(target["Input"]))
        assert timedelta(seconds=target["RetryPolicy"]["MaximumEventAgeInSeconds"]) < SWEEP_EVERY


def test_bug_13_invoke_permission_without_source_arn() -> None:
    permissions = TEMPLATE.of_type("AWS::Lambda::Permission").values()
    permitted = sorted((one["SourceArn"], one["FunctionName"]) for one in permissions)
    assert permitted == sorted((f"<{rule}.Arn>", f"<{name}>") for rule, names in STARTS.items() for name in names)
    for one in permissions:
        assert (one["Principal"], one["Action"]) == ("events.amazonaws.com", "lambda:InvokeFunction")
        assert one["SourceAccount"] == "123456789012"


@pytest.mark.parametrize(("rule", "target"), TARGETS, ids=lambda one: one if isinstance(one, str) else one["Id"])
def test_bug_16_no_dead_letter_queue_at_the_rule(rule: str, target: dict[str, Any]) -> None:
    assert target["Id"] in STARTS[rule]
    assert target["DeadLetterConfig"] == {"Arn": "<FailedEvents.Arn>"}
    assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0
    assert 60 <= target["RetryPolicy"]["MaximumEventAgeInSeconds"] <= 86400


@pytest.mark.parametrize("function", FUNCTIONS)
def test_bug_16_no_dead_letter_queue_at_the_function(function: str) -> None:
    config = TEMPLATE.properties(function)["EventInvokeConfig"]
    assert config["DestinationConfig"] == {"OnFailure": {"Type": "SQS", "Destination": "<FailedEvents.Arn>"}}
    assert config["MaximumRetryAttempts"] == 2
    assert 60 <= config["MaximumEventAgeInSeconds"] <= 21600


def test_bug_16_no_alarm() -> None:
    watched = set()
    for alarm in TEMPLATE.of_type("AWS::CloudWatch::Alarm").values():
        assert alarm["AlarmActions"] == ["<Notifications>"]
        if alarm["Namespace"] != "Quarantag":  # tests/test_metrics.py
            (dimension,) = alarm["Dimensions"]
            watched.add((alarm["MetricName"], dimension["Value"]))
    assert watched == {
        ("ApproximateNumberOfMessagesVisible", "<FailedEvents.QueueName>"),
        *(("Errors", f"<{function}>") for function in (*FUNCTIONS, "StackFunction")),
        *(("Throttles", f"<{function}>") for function in FUNCTIONS),
        *(("DestinationDeliveryFailures", f"<{function}>") for function in FUNCTIONS),
        *(("InvocationsFailedToBeSentToDlq", f"<{rule}>") for rule in STARTS),
    }


def test_only_our_rules_may_send_to_the_failed_events() -> None:
    (policy,) = TEMPLATE.of_type("AWS::SQS::QueuePolicy").values()
    allowed = [one for one in policy["PolicyDocument"]["Statement"] if one["Effect"] == "Allow"]
    assert [one["Principal"] for one in allowed] == [{"Service": "events.amazonaws.com"}]
    assert [set(one["Condition"]["ArnEquals"]["aws:SourceArn"]) for one in allowed] == [
        {f"<{rule}.Arn>" for rule in STARTS}
    ]
    assert TEMPLATE.properties("FailedEvents") == {"MessageRetentionPeriod": 14 * 86400, "SqsManagedSseEnabled": True}


@pytest.mark.parametrize("kind", ["AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"])
def test_nothing_is_sent_in_the_clear(kind: str) -> None:
    (policy,) = TEMPLATE.of_type(kind).values()
    denied = [one for one in statements(policy["PolicyDocument"]) if one.effect == "Deny"]
    assert [one.conditions for one in denied] == [{"Bool": {"aws:SecureTransport": "false"}}]
