"""What the demo expects can fail: each probe, on the strict moto, against a world that is nearly right."""

import json
from typing import Any

import pytest
from rich.console import Console

from console.demo import findings, probes
from console.demo.screen import Screen, Silence, before_after, verdict
from console.demo.stage import Stage
from tests.cloud import ISOLATION_PROFILE, SESSION, Lab
from tests.demo import Scene, furnished, holds


@pytest.fixture
def scene(lab: Lab, isolation_profile_arn: str, ledger_table: Any) -> Scene:  # noqa: ANN401, ARG001
    return furnished(lab, isolation_profile_arn)


def test_cut_needs_every_interface(scene: Scene) -> None:
    assert not holds(probes.cut(scene.world, "shop"))
    scene.cut("shop", 1)
    assert not holds(probes.cut(scene.world, "shop"))
    scene.cut("shop")
    assert holds(probes.cut(scene.world, "shop"))


@pytest.mark.parametrize("how", [{"stack": "another"}, {"emptied": False}], ids=["not ours", "with a rule"])
def test_cut_needs_our_own_group_without_rules(scene: Scene, how: dict[str, Any]) -> None:
    scene.cut("bastion", **how)
    assert not holds(probes.cut(scene.world, "bastion"))


def test_cut_needs_no_second_group(scene: Scene) -> None:
    interface = scene.world.actors["bastion"].interfaces[0]
    groups = [scene.isolation_group(interface.vpc_id), *interface.groups_before]
    scene.lab.ec2.modify_network_interface_attribute(NetworkInterfaceId=interface.id, Groups=groups)
    assert not holds(probes.cut(scene.world, "bastion"))


def test_tagged_needs_the_value_and_a_reason(scene: Scene) -> None:
    scene.tag("bastion", SecurityIsolation="Isolate")
    assert not holds(probes.tagged(scene.world, "bastion", "Isolate"))
    scene.tag("bastion", SecurityIsolationReason="because")
    assert holds(probes.tagged(scene.world, "bastion", "Isolate"))
    assert not holds(probes.tagged(scene.world, "bastion", "Review"))


def test_status_is_the_first_word(scene: Scene) -> None:
    assert not holds(probes.status(scene.world, "bastion", "Isolated"))
    scene.tag("bastion", SecurityIsolationStatus="Isolating: now")
    assert not holds(probes.status(scene.world, "bastion", "Isolated"))
    scene.tag("bastion", SecurityIsolationStatus="Isolated: verified")
    assert holds(probes.status(scene.world, "bastion", "Isolated"))


def test_powerless_needs_the_isolation_profile(scene: Scene) -> None:
    assert not holds(probes.powerless(scene.world, "bastion"))
    association = scene.lab.association(scene.world.actors["bastion"].id)["AssociationId"]
    profile = {"Name": ISOLATION_PROFILE}
    scene.lab.ec2.replace_iam_instance_profile_association(AssociationId=association, IamInstanceProfile=profile)
    assert holds(probes.powerless(scene.world, "bastion"))


def test_untouched_notices_a_tag_and_a_cut(scene: Scene) -> None:
    assert holds(probes.untouched(scene.world, "canary"))
    scene.tag("canary", SecurityIsolation="Review")
    assert not holds(probes.untouched(scene.world, "canary"))
    assert holds(probes.untouched(scene.world, "canary", tag="Review"))
    scene.cut("canary")
    assert not holds(probes.untouched(scene.world, "canary", tag="Review"))


def test_kept_needs_this_event_with_a_reason(scene: Scene) -> None:
    event, queue = findings.malformed(), scene.world.stack.resources["FailedEvents"]
    sqs = SESSION.client("sqs")
    for body in ({"requestPayload": {}, "responsePayload": {"errorMessage": "x"}}, {"requestPayload": event}):
        sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(body))
        assert not holds(probes.kept(scene.world, event))
    whole = {"requestPayload": event, "responsePayload": {"errorMessage": "no account"}}
    sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(whole))
    assert holds(probes.kept(scene.world, event))


def test_kept_only_needs_an_otherwise_empty_queue(scene: Scene) -> None:
    event, queue, sqs = findings.malformed(), scene.world.stack.resources["FailedEvents"], SESSION.client("sqs")
    assert not holds(probes.kept_only(scene.world, event))
    sqs.send_message(QueueUrl=queue, MessageBody=json.dumps({"requestPayload": event}))
    assert holds(probes.kept_only(scene.world, event))
    sqs.send_message(QueueUrl=queue, MessageBody=json.dumps({"requestPayload": {"sweep": True}}))
    assert not holds(probes.kept_only(scene.world, event))


