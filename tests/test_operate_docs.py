"""docs/operate.md is true: the IAM actions that it lists are those that are called, and its JSON is the JSON."""

import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest

import isolate
import release
from console.command import app
from tests.cloud import SESSION, Lab
from tests.operators import FUNCTIONS, Operator
from tests.stack import KEY, Stack
from tests.template import Template
from tests.test_release import world

PAGE = (Path(__file__).parents[1] / "docs" / "operate.md").read_text(encoding="utf-8")
COMMANDS = ("list", "show", "isolate", "review", "release", "history")


def listed(command: str) -> set[str]:
    """The IAM actions in the command's row."""
    row = re.search(rf"^\| `{command}` \| (`[a-z0-9]+:.*) \|$", PAGE, re.MULTILINE)
    assert row
    return set(re.findall(r"`([a-z0-9]+:[A-Za-z]+)`", row[1]))


def called(records: list[logging.LogRecord]) -> set[str]:
    """The IAM actions of the calls that botocore logged; its service ids differ from IAM's prefixes in nothing here."""
    models: list[Any] = [record.args[0] for record in records if isinstance(record.args, tuple) and record.args]
    return {f"{model.service_model.service_name}:{model.name}" for model in models if hasattr(model, "service_model")}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_actions_listed_are_those_that_are_called(
    operator: Operator, stack: Stack, lab: Lab, caplog: pytest.LogCaptureFixture, command: str
) -> None:
    instance = lab.instance(profile=lab.profile())
    stack.tag_and_isolate(instance.id)
    words = [command, *([] if command == "list" else [instance.id])]
    if command in ("isolate", "review", "release"):
        words += ["--yes", "--no-wait"]
    caplog.set_level(logging.DEBUG, "botocore.endpoint")
    caplog.clear()
    assert operator.typed(*words).exit_code == 0
    assert called(caplog.records) == listed(command)


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_the_actions_listed_for_the_switch_are_those_that_are_called(
    operator: Operator, caplog: pytest.LogCaptureFixture, verb: str
) -> None:
    caplog.set_level(logging.DEBUG, "botocore.endpoint")
    caplog.clear()
    assert set(operator.answered(verb, "--yes")) == {"paused", "by", "at", "reason", "by_parameter"}
    assert called(caplog.records) == listed(verb)


@pytest.mark.parametrize("verb", ["list", "drop", "replay"])
def test_the_actions_listed_for_failed_events_are_those_that_are_called(
    operator: Operator, caplog: pytest.LogCaptureFixture, verb: str
) -> None:
    event = {"version": "0", "detail-type": "Tag Change on Resource"}
    target: Any = {"TARGET_ARN": {"DataType": "String", "StringValue": FUNCTIONS[0]}}
    sqs = SESSION.client("sqs")
    sqs.send_message(QueueUrl=operator.failed_events, MessageBody=json.dumps(event), MessageAttributes=target)
    caplog.set_level(logging.DEBUG, "botocore.endpoint")
    caplog.clear()
    operator.typed("failed", verb, *([] if verb == "list" else ["--yes"]))
    refused = verb == "replay"  # Lambda does not know the function here, so the message is given back
    names = {
        "lambda:Invoke": "lambda:InvokeFunction",
        "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
    }
    seen = {names.get(action, action) for action in called(caplog.records)}
    given_back, deleted = {"sqs:ChangeMessageVisibility"}, {"sqs:DeleteMessage"}
    assert seen == (listed(f"failed {verb}") - deleted | given_back if refused else listed(f"failed {verb}"))


def test_the_policy_allows_what_is_listed_and_no_more() -> None:
    block = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert block
    allowed: set[str] = set()
    for statement in json.loads(block[1])["Statement"]:
        action = statement["Action"]
        allowed |= {action} if isinstance(action, str) else set(action)
    assert allowed == {action for command in COMMANDS for action in listed(command)}
    assert {action for action in allowed if not re.search(r":(Describe|Get|Query)", action)} == {"ec2:CreateTags"}


def test_every_key_of_the_json_is_documented(operator: Operator, stack: Stack, lab: Lab) -> None:
    instance = lab.instance(profile=lab.profile())
    stack.tag_and_isolate(instance.id)
    section = PAGE.partition("### `--json`")[2].partition("\n## ")[0]
    shown = operator.answered("show", instance.id)
    documents = [
        operator.answered("list"),
        shown,
        shown["interfaces"][0],
        shown["case"],
        operator.answered("history", instance.id),
        operator.answered("isolate", instance.id, "--yes", "--no-wait"),
    ]
    for document in documents:
        assert {key for key in document if f'"{key}"' not in section} == set()


def test_every_alarm_has_its_line() -> None:
    rows = re.findall(r"^\| ((?:`\w+Alarm`(?:, )?)+) \|", PAGE, re.MULTILINE)
    named = [alarm for row in rows for alarm in re.findall(r"`(\w+)`", row)]
    assert sorted(named) == sorted(
        Template(CanaryInstanceId="i-01234567", RevokeCredentials="role").of_type("AWS::CloudWatch::Alarm")
    )


def test_what_was_given_back_by_hand_is_closed_by_the_release(operator: Operator, stack: Stack, lab: Lab) -> None:
    """The recipe "By hand, where the stack is broken", step by step; the isolator's sweep runs between."""
    instance = lab.instance([lab.vpc()] * 2, profile=lab.profile())
    before = world(lab, instance)
    stack.tag_and_isolate(instance.id)
    lab.tag(instance.id, **{KEY: "Release"})
    case = operator.answered("show", instance.id)["case"]
    for one in case["interfaces_before"]:
        lab.ec2.modify_network_interface_attribute(NetworkInterfaceId=one["id"], Groups=one["groups"])
    association = lab.association(instance.id)["AssociationId"]
    profile = {"Arn": case["profile_before"]}
    lab.ec2.replace_iam_instance_profile_association(AssociationId=association, IamInstanceProfile=profile)
    stack.sweep(isolate)
    assert world(lab, instance) == before

    assert [one["status"] for one in stack.sweep(release)] == ["Released"]

    assert world(lab, instance) == before
    closed = [item for item in stack.items() if item["sk"] == f"closed#{case['case_id']}"]
    assert [(item["status"], item["profile_before"]["arn"]) for item in closed] == [("Released", profile["Arn"])]


def test_every_command_and_option_of_the_page_is_there() -> None:
    names = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    names |= {group.name for group in app.registered_groups if group.name}
    assert set(re.findall(r"^quarantag (\w+)", PAGE, re.MULTILINE)) == {*COMMANDS, "failed", "pause"} <= names
