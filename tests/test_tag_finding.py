"""Lambda 1 end to end, in process: findings become tags, once, never a downgrade, and nothing else."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest

import tag_finding
from quarantag.aws import wiring
from quarantag.errors import InvalidFinding, LedgerUnavailable, TagLimitReached, Terminal
from quarantag.finding import parse
from quarantag.tagging import tag
from tests.cloud import ACCOUNT, REGION, Lab
from tests.faults import Fault
from tests.stack import KEY, Context, Stack, about, forget_wiring

MEDIUM = {"type": "UnauthorizedAccess:EC2/MaliciousIPCaller.Custom", "severity": 5}
LOW = {"type": "Recon:EC2/PortProbeUnprotectedPort", "severity": 2}


def writes(lab: Lab, instance_id: str) -> int:
    """How often the instance's tags were changed."""
    return sum(instance_id in event["resources"][0] for event in lab.cloud.events)


def test_a_severe_finding_becomes_control_and_reason_tag_in_one_write(stack: Stack, lab: Lab) -> None:
    instance = lab.instance(tags={"Name": "web"})
    before = writes(lab, instance.id)
    finding = about(instance.id)

    (decision,) = stack.find(finding)

    assert (decision["action"], decision["rule"], decision["outcome"]) == ("isolate", "command-and-control", "tagged")
    tags = lab.tags(instance.id)
    assert tags[KEY] == "Isolate"
    assert tags[f"{KEY}Reason"].startswith("command-and-control severity 8.0 Backdoor:EC2/C_CActivity.B finding ")
    assert writes(lab, instance.id) - before == 1