def test_reachable_needs_a_group_of_before_on_every_interface(scene: Scene) -> None:
    assert holds(probes.reachable(scene.world, "shop"))
    scene.cut("shop", 1)
    assert not holds(probes.reachable(scene.world, "shop"))


@pytest.mark.parametrize("wrong", [None, "order", "group", "interface", "profile"])
def test_given_back_needs_all_groups_in_order_and_the_profile(scene: Scene, wrong: str | None) -> None:
    world, actor = scene.world, scene.world.actors["shop"]
    scene.cut("shop")
    assert not holds(probes.given_back(world, "shop"))
    scene.give_back("shop")
    first, second = actor.interfaces
    groups = {"order": first.groups_before[::-1], "group": first.groups_before[:1]}.get(wrong or "")
    if groups:
        scene.lab.ec2.modify_network_interface_attribute(NetworkInterfaceId=first.id, Groups=groups)
    if wrong == "interface":
        isolation = scene.isolation_group(second.vpc_id)
        scene.lab.ec2.modify_network_interface_attribute(NetworkInterfaceId=second.id, Groups=[isolation])
    if wrong == "profile":
        scene.lab.ec2.disassociate_iam_instance_profile(AssociationId=scene.lab.association(actor.id)["AssociationId"])
    assert holds(probes.given_back(world, "shop")) is (wrong is None)


def test_without_control_tag(scene: Scene) -> None:
    scene.tag("worker-1", SecurityIsolation="Isolate", SecurityIsolationStatus="Isolated")
    assert not holds(probes.without_control_tag(scene.world, "worker-1"))
    scene.lab.ec2.delete_tags(Resources=[scene.world.actors["worker-1"].id], Tags=[{"Key": "SecurityIsolation"}])
    assert holds(probes.without_control_tag(scene.world, "worker-1"))


def test_attached_interface_belongs_to_its_actor(scene: Scene) -> None:
    new = scene.world.attach("bastion")
    assert scene.world.actors["bastion"].interfaces[1] == new
    assert scene.world.look(["bastion"])["bastion"].groups[new.id] == new.groups_before
    scene.cut("bastion", 1)
    assert not holds(probes.cut(scene.world, "bastion"))
    scene.cut("bastion")
    assert holds(probes.cut(scene.world, "bastion"))


def test_stage_tells_changes_and_keeps_verdicts(scene: Scene) -> None:
    console = Console(record=True, width=80)
    stage = Stage(scene.world, Screen(console), lambda _: None)
    scene.tag("shop", SecurityIsolation="Isolate")
    scene.cut("shop", 1)
    stage.expect("it rains", lambda: (False, "the sun"), patience=0)
    stage.expect("it is so", lambda: (True, "so"), patience=0)
    text = console.export_text()
    assert "shop: tag SecurityIsolation = Isolate" in text
    assert f"shop: {scene.world.actors['shop'].interfaces[0].id} → isolation-0" in text
    assert "✗ it rains (seen: the sun)" in text
    assert [one.ok for one in stage.expectations] == [False, True]
    assert "1 of 2 expectations failed" in verdict(stage.expectations, 1.0)


def test_table_shows_groups_before_while_isolated_and_now(scene: Scene) -> None:
    stage = Stage(scene.world, Silence(), lambda _: None)
    for name in ("shop", "bastion"):
        scene.cut(name)
        scene.tag(name, SecurityIsolationStatus="Isolated: verified")
    stage.watch()
    scene.give_back("shop")
    scene.tag("shop", SecurityIsolationStatus="Released: verified")
    console = Console(record=True, width=80)
    console.print(before_after(scene.world, stage.isolated, scene.world.look(scene.world.actors)))
    lines = console.export_text().splitlines()
    two, one = (stage.group_names(scene.world.actors[name].interfaces[0].groups_before) for name in ("shop", "bastion"))
    both = ", ".join(two).split()
    assert any(line.split()[3:] == [*both, "isolation", *both] for line in lines if "Released" in line)
    assert any(line.split()[3:] == [*one, "isolation", "isolation"] for line in lines if "bastion" in line)
    assert any(line.split()[3:] == ["database", "-", "database"] for line in lines if "canary" in line)
    assert max(map(len, lines)) <= 80


def test_silence_is_silent(capsys: pytest.CaptureFixture[str], scene: Scene) -> None:
    stage = Stage(scene.world, Silence(), lambda _: None)
    stage.act("something")
    stage.expect("it is so", lambda: (True, "so"))
    assert capsys.readouterr() == ("", "")
