"""All that `policy check` warns of: what a policy may say, and its author may not have thought of."""

from collections.abc import Iterator
from datetime import date

from console.unwise import exemptions, limits, severities, shadows, sparing, unknown_types, unproven
from console.unwise.warned import Warned
from quarantag.policy import Policy


def warnings(policy: Policy, today: date) -> Iterator[Warned]:
    """Every warning about a policy that loads; `today` is the day in UTC."""
    yield from unknown_types.unknown(policy)
    yield from shadows.shadowed(policy)
    yield from sparing.spared(policy)
    yield from severities.gaps(policy)
    yield from limits.idle(policy)
    yield from exemptions.ending(policy, today)
    yield from unproven.unproven(policy)
