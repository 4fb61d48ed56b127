"""CentralEventBusArn and CentralTopicArn: what is forwarded to the organization, and that it never comes back."""

import json
from collections.abc import Mapping
from typing import Any

from ministack.services import eventbridge

from tests.template import Template

BUS = "arn:aws-cn:events:cn-north-1:999988887777:event-bus/central"
OWN_BUS = "arn:aws-cn:events:cn-north-1:123456789012:event-bus/{}"
TOPIC = "arn:aws-cn:sns:cn-north-1:999988887777:central"
FORWARDING = Template(CentralEventBusArn=BUS, EventBusName="forensics")
RULES = ("StatusChangesToCentralBus", "AlarmsToCentralBus")
STATUS: dict[str, Any] = {
    "account": "123456789012",
    "region": "cn-north-1",
    "source": "quarantag",
    "detail-type": "Containment Status Change",
    "detail": {},
}
ALARM = STATUS | {
    "source": "aws.cloudwatch",
    "detail-type": "CloudWatch Alarm State Change",
    "resources": ["arn:aws-cn:cloudwatch:cn-north-1:123456789012:alarm:quarantag-FailedAlarm-1A2B"],
}


def heard(rule: str, event: Mapping[str, Any]) -> bool:
    """Whether the rule matches."""
    pattern = json.dumps(FORWARDING.properties(rule)["EventPattern"])
    asked = eventbridge._test_event_pattern({"Event": json.dumps(event), "EventPattern": pattern})  # noqa: SLF001
    return bool(json.loads(asked[2])["Result"])


def test_nothing_is_forwarded_by_default_nor_to_the_bus_where_it_is_already() -> None:
    own = Template(CentralEventBusArn=OWN_BUS.format("forensics"), EventBusName="forensics")
    for template in (Template(), own):
        assert not set(RULES) & set(template.of_type("AWS::Events::Rule"))
        assert "RoleForCentralBus" not in template.of_type("AWS::IAM::Role")
    assert set(RULES) <= set(Template(CentralEventBusArn=OWN_BUS.format("central")).of_type("AWS::Events::Rule"))


def test_own_status_changes_and_alarms_are_forwarded_and_nobody_else_s() -> None:
    status, alarm = RULES
    assert heard(status, STATUS)
    assert not heard(status, STATUS | {"account": "999988887777"})
    assert not heard(status, STATUS | {"region": "cn-northwest-1"})
    assert heard(alarm, ALARM)
    assert not heard(alarm, ALARM | {"resources": [str(ALARM["resources"]).replace("quarantag-", "billing-")]})


def test_each_is_forwarded_from_the_bus_where_it_is() -> None:
    assert FORWARDING.properties("StatusChangesToCentralBus")["EventBusName"] == "forensics"
    assert "EventBusName" not in FORWARDING.properties("AlarmsToCentralBus")


def test_what_can_t_be_forwarded_is_kept() -> None:
    (policy,) = FORWARDING.of_type("AWS::SQS::QueuePolicy").values()
    sources = policy["PolicyDocument"]["Statement"][0]["Condition"]["ArnEquals"]["aws:SourceArn"]
    for rule in RULES:
        (target,) = FORWARDING.properties(rule)["Targets"]
        assert (target["Arn"], target["RoleArn"]) == (BUS, "<RoleForCentralBus.Arn>")
        assert target["DeadLetterConfig"] == {"Arn": "<FailedEvents.Arn>"}
        assert f"<{rule}.Arn>" in sources


def test_messages_go_to_the_organization_s_topic_and_alarms_stay() -> None:
    template = Template(CentralTopicArn=TOPIC)
    for name, function in template.of_type("AWS::Serverless::Function").items():
        told = "" if name == "StackFunction" else TOPIC  # which tells CloudFormation alone
        assert function["Environment"]["Variables"]["NOTIFICATIONS_TOPIC_ARN"] == told
    alarms = template.of_type("AWS::CloudWatch::Alarm").values()
    assert {one["AlarmActions"][0] for one in alarms} == {"<Notifications>"}
