"""The ports of the measures in memory: each keeps its state in `World.around`, by its measure's name and instance."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from quarantag.measures.protection import Attribute, ProtectInstance, Protection
from tests.crash.books import Books
from tests.crash.scenarios import InMemory
from tests.crash.world import World


@dataclass(slots=True)
class WorldProtection:
    """An instance has no protection, ends itself, and its root volume goes with it, until something else is set."""

    world: World

    def state(self, instance_id: str) -> dict[str, Any]:
        """What protects the instance."""
        state: dict[str, Any] = self.world.around["protection"][instance_id]
        return state

    def protection(self, instance_id: str) -> Protection:
        with self.world.lock:
            state = self.state(instance_id)
            return Protection(**{**state, "deleted": tuple(sorted(state["deleted"].items()))})

    def set_protection(self, instance_id: str, attribute: Attribute, value: str) -> None:
        with self.world.lock:
            self.state(instance_id)[attribute] = value

    def set_deleted(self, instance_id: str, deleted: tuple[tuple[str, bool], ...]) -> None:
        with self.world.lock:
            self.state(instance_id)["deleted"].update(deleted)


def protect(world: World, books: Books) -> ProtectInstance:  # noqa: ARG001 - as all of them
    """Protection over the world."""
    world.around["protection"] = defaultdict(
        lambda: {"termination": "false", "stop": "false", "shutdown": "terminate", "deleted": {"/dev/xvda": True}}
    )
    return ProtectInstance(WorldProtection(world))


EVERY: tuple[InMemory, ...] = (protect,)
"""Each measure over a world and its ledger."""
