"""docs/policies.md is true: its tables are the schema's, and its examples, commands and messages are run."""

import json
import re
import shlex
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from typer.testing import CliRunner, Result

from console.command import app
from console.policy_file import load_checked, parse
from console.policy_reference import COMMAND, REFERENCE, SCHEMA, TABLES, NoSuchTable, regenerated
from quarantag import policy
from quarantag.decision import Circumstances, Decision, decide
from quarantag.finding import Finding
from quarantag.instance import Instance
from quarantag.matchers import EXEMPTION_MATCHERS, MATCHERS
from quarantag.policy import Policy
from tests.findings import ACCOUNT, INSTANCE, REGION, finding

ROOT = Path(__file__).parents[1]
DOCUMENT = REFERENCE.read_text()
SHAPE = json.loads(SCHEMA.read_text())
NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


def blocks(info: str) -> list[str]:
    """What stands in the fenced blocks whose first line fits the pattern."""
    return [found[1] for found in re.finditer(rf"^```(?:{info})\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)]


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under this heading line."""
    lines = DOCUMENT[DOCUMENT.index(heading) :].splitlines()[2:]
    body = lines[: next(at for at, line in enumerate(lines) if not line.startswith("|"))]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in body]


WALK, *OTHERS = blocks(r"yaml whole policy[^\n]*")
ERRORS = list(zip(blocks("diff"), blocks("text"), strict=True))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory like the repository, with the walk-through's policy in it."""
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "mine.yaml").write_text(WALK)
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def typed(command: str) -> Result:
    return CliRunner().invoke(app, shlex.split(command)[1:], env={"COLUMNS": "100"})


def plain(output: str) -> list[str]:
    return [line.rstrip() for line in output.strip().splitlines()]


def test_the_tables_are_those_of_the_schema() -> None:
    again = f"docs/policies.md differs from the schema: run `.venv/bin/{COMMAND}` and commit what it writes"
    assert regenerated(DOCUMENT, SHAPE) == DOCUMENT, again
    assert set(re.findall(r"<!-- begin (\S+?):", DOCUMENT)) == set(TABLES)
    assert f".venv/bin/{COMMAND}`" in DOCUMENT


def test_a_table_that_is_not_made_is_refused() -> None:
    with pytest.raises(NoSuchTable, match="no table color: mark one of file, rule"):
        regenerated("<!-- begin color: made -->\n<!-- end color -->", SHAPE)


def test_the_schemas_new_words_reach_the_document() -> None:
    changed = json.loads(json.dumps(SHAPE).replace("How often GuardDuty saw it.", "Another | word."))
    assert r"| `count` | Another \| word. |" in regenerated(DOCUMENT, changed)


def test_the_matcher_table_has_every_matcher_and_its_examples_are_read() -> None:
    found = rows("<!-- begin matchers")[1:]
    assert [row[0] for row in found] == list(MATCHERS)
    for name, _, examples in found:
        for example in examples.replace("`", "").split("<br>"):
            assert parse(example, "table").document.keys() == {name}  # type: ignore[attr-defined]
            rule = f"{{id: a, match: {{{example}}}, then: review}}"
            assert policy.load(parse(f"version: 1\nrules: [{rule}]", "table").document).rules


@pytest.mark.parametrize("text", [WALK, *OTHERS])
def test_a_whole_policy_is_good(text: str, tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(text)
    assert load_checked(file).expectations
    assert [error.message for error in Draft202012Validator(SHAPE).iter_errors(parse(text, "text").document)] == []


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("block", blocks("console"))
def test_a_command_prints_what_the_document_shows(block: str) -> None:
    command, _, output = block.removeprefix("$ ").partition("\n")
    result = typed(command)
    assert (result.exit_code, plain(result.output)) == (0, plain(output))


@pytest.mark.usefixtures("desk")
def test_the_commands_of_the_ten_lines_run() -> None:
    commands = re.findall(r"`(\.venv/bin/quarantag [^`]+)`", DOCUMENT)
    assert [(command, typed(command).exit_code) for command in commands] == [(command, 0) for command in commands]
    assert len(commands) == 2
    assert typed(f"{commands[1]} --tag Environment=prod").exit_code == 0


@pytest.mark.parametrize(("change", "message"), ERRORS)
def test_an_error_is_printed_as_shown_and_the_change_mends_it(change: str, message: str, desk: Path) -> None:
    file, lines = desk / "policies" / "mine.yaml", change.splitlines()
    file.write_text("\n".join(line[1:] for line in lines if line[0] in " -"))
    refused = typed("quarantag policy check policies/mine.yaml")
    assert (refused.exit_code, refused.stdout, plain(refused.stderr)) == (1, "", plain(message))
    file.write_text("\n".join(line[1:] for line in lines if line[0] in " +"))
    assert typed("quarantag policy check policies/mine.yaml").exit_code == 0


def test_the_workflow_names_commands_that_are_there() -> None:
    (text,) = blocks("yaml GitHub Actions[^\n]*")
    steps = yaml.safe_load(text)["jobs"]["check"]["steps"]
    make, command = [step["run"] for step in steps if "run" in step]
    assert re.search(rf"^{make.removeprefix('make ')}:.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    files = sorted(str(file) for file in (ROOT / "policies").glob("*.yaml"))
    assert command.endswith(" policies/*.yaml")
    assert typed(command.replace("policies/*.yaml", shlex.join(files))).exit_code == 0


def test_the_pre_commit_hook_is_the_one_that_is_offered() -> None:
    (text,) = blocks("yaml pre-commit[^\n]*")
    ((hook,),) = [repository["hooks"] for repository in yaml.safe_load(text)["repos"]]
    (offered,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert hook["id"] == offered["id"]
    assert re.match(offered["files"], "policies/mine.yaml")


def test_there_are_at_least_five_errors() -> None:
    assert len(ERRORS) >= 5


def guarded(expires: str) -> Policy:
    """A policy that isolates from severity 7, and exempts the account through the day."""
    high = {"id": "high", "match": {"severity": {"at_least": 7.0}}, "then": "isolate"}
    erp = {"id": "erp", "match": {"account": ACCOUNT}, "reason": "r", "owner": "erp team", "expires": expires}
    return policy.load({"version": 1, "exemptions": [erp], "rules": [high]})


def decided_step_by_step() -> list[Decision]:
    """One finding to which every row applies; then the topmost obstacle is taken away, one after the other."""
    here = replace(finding(severity=1.0).instances[0], account=ACCOUNT, region=REGION)
    away = replace(here, region="us-east-1", instance_id=None, problem="names no instance id")
    seen = replace(finding(severity=1.0), resource_type="S3Bucket", archived=True, sample=True, last_seen=NOW)
    case = (seen, away, guarded("2026-11-01"), Circumstances(ACCOUNT, REGION, NOW, released_at=NOW))
    found: list[Decision] = []
    for change in range(10):
        case = without(case, change, here)
        found.append(decide(*case))
    return found


Inputs = tuple[Finding, Any, Policy, Circumstances]


def without(case: Inputs, row: int, here: object) -> Inputs:
    """The inputs without what made the row of this number decide; row 0 changes nothing."""
    found, named, rules, around = case
    findings: dict[int, dict[str, Any]] = {
        1: {"resource_type": "AttackSequence", "sequence": True},
        2: {"archived": False},
        3: {"sample": False},
        6: {"severity": 8.0},
        9: {"last_seen": NOW + timedelta(seconds=1)},
    }
    found = replace(found, **findings.get(row, {}))
    named = replace(named, region=REGION) if row == 4 else here if row == 5 else named
    around = replace(around, instance=Instance(INSTANCE, "running", "vpc-1", {})) if row == 7 else around
    return found, named, guarded("2026-10-31") if row == 8 else rules, around


def test_the_rows_of_a_decision_stand_in_the_order_in_which_they_decide() -> None:
    shown, found = rows("| | question"), decided_step_by_step()
    assert [row[0] for row in shown] == [str(number) for number in range(1, 11)]
    for row, decision in zip(shown, found, strict=True):
        pattern = ".*".join(map(re.escape, row[3].split("…")))
        assert re.fullmatch(pattern + ".*", decision.reason), (row, decision)
        assert row[2].startswith(decision.action) or row[2] == "what the rule says"


def test_the_matchers_that_exempt_are_named() -> None:
    named = {word for row in rows("| `match` by") if row[1] == "yes" for word in re.findall(r"[a-z_]+", row[0])}
    assert set(EXEMPTION_MATCHERS) <= named


def shipped(name: str) -> Policy:
    return load_checked(ROOT / "policies" / f"{name}.yaml")


@pytest.mark.parametrize("row", rows("| finding | severity |"), ids=lambda row: row[0])
def test_the_shipped_policies_decide_as_the_table_says(row: list[str]) -> None:
    kind, severity, resource, role, *wanted = row
    changes = {"type": kind, "severity": float(severity), "service__resourceRole": role or ...}
    (named,) = finding().instances
    parsed = replace(finding(**changes), resource_type=resource, sequence=kind.startswith("AttackSequence:"))
    around = Circumstances(ACCOUNT, REGION, NOW, instance=Instance(INSTANCE, "running", "vpc-1", {}))
    policies = [shipped(name) for name in ("observe", "default", "strict")]
    assert [decide(parsed, named, one, around).action for one in policies] == wanted


@pytest.mark.parametrize("row", rows("| policy | for |"), ids=lambda row: row[0])
def test_the_shipped_policies_have_the_limits_of_the_table(row: list[str]) -> None:
    limits = {limit.by: limit for limit in shipped(row[0]).limits}
    by = {"account": "{} an hour in the account", "auto-scaling-group": "{} in each Auto Scaling group"}
    assert all(limit.window_seconds == 3600 for limit in limits.values())
    assert (", ".join(by[name].format(limit.maximum) for name, limit in limits.items()) or "none needed") == row[3]
    assert row[0] in {path.stem for path in (ROOT / "policies").glob("*.yaml")}


def test_its_links_lead_somewhere() -> None:
    links = re.findall(r"\]\((?!https:)([^)#]+)\)", DOCUMENT)
    assert [link for link in links if not (REFERENCE.parent / link).exists()] == []
    assert len(links) >= 2
