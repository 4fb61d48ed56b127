"""The scenes. Each acts through the same doors as in AWS: findings on the event bus, tags through EC2's API."""

import json

from console.demo import findings, member, probes, records
from console.demo.expected import expect_isolated
from console.demo.stage import Stage
from console.demo.world import TAG_KEY, World

WORKERS = ("worker-1", "worker-2", "worker-3")
FUNCTIONS = ("TagFindingFunction", "IsolationLambdaFunction", "ReleaseFunction")


def play(stage: Stage) -> None:
    """All scenes, one after another; verdicts are kept by the stage."""
    contained = (hands_off, by_hand, sequence, drift, untagged, release)
    for scene in (*contained, member.contained, member.released, sample, malformed):
        scene(stage)


def hands_off(stage: Stage) -> None:
    """A severity-8 finding isolates an instance with two interfaces, with nobody's help."""
    stage.audience.scene("A finding isolates an instance with two interfaces, hands-off")
    world = stage.world
    stage.act("GuardDuty: command and control, severity 8, on shop")
    stage.arrive(findings.event(findings.command_and_control(world.actors["shop"])))
    stage.expect("shop is tagged Isolate with a reason", probes.tagged(world, "shop", "Isolate"))
    expect_isolated(stage, "shop")


def by_hand(stage: Stage) -> None:
    """A medium finding is only tagged for review; an analyst then decides."""
    stage.audience.scene("A medium finding asks a human, who decides to isolate")
    world, bastion = stage.world, stage.world.actors["bastion"]
    before = probes.invocations(world, "IsolationLambdaFunction")
    stage.act("GuardDuty: SSH brute force, severity 5, on bastion")
    stage.arrive(findings.event(findings.brute_force(bastion)))
    stage.expect("bastion is tagged Review with a reason", probes.tagged(world, "bastion", "Review"))
    stage.expect("isolate has seen the tag Review", probes.delivered(world, "IsolationLambdaFunction", before))
    stage.expect("bastion is not cut while it waits for a human", probes.untouched(world, "bastion", tag="Review"))
    stage.act(f"An analyst tags bastion {TAG_KEY}=Isolate")
    world.cloud.client("ec2").create_tags(Resources=[bastion.id], Tags=[{"Key": TAG_KEY, "Value": "Isolate"}])
    expect_isolated(stage, "bastion")


def sequence(stage: Stage) -> None:
    """One attack sequence isolates all three instances that it names."""
    stage.audience.scene("An attack sequence isolates the three instances that it names")
    world = stage.world
    stage.act("GuardDuty: attack sequence, severity 9, on worker-1, worker-2 and worker-3")
    found = findings.attack_sequence([world.actors[name] for name in WORKERS])
    stage.arrive(findings.event(found))
    for name in WORKERS:
        stage.expect(f"{name} is tagged Isolate with a reason", probes.tagged(world, name, "Isolate"))
    for name in WORKERS:
        expect_isolated(stage, name)


def drift(stage: Stage) -> None:
    """Part of an isolation is undone; the sweep sees it, repairs it and says so."""
    stage.audience.scene("Somebody undoes part of an isolation; the sweep repairs it")
    world, (interface,) = stage.world, stage.world.actors["bastion"].interfaces
    (isolation,) = world.look(["bastion"])["bastion"].groups[interface.id]
    stage.act("Somebody gives bastion's interface its old security group back")
    groups = [isolation, *interface.groups_before]
    world.cloud.client("ec2").modify_network_interface_attribute(NetworkInterfaceId=interface.id, Groups=groups)
    stage.act("and attaches a new interface with that group, past the control tag")
    new = world.attach("bastion")
    stage.expect("bastion can be reached again", probes.reachable(world, "bastion"))
    ended = {name: probes.invocations(world, name) for name in FUNCTIONS}
    stage.act("SweepSchedule is due: its rule invokes its targets")
    sweep(world)
    stage.expect("a message `Drift repaired` reached the topic", records.announced(world, "bastion", "Drift repaired"))
    stage.expect("the ledger records both drifts", records.drifted(world, "bastion", [interface.id, new.id]))
    expect_isolated(stage, "bastion")
    for name in FUNCTIONS:
        stage.expect(f"{name} has swept", probes.delivered(world, name, ended[name]))


