"""Auto Scaling in memory: the port of its measure, over `World.around`."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from quarantag.errors import Conflict, Terminal
from quarantag.measures.auto_scaling import REPLACING, KeepFromGroup
from quarantag.steps.auto_scaling import Group, Member
from tests.crash.books import Books
from tests.crash.world import World


@dataclass(slots=True)
class WorldAutoScaling:
    """Every instance is in service in a group with room for it, protected from scaling in, until something else is set.

    What a release can't give back exactly is not part of it: the group's desired capacity, which its members share.
    """

    world: World
    standby: bool = True

    def state(self, instance_id: str) -> dict[str, Any]:
        """The instance in its group."""
        state: dict[str, Any] = self.world.around["auto_scaling"][instance_id]
        return state

    @property
    def suspended(self) -> dict[str, bool]:
        """The group's processes, and whether each is suspended."""
        suspended: dict[str, bool] = self.world.around["auto_scaling processes"]
        return suspended

    def member(self, instance_id: str) -> Member | None:
        with self.world.lock:
            state = self.state(instance_id)
            return Member("web", state["state"], state["protected"], healthy=True) if state["state"] else None

    def group(self, name: str) -> Group | None:
        with self.world.lock:
            suspended = tuple(sorted(process for process, stopped in self.suspended.items() if stopped))
            return Group(name, f"arn:{name}", 0, 4, 2, suspended)

    def tagged_members(self, name: str, key: str, value: str) -> tuple[str, ...]:  # noqa: ARG002 - the only one
        with self.world.lock:
            tagged = [one.id for one in self.world.instances.values() if one.tags.get(key) == value and not one.ended]
            return tuple(sorted(one for one in tagged if self.state(one)["state"]))

    def enter_standby(self, instance_id: str, group: str) -> None:
        if not self.standby:
            raise Terminal(f"put {instance_id} of {group} on standby: denied")
        self.move(instance_id, group, "InService", "Standby")

    def exit_standby(self, instance_id: str, group: str) -> None:
        self.move(instance_id, group, "Standby", "InService")

    def detach(self, instance_id: str, group: str) -> None:
        self.move(instance_id, group, "InService", "")

    def attach(self, instance_id: str, group: str) -> None:
        self.move(instance_id, group, "", "InService")
        self.set_protected(instance_id, group, protected=False)

    def move(self, instance_id: str, group: str, before: str, after: str) -> None:
        """Change the lifecycle state, as Auto Scaling does from this one only."""
        with self.world.lock:
            if self.state(instance_id)["state"] != before:
                raise Conflict(f"{instance_id} of {group} is not in {before}")
            self.state(instance_id)["state"] = after

    def suspend(self, group: str, processes: tuple[str, ...]) -> None:  # noqa: ARG002 - the only one
        with self.world.lock:
            self.suspended.update(dict.fromkeys(processes, True))

    def resume(self, group: str, processes: tuple[str, ...]) -> None:  # noqa: ARG002 - the only one
        with self.world.lock:
            self.suspended.update(dict.fromkeys(processes, False))

    def set_protected(self, instance_id: str, group: str, *, protected: bool) -> None:  # noqa: ARG002 - the only one
        with self.world.lock:
            self.state(instance_id)["protected"] = protected

    def set_healthy(self, instance_id: str) -> None:
        """It is."""


def keep_from_group(
    world: World,
    books: Books,  # noqa: ARG001 - as all of them
    state: str = "InService",
    *,
    standby: bool = True,
) -> KeepFromGroup:
    """Auto Scaling over the world: every instance begins in this lifecycle state, and may be denied standby."""
    world.around["auto_scaling"] = defaultdict(lambda: {"state": state, "protected": True})
    world.around["auto_scaling processes"] = defaultdict(bool, dict.fromkeys(REPLACING, False))
    return KeepFromGroup(WorldAutoScaling(world, standby))
