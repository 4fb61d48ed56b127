"""`quarantag policy check` and `explain`, as typed: what they print, where, and how they end."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from console.command import app
from tests.findings import ACCOUNT, FIXTURES, INSTANCE, REGION, document

ROOT = Path(__file__).parents[1]
DEFAULT = str(ROOT / "policies" / "default.yaml")
BACKDOOR = str(FIXTURES / "backdoor.event.json")


def typed(*words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, ["policy", *words], input=stdin, env={"COLUMNS": "100"})


def explained(*words: str, stdin: str | None = None) -> list[tuple[object, object, object]]:
    result = typed("explain", *words, "--json", stdin=stdin)
    assert result.exit_code == 0, result.output
    decisions = json.loads(result.stdout)["decisions"]
    return [(decision["instance_id"], decision["action"], decision["rule"]) for decision in decisions]


def test_json_has_exactly_the_stable_shape() -> None:
    result = typed("explain", BACKDOOR, "--policy", DEFAULT, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert {key: value for key, value in json.loads(result.stdout).items() if key != "trace"} == {
        "finding_id": "3ab1c0de3ab1c0de3ab1c0de3ab1c0de",
        "type": "Backdoor:EC2/C&CActivity.B",
        "severity": 8.0,
        "decisions": [
            {
                "instance_id": INSTANCE,
                "account": ACCOUNT,
                "region": REGION,
                "action": "isolate",
                "rule": "command-and-control",
                "reason": "Rule command-and-control matches by severity and type",
            }
        ],
    }


def test_a_finding_is_read_from_stdin() -> None:
    assert explained("-", "--policy", DEFAULT, stdin=json.dumps(document(severity=2))) == [(INSTANCE, "ignore", None)]


def test_each_member_of_a_sequence_is_explained_where_it_is() -> None:
    found = explained(str(FIXTURES / "sequence.event.json"), "--policy", DEFAULT)
    assert [action for _, action, _ in found] == ["isolate"] * 4 + ["hold", "isolate"]
    assert found[4][0] is None


def test_live_tags_and_the_findings_vpc_stand_in_for_the_instance(tmp_path: Path) -> None:
    written = tmp_path / "p.yaml"
    written.write_text(
        "version: 1\nrules:\n"
        "  - {id: prod, match: {instance_tags: {Env: 'a=b'}, vpc: vpc-0aaa1}, then: review}\n"
        "expect:\n"
        "  - finding: {type: 'A:B', severity: 1, vpc: vpc-0aaa1, instance_tags: {Env: 'a=b'}}\n"
        "    action: review\n"
        "    rule: prod\n"
    )
    assert explained(BACKDOOR, "--policy", str(written), "--tag", "Env=a=b", "--tag", "x=") == [
        (INSTANCE, "review", "prod")
    ]
    assert explained(BACKDOOR, "--policy", str(written)) == [(INSTANCE, "ignore", None)]


@pytest.mark.parametrize(
    "tag", ["aws:eks:cluster-name=shop", "eks:eks-cluster-name=a", "kubernetes.io/cluster/a=owned"]
)
def test_a_kubernetes_worker_is_one_by_its_live_tags(tag: str) -> None:
    policy = str(ROOT / "tests/policies/valid/workers-to-a-human.yaml")
    assert explained(BACKDOOR, "--policy", policy, "--tag", tag) == [(INSTANCE, "review", "worker")]
    assert explained(BACKDOOR, "--policy", policy, "--tag", "Name=shop") == [(INSTANCE, "isolate", "high")]


@pytest.mark.parametrize("key", ["SecurityIsolationExempt", "QuarantineExempt"])
def test_the_guarded_tag_of_any_stack_exempts_where_no_stack_is_asked(key: str, tmp_path: Path) -> None:
    written = tmp_path / "p.yaml"
    text = (ROOT / "tests/policies/valid/exempt-by-another-stacks-key.yaml").read_text()
    written.write_text(text.replace("QuarantineExempt", key))
    assert explained(BACKDOOR, "--policy", str(written), "--tag", f"{key}=yes") == [(INSTANCE, "hold", "high")]
    assert explained(BACKDOOR, "--policy", str(written)) == [(INSTANCE, "isolate", "high")]


def test_samples_are_explained_as_both_kinds_of_stack_see_them() -> None:
    sample = str(FIXTURES / "sample.api.json")
    assert explained(sample, "--policy", DEFAULT) == [(INSTANCE, "ignore", None)]
    assert explained(sample, "--policy", DEFAULT, "--act-on-samples") == [(INSTANCE, "isolate", "command-and-control")]


def test_people_see_every_rule_up_to_the_one_that_held() -> None:
    result = typed("explain", str(FIXTURES / "bucket-with-instance-details.event.json"), "--policy", DEFAULT)
    assert result.exit_code == 0
    assert "ignore  no instance in 111122223333 eu-central-1: The finding is about no instance" in result.stdout
    assert re.search(r"compromised-critical +then isolate", result.stdout)
    assert re.search(r"severity +at least 9 +8 +no", result.stdout)
    held = typed("explain", BACKDOOR, "--policy", DEFAULT).stdout
    assert "then isolate: not reached" in held
    assert "Backdoor:*" in held


def test_a_finding_can_not_command_the_terminal() -> None:
    hostile = json.dumps(document(title="\x1b[2J", type="A:B\x1b]0;owned\x07[red]"))
    result = typed("explain", "-", "--policy", DEFAULT, stdin=hostile)
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    assert "[red]" in result.stdout


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "stdin: not JSON: "),
        ("", "stdin: not JSON: "),
        ("\ud800", "stdin: not JSON: "),
        ("[" * 100_000, "stdin: not JSON: "),
        ("9" * 5000, "stdin: not JSON: "),
        ("[]", "stdin: not a finding to act on: not a GuardDuty finding but a list"),
        ('{"id": "x"}', "stdin: not a finding to act on: accountId is missing"),
        (json.dumps(document(severity="HIGH")), "stdin: not a finding to act on: severity is 'HIGH'"),
        (
            '{"detail-type": "Tag Change on Resource", "detail": {}}',
            "stdin: not a finding to act on: an event of detail-type",
        ),
    ],
)
def test_what_is_no_finding_ends_with_one_line_and_code_2(content: str, problem: str) -> None:
    result = CliRunner().invoke(
        app, ["policy", "explain", "-", "--policy", DEFAULT], input=content.encode("utf-8", "surrogatepass")
    )
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(problem)
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["nowhere.json", "--policy", DEFAULT], "nowhere.json: can't be read: No such file"),
        ([str(FIXTURES), "--policy", DEFAULT], "can't be read: Is a directory"),
        ([BACKDOOR, "--policy", "nowhere.yaml"], "nowhere.yaml: can't be read"),
        (
            [BACKDOOR, "--policy", str(ROOT / "tests/policies/invalid/bare-severity.yaml")],
            "bare-severity.yaml:6:13: rules[0].match.severity",
        ),
        ([BACKDOOR, "--policy", DEFAULT, "--tag", "Env"], "--tag Env: write it as KEY=VALUE"),
        ([BACKDOOR, "--policy", DEFAULT, "--tag", "=x"], "--tag =x: write it as KEY=VALUE"),
    ],
)
def test_unusable_input_ends_with_one_line_and_code_2(words: list[str], problem: str) -> None:
    result = typed("explain", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert problem in result.stderr
    assert result.stderr.count("\n") == 1


def test_check_says_of_each_file_whether_it_is_good() -> None:
    refused = str(ROOT / "tests/policies/invalid/no-rules.yaml")
    result = typed("check", DEFAULT, refused)
    assert result.exit_code == 1
    assert result.stdout.startswith(f"{DEFAULT}: good: 7 rules")
    assert result.stderr == f"{refused}:4:1: error: rules: no rule would ignore every finding: write at least one\n"
    assert typed("check", DEFAULT).exit_code == 0
    assert typed("check", refused, "nowhere.yaml").exit_code == 2


def test_check_as_json() -> None:
    result = typed("check", DEFAULT, "nowhere.yaml", "--json")
    answer = json.loads(result.stdout)
    assert (result.exit_code, answer["ok"]) == (2, False)
    assert [(file["file"], file["ok"]) for file in answer["files"]] == [(DEFAULT, True), ("nowhere.yaml", False)]


@pytest.mark.parametrize(
    "words", [["polic"], ["policy", "check"], ["policy", "explain", "x"], ["policy", "explain", "--bogus"]]
)
def test_bad_usage_ends_with_one_line_and_code_2(words: list[str]) -> None:
    path = os.pathsep.join([str(ROOT / "handlers"), str(ROOT)])
    script = "from console.command import main; main()"
    ended = subprocess.run(  # noqa: S603 (our own interpreter and words)
        [sys.executable, "-c", script, *words], env={"PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("quarantag: ")
    assert ended.stderr.count("\n") == 1


def test_the_module_runs_as_the_command_does() -> None:
    path = os.pathsep.join([str(ROOT / "handlers"), str(ROOT)])
    command = [sys.executable, "-m", "console.command", "policy", "check", DEFAULT]
    ended = subprocess.run(command, env={"PYTHONPATH": path}, capture_output=True, text=True, check=False)  # noqa: S603
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith(f"{DEFAULT}: good: 7 rules")
