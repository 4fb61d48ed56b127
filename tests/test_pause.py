"""The kill switch: while it is on nothing is changed and nothing is lost; afterwards the sweeps catch up."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import isolate
import release
import tag_finding
from quarantag.aws.rules import EventBridgeRules
from quarantag.catchup import catch_up
from quarantag.errors import LedgerUnavailable
from quarantag.switch import Fixed
from tests.cloud import SESSION, Lab
from tests.faults import Fault, faulty
from tests.operators import Operator
from tests.stack import KEY, Stack, about, forget_wiring
from tests.template import Template, as_list
from tests.test_catchup import Sweeper, sweeper  # noqa: F401 - a fixture

TEMPLATE = Template()


def test_paused_nothing_is_tagged_isolated_or_released_and_resumed_all_is(
    operator: Operator, stack: Stack, lab: Lab
) -> None:
    contained, wanted, found = lab.instance(), lab.instance(), lab.instance()
    stack.tag_and_isolate(contained.id)
    before = lab.groups(wanted.interface_ids[0])
    operator.answered("pause", "--yes", "--reason", "too many")
    assert stack.find(about(found.id))[0]["outcome"].startswith("paused by arn:aws:")
    assert KEY not in lab.tags(found.id)
    answer = stack.tag_and_isolate(wanted.id)
    assert (answer["status"], "too many" in answer["reason"]) == ("Paused", True)
    assert stack.tag_and_release(contained.id)["status"] == "Paused"
    for function in (isolate, release, tag_finding):
        stack.sweep(function)
    assert lab.groups(wanted.interface_ids[0]) == before
    case = stack.case(contained.id)
    assert case
    assert case["status"] == "Isolated", "containment that is there stays"
    operator.answered("resume", "--yes")
    assert [one["status"] for one in stack.sweep(isolate)] == ["Isolated"]
    assert [one["status"] for one in stack.sweep(release)] == ["Released"]
    assert stack.find(about(found.id))[0]["outcome"] == "tagged"


def test_list_says_first_that_the_stack_is_paused(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert operator.answered("list")["paused"] == ""
    operator.answered("pause", "--yes", "--reason", "too many")
    assert operator.answered("list")["paused"].endswith(": too many")
    first = operator.typed("list").stdout.splitlines()[0]
    assert (first.startswith("Nothing is isolated or released: paused by arn:"), "too many" in first) == (True, True)
    operator.answered("resume", "--yes")
    assert operator.typed("list").stdout.startswith("Nothing is tagged")
    operator.deploy("other", Paused="true")
    assert operator.answered("list", "--stack", "other")["paused"] == "paused by the stack's parameter Paused"


def test_findings_that_came_while_paused_are_caught_up(sweeper: Sweeper, operator: Operator, lab: Lab) -> None:  # noqa: F811
    """Also where the stack was paused from its first day on, longer ago than a first sweep looks back."""
    operator.answered("pause", "--yes")
    sweeper.sweep()
    instance = lab.instance()
    sweeper.clock.sleep(3600)
    sweeper.keep(about(instance.id))
    for _ in range(3):
        sweeper.clock.sleep(timedelta(hours=8).total_seconds())
        assert sweeper.sweep().tagged == []
    operator.answered("resume", "--yes")
    assert [one.outcome for one in sweeper.sweep().tagged] == ["tagged"]


def test_the_parameter_pauses_too_and_resume_says_that_it_does_not_end_it(
    operator: Operator, stack: Stack, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAUSED", "true")
    forget_wiring()
    assert stack.tag_and_isolate(lab.instance().id)["reason"] == "paused by the stack's parameter Paused"
    operator.deploy("other", Paused="true")
    result = operator.typed("resume", "--yes", "--stack", "other")
    assert (result.exit_code, "Paused=false" in result.stderr) == (1, True)


def test_a_ledger_out_of_reach_stops_no_cut(stack: Stack, lab: Lab) -> None:
    """The switch is in the ledger: what can't be read is off."""
    instance = lab.instance(tags={KEY: "Isolate"})
    away = LedgerUnavailable("away")
    ports = stack.ports()
    broken = faulty(ports.ledger, *(Fault(name, away) for name in ("acquire", "case")))
    with pytest.raises(LedgerUnavailable):
        stack.reconcile(instance.id, ledger=broken)
    assert lab.groups(instance.interface_ids[0]) != [instance.networks[0].group_id]


def test_nobody_who_can_be_asked_means_no(operator: Operator, stack: Stack, lab: Lab) -> None:
    assert operator.typed("pause").exit_code == 2
    assert stack.tag_and_isolate(lab.instance().id)["status"] == "Isolated"


def test_a_sweep_says_whether_it_is_paused(sweeper: Sweeper) -> None:  # noqa: F811
    ports = sweeper.stack.ports()
    assert [one.value for one in sweeper.sweep().measured if one.metric.name == "Paused"] == [0]
    done = catch_up(None, "x", replace(ports, switch=Fixed("off")), None, lambda: 90.0)  # type: ignore[arg-type]
    assert [one.value for one in done.measured if one.metric.name == "Paused"] == [1]


def test_who_may_pause_may_do_nothing_else_and_no_function_may() -> None:
    may = TEMPLATE.properties("MayPause")["PolicyDocument"]["Statement"]
    assert {action for one in may for action in as_list(one["Action"])} == {
        "cloudformation:DescribeStacks",
        "dynamodb:PutItem",
    }
    (flip,) = (one for one in may if one["Action"] == "dynamodb:PutItem")
    assert flip["Condition"] == {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["switch"]}}
    (never,) = TEMPLATE.properties("NeverFlipTheSwitch")["PolicyDocument"]["Statement"]
    assert (never["Effect"], set(never["Action"])) == ("Deny", {"dynamodb:PutItem", "dynamodb:UpdateItem"})
    assert never["Condition"] == {"ForAnyValue:StringEquals": {"dynamodb:LeadingKeys": ["switch"]}}


@pytest.fixture
def events(lab: Lab) -> Any:  # noqa: ANN401, ARG001 - a boto3 client, inside the cloud
    client = SESSION.client("events")
    for name in ("works", "disabled", "empty"):
        client.put_rule(Name=name, ScheduleExpression="rate(5 minutes)")
        if name != "empty":
            client.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": "arn:aws:sqs:eu-central-1:123456789012:q"}])
    client.disable_rule(Name="disabled")
    return client


def test_a_rule_that_does_not_work_is_named(events: Any) -> None:  # noqa: ANN401
    broken = EventBridgeRules(lambda: events).broken(["works", "disabled", "empty", "deleted"])
    assert broken == ("disabled: disabled", "empty: without a target", "deleted: deleted")


def test_the_sweep_watches_every_other_rule_that_starts_a_function() -> None:
    targets = TEMPLATE.properties("SweepSchedule")["Targets"]
    (target,) = (one for one in targets if one["Id"] == "IsolationLambdaFunction")
    told = json.loads(target["Input"])
    functions = {f"<{name}.Arn>" for name in TEMPLATE.of_type("AWS::Serverless::Function")}
    others = {
        name
        for name, rule in TEMPLATE.of_type("AWS::Events::Rule").items()
        if functions & {one["Arn"] for one in rule["Targets"]}
    }
    assert len(others) >= 6
    assert set(told["rules"]) == {f"<{name}>" for name in others - {"SweepSchedule"}}
    (watched,) = TEMPLATE.properties("WatchRules")["PolicyDocument"]["Statement"]
    assert {one.replace(".Arn", "") for one in watched["Resource"]} == set(told["rules"])
