"""The canary: what its two schedules call isolates and releases it, over strict moto; they may do no more."""

import json
from typing import Any

import pytest

from tests.cloud import Lab
from tests.iam.people import ec2, tagged
from tests.iam.roles import by
from tests.iam.simulator import Question, simulate
from tests.stack import KEY, Stack, is_cut
from tests.template import Template

ROLE = "CanaryRole"
CANARY, OTHER = ec2("instance"), ec2("instance", "i-0aaaaaaaaaaaaaaaa")


def called(instance_id: str, schedule: str, **parameters: str) -> dict[str, Any]:
    """What the schedule gives EC2's CreateTags."""
    made = Template(CanaryInstanceId=instance_id, **parameters)
    target = made.properties(schedule)["Target"]
    assert target["Arn"] == "arn:aws-cn:scheduler:::aws-sdk:ec2:createTags"
    found: dict[str, Any] = json.loads(target["Input"])
    return found


def test_it_is_isolated_and_released_as_any_instance(stack: Stack, lab: Lab) -> None:
    network = lab.vpc()
    instance = lab.instance([network], profile=lab.profile())

    lab.ec2.create_tags(**called(instance.id, "IsolateCanary"))
    assert stack.isolate(instance.id)["status"] == "Isolated"
    assert is_cut(stack, instance.interface_ids[0], network.vpc_id)
    assert lab.tags(instance.id)[f"{KEY}Reason"] == "canary: practised by schedule"

    lab.ec2.create_tags(**called(instance.id, "ReleaseCanary"))
    assert stack.release(instance.id)["status"] == "Released"
    assert not is_cut(stack, instance.interface_ids[0], network.vpc_id)


def test_it_writes_the_control_tag_of_the_parameters() -> None:
    given = {"IsolationTagKey": "acme:quarantine", "IsolateTagValue": "on", "ReleaseTagValue": "off"}
    isolating, releasing = (called("i-0aaaaaaaaaaaaaaaa", name, **given) for name in ("IsolateCanary", "ReleaseCanary"))
    assert isolating["Tags"][0] == {"Key": "acme:quarantine", "Value": "on"}
    assert releasing["Tags"] == [{"Key": "acme:quarantine", "Value": "off"}]


def test_without_one_nothing_is_made() -> None:
    kinds = ("AWS::Scheduler::Schedule", "AWS::Scheduler::ScheduleGroup")
    assert [Template().of_type(kind) for kind in kinds] == [{}, {}]
    assert ROLE not in Template().of_type("AWS::IAM::Role")
    assert "CanaryAlarm" not in Template().of_type("AWS::CloudWatch::Alarm")


def test_an_alarm_tells_when_a_week_went_by_without_a_containment() -> None:
    alarm = Template(CanaryInstanceId="i-0aaaaaaaaaaaaaaaa").properties("CanaryAlarm")
    assert (alarm["MetricName"], alarm["TreatMissingData"]) == ("Isolated", "breaching")
    assert alarm["Period"] * alarm["EvaluationPeriods"] == 604_800  # seconds: the most that CloudWatch takes


def writing(instance: str, value: str, *keys: str, **context: str | list[str]) -> Question:
    tags: dict[str, str | list[str]] = {"aws__TagKeys": [KEY, *keys], f"aws__RequestTag/{KEY}": value}
    return by(ROLE, "ec2:CreateTags", instance, **tags, **context)


@pytest.mark.parametrize(
    ("question", "allowed"),
    [
        pytest.param(writing(CANARY, "Isolate", f"{KEY}Reason"), True, id="isolates"),
        pytest.param(writing(CANARY, "Release", **tagged()), True, id="releases"),
        pytest.param(writing(OTHER, "Isolate"), False, id="isolates another"),
        pytest.param(writing(OTHER, "Release", **tagged()), False, id="releases another"),
        pytest.param(writing(CANARY, "Review"), False, id="writes another value"),
        pytest.param(writing(CANARY, "Isolate", f"{KEY}Exempt"), False, id="writes another key"),
        pytest.param(by(ROLE, "ec2:DeleteTags", CANARY, aws__TagKeys=[KEY]), False, id="removes the tag"),
        pytest.param(by(ROLE, "ec2:TerminateInstances", CANARY), False, id="terminates"),
    ],
)
def test_its_role_writes_these_two_values_on_this_instance_and_nothing_else(question: Question, allowed: bool) -> None:  # noqa: FBT001 - a table
    assert [answer.allowed for answer in simulate([question])] == [allowed]