def test_a_medium_finding_asks_a_human(stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    stack.find(about(instance.id, **MEDIUM))
    assert lab.tags(instance.id)[KEY] == "Review"
    assert [subject.split(":")[0] for subject in stack.announced()] == ["Review"]


def test_a_low_finding_changes_nothing_but_is_logged(stack: Stack, lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="quarantag-tag-finding")
    instance = lab.instance()
    (decision,) = stack.find(about(instance.id, **LOW))
    assert (decision["action"], decision["outcome"]) == ("ignore", "none")
    assert lab.tags(instance.id) == {}
    (line,) = [vars(record) for record in caplog.records if record.message == "decision"]
    assert (line["action"], line["rule"], line["instance_id"]) == ("ignore", None, instance.id)
    assert line.keys() >= {"policy_version", "policy_hash", "finding_id", "reason"}


def test_duplicates_write_once_and_tell_once(stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    before = writes(lab, instance.id)
    outcomes = [stack.find(about(instance.id, **MEDIUM))[0]["outcome"] for _ in range(3)]
    assert outcomes == ["tagged", "already", "already"]
    assert writes(lab, instance.id) - before == 1
    assert len(stack.announced()) == 1


@pytest.mark.parametrize("first", [{}, MEDIUM])
@pytest.mark.parametrize("second", [{}, MEDIUM])
def test_never_downgrades(stack: Stack, lab: Lab, first: dict[str, Any], second: dict[str, Any]) -> None:
    instance = lab.instance()
    stack.find(about(instance.id, **first))
    stack.find(about(instance.id, **second))
    assert lab.tags(instance.id)[KEY] == ("Review" if first == second == MEDIUM else "Isolate")


def test_an_analysts_tag_is_left_alone(stack: Stack, lab: Lab) -> None:
    instance = lab.instance(tags={KEY: "Isolate"})
    stack.find(about(instance.id, **MEDIUM))
    assert lab.tags(instance.id) == {KEY: "Isolate"}


def test_concurrent_findings_end_in_the_stricter_tag(stack: Stack, lab: Lab) -> None:
    instance = lab.instance()

    def find(number: int) -> None:
        changes = MEDIUM if number % 2 else {}
        ports = stack.ports()
        policy = tag_finding.policy()
        tag(parse(about(instance.id, **changes)), policy, f"request-{number}", ports, wiring.settings())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(find, range(8)))
    stack.find(about(instance.id))  # what found the lease taken is delivered again
    assert lab.tags(instance.id)[KEY] == "Isolate"


@pytest.mark.parametrize(
    "changes",
    [{"accountId": "999999999999"}, {"region": "eu-west-1"}],
    ids=["another account", "another Region"],
)
def test_an_instance_of_another_account_or_region_is_not_touched(
    stack: Stack, lab: Lab, changes: dict[str, Any]
) -> None:
    instance = lab.instance()
    (decision,) = stack.find(about(instance.id, **changes))
    assert (decision["action"], decision["outcome"]) == ("ignore", "none")
    assert "its own stack acts" in decision["reason"]
    assert lab.tags(instance.id) == {}


def test_terminated_and_unknown_instances_are_an_outcome(stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    lab.ec2.terminate_instances(InstanceIds=[instance.id])
    for instance_id in (instance.id, "i-0123456789abcdef0"):
        (decision,) = stack.find(about(instance_id))
        assert (decision["action"], decision["outcome"]) == ("ignore", "none")


@pytest.mark.parametrize("acts", ["false", "true"])
def test_a_sample_finding_acts_only_where_the_stack_says_so(
    stack: Stack, lab: Lab, monkeypatch: pytest.MonkeyPatch, acts: str
) -> None:
    monkeypatch.setenv("ACT_ON_SAMPLE_FINDINGS", acts)
    instance = lab.instance()
    stack.find(about(instance.id, service__additionalInfo={"sample": True}))
    assert lab.tags(instance.id).get(KEY) == ("Isolate" if acts == "true" else None)


def test_an_archived_finding_never_acts(stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    stack.find(about(instance.id, service__archived=True))
    assert lab.tags(instance.id) == {}


def test_at_fifty_tags_the_reason_is_left_out(stack: Stack, lab: Lab) -> None:
    instance = lab.instance(tags={f"tag-{number}": "x" for number in range(49)})
    stack.find(about(instance.id))
    tags = lab.tags(instance.id)
    assert tags[KEY] == "Isolate"
    assert f"{KEY}Reason" not in tags


def test_without_room_for_the_control_tag_it_fails_loudly(stack: Stack, lab: Lab) -> None:
    instance = lab.instance(tags={f"tag-{number}": "x" for number in range(50)})
    with pytest.raises(Terminal, match="50 tags"):
        stack.find(about(instance.id))
    assert [subject.split(":")[0] for subject in stack.announced()] == ["FAILED to isolate"]
    assert stack.entries(instance.id, "decision")[0]["outcome"].startswith("failed")


def test_an_attack_sequence_tags_each_instance_and_one_failure_stops_no_other(stack: Stack, lab: Lab) -> None:
    good = [lab.instance() for _ in range(2)]
    full = lab.instance(tags={f"tag-{number}": "x" for number in range(50)})
    resources = [
        {"uid": one.id, "resourceType": "EC2_INSTANCE", "accountId": ACCOUNT, "region": REGION}
        for one in (good[0], full, good[1])
    ]
    finding = about(
        "i-0aaaaaaaaaaaaaaa1",
        type="AttackSequence:EC2/CompromisedInstanceGroup",
        severity=9,
        resource={"resourceType": "AttackSequence"},
        service__detection={"sequence": {"resources": resources}},
    )
    with pytest.raises(Terminal, match=full.id):
        stack.find(finding)
    assert [lab.tags(one.id)[KEY] for one in good] == ["Isolate", "Isolate"]


def test_an_instance_that_cannot_be_resolved_is_announced(stack: Stack) -> None:
    (decision,) = stack.find(about("i-REPLACE_ME"))
    assert (decision["instance_id"], decision["action"], decision["outcome"]) == (None, "hold", "announced")
    assert [subject.split(":")[0] for subject in stack.announced()] == ["Held, a human decides"]


def test_observe_mode_says_and_tags_nothing(stack: Stack, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODE", "observe")
    forget_wiring()
    instance = lab.instance()
    assert stack.find(about(instance.id))[0]["outcome"] == "observed"
    assert lab.tags(instance.id) == {}
    assert [subject.split(":")[0] for subject in stack.announced()] == ["Observe only"]


@pytest.mark.parametrize("event", [{}, {"detail": {}}, {"detail": None}, [], "text", {"detail": {"severity": "HIGH"}}])
@pytest.mark.usefixtures("stack")
def test_what_is_no_finding_is_refused(event: object) -> None:
    with pytest.raises(InvalidFinding):
        tag_finding.handler(event, cast("Any", Context()))  # type: ignore[arg-type]


def test_without_the_ledger_limits_cannot_be_counted_so_it_is_tried_again(stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    away = LedgerUnavailable("away")
    ports = stack.ports(*(Fault(method, away) for method in ("acquire", "case", "admit", "record")))
    settings = wiring.settings()
    (limited,) = tag(parse(about(instance.id)), tag_finding.policy(), "request", ports, settings)
    assert limited.fault is away
    (critical,) = tag(parse(about(instance.id, severity=9.5)), tag_finding.policy(), "request", ports, settings)
    assert critical.outcome == "tagged"
    assert lab.tags(instance.id)[KEY] == "Isolate"


def test_a_tag_limit_met_by_surprise_still_tags_the_control(stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    ports = stack.ports(Fault("tag", TagLimitReached("full"), times=1))
    settings = wiring.settings()
    (done,) = tag(parse(about(instance.id)), tag_finding.policy(), "request", ports, settings)
    assert done.outcome == "tagged"
    assert lab.tags(instance.id) == {KEY: "Isolate"}
