"""The static checks of `make check` see what they are for; the SBOM beside the artifact is that of the lock."""

import json
import re
from typing import Any

import pytest

from tests.static.accepted import ACCEPTED
from tests.static.found import Found
from tests.static.guard import found, rules_passed
from tests.static.plain import plain
from tests.static.policies import documents
from tests.static.policies import found as by_parliament
from tests.template import ROOT

SBOM = ROOT / ".aws-sam" / "sbom.json"


def test_the_template_is_resolved_as_cloudformation_would() -> None:
    default = plain()
    assert "Parameters" not in default
    assert "Fn::If" not in json.dumps(default)
    assert default["Resources"]["TagFindingFunction"]["Type"] == "AWS::Lambda::Function"
    assert "RevokeRoleSessionsFunction" not in default["Resources"]
    assert "NotificationsKey" not in plain(KmsKeyArn="arn:aws:kms:us-east-1:123456789012:key/0f")["Resources"]


def test_cfn_guard_sees_what_breaks_a_rule() -> None:
    template = plain()
    assert "dynamodb_table_pitr_enabled_check" in rules_passed(template)
    del template["Resources"]["ContainmentLedger"]["Properties"]["PointInTimeRecoverySpecification"]
    new = set(found("by default", template)) - set(ACCEPTED)
    assert new == {Found("cfn-guard", "by default", "dynamodb_table_pitr_enabled_check", "ContainmentLedger")}


def test_parliament_sees_a_condition_that_never_holds() -> None:
    """As one of ours did: DescribeKey has no encryption context."""
    policies: dict[str, dict[str, Any]] = {"AnalystPolicy": documents()["AnalystPolicy"]}
    assert list(by_parliament("by default", policies)) == []
    (through,) = [one for one in policies["AnalystPolicy"]["Statement"] if one["Sid"] == "LedgerUnderKey"]
    through["Action"] = ["kms:Decrypt", "kms:DescribeKey"]
    assert [one.rule for one in by_parliament("by default", policies)] == ["UNKNOWN_CONDITION_FOR_ACTION"]


def test_every_acceptance_has_a_reason() -> None:
    assert [one for one, reason in ACCEPTED.items() if len(reason) < 20] == []


def test_the_sbom_beside_the_artifact_is_that_of_the_lock() -> None:
    if not SBOM.is_file():
        pytest.skip("nothing is built: `make build`")
    said = json.loads(SBOM.read_text(encoding="utf-8"))
    locked = re.findall(r"(?m)^([\w.-]+)==(\S+)", (ROOT / "handlers/requirements.txt").read_text(encoding="utf-8"))
    assert sorted((one["name"], one["version"]) for one in said["components"]) == sorted(locked)
    assert "serialNumber" not in said
    assert "timestamp" not in said["metadata"]