def untagged(stage: Stage) -> None:
    """Removing the control tag never releases; people are told."""
    stage.audience.scene("Somebody removes the control tag of an isolated instance; it stays isolated")
    world, worker = stage.world, stage.world.actors["worker-1"]
    ended = {name: probes.invocations(world, name) for name in FUNCTIONS[1:]}
    stage.act(f"Somebody deletes the tag {TAG_KEY} of worker-1")
    world.cloud.client("ec2").delete_tags(Resources=[worker.id], Tags=[{"Key": TAG_KEY}])
    for name, before in ended.items():
        stage.expect(f"{name} has seen that the tag is gone", probes.delivered(world, name, before))
    swept = probes.invocations(world, "ReleaseFunction")
    stage.act("SweepSchedule is due")
    sweep(world)
    stage.expect("ReleaseFunction has swept, and gives nothing back", probes.delivered(world, "ReleaseFunction", swept))
    told = records.announced(world, "worker-1", "Control tag tampering")
    stage.expect("a message `Control tag tampering` reached the topic", told)
    stage.expect("worker-1 has no control tag", probes.without_control_tag(world, "worker-1"))
    expect_isolated(stage, "worker-1")


def release(stage: Stage) -> None:
    """An analyst gives the instance back; it gets exactly what its case recorded."""
    stage.audience.scene("An analyst releases the instance; it gets back exactly what it had")
    world, shop = stage.world, stage.world.actors["shop"]
    stage.act(f"An analyst tags shop {TAG_KEY}=Release")
    world.cloud.client("ec2").create_tags(Resources=[shop.id], Tags=[{"Key": TAG_KEY, "Value": "Release"}])
    stage.expect("shop has the status Released", probes.status(world, "shop", "Released"))
    stage.expect("shop has its groups, in order, and its profile again", probes.given_back(world, "shop"))
    stage.expect("shop: its case is closed as Released", records.closed(world, "shop"))
    stage.expect("shop: the ledger says who asked for it", records.asked_for_by_analyst(world, "shop"))
    stage.expect("a message `Released` reached the topic", records.announced(world, "shop", "Released"))


def sample(stage: Stage) -> None:
    """A sample finding is handled, and does nothing."""
    stage.audience.scene("A sample finding does nothing")
    world = stage.world
    handled = probes.invocations(world, "TagFindingFunction")
    stage.act("GuardDuty: a sample finding, severity 8, on canary")
    stage.arrive(findings.event(findings.sample(world.actors["canary"])))
    stage.expect("the sample finding was handled", probes.delivered(world, "TagFindingFunction", handled))
    stage.expect("canary is as it was", probes.untouched(world, "canary"))


def malformed(stage: Stage) -> None:
    """An event that can't be understood is kept, with the reason."""
    stage.audience.scene("A malformed event is kept, with the reason")
    world, event = stage.world, findings.malformed()
    stage.act("Somebody invokes tag_finding with an event that is no finding")
    name = world.stack.resources["TagFindingFunction"]
    world.cloud.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(event))
    stage.expect("the malformed event is in the queue, with its reason", probes.kept(world, event))
    stage.expect("no other event of the whole play is there", probes.kept_only(world, event))


def sweep(world: World) -> None:
    """Invoke each target of the deployed SweepSchedule with the input that the rule has for it, as EventBridge does.

    The rule itself is due every five minutes only.
    """
    rule = world.stack.resources["SweepSchedule"].rpartition("/")[2]
    for target in world.cloud.client("events").list_targets_by_rule(Rule=rule)["Targets"]:
        world.cloud.client("lambda").invoke(FunctionName=target["Arn"], InvocationType="Event", Payload=target["Input"])
