"""The two scenes of `api-1`: all that a containment does to a member of an Auto Scaling group, and all of it undone."""

from console.demo import findings, probes, records, supporting, theft
from console.demo.expected import expect_isolated
from console.demo.furniture import GROUP, MEMBERS
from console.demo.stage import Stage
from console.demo.whole import whole
from console.demo.world import TAG_KEY

MEMBER, SIBLING = MEMBERS


def contained(stage: Stage) -> None:
    """Somebody has a shell on a member of a group, and its credentials; the finding contains it whole."""
    stage.audience.scene(f"{MEMBER} of an Auto Scaling group is broken into; {SIBLING} shares its role")
    world = stage.world
    stage.portraits["before"] = whole(world, MEMBER)
    sibling, desired = whole(world, SIBLING), supporting.desired(world, MEMBER)
    stage.act(f"A thief takes {MEMBER}'s credentials; an access key and another role's session are made with them")
    theft.steal(world, MEMBER)
    stage.act(f"GuardDuty: reverse shell, severity 8, on {MEMBER}")
    stage.arrive(findings.event(findings.reverse_shell(world.actors[MEMBER])))
    stage.expect(f"{MEMBER} is tagged Isolate with a reason", probes.tagged(world, MEMBER, "Isolate"))
    expect_isolated(stage, MEMBER)
    name = f"{MEMBER} is on standby: {GROUP} does not end it, and has {desired} others serve"
    stage.expect(name, supporting.replaced(world, MEMBER, desired))
    stage.expect(f"{MEMBER} gets no request from the load balancer", supporting.served(world, MEMBER, ever=False))
    stage.expect(f"{MEMBER} can't be terminated or stopped, its volumes stay", supporting.protected(world, MEMBER))
    stage.expect(f"{MEMBER}: each interface carries the control tag", supporting.frozen(world, MEMBER))
    stage.expect(f"{MEMBER}: each volume has its snapshot, with the case's tag", supporting.saved(world, MEMBER))
    stage.expect(f"credentials stolen from {MEMBER} are denied everything", supporting.denied(world, MEMBER))
    shared = {**sibling, **supporting.role_fields(world, SIBLING)}
    stage.expect(f"{SIBLING}, of the same role, may do what it might", supporting.spared(world, SIBLING))
    stage.expect(f"{SIBLING} is as it was", supporting.same(world, SIBLING, shared))
    stage.expect(f"{MEMBER}: the case lists the thief's access key and role session", theft.listed(world, MEMBER))
    told = records.announced(world, MEMBER, "Outlives the isolation")
    stage.expect("a message `Outlives the isolation` reached the topic", told)
    stage.expect("forensics is told, by an event of the published shape", records.handed_off(world, MEMBER, "Isolated"))
    stage.portraits["isolated"] = whole(world, MEMBER)


def released(stage: Stage) -> None:
    """A human has looked, and gives it back: every field is compared with what it was."""
    stage.audience.scene(f"An analyst releases {MEMBER}; all of it is undone, and the evidence stays")
    world, before = stage.world, stage.portraits["before"]
    stage.act(f"An analyst tags {MEMBER} {TAG_KEY}=Release")
    tags = [{"Key": TAG_KEY, "Value": "Release"}]
    world.cloud.client("ec2").create_tags(Resources=[world.actors[MEMBER].id], Tags=tags)
    stage.expect(f"{MEMBER} has the status Released", probes.status(world, MEMBER, "Released"))
    stage.expect(f"{MEMBER} is as it was in all {len(before)} fields", supporting.same(world, MEMBER, before))
    stage.expect("forensics is told of the release", records.handed_off(world, MEMBER, "Released"))
    stage.expect(f"{MEMBER}: its case is closed as Released", records.closed(world, MEMBER))
    stage.expect(f"{MEMBER}: its snapshots are kept", supporting.saved(world, MEMBER))
    stage.portraits["now"] = whole(world, MEMBER)
