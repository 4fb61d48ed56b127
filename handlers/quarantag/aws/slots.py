"""The claims on the tags of roles (`measures.slots.Slots`), one item of the ledger's table a role.

Key: `pk` is `role#<unique id>`, `sk` is `slots`; `slot1` … `slot5` hold instance ids, `detaching` the one whose release
takes the policy off. A claim is refused while that goes on, and the other way round, both by condition of this item.
"""

from quarantag.aws.table import Refused, Table
from quarantag.errors import Conflict, Terminal
from quarantag.measures.slots import SLOTS, Claims

_SLOTS = range(1, SLOTS + 1)
_ALL_FREE = " AND ".join(f"attribute_not_exists(slot{slot})" for slot in _SLOTS)
_NOT_DETACHING = "(attribute_not_exists(detaching) OR detaching = :id)"


class TableSlots:
    """Conditional updates of one item a role."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def claims(self, role_id: str) -> Claims:
        """Read the item, strongly consistent."""
        item = self._table.get(*_key(role_id)) or {}
        holders = {slot: str(item[f"slot{slot}"]) for slot in _SLOTS if f"slot{slot}" in item}
        return Claims(holders, str(item.get("detaching", "")))

    def claim(self, role_id: str, instance_id: str, avoid: tuple[int, ...]) -> int:
        """Take the first free slot, unless the instance has one; where another took it meanwhile, the next."""
        for _ in _SLOTS:
            claims = self.claims(role_id)
            own = claims.of(instance_id)
            if own:
                return own[0]
            free = [slot for slot in _SLOTS if slot not in claims.holders and slot not in avoid]
            if not free:
                raise Terminal(f"{instance_id}: {SLOTS} instances of its role are contained already, no slot is free")
            if claims.detaching not in ("", instance_id):
                raise Conflict(f"{instance_id}: the policy is being taken off its role for {claims.detaching}")
            if self._update(role_id, f"SET slot{free[0]} = :id REMOVE detaching", instance_id, _free(free[0])):
                return free[0]
        raise Conflict(f"{instance_id}: the slots of its role are contended")

    def free(self, role_id: str, slot: int, instance_id: str) -> None:
        """Remove the attribute where it is this instance's."""
        self._update(role_id, f"REMOVE slot{slot}", instance_id, f"slot{slot} = :id")

    def begin_detaching(self, role_id: str, instance_id: str) -> bool:
        """Mark the item where no slot is in use."""
        return self._update(role_id, "SET detaching = :id", instance_id, f"{_NOT_DETACHING} AND {_ALL_FREE}")

    def end_detaching(self, role_id: str, instance_id: str) -> None:
        """Remove the mark where it is this instance's."""
        self._update(role_id, "REMOVE detaching", instance_id, "detaching = :id")

    def _update(self, role_id: str, expression: str, instance_id: str, condition: str) -> bool:
        try:
            self._table.update(self._table.updating(_key(role_id), expression, condition, {":id": instance_id}))
        except Refused:
            return False
        return True


def _free(slot: int) -> str:
    return f"attribute_not_exists(slot{slot}) AND {_NOT_DETACHING}"


def _key(role_id: str) -> tuple[str, str]:
    return f"role#{role_id}", "slots"
