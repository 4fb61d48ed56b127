"""Who has which of a role's five tags: the port to the ledger's side of `sessions`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

SLOTS = 5
"""As many contained instances of one role as template.yaml's policy has statements."""


@dataclass(frozen=True, slots=True)
class Claims:
    """The ledger's side of a role: the instance id in each slot, and the one that takes the policy off, "" if none."""

    holders: Mapping[int, str] = field(default_factory=dict)
    detaching: str = ""

    def of(self, instance_id: str) -> tuple[int, ...]:
        """The instance's slots."""
        return tuple(slot for slot, holder in sorted(self.holders.items()) if holder == instance_id)


class Slots(Protocol):
    """Who has which tag of a role, in the ledger: every change is one conditional write."""

    def claims(self, role_id: str) -> Claims:
        """The role's."""

    def claim(self, role_id: str, instance_id: str, avoid: tuple[int, ...]) -> int:
        """The instance's slot, a free one where it has none, but none of `avoid`.

        Raises `Terminal` where none is free, `Conflict` while another takes the policy off the role.
        """

    def free(self, role_id: str, slot: int, instance_id: str) -> None:
        """Give the slot back; one that is another's by now stays so."""

    def begin_detaching(self, role_id: str, instance_id: str) -> bool:
        """Let nobody claim a slot until `end_detaching`; False where a slot is in use, or another does so."""

    def end_detaching(self, role_id: str, instance_id: str) -> None:
        """Let slots be claimed again."""
