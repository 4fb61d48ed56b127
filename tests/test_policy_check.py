"""`quarantag policy check` as typed: all that is wrong at once, as lines, as a diff, as JSON, in colours, strictly."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from benchmarks import policy_check as benchmark
from console.command import app

ROOT = Path(__file__).parents[1]
SEVERAL = """version: 1
limts: []
rules:
  - {id: High, match: {severty: {at_least: 7.0}}, then: isolat}
  - {id: medium, match: {resource_type: instance}}
expect:
  - {finding: {type: "Backdoor:EC2/Spambot", severity: 80}, action: review, rule: medium}
"""
FAILING = """version: 1
rules:
  - {id: critical, match: {severity: {at_least: 9.0}}, then: isolate}
  - {id: high, match: {severity: {at_least: 7.0}}, then: review}
expect:
  - {finding: {type: "Backdoor:EC2/Spambot", severity: 8.0}, action: isolate, rule: critical}
  - {finding: {type: "Backdoor:EC2/Spambot", severity: 9.0}, action: review, rule: high}
  - {finding: {type: "Backdoor:EC2/Spambot", severity: 8.0}, action: ignore}
"""
WARNED = FAILING.partition("expect:")[0].replace("7.0", "7.5") + (
    'expect:\n  - {finding: {type: "Backdoor:EC2/Spambot", severity: 8.0}, action: review, rule: high}\n'
    '  - {finding: {type: "Backdoor:EC2/Spambot", severity: 9.0}, action: isolate, rule: critical}\n'
)


def checked(tmp_path: Path, text: str, *more: str) -> Result:
    file = tmp_path / "p.yaml"
    file.write_text(text)
    return CliRunner().invoke(app, ["policy", "check", str(file), *more])


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    result = checked(tmp_path, SEVERAL)
    assert result.exit_code == 1
    assert [line.removeprefix(f"{tmp_path / 'p.yaml'}:") for line in result.stderr.splitlines()] == [
        "2:1: error: limts: unknown key 'limts': did you mean `limits`?",
        "4:6: error: rules[0].id: 'High' can't be right here: "
        "write it like command-and-control: small letters, digits and hyphens",
        "4:24: error: rules[0].match.severty: unknown key 'severty': did you mean `severity`?",
        "4:51: error: rules[0].then: 'isolat' is not known here: did you mean `isolate`?",
        "5:5: error: rules[1]: `then` is missing: write `then: review`",
        "5:26: error: rules[1].match.resource_type: 'instance' is not known here: did you mean `Instance`?",
        "7:46: error: expect[0].finding.severity: 80 is not a number from 0 to 10: write one",
    ]


def test_failed_expectations_are_a_diff_with_the_reason(tmp_path: Path) -> None:
    lines = checked(tmp_path, FAILING).stderr.splitlines()
    assert len(lines) == 12
    assert lines[0].endswith(
        "p.yaml:6:5: error: expect[0]: expected isolate by rule critical, but the policy says review by rule high "
        "(Rule high matches by severity): mend the rule or the expectation"
    )
    assert lines[1:4] == [
        "    - isolate by rule critical",
        "    + review by rule high",
        "      rule critical does not match: severity wants at least 9 and saw 8",
    ]
    assert lines[7].startswith("      rule critical matches first, before high is asked: resource_type wants")
    assert lines[11].startswith("      rule high matches first: resource_type wants Instance or AttackSequence and saw")


def test_scripts_get_places_and_differences(tmp_path: Path) -> None:
    (file,) = json.loads(checked(tmp_path, FAILING, "--json").stdout)["files"]
    assert file["ok"] is False
    assert file["error"].startswith(f"{tmp_path / 'p.yaml'}:6:5: expect[0]: expected")
    first = file["problems"][0]
    assert (first["level"], first["line"], first["column"]) == ("error", 6, 5)
    assert (first["wanted"], first["got"]) == ("isolate by rule critical", "review by rule high")


def test_strict_refuses_what_is_warned_of(tmp_path: Path) -> None:
    lenient, strict = checked(tmp_path, WARNED), checked(tmp_path, WARNED, "--strict")
    assert (lenient.exit_code, strict.exit_code) == (0, 1)
    assert lenient.stdout.endswith(", 1 warning\n")
    assert strict.stdout == ""
    assert "warning: rules[1].match.severity: findings of severity from 7, below 7.5, fall through" in strict.stderr
    assert strict.stderr.endswith("p.yaml: refused: --strict takes no warning\n")
    assert json.loads(checked(tmp_path, WARNED, "--strict", "--json").stdout)["ok"] is False


@pytest.mark.parametrize(("text", "marked"), [(SEVERAL, b"\x1b[1;31merror"), (WARNED, b"\x1b[1;33mwarning")])
def test_a_terminal_gets_colours(text: str, marked: bytes, tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(text)
    mine, theirs = pty.openpty()
    path = os.pathsep.join([str(ROOT / "handlers"), str(ROOT)])
    command = [sys.executable, "-m", "console.command", "policy", "check", str(file)]
    environment = {"PYTHONPATH": path, "TERM": "xterm-256color"}
    subprocess.run(command, stderr=theirs, stdout=subprocess.DEVNULL, env=environment, check=False)  # noqa: S603
    os.close(theirs)
    assert marked in os.read(mine, 65536)
    os.close(mine)


def test_the_benchmarks_policy_is_good(tmp_path: Path) -> None:
    result = checked(tmp_path, benchmark.policy(), "--strict")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "200 rules, 399 expectations" in result.stdout


def test_the_hook_names_a_command_that_runs_and_the_files_of_policies(tmp_path: Path) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    program, *words = hook["entry"].split()
    assert program == "quarantag"
    (tmp_path / "p.yaml").write_text(WARNED)
    result = CliRunner().invoke(app, [*words, str(ROOT / "policies" / "default.yaml"), str(tmp_path / "p.yaml")])
    assert result.exit_code == 1
    assert result.stdout.startswith(f"{ROOT / 'policies' / 'default.yaml'}: good")
