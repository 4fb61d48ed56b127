"""Limits that can never stop an isolation."""

from collections.abc import Iterator

from console.unwise.warned import Warned
from quarantag.policy import Limit, Policy


def idle(policy: Policy) -> Iterator[Warned]:
    """Warn of each limit that no isolation falls under, or that another one always reaches first."""
    counted = [rule for rule in policy.rules if rule.action == "isolate" and not rule.beyond_limits]
    if policy.limits and not counted:
        yield Warned(("limits",), _uncounted(policy))
        return
    for position, limit in enumerate(policy.limits):
        before = next((at for at, other in enumerate(policy.limits) if at != position and _first(other, limit)), None)
        if before is not None:
            problem = f"never binds, since limits[{before}] ({described(policy.limits[before])}) is full before it"
            yield Warned(("limits", position), f"{described(limit)} {problem}: lower `max`, or leave it out")


def described(limit: Limit) -> str:
    """The limit in words: at most 10 by account in windows of 60 minutes."""
    return f"at most {limit.maximum} {limit.counts}"


def _uncounted(policy: Policy) -> str:
    if any(rule.action == "isolate" for rule in policy.rules):
        return (
            "no isolation is counted, since every isolating rule says `beyond_limits: true`: leave one or the other out"
        )
    return "no rule isolates, so that nothing is counted: leave the limits out"


def _first(other: Limit, limit: Limit) -> bool:
    """Whether the other is surely full whenever this one is: it counts no fewer instances, and lets fewer through.

    Windows start at whole multiples of their length, so one whose length divides another's lies within it.
    """
    if (other.by, other.tag_key) != (limit.by, limit.tag_key) and other.by != "account":
        return False
    windows = -(-limit.window_seconds // other.window_seconds)
    if limit.window_seconds % other.window_seconds and other.window_seconds % limit.window_seconds:
        windows += 1
    return other.maximum * windows <= limit.maximum
