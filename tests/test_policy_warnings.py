"""`policy check` warns of a rule by which whoever may tag an instance spares it; it does no more."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from console.command import app
from console.policy_file import load_checked
from console.policy_warnings import warnings
from console.unwise.sparing import spared
from quarantag import policy

POLICIES = Path(__file__).parents[1] / "policies"
HIGH = {"severity": {"at_least": 7.0}}
TAGGED = {"instance_tags": {"Environment": "dev"}}
SPARING = """version: 1
rules:
  - id: dev
    match:
      severity: {at_least: 4.0}
      instance_tags: {Environment: dev}
    then: ignore
  - {id: high, match: {severity: {at_least: 7.0}}, then: isolate}
expect:
  - finding: {type: "Backdoor:EC2/Spambot", severity: 8.0, instance_tags: {Environment: dev}}
    action: ignore
    rule: dev
  - {finding: {type: "Backdoor:EC2/Spambot", severity: 8.0}, action: isolate, rule: high}
  - {finding: {type: "Recon:EC2/Portscan", severity: 2.0}, action: ignore}
"""
WARNED = (
    ":6:7: warning: rules[0].match.instance_tags: whoever may tag the instance, an attacker too, can write the tag "
    "'Environment' and is then ignored where rule high isolates: write an exemption instead, `exemptions: "
    "[{id: dev, match: {instance_id: [i-…]}, reason: …, owner: …, expires: …}]`\n"
)


def warned(*rules: tuple[dict[str, Any], str]) -> list[tuple[object, str]]:
    """Place and text of each warning about a policy of these rules: r0, r1 and so on."""
    written = [{"id": f"r{at}", "match": match, "then": then} for at, (match, then) in enumerate(rules)]
    return [(warning.path[1], warning.message) for warning in spared(policy.load({"version": 1, "rules": written}))]


def checked(file: Path, *more: str) -> Result:
    return CliRunner().invoke(app, ["policy", "check", str(file), *more])


@pytest.fixture
def sparing(tmp_path: Path) -> Path:
    file = tmp_path / "p.yaml"
    file.write_text(SPARING)
    return file


def test_people_see_it_on_stderr_at_its_place_and_the_file_is_good_all_the_same(sparing: Path) -> None:
    result = checked(sparing)
    assert (result.exit_code, result.stderr) == (0, f"{sparing}{WARNED}")
    assert result.stdout.startswith(f"{sparing}: good: 2 rules")


def test_scripts_find_it_in_the_json_only(sparing: Path) -> None:
    result = checked(sparing, "--json")
    (file,) = json.loads(result.stdout)["files"]
    assert (result.exit_code, result.stderr, file["ok"]) == (0, "", True)
    assert file["warnings"] == [f"{sparing}{WARNED.strip()}"]


@pytest.mark.parametrize("name", ["default", "strict", "observe"])
def test_of_the_shipped_policies_there_is_nothing_to_say(name: str) -> None:
    file = POLICIES / f"{name}.yaml"
    assert list(warnings(load_checked(file), date(2026, 11, 25))) == []
    assert json.loads(checked(file, "--json").stdout)["files"][0]["warnings"] == []
    assert checked(file).stderr == ""


def test_a_review_by_tag_above_an_isolating_rule_is_an_exemption_too() -> None:
    ((at, message),) = warned((TAGGED, "review"), (HIGH, "isolate"))
    assert at == 0
    assert "the tag 'Environment' and is then only reviewed where rule r1 isolates: write an exemption" in message


def test_no_exemption_stops_a_review_so_there_another_way_is_named() -> None:
    ((_, message),) = warned((TAGGED, "ignore"), (HIGH, "review"))
    assert message.endswith("is then ignored where rule r1 asks a human: match by instance_id or vpc instead")


@pytest.mark.parametrize(("worker", "can"), [(True, "write"), (False, "delete")])
def test_who_is_a_kubernetes_worker_is_in_the_hands_of_whoever_may_tag(*, worker: bool, can: str) -> None:
    """Also where the stricter rule is for all that are none."""
    other = {**HIGH, "kubernetes_worker": not worker}
    ((_, message),) = warned(({**HIGH, "kubernetes_worker": worker}, "review"), (other, "isolate"))
    assert f"can {can} the tags of a Kubernetes worker and is then only reviewed where rule r1 isolates" in message
    assert message.endswith("match by instance_id or vpc instead")


def test_the_strictest_rule_below_is_named_and_every_tag() -> None:
    match = {"instance_tags": {"Environment": "dev", "Team": ["a", "b"]}}
    ((_, message),) = warned((match, "ignore"), ({"type": "A:*"}, "review"), (HIGH, "isolate"))
    assert "can write the tags 'Environment' and 'Team' and is then ignored where rule r2 isolates" in message


@pytest.mark.parametrize(
    "rules",
    [
        [(TAGGED, "isolate"), (HIGH, "isolate")],
        [(HIGH, "isolate"), (TAGGED, "review")],
        [(TAGGED, "review"), (HIGH, "review")],
        [({"vpc": "vpc-0a1"}, "ignore"), (HIGH, "isolate")],
        [({**TAGGED, "severity": {"below": 7.0}}, "ignore"), (HIGH, "isolate")],
        [({**TAGGED, "severity": {"at_least": 9.0}}, "ignore"), ({"severity": {"below": 9.0}}, "isolate")],
        [({**TAGGED, "resource_type": "Container"}, "ignore"), (HIGH, "isolate")],
        [({**TAGGED, "sequence": True}, "ignore"), ({"sequence": False}, "isolate")],
    ],
)
def test_a_rule_that_takes_nothing_from_a_stricter_one_is_fine(rules: list[tuple[dict[str, Any], str]]) -> None:
    assert warned(*rules) == []


@pytest.mark.parametrize(
    "narrower",
    [
        {"severity": {"below": 7.1}},
        {"resource_type": ["Container", "Instance"]},
        {"sequence": True},
        {"type": "Recon:*"},
    ],
)
def test_one_that_takes_some_is_not(narrower: dict[str, Any]) -> None:
    assert len(warned(({**TAGGED, **narrower}, "ignore"), ({**HIGH, "type": "*:EC2/*"}, "isolate"))) == 1
