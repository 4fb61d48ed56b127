"""What an attack review found about tagging: each is a test that failed before its fix."""

import time
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tag_finding
from quarantag import announcements
from quarantag.aws import wiring
from quarantag.catchup import catch_up
from quarantag.errors import InvalidPolicy, LedgerUnavailable, Retryable
from quarantag.finding import parse
from quarantag.matching import Globs
from quarantag.policy import load
from quarantag.settings import Settings
from quarantag.tagging import Tagged, tag
from tests.cloud import ACCOUNT, REGION, TABLE, Lab
from tests.faults import Fault
from tests.stack import KEY, Stack, about, forget_wiring

AWAY = LedgerUnavailable("away")
THROTTLED = Retryable("RequestLimitExceeded")
SETTINGS = Settings(account=ACCOUNT, region=REGION, isolation_profile_arn="arn")


def sequence(*resources: dict[str, Any]) -> dict[str, Any]:
    """A finding about these resources."""
    return about(
        "i-0aaaaaaaaaaaaaaa1",
        type="AttackSequence:EC2/CompromisedInstanceGroup",
        severity=9,
        resource={"resourceType": "AttackSequence"},
        service__detection={"sequence": {"resources": list(resources)}},
    )


def member(uid: str) -> dict[str, Any]:
    """An instance of a sequence."""
    return {"uid": uid, "resourceType": "EC2_INSTANCE", "accountId": ACCOUNT, "region": REGION}


def grouping(kind: str, region: str, *ids: str) -> dict[str, Any]:
    """What instances of a sequence share."""
    data = {kind: {"ec2InstanceUids": list(ids)}}
    return {"uid": kind, "resourceType": kind, "accountId": ACCOUNT, "region": region, "data": data}


def tagged(stack: Stack, document: dict[str, Any], *faults: Fault) -> tuple[Tagged, ...]:
    """What becomes of the finding over faulty ports."""
    return tag(parse(document), tag_finding.policy(), "tag_finding r", stack.ports(*faults), wiring.settings())


