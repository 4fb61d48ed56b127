"""policies/stack/stack-policy.json: no update replaces or deletes what holds cases, evidence or the control.

How CloudFormation reads it: "Prevent updates to stack resources" (CloudFormation User Guide): a Deny wins over an
Allow, and what no statement allows is denied.
"""

import json
from fnmatch import fnmatch
from typing import Any

from tests.template import ROOT, as_list, source
from tests.test_template_hardening import STATEFUL

POLICY: dict[str, Any] = json.loads((ROOT / "policies/stack/stack-policy.json").read_text(encoding="utf-8"))
RESOURCES: dict[str, dict[str, Any]] = source()["Resources"]
CONTROL = ("AWS::Serverless::Function", "AWS::Events::Rule", "AWS::IAM::Role", "AWS::IAM::InstanceProfile")
ALWAYS = {name for name, one in RESOURCES.items() if "Condition" not in one}
"""A parameter makes or removes the others, by an update that must stay possible; a log among them is retained."""


def allowed(action: str, logical_id: str) -> bool:
    """Whether an update may do this to the resource."""
    effects = {
        statement["Effect"]
        for statement in POLICY["Statement"]
        if any(fnmatch(action, one) for one in as_list(statement["Action"]))
        and any(fnmatch(f"LogicalResourceId/{logical_id}", one) for one in as_list(statement["Resource"]))
    }
    return effects == {"Allow"}


def protected() -> set[str]:
    """The logical ids that it names."""
    (denied,) = [one for one in POLICY["Statement"] if one["Effect"] == "Deny"]
    return {str(one).removeprefix("LogicalResourceId/") for one in denied["Resource"]}


def test_it_names_what_is_always_there_and_nothing_else() -> None:
    assert protected() <= ALWAYS, "a resource that is not in the template, or only with a parameter"


def test_it_covers_all_state_and_all_control() -> None:
    wanted = {name for name in ALWAYS if RESOURCES[name]["Type"] in (*STATEFUL, *CONTROL)}
    assert wanted | {"DenyContainedSessions", "StackChange", "StackDeletion"} == protected()


def test_no_update_takes_them_away_and_every_update_changes_them() -> None:
    for name in protected():
        assert not allowed("Update:Replace", name)
        assert not allowed("Update:Delete", name)
        assert allowed("Update:Modify", name)


def test_all_else_can_be_updated() -> None:
    for name in set(RESOURCES) - protected():
        assert all(allowed(f"Update:{what}", name) for what in ("Modify", "Replace", "Delete"))
