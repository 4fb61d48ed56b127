"""What the policy says for one instance of one finding."""

from dataclasses import dataclass
from typing import Literal

Action = Literal["isolate", "review", "hold", "ignore"]


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision; `instance_id` is None for a finding about no instance, or one that can't be resolved."""

    finding_id: str
    instance_id: str | None
    account: str
    region: str
    action: Action
    rule: str | None
    reason: str
