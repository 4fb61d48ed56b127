"""What every isolation comes to."""

from console.demo import probes, records
from console.demo.stage import Stage


def expect_isolated(stage: Stage, name: str) -> None:
    """Status, network, credentials and record, each read from the cloud."""
    world = stage.world
    stage.expect(f"{name} has the status Isolated", probes.status(world, name, "Isolated"))
    stage.expect(f"{name} is cut: only its VPC's isolation group, no rules", probes.cut(world, name))
    stage.expect(f"{name} has the isolation profile", probes.powerless(world, name))
    stage.expect(f"{name}: the ledger holds what it had before", records.recorded(world, name))
