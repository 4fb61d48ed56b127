"""The five scenes. Each acts through the same doors as in AWS: findings on the event bus, tags through EC2's API."""

import json

from console.demo import findings, probes
from console.demo.stage import Stage
from console.demo.world import TAG_KEY

WORKERS = ("worker-1", "worker-2", "worker-3")


def play(stage: Stage) -> None:
    """All scenes, one after another; verdicts are kept by the stage."""
    for scene in (hands_off, by_hand, sequence, sample, malformed):
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


def expect_isolated(stage: Stage, name: str) -> None:
    """Status, network, credentials and record, each read from the cloud."""
    world = stage.world
    stage.expect(f"{name} has the status Isolated", probes.status(world, name, "Isolated"))
    stage.expect(f"{name} is cut: only its VPC's isolation group, no rules", probes.cut(world, name))
    stage.expect(f"{name} has the isolation profile", probes.powerless(world, name))
    stage.expect(f"{name}: the ledger holds what it had before", probes.recorded(world, name))
