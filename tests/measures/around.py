"""The ports of the measures in memory: each keeps its state in `World.around`, by its measure's name and instance."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from quarantag.measures.freeze import FreezeInterfaces
from quarantag.measures.protection import Attribute, ProtectInstance, Protection
from quarantag.measures.role_sessions import RevokeRoleSessions
from quarantag.measures.sessions import RevokeSessions
from tests.crash.books import Books
from tests.crash.scenarios import InMemory
from tests.crash.world import SETTINGS, World
from tests.measures.around_connections import deny_addresses, disable_metadata, take_elastic_ips
from tests.measures.around_roles import WorldRoles
from tests.measures.around_sessions import WorldSessions
from tests.measures.evidence_world import save_evidence
from tests.measures.members import keep_from_group


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


@dataclass(slots=True)
class WorldFreeze:
    """The interfaces' own tags."""

    world: World

    def frozen(self, instance_id: str) -> dict[str, bool]:
        with self.world.lock:
            attached = [one for owner, one in self.world.interfaces.values() if owner == instance_id]
            return {one.id: self.world.settings.tag_key in one.tags for one in attached}

    def freeze(self, interface_id: str) -> None:
        self.write(interface_id, {self.world.settings.tag_key: self.world.settings.isolate_value})

    def thaw(self, interface_id: str) -> None:
        self.write(interface_id, {})

    def write(self, interface_id: str, new: Mapping[str, str]) -> None:
        """Replace the key's tag with these."""
        with self.world.lock:
            owner, interface = self.world.interfaces[interface_id]
            others = {key: value for key, value in interface.tags.items() if key != self.world.settings.tag_key}
            self.world.interfaces[interface_id] = owner, replace(interface, tags={**others, **new})


def freeze(world: World, books: Books) -> FreezeInterfaces:  # noqa: ARG001 - as all of them
    """The frozen interfaces of the world."""
    return FreezeInterfaces(WorldFreeze(world))


def revoke_sessions(world: World, books: Books) -> RevokeSessions:  # noqa: ARG001 - as all of them
    """Session denials over the world."""
    return RevokeSessions(WorldSessions(world))


def revoke_role_sessions(world: World, books: Books) -> RevokeRoleSessions:
    """Denials of a role's older sessions over the world."""
    return RevokeRoleSessions(WorldRoles(world, books))


EVERY: tuple[InMemory, ...] = (
    protect,
    freeze,
    disable_metadata,
    take_elastic_ips,
    deny_addresses,
    keep_from_group,
    save_evidence,
    revoke_sessions,
    revoke_role_sessions,
)
"""Each measure over a world and its ledger."""
HANDED_OVER = replace(
    SETTINGS,
    lock_snapshots_days=7,
    evidence_kms_key_arn=f"arn:aws:kms:{SETTINGS.region}:{SETTINGS.account}:key/1234abcd",
    evidence_account_id="210987654321",
)
"""The evidence locked, copied under a key and shared with an account."""
ALL_ON = replace(
    HANDED_OVER,
    disable_metadata_service=True,
    disassociate_elastic_ips=True,
    existing_connections="nacl",
)
"""The parameters that ask for every measure; those that are on by default need not be named."""
ALL_ROLE = replace(ALL_ON, revoke_credentials="role")
"""The same, with the other way of denying sessions."""
