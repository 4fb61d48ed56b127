"""Roles with their inline policies, the wish in the case, and the function that fulfils it, in memory."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from quarantag.errors import Conflict
from quarantag.instance import Profile
from quarantag.measures.role_sessions import Denial
from quarantag.revoking import Wish, revoke, time_in
from tests.crash.books import Books
from tests.crash.world import World


@dataclass(slots=True)
class WorldRoles:
    """`around["role_sessions"][ROLE_ARN]` has the policy of each instance; a role without any is not there.

    `runs` counts how often the function ran.
    """

    world: World
    books: Books
    wishes: dict[str, str] = field(default_factory=dict)
    runs: int = 0

    def __post_init__(self) -> None:
        self.world.around["role_sessions"] = defaultdict(dict)

    def profile(self, arn: str) -> Profile | None:
        return self.world.profiles.get(arn)

    def others(self, profile_arn: str, instance_id: str) -> tuple[str, ...]:
        holding = ((owner, one.profile_arn) for owner, one in self.world.associations.values())
        return tuple(owner for owner, arn in holding if arn == profile_arn and owner != instance_id)

    def exists(self, role_arn: str, role_id: str) -> bool:
        return any((one.role_arn, one.role_id) == (role_arn, role_id) for one in self.world.profiles.values())

    def denial(self, role_arn: str, instance_id: str) -> Denial | None:
        with self.world.lock:
            found = self._all.get(role_arn, {}).get(instance_id)
            return None if found is None else Denial(time_in(found))

    def wished(self, instance_id: str, case_id: str) -> str:  # noqa: ARG002 - as the port
        with self.world.lock:
            return self.wishes.get(case_id, "")

    def wish(self, instance_id: str, case_id: str, before: str) -> None:
        with self.world.lock:
            case = self.books.case(instance_id)
            if case is None or case.id != case_id or not case.open:
                raise Conflict(f"{case_id}: another function took over")
            self.wishes[case_id] = before

    def revoke(self, instance_id: str) -> None:
        """As the real function does, by the same code."""
        self.runs += 1
        revoke(instance_id, Cases(self), self)

    def put(self, role_arn: str, instance_id: str, document: Mapping[str, Any]) -> None:
        with self.world.lock:
            self._all[role_arn][instance_id] = document

    def delete(self, role_arn: str, instance_id: str) -> None:
        with self.world.lock:
            self._all.get(role_arn, {}).pop(instance_id, None)
            if not self._all.get(role_arn):
                self._all.pop(role_arn, None)

    @property
    def _all(self) -> dict[str, dict[str, Any]]:
        return self.world.around["role_sessions"]


@dataclass(frozen=True, slots=True)
class Cases:
    """What the function reads of the ledger."""

    roles: WorldRoles

    def wish(self, instance_id: str) -> Wish | None:
        """That of the latest case."""
        case = self.roles.books.case(instance_id)
        kept = case.kept.get("role_sessions") if case else None
        if case is None or not kept or kept["untouched"]:
            return None
        return Wish(kept["role_arn"], kept["role_id"], self.roles.wishes.get(case.id, "") if case.open else "")
