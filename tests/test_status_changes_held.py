"""Workflows are told of what the tagger holds for a human, once for each change of the status tag."""

from dataclasses import replace

import pytest

from quarantag.aws import wiring
from quarantag.errors import Retryable, Terminal
from quarantag.finding import parse
from quarantag.tagging import Tagged, tag
from tests.cloud import Lab
from tests.crash.fuzz import POLICY
from tests.faults import Fault, faulty
from tests.stack import KEY, Stack, about
from tests.test_tag_finding_holds import release


def held_by_release(stack: Stack, lab: Lab) -> str:
    """Id of an instance that was released, so that an older finding about it is held."""
    instance = lab.instance()
    stack.tag_and_isolate(instance.id)
    release(stack, instance.id)
    stack.sent()
    stack.announced()
    return instance.id


def found(stack: Stack, instance_id: str, *faults: Fault) -> Tagged:
    """What becomes of the finding, over faulty ports."""
    ports = replace(stack.ports(), bus=faulty(stack.ports().bus, *faults))
    finding = parse(about(instance_id, id="f1"))
    (done,) = tag(finding, POLICY, "tag_finding one", ports, wiring.settings())
    return done


def test_what_is_held_is_told_once_with_finding_and_without_a_case(stack: Stack, lab: Lab) -> None:
    instance_id = held_by_release(stack, lab)
    for _ in range(2):
        stack.find(about(instance_id, id="f1"))
    (sent,) = stack.sent()
    tags = lab.tags(instance_id)
    assert (sent["status"], sent["case_id"], sent["instance"]["id"]) == ("Held", None, instance_id)
    assert sent["instance"]["vpc_id"] == lab.describe(instance_id)["VpcId"]
    assert sent["finding"] == tags[f"{KEY}Reason"]
    assert tags[f"{KEY}Status"].startswith("Held")
    assert (sent["interfaces"], sent["snapshots"], sent["measures"]) == ([], [], {})


def test_a_status_that_says_so_already_is_not_told_again(stack: Stack, lab: Lab) -> None:
    """The control tag was taken off, the status tag was not: nothing is new."""
    instance_id = held_by_release(stack, lab)
    stack.find(about(instance_id, id="f1"))
    stack.sent()
    lab.ec2.delete_tags(Resources=[instance_id], Tags=[{"Key": KEY}])
    assert stack.find(about(instance_id, id="f1"))[0]["outcome"] == "tagged"
    assert stack.sent() == []


@pytest.mark.parametrize(("severity", "action"), [(8, "isolate"), (5, "review"), (1, "ignore")])
def test_other_decisions_send_nothing(stack: Stack, lab: Lab, severity: int, action: str) -> None:
    kind = "Backdoor:EC2/C&CActivity.B" if severity > 7 else "UnauthorizedAccess:EC2/MaliciousIPCaller.Custom"
    assert stack.find(about(lab.instance().id, severity=severity, type=kind))[0]["action"] == action
    assert stack.sent() == []


def test_what_passes_is_sent_by_the_next_delivery(stack: Stack, lab: Lab) -> None:
    instance_id = held_by_release(stack, lab)
    assert isinstance(found(stack, instance_id, Fault("send", Retryable("throttled"))).fault, Retryable)
    assert stack.sent() == []
    assert found(stack, instance_id).outcome == "tagged"
    assert [one["status"] for one in stack.sent()] == ["Held"]


def test_what_can_t_be_sent_stops_nothing_and_is_recorded(stack: Stack, lab: Lab) -> None:
    instance_id = held_by_release(stack, lab)
    assert found(stack, instance_id, Fault("send", Terminal("AccessDenied"))).outcome == "tagged"
    assert lab.tags(instance_id)[f"{KEY}Status"].startswith("Held")
    assert stack.entries(instance_id, "event-not-sent") == [{"status": "Held", "fault": "AccessDenied"}]
