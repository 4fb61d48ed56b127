"""The role function's work: one inline policy of one role becomes what the case of an instance says.

It denies every session of the role that was issued before a time, as AWS's own `AWSRevokeOlderSessions` does (IAM User
Guide, "Revoke IAM role temporary security credentials"). Whoever starts the function names an instance and nothing
else: role and time are in the ledger, and the policy's content is here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from quarantag.errors import InvalidEvent

_INSTANCE_ID = re.compile("i-[0-9a-f]{8,17}")
_LONGEST_STACK = 90  # characters: a policy's name has 128 at most


@dataclass(frozen=True, slots=True)
class Wish:
    """What the latest case of an instance says: sessions of this role issued before are denied; "": none."""

    role_arn: str
    role_id: str
    before: str


class Wishes(Protocol):
    """The ledger's cases, as far as they concern roles."""

    def wish(self, instance_id: str) -> Wish | None:
        """That of the latest case, with no time where it is closed; None where no case recorded a role."""


class RolePolicies(Protocol):
    """Inline policies of roles, by the one name for each instance."""

    def exists(self, role_arn: str, role_id: str) -> bool:
        """Whether the role is there; a namesake with another unique id is not it."""

    def put(self, role_arn: str, instance_id: str, document: Mapping[str, Any]) -> None:
        """Write the policy, whatever it was."""

    def delete(self, role_arn: str, instance_id: str) -> None:
        """Delete the policy; one that is gone already is fine."""


def instance_named(event: object) -> str:
    """The instance that an event `{"instance_id": "i-…"}` names. Raises `InvalidEvent` for anything else."""
    named = event.get("instance_id") if isinstance(event, dict) and set(event) == {"instance_id"} else None
    if not isinstance(named, str) or not _INSTANCE_ID.fullmatch(named):
        raise InvalidEvent(f'an event must be {{"instance_id": "i-…"}} and nothing else, found {event!r:.200}')
    return named


def revoke(instance_id: str, wishes: Wishes, roles: RolePolicies) -> str:
    """Make the role's policy what the case says; answers the time before which sessions are denied, "" for none."""
    wish = wishes.wish(instance_id)
    if wish is None or not roles.exists(wish.role_arn, wish.role_id):
        return ""
    if wish.before:
        roles.put(wish.role_arn, instance_id, policy(wish.before))
    else:
        roles.delete(wish.role_arn, instance_id)
    return wish.before


def policy_name(stack: str, instance_id: str) -> str:
    """The name of the policy, one for each stack and instance."""
    return f"Quarantag-{stack[:_LONGEST_STACK]}-{instance_id}"


def policy(before: str) -> dict[str, Any]:
    """Deny everything to the sessions that were issued before this time (ISO 8601)."""
    denial = {
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {"DateLessThan": {"aws:TokenIssueTime": before}},
    }
    return {"Version": "2012-10-17", "Statement": [denial]}


def time_in(document: Mapping[str, Any]) -> str:
    """The time that such a policy has; "" for a policy that is not, or is no longer, one of ours."""
    try:
        before = document["Statement"][0]["Condition"]["DateLessThan"]["aws:TokenIssueTime"]
    except (KeyError, IndexError, TypeError):
        return ""
    return str(before) if document == policy(before) else ""
