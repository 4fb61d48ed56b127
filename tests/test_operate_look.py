"""`quarantag list` and `show`: what is asked, recorded and live, and where these disagree."""

from typing import Any

import pytest

from tests.cloud import ACCOUNT, REGION, Lab
from tests.operators import Operator
from tests.stack import KEY, Stack, forget_wiring


def rows(operator: Operator) -> dict[str, Any]:
    return {row["instance_id"]: row for row in operator.answered("list")["instances"]}


def test_list_shows_each_open_case_and_each_tagged_instance(operator: Operator, stack: Stack, lab: Lab) -> None:
    isolated, asked, marked, released, other = (lab.instance() for _ in range(5))
    lab.tag(isolated.id, Name="web-1", **{f"{KEY}Reason": "rule-1 severity 8"})
    for one in (isolated, released):
        stack.tag_and_isolate(one.id)
    stack.tag_and_release(released.id)
    lab.tag(asked.id, **{KEY: "Isolate"})
    lab.tag(marked.id, **{KEY: "Review", f"{KEY}Status": "Held: the limit is reached"})
    lab.tag(other.id, Name="web-2")

    document = operator.answered("list")

    assert (document["stack"], document["account"], document["region"]) == ("quarantag", ACCOUNT, REGION)
    case: Any = stack.case(isolated.id)
    assert rows(operator) == {
        isolated.id: {
            "instance_id": isolated.id,
            "name": "web-1",
            "asked": "Isolate",
            "status": "Isolated",
            "status_tag": "Isolated: verified",
            "since": case["opened_at"],
            "reason": "rule-1 severity 8",
            "case_id": case["case_id"],
            "disagreements": [],
        },
        asked.id: rows(operator)[asked.id] | {"status": None, "disagreements": ["tagged Isolate, but no case is open"]},
        marked.id: rows(operator)[marked.id] | {"asked": "Review", "status": "Held", "case_id": None},
    }


def test_nothing_to_list_is_said(operator: Operator) -> None:
    result = operator.typed("list")
    said = f"Nothing is tagged and no case is open (stack quarantag, account {ACCOUNT}, {REGION}).\n"
    assert (result.exit_code, result.stdout) == (0, said)


def test_list_says_where_the_tag_disagrees_with_the_case(operator: Operator, stack: Stack, lab: Lab) -> None:
    removed, nonsense, gone = (lab.instance() for _ in range(3))
    for one in (removed, nonsense, gone):
        stack.tag_and_isolate(one.id)
    lab.ec2.delete_tags(Resources=[removed.id], Tags=[{"Key": KEY}])
    lab.tag(nonsense.id, **{KEY: "isolate"})
    lab.ec2.terminate_instances(InstanceIds=[gone.id])

    said = {instance_id: row["disagreements"] for instance_id, row in rows(operator).items()}

    assert said[removed.id] == [f"a case is open, but the tag {KEY} was removed: that never releases"]
    assert said[nonsense.id] == [f"a case is open, but the tag {KEY} reads isolate: that never releases"]
    assert said[gone.id] == ["a case is open, but the instance is terminated: the sweep ends the case"]


def test_list_says_where_the_live_instance_disagrees_with_the_case(operator: Operator, stack: Stack, lab: Lab) -> None:
    vpc = lab.vpc()
    instance, sound = lab.instance([vpc, vpc]), lab.instance()
    for one in (instance, sound):
        stack.tag_and_isolate(one.id)
    lab.ec2.modify_network_interface_attribute(NetworkInterfaceId=instance.interface_ids[1], Groups=[vpc.group_id])

    found = rows(operator)

    reason = f"isolated by the case, but {instance.interface_ids[1]} is in {vpc.group_id}"
    assert found[instance.id]["disagreements"] == [reason]
    assert found[sound.id]["disagreements"] == []


