"""Evidence that is not finished when a case closes: no sweep comes back to it, so what it lacks is said."""

import json
from typing import Any

import pytest

import isolate
import release
from tests.cloud import Lab
from tests.measures.test_evidence import KMS_KEY, Saving, saving, snapshots, with_two_volumes
from tests.stack import Stack

__all__ = ["saving"]
ACCOUNT = "210987654321"
BY_HAND = "the sweep finishes no evidence of a closed case: do it by hand"


def told(stack: Stack) -> str:
    """The text of the release message, from the topic; the others are taken off with it."""
    bodies = []
    while messages := stack.sqs.receive_message(QueueUrl=stack.queue_url, MaxNumberOfMessages=10).get("Messages"):
        for one in messages:
            bodies.append(json.loads(one["Body"]))
            stack.sqs.delete_message(QueueUrl=stack.queue_url, ReceiptHandle=one["ReceiptHandle"])
    (text,) = (str(body["Message"]) for body in bodies if body["Subject"].startswith("Released"))
    return text


def test_a_release_says_what_is_not_complete_copied_locked_and_shared(saving: Saving, lab: Lab) -> None:
    stack = saving(EVIDENCE_KMS_KEY_ARN=KMS_KEY, EVIDENCE_ACCOUNT_ID=ACCOUNT)
    instance = with_two_volumes(lab)
    lab.cloud.snapshots_take_time()
    stack.tag_and_isolate(instance.id)
    first, second = sorted(one["SnapshotId"] for one in snapshots(lab))
    lab.cloud.end_snapshot(first)
    stack.sweep(isolate)
    (copy,) = (one["SnapshotId"] for one in snapshots(lab, copies=True))

    answer = stack.tag_and_release(instance.id)

    assert answer["status"] == "Released"
    for said in (answer["reason"], told(stack)):
        assert f"{second} is pending still: AWS completes it" in said
        assert f"{second}: not copied under {KMS_KEY}" in said
        assert f"{copy}: not shared with {ACCOUNT}" in said
        assert "not locked" not in said
        assert BY_HAND in said
    (event,) = [one for one in stack.sent() if one["status"] == "Released"]
    assert any(BY_HAND in note for note in event["measures"]["evidence"]["notes"])


def test_a_release_says_what_is_not_locked_yet(saving: Saving, lab: Lab) -> None:
    stack, instance = saving(), with_two_volumes(lab)
    stack.tag_and_isolate(instance.id)
    saving(LOCK_SNAPSHOTS_DAYS="7")
    stack.tag_and_release(instance.id)
    said = told(stack)
    (line,) = (line for line in said.splitlines() if line.endswith(": not locked"))
    assert all(one["SnapshotId"] in line for one in snapshots(lab))
    assert BY_HAND in said


def test_a_release_of_finished_evidence_says_nothing_of_it(saving: Saving, lab: Lab) -> None:
    stack = saving(EVIDENCE_KMS_KEY_ARN=KMS_KEY, EVIDENCE_ACCOUNT_ID=ACCOUNT, LOCK_SNAPSHOTS_DAYS="7")
    instance = with_two_volumes(lab)
    stack.tag_and_isolate(instance.id)
    for _ in range(2):
        stack.sweep(isolate)
    answer: Any = stack.tag_and_release(instance.id)
    assert answer["reason"] == "verified"
    assert "Note:" not in told(stack)


@pytest.mark.parametrize("function", [isolate, release])
@pytest.mark.parametrize("finished", [True, False])
def test_the_end_of_an_instance_says_whether_its_evidence_was_finished(
    saving: Saving,
    lab: Lab,
    function: Any,  # noqa: ANN401 - a handler module
    finished: bool,  # noqa: FBT001 - a case of the table
) -> None:
    stack, instance = saving(), with_two_volumes(lab)
    if not finished:
        lab.cloud.snapshots_take_time()
    stack.tag_and_isolate(instance.id)
    lab.ec2.modify_instance_attribute(InstanceId=instance.id, Attribute="disableApiTermination", Value="false")
    lab.ec2.terminate_instances(InstanceIds=[instance.id])
    stack.sent()
    stack.sweep(function)
    (event,) = [one for one in stack.sent() if one["status"] == "Ended"]
    assert ("evidence was not finished" in event["reason"]) is not finished
