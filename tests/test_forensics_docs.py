"""docs/forensics.md is true: its rules are templates that AWS would take, and match the event that is sent."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from tests.cloud import Lab
from tests.stack import Stack, forget_wiring
from tests.template import ROOT, source

PAGE = (ROOT / "docs/forensics.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def patterns() -> list[dict[str, Any]]:
    resources = (one for text in EXAMPLES for one in yaml_parse(text)["Resources"].values())
    return [one["Properties"]["EventPattern"] for one in resources if one["Type"] == "AWS::Events::Rule"]


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_each_example_is_a_template_that_cfn_lint_accepts(example: str, tmp_path: Path) -> None:
    path = tmp_path / "example.yaml"
    path.write_text(example)
    linter = Path(sys.executable).with_name("cfn-lint")
    done = subprocess.run([linter, "--", path], capture_output=True, text=True, check=False)  # noqa: S603 - our own page
    assert (done.returncode, done.stdout) == (0, "")


def test_each_rule_matches_an_isolation_with_its_evidence(
    stack: Stack, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNAPSHOT_VOLUMES", "true")
    forget_wiring()
    stack.tag_and_isolate(lab.instance().id)
    (detail,) = stack.sent()
    event = {"source": "quarantag", "detail-type": "Containment Status Change", "detail": detail}
    assert len(patterns()) == 3
    for pattern in patterns():
        assert matches(pattern, event)
        assert not matches(pattern, event | {"detail": {**detail, "status": "Released"}})
    assert not matches(patterns()[0], event | {"detail": {**detail, "measures": {"evidence": {"done": False}}}})


def matches(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    """As EventBridge matches a pattern of plain values: every key is there, with one of the values."""
    return all(
        matches(wanted, event[key]) if isinstance(wanted, dict) else event.get(key) in wanted
        for key, wanted in pattern.items()
    )


def test_the_parameters_and_the_source_of_the_page_are_the_template_s() -> None:
    named = set(re.findall(r"`((?:Forensic|Evidence|LockSnapshots|Event|Protect)[A-Za-z]+)`", PAGE))
    assert named <= set(source()["Parameters"])
    assert len(named) == 7
