"""Exemptions that have ended, or soon will."""

from collections.abc import Iterator
from datetime import date, timedelta

from console.unwise.warned import Warned
from quarantag.policy import Policy

SOON = timedelta(days=30)


def ending(policy: Policy, today: date) -> Iterator[Warned]:
    """Warn of each exemption that has expired or will within 30 days; `today` is the day in UTC."""
    for position, exemption in enumerate(policy.exemptions):
        left = exemption.expires - today
        place = ("exemptions", position, "expires")
        renew = f"ask {exemption.owner}, then leave it out or write a later day"
        if left < timedelta():
            yield Warned(place, f"{exemption.id} expired on {exemption.expires} and exempts nothing any more: {renew}")
        elif left <= SOON:
            days = "today" if not left else f"in {left.days} day{'s' if left.days > 1 else ''}"
            yield Warned(place, f"{exemption.id} expires {days}, on {exemption.expires}: {renew}")
