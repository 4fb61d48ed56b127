"""Every AWS call that the functions make end to end is allowed to the role of the function that makes it."""

from collections.abc import Iterator

import pytest

import isolate
from tests.cloud import SESSION, Lab
from tests.counted import Counted
from tests.iam.asked import facts
from tests.iam.played import Played, deployed, question
from tests.iam.plays import play
from tests.iam.roles import FUNCTIONS, ISOLATOR, arn
from tests.iam.simulator import Answer, Policy, simulate
from tests.iam.wire import listening
from tests.stack import Stack
from tests.template import as_list


@pytest.fixture
def played(stack: Stack, lab: Lab, isolation_profile_arn: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Played]:
    with listening(facts()) as wire:
        done = deployed(stack, lab, wire, isolation_profile_arn, monkeypatch)
        play(done)
        watch_rules(done)
        yield done


def watch_rules(played: Played) -> None:
    """The isolator's sweep looks at the rules that its event names; one of them is disabled."""
    name = arn("EC2TagChangeEvent").rpartition("/")[2]
    SESSION.client("events").put_rule(Name=name, ScheduleExpression="rate(5 minutes)", State="DISABLED")
    played.wire.role = ISOLATOR
    isolate.handler({"sweep": True, "rules": [name]}, played.stack.context())


def judged(played: Played, granted: dict[str, dict[str, Policy]]) -> list[Answer]:
    """One answer for each distinct question of each role."""
    asked = {
        (heard.role, one.shape): question(heard, number, granted[heard.role])
        for heard in played.wire.heard
        for number, one in enumerate(heard.asked)
    }
    return simulate(asked.values())


CUTTING = {
    *("ec2:CreateSecurityGroup", "ec2:CreateTags", "ec2:ModifyNetworkInterfaceAttribute"),
    *("ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress"),
}
BY_LAMBDA = {
    *("logs:CreateLogStream", "logs:PutLogEvents", "sqs:SendMessage"),
    *("xray:PutTelemetryRecords", "xray:PutTraceSegments"),
}
"""What Lambda itself does by the function's role: its log, where a failed event goes, its traces."""
WITH_OTHER_PARAMETERS = {"iam:GetRolePolicy"}
"""What is asked only where `RevokeCredentials` is `role`: test_calls_by_role plays that."""


def unheard(played: Played, role: str, granted: dict[str, Policy]) -> set[str]:
    """The actions that the role is allowed and that no scenario asked for."""
    allowed = {
        action
        for document in granted.values()
        for one in document["Statement"]
        if one["Effect"] == "Allow"
        for action in as_list(one["Action"])
    }
    asked = {one.action for heard in played.wire.heard if heard.role == role for one in heard.asked}
    return allowed - asked - BY_LAMBDA - WITH_OTHER_PARAMETERS


def test_every_call_is_allowed_and_no_action_is_granted_that_none_needs(played: Played, counted: Counted) -> None:
    granted = {role: played.granted(role) for role in FUNCTIONS}
    answers = judged(played, granted)
    assert [one.reason for one in answers if not one.allowed] == []
    assert {role: found for role in FUNCTIONS if (found := unheard(played, role, granted[role]))} == {}

    less = granted | {ISOLATOR: {name: one for name, one in granted[ISOLATOR].items() if name != "cut-network"}}
    denied = {one.reason.partition(" ")[0] for one in judged(played, less) if not one.allowed}
    assert denied == CUTTING, "the simulator is asked about the real roles: less of them is too little"

    heard = played.wire.heard
    kinds = len({(one.role, one.name) for one in heard})
    counted(f"calls at the wire: {len(heard)} allowed, of {kinds} kinds; {len(answers)} distinct questions to IAM")
