"""What a static check finds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """One finding."""

    tool: str
    stack: str
    """Which parameters the stack has: a name of `accepted.PARAMETERS`."""
    rule: str
    place: str
    """The resource, and of a policy the action, too."""
