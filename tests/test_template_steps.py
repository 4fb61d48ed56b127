"""The roles against the code: what a step declares and what an adapter calls is granted, and nothing else is."""

import inspect
import re
import tomllib
from types import ModuleType
from typing import Any

import pytest
from botocore.session import get_session

from quarantag.aws import announcer, instances, table
from quarantag.steps import credentials, network
from tests.template import ROOT, Template

TEMPLATE = Template()
TAGGER, ISOLATOR = "IAMRoleForTagFindingFunction", "IAMRoleForLambdaFunction"
CALL = re.compile(r"""_client\.(?:get_paginator\("(\w+)"|(\w+)\()""")
STEPS: list[Any] = [
    step
    for module in (network, credentials)
    for _, step in inspect.getmembers(module, inspect.isclass)
    if step.__module__ == module.__name__
]


def granted(role: str, service: str) -> set[str]:
    allowed = (one.actions for one in TEMPLATE.statements(role) if one.effect == "Allow")
    return {action for actions in allowed for action in actions if action.startswith(f"{service}:")}


def called(module: ModuleType, service: str) -> set[str]:
    """The operations that an adapter calls, as IAM actions; botocore's model knows their names."""
    operations = get_session().get_service_model(service).operation_names
    names = {re.sub("(?<!^)(?=[A-Z])", "_", name).lower(): name for name in operations}
    found = {paged or plain for paged, plain in CALL.findall(inspect.getsource(module))}
    return {f"{service}:{names[name]}" for name in found - {"get_paginator"}}


def test_the_isolator_may_call_what_its_adapter_calls_and_no_more_of_ec2() -> None:
    assert granted(ISOLATOR, "ec2") == called(instances, "ec2")


def test_the_ledger_s_calls_are_granted() -> None:
    """A transaction is authorized as the writes in it."""
    writes = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:ConditionCheckItem"}
    assert granted(ISOLATOR, "dynamodb") == called(table, "dynamodb") - {"dynamodb:TransactWriteItems"} | writes
    assert granted(TAGGER, "dynamodb") == granted(ISOLATOR, "dynamodb") - {"dynamodb:Query"}


def test_announcing_is_granted() -> None:
    assert granted(ISOLATOR, "sns") == granted(TAGGER, "sns") == called(announcer, "sns")


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_what_a_step_declares_is_granted(step: Any) -> None:  # noqa: ANN401
    actions: frozenset[str] = step.actions
    assert actions
    assert actions <= granted(ISOLATOR, "ec2") | granted(ISOLATOR, "iam")


def test_what_changes_something_is_declared_by_a_step() -> None:
    """But tags, which also say how it went."""
    declared = set().union(*(step.actions for step in STEPS))
    changing = {one for one in granted(ISOLATOR, "ec2") if not one.startswith("ec2:Describe")}
    assert changing | granted(ISOLATOR, "iam") == declared | {"ec2:CreateTags"}


def test_sam_deploy_guided_offers_the_capability_that_named_roles_need() -> None:
    """Else `sam deploy --guided` as it stands would fail: it asks for CAPABILITY_IAM by itself."""
    saved = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    assert saved["default"]["deploy"]["parameters"]["capabilities"] == "CAPABILITY_NAMED_IAM"
