"""The kill switch: while it is on, the functions answer `Paused` and change nothing; the sweep catches up later."""

from dataclasses import dataclass
from typing import Protocol

ITEM = ("switch", "paused")
"""Its place in the ledger, `pk` and `sk`: who may write this `pk` may pause, and nothing else of the ledger."""
BY_PARAMETER = "paused by the stack's parameter Paused"


class Switch(Protocol):
    """Whether acting is paused, by the stack's parameter or by a command."""

    def paused(self) -> str:
        """Who paused and why, "" where nobody did. Raises nothing: a switch that can't be read stops no cut."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """A switch that stays as it is: the stack's parameter."""

    text: str = ""

    def paused(self) -> str:
        """As it was made."""
        return self.text
