"""EC2's request throttling, over the `Instances` port in memory and a simulated clock.

"Request throttling for the Amazon EC2 API" (Amazon EC2 Developer Guide): each API has a bucket for the account and
Region; one that describes holds 100 tokens and gets 20 a second. For what changes, the smallest of that page's classes
is taken for all: 50 tokens, 5 a second. Above it is botocore's standard retry mode as `aws/wiring.py` sets it: four
attempts, the wait between them doubles from one second, at its most ("Retries", boto3 guide).
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from quarantag.errors import Retryable
from tests.faults import FakeClock

ATTEMPTS = 4
DESCRIBES, CHANGES = (100, 20), (50, 5)
"""Tokens, and tokens a second."""
_FULL_AGAIN = 300
"""Seconds after which nothing that was taken counts."""
CHANGING = {"tag", "create_isolation_group", "revoke_rules", "set_interface_groups", "associate_profile"} | {
    "replace_profile",
    "disassociate_profile",
}


@dataclass(slots=True)
class Bucket:
    """What one API was asked for, by second: invocations that run at once ask in any order."""

    size: int
    refill: int
    taken: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def take(self, second: int) -> bool:
        """Whether there is a token left in this second, for it and for all that was taken later."""
        before = sorted(one for one in self.taken if second - _FULL_AGAIN < one < second)
        tokens = float(self.size)
        last = before[0] if before else second
        for one in before:
            tokens = min(self.size, tokens + (one - last) * self.refill) - self.taken[one]
            last = one
        tokens = min(self.size, tokens + (second - last) * self.refill) - self.taken[second]
        if tokens < 1:
            return False
        self.taken[second] += 1
        return True


@dataclass(slots=True)
class Throttle:
    """The buckets of one account and Region, and what was asked of them."""

    clock: FakeClock
    unlimited: bool = False
    """Only counts."""
    buckets: dict[str, Bucket] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    throttled: int = 0
    lock: Lock = field(default_factory=Lock)

    def over(self, port: Any) -> Any:  # noqa: ANN401 - a port
        """The same port, throttled."""
        return _Throttled(port, self)

    def admit(self, name: str) -> None:
        """Take a token, waiting as botocore does. Raises `Retryable` where all attempts were throttled."""
        with self.lock:
            self.calls[name] += 1
            if self.unlimited:
                return
            bucket = self.buckets.setdefault(name, Bucket(*(CHANGES if name in CHANGING else DESCRIBES)))
            for attempt in range(ATTEMPTS):
                if bucket.take(int(self.clock.now().timestamp())):
                    return
                self.throttled += 1
                if attempt < ATTEMPTS - 1:
                    self.clock.sleep(2.0**attempt)
        raise Retryable(f"{name}: RequestLimitExceeded")


@dataclass(slots=True)
class _Throttled:
    port: Any
    throttle: Throttle

    def __getattr__(self, name: str) -> Callable[..., Any]:
        real = getattr(self.port, name)

        def call(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - the port's own
            self.throttle.admit(name)
            return real(*arguments, **named)

        return call
