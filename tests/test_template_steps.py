"""The roles against the code: what a step declares and what an adapter calls is granted, and nothing else is."""

import inspect
import re
import tomllib
from types import ModuleType
from typing import Any

import pytest
from botocore.session import get_session

from quarantag import plan, restoration
from quarantag.aws import announcer, bus, findings, instances, rules, survivors, table, trail
from quarantag.steps import credentials, network
from tests.measures.declared import ADAPTERS, GIVEN, READ, TAKEN
from tests.template import ROOT, Template

TEMPLATE = Template(ExistingConnections="nacl", RevokeCredentials="role")
TAGGER, ISOLATOR, RELEASER = "IAMRoleForTagFindingFunction", "IAMRoleForLambdaFunction", "IAMRoleForReleaseFunction"
PLANS = {ISOLATOR: plan, RELEASER: restoration}
CALL = r"""_{}(?:\(\))?\s*\.(?:get_paginator\("(\w+)"|(\w+)\()"""
STEPS: list[Any] = [
    step
    for module in (network, credentials)
    for _, step in inspect.getmembers(module, inspect.isclass)
    if step.__module__ == module.__name__
]


def granted(role: str, service: str) -> set[str]:
    allowed = (one.actions for one in TEMPLATE.statements(role) if one.effect == "Allow")
    return {action for actions in allowed for action in actions if action.startswith(f"{service}:")}


def called(module: ModuleType, service: str, client: str = "client") -> set[str]:
    """The operations that an adapter calls by this attribute, as IAM actions; botocore's model knows their names."""
    operations = get_session().get_service_model(service).operation_names
    names = {re.sub("(?<!^)(?=[A-Z])", "_", name).lower(): name for name in operations}
    found = {paged or plain for paged, plain in re.findall(CALL.format(client), inspect.getsource(module))}
    return {f"{service}:{names[name]}" for name in found - {"get_paginator"}}


def planned(module: ModuleType) -> set[Any]:
    """The steps that this planner may name."""
    return {step for step in STEPS if getattr(module, step.__name__, None) is step}


def of(service: str, actions: set[str]) -> set[str]:
    return {action for action in actions if action.startswith(f"{service}:")}


def test_the_isolator_may_call_what_its_adapters_call_and_no_more_of_ec2() -> None:
    assert granted(ISOLATOR, "ec2") == called(instances, "ec2") | of("ec2", READ | TAKEN)


@pytest.mark.parametrize("module", ADAPTERS, ids=lambda module: module.__name__)
def test_what_a_measure_s_adapter_calls_is_declared(module: ModuleType) -> None:
    for service, client in (("ec2", "client"), ("ec2", "once"), ("iam", "iam"), ("autoscaling", "autoscaling")):
        assert called(module, service, client) <= READ | TAKEN | GIVEN


@pytest.mark.parametrize("service", ["autoscaling", "cloudtrail", "lambda", "iam"])
def test_measures_are_granted_what_they_declare(service: str) -> None:
    assert of(service, READ | TAKEN) <= granted(ISOLATOR, service)
    assert of(service, READ | GIVEN) <= granted(RELEASER, service)


def test_the_releaser_reads_what_its_adapters_read() -> None:
    describing = {one for one in called(instances, "ec2") if one.startswith("ec2:Describe")}
    assert describing | of("ec2", READ) < granted(RELEASER, "ec2")
    assert granted(RELEASER, "cloudtrail") == called(trail, "cloudtrail")


def test_the_isolator_looks_up_what_survives() -> None:
    assert granted(ISOLATOR, "cloudtrail") == called(survivors, "cloudtrail") == {"cloudtrail:LookupEvents"}


def test_the_tagger_reads_what_its_adapter_of_guardduty_reads() -> None:
    assert granted(TAGGER, "guardduty") == called(findings, "guardduty")


@pytest.mark.parametrize("role", PLANS)
def test_the_profile_s_role_can_be_read(role: str) -> None:
    measures = of("iam", READ | (TAKEN if role == ISOLATOR else GIVEN))
    assert granted(role, "iam") == called(instances, "iam", "iam") | {"iam:PassRole"} | measures


@pytest.mark.parametrize("role", [TAGGER, ISOLATOR, RELEASER])
def test_the_ledger_s_and_the_announcer_s_calls_are_granted(role: str) -> None:
    """A transaction is authorized as the writes in it."""
    writes = {"dynamodb:PutItem", "dynamodb:UpdateItem"}
    assert granted(role, "dynamodb") == called(table, "dynamodb") - {"dynamodb:TransactWriteItems"} | writes
    assert granted(role, "sns") == called(announcer, "sns")
    watching = called(rules, "events") if role == ISOLATOR else set()
    assert granted(role, "events") == watching | called(bus, "events")


@pytest.mark.parametrize("role", PLANS)
def test_what_changes_something_is_declared_by_a_step_that_the_role_plans(role: str) -> None:
    """But tags, which also say how it went."""
    declared = set().union(*(step.actions for step in planned(PLANS[role])))
    declared |= TAKEN if role == ISOLATOR else GIVEN
    declared = of("ec2", declared) | of("iam", declared)
    changing = {one for one in granted(role, "ec2") if not one.startswith("ec2:Describe")}
    reading = called(instances, "iam", "iam") | READ
    assert changing | granted(role, "iam") - reading == declared | {"ec2:CreateTags"}


def test_every_step_is_planned_and_says_its_actions() -> None:
    assert all(step.actions for step in STEPS)
    assert planned(plan) | planned(restoration) == set(STEPS)


def test_sam_deploy_guided_offers_the_capability_that_named_roles_need() -> None:
    """Else `sam deploy --guided` as it stands would fail: it asks for CAPABILITY_IAM by itself."""
    saved = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    assert saved["default"]["deploy"]["parameters"]["capabilities"] == "CAPABILITY_NAMED_IAM"
