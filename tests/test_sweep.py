"""The sweep: lost events, drift and interrupted work are repaired, each function in its own direction."""

from dataclasses import replace
from typing import Any

import pytest

import isolate
import release
from quarantag.aws import wiring
from quarantag.errors import LedgerUnavailable, Retryable, Terminal
from quarantag.isolation import instances_to_sweep
from quarantag.outcome import Outcome
from quarantag.sweep import sweep
from tests.cloud import Lab, Launched
from tests.faults import Fault, faulty
from tests.stack import KEY, Stack, forget_wiring, is_cut
from tests.test_release import world


def statuses(cases: list[dict[str, Any]]) -> dict[str, str]:
    return {case["instance_id"]: case["status"] for case in cases}


def test_a_lost_tag_event_is_caught(stack: Stack, lab: Lab) -> None:
    vpc = lab.vpc()
    tagged, other = lab.instance([vpc], tags={KEY: "Isolate"}), lab.instance([vpc])
    assert statuses(stack.sweep(isolate)) == {tagged.id: "Isolated"}
    assert is_cut(stack, tagged.interface_ids[0], vpc.vpc_id)
    assert lab.groups(other.interface_ids[0]) == [vpc.group_id]


def drift(stack: Stack, lab: Lab, instance: Launched, what: str) -> None:
    """Undo part of an isolation, as somebody with power over EC2 would."""
    interface, vpc = instance.interface_ids[0], instance.networks[0]
    match what:
        case "group":
            lab.ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, Groups=[vpc.group_id])
        case "interface":
            lab.attach(instance.id, vpc, 1)
        case "profile":
            association = lab.association(instance.id)["AssociationId"]
            sneaky = {"Arn": lab.profile("sneaky")}
            lab.ec2.replace_iam_instance_profile_association(AssociationId=association, IamInstanceProfile=sneaky)
        case "rule":
            everyone = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
            group_id = stack.isolation_group(vpc.vpc_id)["GroupId"]
            lab.ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=everyone)
        case "tag":
            lab.ec2.delete_tags(Resources=[instance.id], Tags=[{"Key": KEY}])


@pytest.mark.parametrize("what", ["group", "interface", "profile", "rule", "tag"])
def test_drift_is_repaired_recorded_and_announced(
    stack: Stack, lab: Lab, what: str, isolation_profile_arn: str
) -> None:
    vpc = lab.vpc()
    instance = lab.instance([vpc])
    stack.tag_and_isolate(instance.id)
    stack.announced()
    drift(stack, lab, instance, what)

    assert statuses(stack.sweep(isolate)) == {instance.id: "Isolated"}

    interfaces = [one["NetworkInterfaceId"] for one in lab.describe(instance.id)["NetworkInterfaces"]]
    assert len(interfaces) == (2 if what == "interface" else 1)
    assert all(is_cut(stack, interface, vpc.vpc_id) for interface in interfaces)
    assert stack.profile(instance.id) == isolation_profile_arn
    expected = ["Control tag tampering"] if what == "tag" else ["Drift repaired"]
    assert [subject.split(":")[0] for subject in stack.announced()] == expected
    assert len(stack.entries(instance.id, "tampering" if what == "tag" else "drift")) == 1