def test_list_says_what_differs_in_case_only(operator: Operator, stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    stack.tag_and_isolate(instance.id)
    lab.tag(instance.id, **{KEY.lower(): "Release"})
    said = f"the tag {KEY.lower()} differs from {KEY} in case only: it is not honoured"
    assert rows(operator)[instance.id]["disagreements"] == [said]


def test_show_sets_the_live_instance_beside_the_case(
    operator: Operator, stack: Stack, lab: Lab, isolation_profile_arn: str
) -> None:
    vpc = lab.vpc()
    web = lab.profile()
    instance = lab.instance([vpc], profile=web, tags={"Name": "web-1"})
    stack.tag_and_isolate(instance.id)

    shown = operator.answered("show", instance.id)

    group = stack.isolation_group(vpc.vpc_id)["GroupId"]
    (interface,) = instance.interface_ids
    assert (shown["contained"], shown["not_contained"], shown["profile"]) == (True, [], isolation_profile_arn)
    assert shown["instance"] == {"state": "running", "vpc_id": vpc.vpc_id, "tags": lab.tags(instance.id)}
    assert shown["interfaces"] == [
        {
            "id": interface,
            "vpc_id": vpc.vpc_id,
            "groups": [group],
            "isolated": True,
            "requester_managed": False,
        }
    ]
    assert shown["case"]["status"] == "Isolated"
    assert shown["case"]["interfaces_before"] == [{"id": interface, "vpc_id": vpc.vpc_id, "groups": [vpc.group_id]}]
    assert shown["case"]["profile_before"] == web


@pytest.mark.parametrize("undone", ["interface", "rule", "profile"])
def test_show_says_no_where_the_isolation_does_not_hold(
    operator: Operator, stack: Stack, lab: Lab, undone: str
) -> None:
    vpc = lab.vpc()
    instance = lab.instance([vpc])
    stack.tag_and_isolate(instance.id)
    group = stack.isolation_group(vpc.vpc_id)["GroupId"]
    if undone == "interface":
        lab.ec2.modify_network_interface_attribute(NetworkInterfaceId=instance.interface_ids[0], Groups=[vpc.group_id])
        reason = f"{instance.interface_ids[0]} is in {vpc.group_id}"
    elif undone == "rule":
        rule = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        lab.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule)
        reason = f"the isolation group {group} has rules: 1"
    else:
        given, association = lab.profile("admin"), lab.association(instance.id)["AssociationId"]
        lab.ec2.replace_iam_instance_profile_association(AssociationId=association, IamInstanceProfile={"Arn": given})
        reason = f"the instance profile is {given}"

    shown = operator.answered("show", instance.id, code=1)

    assert (shown["contained"], shown["not_contained"]) == (False, [reason])
    told = operator.typed("show", instance.id, columns=160)
    assert f"{instance.id}: not contained" in told.stdout
    assert reason in told.stdout


def test_show_of_an_instance_that_nobody_asked_to_contain_is_good(operator: Operator, lab: Lab) -> None:
    instance = lab.instance()
    result = operator.typed("show", instance.id)
    assert result.exit_code == 0
    assert f"{instance.id}: not contained, and nothing asks for it" in result.stdout


def test_show_of_what_is_unknown_is_no(operator: Operator) -> None:
    shown = operator.answered("show", "i-0123456789abcdef0", code=1)
    assert (shown["instance"], shown["case"], shown["contained"]) == (None, None, None)


def test_show_of_a_terminated_instance_gives_its_case(operator: Operator, stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    stack.tag_and_isolate(instance.id)
    lab.ec2.terminate_instances(InstanceIds=[instance.id])
    shown = operator.answered("show", instance.id)
    assert (shown["contained"], shown["case"]["status"]) == (None, "Isolated")
    assert "nothing is left to contain" in operator.typed("show", instance.id).stdout


@pytest.mark.parametrize("columns", [80, 120])
def test_what_people_see_fits_and_obeys_nothing_that_others_wrote(
    operator: Operator, stack: Stack, lab: Lab, columns: int
) -> None:
    vpc = lab.vpc()
    instance = lab.instance([vpc, vpc], profile=lab.profile("a" * 100))
    lab.tag(instance.id, Name="evil \u202e[bold]name", **{f"{KEY}Reason": "r" * 256})
    stack.tag_and_isolate(instance.id)
    for words in (["list"], ["show", instance.id], ["history", instance.id]):
        lines = operator.typed(*words, columns=columns).stdout.splitlines()
        assert lines
        assert max(len(line) for line in lines) <= columns
        assert not any("\u202e" in line for line in lines)
        assert any(instance.id in line for line in lines)


def test_show_lists_the_evidence(operator: Operator, stack: Stack, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNAPSHOT_VOLUMES", "true")
    forget_wiring()
    instance = lab.instance()
    stack.tag_and_isolate(instance.id)
    (device,) = lab.describe(instance.id)["BlockDeviceMappings"]

    (shown,) = operator.answered("show", instance.id)["snapshots"]

    assert shown == {
        "id": shown["id"],
        "state": "completed",
        "volume_id": device["Ebs"]["VolumeId"],
        "device": device["DeviceName"],
        "copy_of": None,
    }
    assert f"{shown['id']} of {device['DeviceName']}: completed" in operator.typed("show", instance.id).stdout


def test_an_isolation_group_with_the_rule_for_responders_is_contained(
    operator: Operator, stack: Stack, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORENSIC_ACCESS_SOURCE", "10.20.0.0/16")
    forget_wiring()
    instance = lab.instance()
    stack.tag_and_isolate(instance.id)
    assert operator.answered("show", instance.id, code=1)["contained"] is False
    operator.update(ForensicAccessSource="10.20.0.0/16")
    assert operator.answered("show", instance.id)["contained"] is True
