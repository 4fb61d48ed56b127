"""What the demo expects can fail: each probe, on the strict moto, against a world that is nearly right."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from rich.console import Console

from console.cloud.deploy import Deployed
from console.demo import findings, probes
from console.demo.probes import Probe
from console.demo.screen import Screen, Silence, before_after, verdict
from console.demo.stage import Stage
from console.demo.world import World, furnish
from tests.cloud import ISOLATION_PROFILE, SESSION, STACK, TABLE, Lab


class InProcess:
    """A cloud whose every service is the strict moto of this process."""

    def client(self, service: str) -> Any:  # noqa: ANN401 - a boto3 client
        make: Callable[..., Any] = SESSION.client
        return make(service)


@dataclass(slots=True)
class Scene:
    """A furnished world and what its functions would have to do to it, done by hand."""

    world: World
    lab: Lab
    groups: dict[str, str] = field(default_factory=dict)

    def isolation_group(self, vpc_id: str, *, stack: str = STACK, emptied: bool = True) -> str:
        group = self.lab.group(vpc_id, f"isolation-{len(self.groups)}")
        self.groups[group] = vpc_id
        self.lab.tag(group, QuarantagStack=stack)
        if emptied:
            rules = self.lab.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissionsEgress"]
            self.lab.ec2.revoke_security_group_egress(GroupId=group, IpPermissions=rules)
        return group

    def cut(self, name: str, count: int | None = None, **how: Any) -> None:  # noqa: ANN401
        for interface in self.world.actors[name].interfaces[:count]:
            group = self.isolation_group(interface.vpc_id, **how)
            self.lab.ec2.modify_network_interface_attribute(NetworkInterfaceId=interface.id, Groups=[group])

    def tag(self, name: str, **tags: str) -> None:
        self.lab.tag(self.world.actors[name].id, **tags)


@pytest.fixture
def scene(lab: Lab, isolation_profile_arn: str, ledger_table: Any) -> Scene:  # noqa: ANN401, ARG001
    queue = SESSION.client("sqs").create_queue(QueueName="failed")["QueueUrl"]
    resources = {"RootInstanceProfile": isolation_profile_arn, "ContainmentLedger": TABLE, "FailedEvents": queue}
    return Scene(furnish(InProcess(), Deployed(STACK, resources)), lab)


def holds(probe: Probe) -> bool:
    return probe()[0]


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


@pytest.mark.parametrize("wrong", [None, "groups", "profile", "status"])
def test_recorded_needs_the_whole_state_before(scene: Scene, ledger_table: Any, wrong: str | None) -> None:  # noqa: ANN401
    actor = scene.world.actors["shop"]
    assert not holds(probes.recorded(scene.world, "shop"))
    before = {one.id: {"vpc_id": one.vpc_id, "groups": list(one.groups_before)} for one in actor.interfaces}
    if wrong == "groups":
        before.popitem()
    profile = {"arn": "another" if wrong == "profile" else actor.profile_arn, "id": "AIPA"}
    status = "Isolating" if wrong == "status" else "Isolated"
    item = {"pk": actor.id, "sk": "case", "case_id": "c", "interfaces_before": before, "profile_before": profile}
    ledger_table.put_item(Item=item | {"status": status})
    assert holds(probes.recorded(scene.world, "shop")) is (wrong is None)


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


def test_table_shows_groups_before_and_after_by_name(scene: Scene) -> None:
    scene.cut("shop", 1)
    console = Console(record=True, width=80)
    console.print(before_after(scene.world, scene.world.look(scene.world.actors)))
    lines = console.export_text().splitlines()
    assert any("web" in line and "isolation-0" in line for line in lines)
    assert max(map(len, lines)) <= 80


def test_silence_is_silent(capsys: pytest.CaptureFixture[str], scene: Scene) -> None:
    stage = Stage(scene.world, Silence(), lambda _: None)
    stage.act("something")
    stage.expect("it is so", lambda: (True, "so"))
    assert capsys.readouterr() == ("", "")