def test_a_removed_tag_is_told_once_and_not_at_each_sweep(stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    stack.tag_and_isolate(instance.id)
    stack.announced()
    lab.ec2.delete_tags(Resources=[instance.id], Tags=[{"Key": KEY}])
    for _ in range(3):
        stack.sweep(isolate)
    assert [subject.split(":")[0] for subject in stack.announced()] == ["Control tag tampering"]


def test_a_sweep_of_what_is_right_changes_and_tells_nothing(stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    stack.tag_and_isolate(instance.id)
    stack.announced()
    events = len(lab.cloud.events)
    assert statuses(stack.sweep(isolate)) == {instance.id: "Isolated"}
    assert stack.announced() == []
    assert len(lab.cloud.events) == events


def test_a_lost_release_event_is_caught_and_isolate_keeps_out_of_it(stack: Stack, lab: Lab) -> None:
    instance = lab.instance([lab.vpc(), lab.vpc()], profile=lab.profile())
    before = world(lab, instance)
    stack.tag_and_isolate(instance.id)
    lab.tag(instance.id, **{KEY: "Release"})
    assert stack.sweep(isolate) == []
    assert statuses(stack.sweep(release)) == {instance.id: "Released"}
    assert world(lab, instance) == before
    assert stack.sweep(release) == []


def test_neither_sweep_works_in_the_others_direction(stack: Stack, lab: Lab) -> None:
    isolated = lab.instance()
    stack.tag_and_isolate(isolated.id)
    cut = world(lab, isolated)
    assert stack.sweep(release) == []
    assert world(lab, isolated) == cut


def test_a_held_instance_is_isolated_once_the_ceiling_has_room(
    stack: Stack, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_CONTAINMENTS_PER_HOUR", "1")
    first, second = lab.instance(), lab.instance()
    stack.tag_and_isolate(first.id)
    assert stack.tag_and_isolate(second.id)["status"] == "Held"
    stack.announced()
    stack.sweep(isolate)
    assert stack.announced() == [], "told once, not at each sweep"
    assert stack.case(second.id) is None
    monkeypatch.setenv("MAX_CONTAINMENTS_PER_HOUR", "2")
    forget_wiring()
    assert statuses(stack.sweep(isolate))[second.id] == "Isolated"


def test_one_failure_stops_no_other_and_is_raised_at_the_end(stack: Stack, lab: Lab) -> None:
    vpc = lab.vpc()
    instances = [lab.instance([vpc], tags={KEY: "Isolate"}) for _ in range(3)]
    lab.cloud.refuse("DescribeInstances", instances[1].id, "UnauthorizedOperation")
    with pytest.raises(Terminal, match=instances[1].id):
        stack.sweep(isolate)
    assert [is_cut(stack, one.interface_ids[0], vpc.vpc_id) for one in instances] == [True, False, True]


def test_without_the_ledger_the_tagged_instances_are_swept_all_the_same(stack: Stack, lab: Lab) -> None:
    instance = lab.instance(tags={KEY: "Isolate"})
    ports = stack.ports(Fault("open_instances", LedgerUnavailable("away")))
    assert instances_to_sweep(ports, wiring.settings()) == {instance.id}


def test_what_there_is_no_time_for_comes_first_in_the_next_sweep(stack: Stack) -> None:
    ledger = stack.ports().ledger
    ids = [f"i-{number:08x}" for number in range(20)]
    left = iter([90.0, 90.0, 20.0, 20.0])
    done: list[str] = []

    def work(instance_id: str) -> Outcome:
        done.append(instance_id)
        return Outcome(instance_id, "Isolated", "")

    sweep("isolate", ids, work, ledger, lambda: next(left))
    assert sorted(done) == ids[:8]
    done.clear()
    sweep("isolate", ids, work, ledger, lambda: 90.0)
    assert (sorted(done), set(done[:8])) == (ids, set(ids[8:16]))


def test_a_passing_fault_is_an_outcome_that_the_next_sweep_tries_again(stack: Stack) -> None:
    def work(_: str) -> Outcome:
        raise Retryable("throttled")

    swept = sweep("isolate", ["i-00000001"], work, stack.ports().ledger, lambda: 90.0)
    assert [outcome.status for outcome in swept.outcomes] == ["Fault"]
    assert swept.fault is None


def test_a_sweep_forgets_its_place_where_the_ledger_is_away(stack: Stack) -> None:
    away = LedgerUnavailable("away")
    ports = stack.ports()
    broken = replace(ports, ledger=faulty(ports.ledger, Fault("cursor", away), Fault("set_cursor", away)))
    outcome = Outcome("i-00000001", "Isolated", "")
    assert sweep("isolate", ["i-00000001"], lambda _: outcome, broken.ledger, lambda: 90.0).outcomes == (outcome,)
    assert sweep("isolate", ["i-00000001"], lambda _: outcome, broken.ledger, lambda: 0.0).outcomes == ()