def test_a_lease_whose_answer_was_lost_keeps_nobody_out(stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    lost = Fault("acquire", AWAY, when="after", times=1)
    assert [one.outcome for one in tagged(stack, about(instance.id), lost)] == ["tagged"]
    assert stack.isolate(instance.id)["status"] == "Isolated"


def test_a_release_holds_where_the_case_cannot_be_read(stack: Stack, lab: Lab) -> None:
    instance = lab.instance(tags={KEY: "Release"})
    (one,) = tagged(stack, about(instance.id, severity=9), Fault("case", AWAY))
    assert one.fault is AWAY
    assert lab.tags(instance.id) == {KEY: "Release"}


def test_an_instance_named_in_two_regions_is_decided_in_each(stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    groups = (("autoscalingAutoScalingGroup", REGION), ("ec2Vpc", "eu-south-1"))
    decided = stack.find(sequence(*(grouping(kind, region, instance.id) for kind, region in groups)))
    assert [(one["region"], one["outcome"]) for one in decided] == [(REGION, "tagged"), ("eu-south-1", "none")]
    assert lab.tags(instance.id)[KEY] == "Isolate"


def test_an_instance_profile_s_region_is_not_its_instances(stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    (decision,) = stack.find(sequence(grouping("iamInstanceProfile", "eu-south-1", instance.id)))
    assert (decision["region"], decision["outcome"]) == (REGION, "tagged")
    assert lab.tags(instance.id)[KEY] == "Isolate"


def test_one_instance_that_cannot_be_read_stops_no_other(stack: Stack, lab: Lab) -> None:
    unread, good = lab.instance(), lab.instance()
    done = tagged(stack, sequence(member(unread.id), member(good.id)), Fault("instance", THROTTLED, target=unread.id))
    assert [(one.decision.instance_id, one.fault) for one in done] == [(unread.id, THROTTLED), (good.id, None)]
    assert done[0].outcome == "failed: RequestLimitExceeded"
    assert lab.tags(good.id)[KEY] == "Isolate"


def test_one_held_instance_that_cannot_be_read_stops_no_sweep(stack: Stack) -> None:
    ledger = stack.ports().ledger
    ledger.set_held("i-0aaaaaaaaaaaaaaa1", "f1", held=True)
    catch_up(tag_finding.policy(), "sweep", stack.ports(Fault("instance", THROTTLED)), wiring.settings(), lambda: 90.0)
    assert ledger.cursor("findings")
    assert list(ledger.held()) == [("i-0aaaaaaaaaaaaaaa1", "f1")], "nobody knows whether a human has acted"


def test_what_cannot_be_resolved_is_told_once_for_each_finding_and_problem(stack: Stack) -> None:
    for _ in range(3):
        stack.find(sequence(member("nonsense")))
    assert len(stack.announced()) == 1
    stack.find(sequence(member("nonsense"), member("other nonsense")))
    stack.find(sequence(member("nonsense")) | {"id": "another finding"})
    assert len(stack.announced()) == 2


@pytest.mark.parametrize("method", ["told", "set_told"])
def test_what_cannot_be_resolved_is_told_without_the_ledger_too(stack: Stack, method: str) -> None:
    (one,) = tagged(stack, sequence(member("nonsense")), Fault(method, AWAY))
    assert one.outcome == "announced"
    assert len(stack.announced()) == 1


def test_what_could_not_be_sent_is_due_still(stack: Stack) -> None:
    (one,) = tagged(stack, sequence(member("nonsense")), Fault("announce", THROTTLED))
    assert one.fault is THROTTLED
    stack.find(sequence(member("nonsense")))
    assert len(stack.announced()) == 1


def test_observing_tells_once(stack: Stack, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODE", "observe")
    forget_wiring()
    instance = lab.instance()
    for _ in range(3):
        stack.find(about(instance.id))
    assert len(stack.announced()) == 1


def edited(stack: Stack, instance_id: str, update: str, **given: str) -> None:
    """The instance's case, with this done to it by hand."""
    stack.dynamodb.update_item(
        TableName=TABLE,
        Key={"pk": {"S": instance_id}, "sk": {"S": "case"}},
        UpdateExpression=update,
        **({"ExpressionAttributeValues": {f":{key}": {"S": one} for key, one in given.items()}} if given else {}),
    )


def test_a_time_typed_without_its_zone_is_utc(stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    stack.tag_and_isolate(instance.id)
    stack.tag_and_release(instance.id)
    edited(stack, instance.id, "SET closed_at = :at", at="2099-11-23T12:00:00")
    (decision,) = stack.find(about(instance.id))
    assert (decision["action"], decision["reason"][:28]) == ("hold", "Released at 2099-11-23T12:00")


@pytest.mark.parametrize(
    ("update", "given"),
    [
        ("REMOVE reason", {}),
        ("SET closed_at = :at", {"at": "yesterday"}),
        ("SET interfaces_before = :at", {"at": "none"}),
        ("SET profile_before = :at", {"at": "none"}),
        ("SET case_status = :at REMOVE opened_at", {"at": "none"}),
    ],
)
def test_a_case_that_cannot_be_read_is_said(stack: Stack, lab: Lab, update: str, given: dict[str, str]) -> None:
    instance = lab.instance()
    stack.tag_and_isolate(instance.id)
    edited(stack, instance.id, update, **given)
    with pytest.raises(LedgerUnavailable, match=f"unreadable case of {instance.id}"):
        stack.ports().ledger.case(instance.id)


@given(st.text("ab*?", max_size=8), st.text("abc", max_size=10))
def test_a_pattern_fits_as_a_shell_s_does(pattern: str, seen: str) -> None:
    assert Globs((pattern,)).holds(seen) == fnmatchcase(seen, pattern)


def test_a_pattern_never_burns_time() -> None:
    start = time.process_time()
    assert not Globs(("*a" * 8 + "*b",)).holds("a" * 256)
    assert not Globs(("*a?" * 60 + "*b",)).holds("a" * 256)
    assert time.process_time() - start < 1


def test_a_policy_has_no_more_limits_than_one_transaction_takes() -> None:
    def policy(limits: int) -> dict[str, Any]:
        counted = [{"max": 10, "per": "1h", "by": f"tag:key-{number}"} for number in range(limits)]
        rule = {"id": "all", "match": {"severity": {"at_least": 7.0}}, "then": "isolate"}
        return {"version": 1, "limits": counted, "rules": [rule]}

    assert len(load(policy(20)).limits) == 20
    with pytest.raises(InvalidPolicy, match="limits: 21 limits"):
        load(policy(21))


def test_the_ceiling_says_what_ends_it(stack: Stack, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_CONTAINMENTS_PER_HOUR", "1")
    stack.tag_and_isolate(lab.instance().id)
    held, said = lab.instance(), []
    ports = stack.ports()

    class Announcer:
        """Keeps what is said."""

        def announce(self, message: Any) -> None:  # noqa: ANN401
            said.append(message.text)

        def flush(self) -> None:
            """Nothing is ever put aside."""

    lab.tag(held.id, **{KEY: "Isolate"})
    assert stack.reconcile(held.id, announcer=replace(ports, announcer=Announcer()).announcer).status == "Held"
    assert len(said) == 1
    assert "The sweep isolates it as soon as the hour has room" in said[0]
    assert "raise MaxContainmentsPerHour" in said[0]
    assert f"set the tag {KEY}" not in said[0], "it has that tag, and writing it again sends no event"


def test_a_failed_isolation_is_finished_by_the_sweep() -> None:
    message = announcements.failed("i-1", "why", ["eni-1: denied"], SETTINGS)
    assert "the sweep then finishes the isolation" in message.text
    assert "remove it first" not in message.text


@pytest.mark.parametrize(("severity", "value"), [(8, "Isolate"), (5, "Review")])
def test_an_instance_without_room_for_the_tag_is_not_called_half_isolated(
    stack: Stack, lab: Lab, severity: int, value: str
) -> None:
    instance = lab.instance(tags={f"tag-{number}": "x" for number in range(50)})
    kind = {"type": "UnauthorizedAccess:EC2/MaliciousIPCaller.Custom"} if severity == 5 else {}
    tagged(stack, about(instance.id, severity=severity, **kind))
    failed = [subject.split(":")[0] for subject in stack.announced() if subject.startswith("FAILED")]
    assert failed == ["FAILED to isolate" if value == "Isolate" else "FAILED to ask for a review"]
