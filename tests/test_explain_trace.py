"""The trace of `quarantag policy explain`: rules, matchers and guardrails, as people and scripts get them."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from console.command import app
from console.guardrails import Around, Guardrail, guardrails
from quarantag import policy
from quarantag.decision import Circumstances, decide
from quarantag.finding import Finding
from quarantag.instance import Instance
from quarantag.policy import Policy
from tests.findings import ACCOUNT, FIXTURES, INSTANCE, REGION, finding

DEFAULT = str(Path(__file__).parents[1] / "policies" / "default.yaml")
BACKDOOR = str(FIXTURES / "backdoor.event.json")
NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


def traced(*words: str) -> list[dict[str, Any]]:
    result = CliRunner().invoke(app, ["policy", "explain", *words, "--json"])
    assert result.exit_code == 0, result.output
    traces: list[dict[str, Any]] = json.loads(result.stdout)["trace"]
    return traces


def test_each_decision_has_its_trace() -> None:
    (trace,) = traced(BACKDOOR, "--policy", DEFAULT)
    assert [(rule["rule"], rule["held"]) for rule in trace["rules"]] == [
        ("compromised-critical", False),
        ("command-and-control", True),
    ]
    assert trace["rules"][0]["matchers"][1] == {
        "matcher": "severity",
        "wanted": "at least 9",
        "saw": "8",
        "held": False,
    }
    assert trace["not_reached"][0] == "malicious-code"
    assert [rail["guardrail"] for rail in trace["guardrails"]] == [
        "archived",
        "sample",
        "account and Region",
        "instance",
        "earlier release",
        "limit by account",
        "limit by auto-scaling-group",
    ]
    assert len(traced(str(FIXTURES / "sequence.event.json"), "--policy", DEFAULT)) == 6


def test_a_finding_about_no_instance_has_no_guardrails() -> None:
    (trace,) = traced(str(FIXTURES / "bucket-with-instance-details.event.json"), "--policy", DEFAULT)
    assert trace["guardrails"] == []
    assert trace["not_reached"] == []


def test_another_stack_leaves_the_instance_to_its_own() -> None:
    (trace,) = traced(BACKDOOR, "--policy", DEFAULT, "--at", f"{ACCOUNT}/us-east-1")
    assert [rail["guardrail"] for rail in trace["guardrails"] if rail["applies"]] == ["account and Region"]
    wrong = CliRunner().invoke(app, ["policy", "explain", BACKDOOR, "--policy", DEFAULT, "--at", "here"])
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert wrong.stderr == "--at here: write it as ACCOUNT/REGION, like 123456789012/us-east-1\n"


def test_the_group_is_that_of_its_tag() -> None:
    (trace,) = traced(BACKDOOR, "--policy", DEFAULT, "--tag", "aws:autoscaling:groupName=web")
    assert trace["guardrails"][-1]["saw"] == "counted for auto-scaling-group web"
    assert trace["guardrails"][-1]["applies"] is None


def guarded(expires: str = "2026-12-31", **rule: object) -> Policy:
    high = {"id": "high", "match": {"severity": {"at_least": 7.0}}, "then": "isolate", **rule}
    erp = {"id": "erp", "match": {"account": ACCOUNT}, "reason": "r", "owner": "o", "expires": expires}
    limits = [{"max": 1, "per": "1h", "by": "vpc"}]
    return policy.load({"version": 1, "limits": limits, "exemptions": [erp], "rules": [high]})


def rails(found: Finding, loaded: Policy, **around: Any) -> tuple[tuple[Guardrail, ...], str]:  # noqa: ANN401
    named = found.instances[0]
    circumstances = replace(
        Circumstances(ACCOUNT, REGION, NOW, instance=Instance(INSTANCE, "running", "vpc-0a1", {})), **around
    )
    decision = decide(found, named, loaded, circumstances)
    return guardrails(Around(found, named, loaded, circumstances, loaded.rule("high"), decision)), decision.reason


@pytest.mark.parametrize(
    ("found", "loaded", "around", "applying", "reason"),
    [
        (finding(service__archived=True), guarded("2026-10-31"), {}, "archived", "The finding is archived"),
        (finding(title="[SAMPLE] x"), guarded("2026-10-31"), {}, "sample", "A sample finding"),
        (finding(), guarded("2026-10-31"), {"region": "us-east-1"}, "account and Region", "its own stack acts"),
        (finding(), guarded(), {}, "exemption erp until 2026-12-31", "Exempt until 2026-12-31 by erp"),
        (finding(resource__instanceDetails__instanceId="x"), guarded("2026-10-31"), {}, "instance", "not be resolved"),
    ],
)
def test_the_guardrail_that_applies_is_the_one_that_decided(
    found: Finding, loaded: Policy, around: dict[str, Any], applying: str, reason: str
) -> None:
    told, decided = rails(found, loaded, **around)
    assert [rail.guardrail for rail in told if rail.applies] == [applying]
    assert reason in decided


def saw(told: tuple[Guardrail, ...], name: str) -> tuple[str, bool | None]:
    return next((rail.saw, rail.applies) for rail in told if rail.guardrail.startswith(name))


def test_an_exemption_that_does_not_apply_says_why() -> None:
    assert saw(rails(finding(), guarded("2026-10-31"))[0], "exemption") == ("this instance, but it has expired", False)
    review = guarded(then="review")
    assert saw(rails(finding(), review)[0], "exemption") == ("this instance", False)


def test_a_limit_says_whether_the_isolation_counts() -> None:
    ended = "2026-10-31"
    assert saw(rails(finding(), guarded(ended))[0], "limit") == ("counted for vpc vpc-0a1", None)
    beyond = guarded(ended, beyond_limits=True)
    assert saw(rails(finding(), beyond)[0], "limit") == ("not counted: high goes beyond limits", False)
    assert saw(rails(finding(), guarded())[0], "limit") == ("not counted: hold", False)
    nowhere = Instance(INSTANCE, "running", None, {})
    assert saw(rails(finding(), guarded(ended), instance=nowhere)[0], "limit") == ("not counted: no vpc", False)


def test_people_see_the_guardrails_below_the_rules() -> None:
    shown = CliRunner().invoke(app, ["policy", "explain", BACKDOOR, "--policy", DEFAULT], env={"COLUMNS": "120"}).stdout
    assert shown.index("not reached") < shown.index("guardrail")
    assert "fewer than 10 in 60 minutes" in shown
