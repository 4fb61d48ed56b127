"""How the operator's commands find the stack, and what they say where they can't."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from console.operate_aws import Place, desk
from tests.cloud import ACCOUNT, REGION, SESSION, TABLE, Lab
from tests.operators import TEMPLATE, Operator
from tests.stack import KEY, Stack, forget_wiring
from tests.template import source

ROOT = Path(__file__).parents[1]
INSTANCE = "i-0123456789abcdef0"
COMMANDS = ("list", "show", "isolate", "review", "release", "history")


def words_of(command: str) -> tuple[str, ...]:
    given = () if command == "list" else (INSTANCE,)
    return (command, *given, *(["--yes"] if command in ("isolate", "review", "release") else []))


def outside(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """As typed in a shell that has no AWS at all."""
    blank = {"HOME": "/nonexistent", "PATH": os.environ["PATH"], "AWS_EC2_METADATA_DISABLED": "true"}
    path = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "handlers")])}
    command = [sys.executable, "-m", "console.command", *words]
    return subprocess.run(  # noqa: S603
        command, env=blank | path | environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_a_stack_that_is_not_there_is_one_line(operator: Operator, command: str) -> None:
    result = operator.typed(*words_of(command), "--stack", "nothere")
    assert (result.exit_code, result.stdout) == (2, "")
    said = f"quarantag: there is no stack nothere in {REGION}: give --stack, --region or --profile\n"
    assert result.stderr == said


def test_no_region_is_one_line() -> None:
    ended = outside("list")
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert "region" in ended.stderr


def test_no_credentials_are_one_line() -> None:
    ended = outside("list", AWS_DEFAULT_REGION=REGION)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert "no AWS credentials" in ended.stderr


def test_a_profile_that_is_not_there_is_one_line() -> None:
    ended = outside("show", INSTANCE, "--profile", "nobody")
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert "nobody" in ended.stderr


@pytest.mark.parametrize("given", ["web-1", "i-123", "i-0123456789ABCDEF0", "i-0123456789abcdef0 "])
def test_what_is_no_instance_id_is_bad_usage(operator: Operator, given: str) -> None:
    assert operator.typed("show", given).exit_code == 2


def test_an_unknown_instance_is_not_tagged(operator: Operator) -> None:
    result = operator.typed("isolate", INSTANCE, "--yes")
    assert (result.exit_code, result.stderr) == (
        2,
        f"quarantag: there is no instance {INSTANCE} in {ACCOUNT} {REGION}\n",
    )


def test_what_aws_refuses_is_one_line(operator: Operator, lab: Lab) -> None:
    instance = lab.instance()
    lab.cloud.refuse("CreateTags", instance.id, "UnauthorizedOperation")
    result = operator.typed("isolate", instance.id, "--yes")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "UnauthorizedOperation" in result.stderr


def test_the_settings_are_those_of_the_stack(operator: Operator, isolation_profile_arn: str) -> None:
    operator.deploy(
        "ours", IsolationTagKey="Contain", IsolateTagValue="Yes", Mode="observe", ReleasePrincipals="arn:a,arn:b"
    )
    settings = desk(Place("ours")).settings
    assert (settings.account, settings.region, settings.stack) == (ACCOUNT, REGION, "ours")
    assert (settings.tag_key, settings.isolate_value, settings.release_value) == ("Contain", "Yes", "Release")
    assert (settings.mode, settings.release_principals) == ("observe", ("arn:a", "arn:b"))
    assert settings.isolation_profile_arn == isolation_profile_arn


def test_the_environment_may_name_the_stack(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    operator.deploy("ours")
    monkeypatch.setenv("QUARANTAG_STACK", "ours")
    assert operator.answered("list")["stack"] == "ours"


def test_who_may_not_read_cloudformation_says_it(stack: Stack, lab: Lab, isolation_profile_arn: str) -> None:
    operator = Operator(lab, stack, isolation_profile_arn)  # nothing is deployed
    instance = lab.instance(profile=lab.profile())
    stack.tag_and_isolate(instance.id)
    shown = operator.answered("show", instance.id, "--ledger", TABLE)
    assert (shown["contained"], shown["case"]["status"]) == (True, "Isolated")
    (row,) = operator.answered("list", "--ledger", TABLE, "--tag-key", KEY)["instances"]
    assert row["disagreements"] == []


def test_the_responders_rule_is_no_foreign_one_once_it_is_said(
    stack: Stack, lab: Lab, isolation_profile_arn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without CloudFormation nothing tells it from a rule that somebody opened."""
    monkeypatch.setenv("FORENSIC_ACCESS_SOURCE", "10.20.0.0/16")
    monkeypatch.setenv("FORENSIC_ACCESS_PORT", "443")
    forget_wiring()
    operator = Operator(lab, stack, isolation_profile_arn)  # nothing is deployed
    instance = lab.instance(profile=lab.profile())
    stack.tag_and_isolate(instance.id)
    said = ("--forensic-access-source", "10.20.0.0/16", "--forensic-access-port")
    for options, contained in (((*said, "443"), True), ((*said, "22"), False), ((), False)):
        shown = operator.answered("show", instance.id, "--ledger", TABLE, *options, code=0 if contained else 1)
        assert shown["contained"] is contained


def test_without_the_ledger_the_tag_can_be_written_and_the_live_instance_shown(
    stack: Stack, lab: Lab, isolation_profile_arn: str
) -> None:
    operator = Operator(lab, stack, isolation_profile_arn)
    instance = lab.instance()
    operator.answered("isolate", instance.id, "--tag-key", "Contain", "--yes", "--no-wait")
    assert lab.tags(instance.id) == {"Contain": "Isolate"}
    assert not operator.answered("show", instance.id, "--tag-key", "Contain", code=1)["contained"]
    result = operator.typed("list", "--tag-key", "Contain")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "--ledger" in result.stderr


def test_a_stack_of_others_is_told(operator: Operator) -> None:
    body = '{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}'
    SESSION.client("cloudformation").create_stack(StackName="other", TemplateBody=body)
    result = operator.typed("list", "--stack", "other")
    assert result.exit_code == 2
    assert "is not Quarantag's" in result.stderr


def test_the_template_says_what_the_commands_read() -> None:
    template: Any = source()
    ours = {name: given["Default"] for name, given in TEMPLATE["Parameters"].items() if "Default" in given}
    assert {name: template["Parameters"][name]["Default"] for name in ours} == ours
    assert set(TEMPLATE["Outputs"]) <= set(template["Outputs"])
    assert template["Parameters"]["IsolationRoleName"]["Default"] == "SecurityIsolation-IAMRole"
