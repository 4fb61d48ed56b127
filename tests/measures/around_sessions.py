"""Roles with their tags, the policy that denies contained sessions, and the ledger's claims, in memory."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from quarantag.errors import Conflict, Terminal
from quarantag.instance import Profile
from quarantag.measures.sessions import Role
from quarantag.measures.slots import SLOTS, Claims
from tests.crash.world import World


@dataclass(slots=True)
class WorldSessions:
    """By role, only what is there: so a role that has got back all is as one that nobody touched.

    `around["sessions"][ROLE_ARN]` has each slot's tag, and `policy`; `…[ROLE_ID]` each slot's holder, and `detaching`.
    """

    world: World

    def __post_init__(self) -> None:
        self.world.around["sessions"] = defaultdict(dict)

    def profile(self, arn: str) -> Profile | None:
        return self.world.profiles.get(arn)

    def role(self, role_arn: str, role_id: str) -> Role | None:
        with self.world.lock:
            if not any((one.role_arn, one.role_id) == (role_arn, role_id) for one in self.world.profiles.values()):
                return None
            found = dict(self._all.get(role_arn, {}))
            attached = found.pop("policy", False)
            return Role(found, attached)

    def mark(self, role_arn: str, slot: int, instance_arn: str) -> None:
        self._set(role_arn, slot, instance_arn)

    def unmark(self, role_arn: str, slot: int) -> None:
        self._unset(role_arn, slot)

    def attach(self, role_arn: str) -> None:
        self._set(role_arn, "policy", value=True)

    def detach(self, role_arn: str) -> None:
        self._unset(role_arn, "policy")

    def claims(self, role_id: str) -> Claims:
        with self.world.lock:
            found = dict(self._all.get(role_id, {}))
            detaching = found.pop("detaching", "")
            return Claims(found, detaching)

    def claim(self, role_id: str, instance_id: str, avoid: tuple[int, ...]) -> int:
        with self.world.lock:
            claims = self.claims(role_id)
            if claims.of(instance_id):
                return claims.of(instance_id)[0]
            free = [slot for slot in range(1, SLOTS + 1) if slot not in claims.holders and slot not in avoid]
            if not free:
                raise Terminal("no slot is free")
            if claims.detaching not in ("", instance_id):
                raise Conflict("the policy is being taken off")
            self._unset(role_id, "detaching")
            self._set(role_id, free[0], instance_id)
            return free[0]

    def free(self, role_id: str, slot: int, instance_id: str) -> None:
        with self.world.lock:
            if self.claims(role_id).holders.get(slot) == instance_id:
                self._unset(role_id, slot)

    def begin_detaching(self, role_id: str, instance_id: str) -> bool:
        with self.world.lock:
            claims = self.claims(role_id)
            if claims.holders or claims.detaching not in ("", instance_id):
                return False
            self._set(role_id, "detaching", instance_id)
            return True

    def end_detaching(self, role_id: str, instance_id: str) -> None:
        with self.world.lock:
            if self.claims(role_id).detaching == instance_id:
                self._unset(role_id, "detaching")

    @property
    def _all(self) -> dict[str, dict[Any, Any]]:
        return self.world.around["sessions"]

    def _set(self, of: str, name: object, value: object) -> None:
        with self.world.lock:
            self._all[of][name] = value

    def _unset(self, of: str, name: object) -> None:
        with self.world.lock:
            self._all.get(of, {}).pop(name, None)
            if not self._all.get(of):
                self._all.pop(of, None)
