"""Who wrote or removed the control tag, as the account's trail tells: an audit entry, once, and nothing else."""

from typing import Any

import pytest

import isolate
from console.cloud.state import STATE
from quarantag.errors import LedgerUnavailable
from tests.cloud import ACCOUNT, TABLE, Lab
from tests.operators import Operator
from tests.stack import KEY, Stack, about
from tests.test_release import world

ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
MALLORY = f"arn:aws:iam::{ACCOUNT}:user/mallory"
TAGGER = f"arn:aws:iam::{ACCOUNT}:role/Tagger"


def events() -> list[dict[str, Any]]:
    """What the rule sends for everything that the trail has: its matches."""
    records = [one for one in STATE.trail if any(tag.get("key") == KEY for tag in tags_of(one))]
    return [{"source": "aws.ec2", "detail-type": "AWS API Call via CloudTrail", "detail": one} for one in records]


def tags_of(record: dict[str, Any]) -> list[dict[str, str]]:
    tags: list[dict[str, str]] = record["requestParameters"]["tagSet"]["items"]
    return tags


def told(stack: Stack, instance_id: str) -> list[tuple[str | None, str]]:
    """Value and principal of each entry."""
    return [(one["value"], one["principal"]) for one in stack.entries(instance_id, "tagged")]


def audit(stack: Stack) -> None:
    for event in events():
        assert isolate.handler(event, stack.context()) == {"cases": []}


def test_who_tagged_and_who_removed_it_is_recorded_once(stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    lab.cloud.call_as(ALICE)
    lab.tag(instance.id, **{KEY: "Isolate"})
    lab.cloud.call_as(MALLORY)
    lab.ec2.delete_tags(Resources=[instance.id], Tags=[{"Key": KEY}])
    audit(stack)
    audit(stack)
    assert told(stack, instance.id) == [("Isolate", ALICE), (None, MALLORY)]


def test_the_entry_has_the_time_of_the_write(stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    lab.tag(instance.id, **{KEY: "Review"})
    audit(stack)
    (item,) = [one for one in stack.items() if one.get("kind") == "tagged"]
    assert item["at"] == STATE.trail[-1]["eventTime"]


def test_it_only_records(stack: Stack, lab: Lab) -> None:
    instance, contained = lab.instance(profile=lab.profile()), lab.instance()
    stack.tag_and_isolate(contained.id)
    stack.announced()
    before, cut = world(lab, instance), world(lab, contained)
    for value in ("Isolate", "Release"):
        for one in (instance, contained):
            lab.tag(one.id, **{KEY: value})
            tags = lab.tags(one.id)
            audit(stack)
            assert (world(lab, instance), world(lab, contained)) == (before, cut)
            assert lab.tags(one.id) == tags
    assert stack.case(instance.id) is None
    assert stack.announced() == []


def test_what_the_tagger_wrote_is_called_its_own(stack: Stack, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAG_FINDING_ROLE_ARN", TAGGER)
    instance = lab.instance()
    lab.cloud.call_as(f"arn:aws:sts::{ACCOUNT}:assumed-role/Tagger/quarantag-TagFindingFunction")
    stack.find(about(instance.id))
    lab.cloud.call_as(ALICE)
    lab.tag(instance.id, **{KEY: "Review"})
    audit(stack)
    assert [one.get("function") for one in stack.entries(instance.id, "tagged")] == ["tag_finding", None]


def test_each_instance_of_one_call_has_its_entry(stack: Stack, lab: Lab) -> None:
    ids = [lab.instance().id for _ in range(2)]
    lab.ec2.create_tags(Resources=ids, Tags=[{"Key": KEY, "Value": "Isolate"}])
    audit(stack)
    assert [len(told(stack, one)) for one in ids] == [1, 1]


def test_without_a_ledger_the_event_is_tried_again(stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    lab.tag(instance.id, **{KEY: "Isolate"})
    stack.dynamodb.delete_table(TableName=TABLE)
    with pytest.raises(LedgerUnavailable):
        audit(stack)


def test_the_history_shows_who_asked(operator: Operator, stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    lab.cloud.call_as(ALICE)
    stack.tag_and_isolate(instance.id)
    lab.cloud.call_as(MALLORY)
    lab.ec2.delete_tags(Resources=[instance.id], Tags=[{"Key": KEY}])
    audit(stack)
    shown = operator.typed("history", instance.id, columns=200).stdout
    for said in ("tagged Isolate", ALICE, "tag removed", MALLORY):
        assert said in shown
    entries = [one for one in operator.answered("history", instance.id)["entries"] if one["kind"] == "tagged"]
    assert [(one["detail"]["value"], one["detail"]["principal"]) for one in entries] == [
        ("Isolate", ALICE),
        (None, MALLORY),
    ]
