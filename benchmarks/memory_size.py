"""What a MemorySize buys: the time that one event is expected to take at each size, from its CPU and its round trips.

Lambda gives CPU in proportion to memory, one vCPU at 1,769 MB (AWS Lambda Developer Guide, "Configure Lambda function
memory"). A function that runs Python one thread at a time can't use more than one. So an event that needs `cpu` seconds
of a whole vCPU and waits for `round_trips` takes `cpu * max(1, 1769 / size) + round_trips * latency`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

WHOLE_VCPU_MB = 1769
SIZES = (128, 256, 512, 1024, WHOLE_VCPU_MB)
LATENCY = 0.05  # seconds that AWS takes to answer one call, the same for every size
_NEAR = 1.1


@dataclass(frozen=True, slots=True)
class Work:
    """What one event needs: seconds of a whole vCPU, and sequential round trips."""

    cpu: float
    round_trips: int


def seconds(work: Work, size: int) -> float:
    """Give the expected time at this MemorySize (MB)."""
    return work.cpu * max(1.0, WHOLE_VCPU_MB / size) + work.round_trips * LATENCY


def cost(work: Work, size: int) -> float:
    """Give what is billed at this MemorySize, in MB-seconds."""
    return size * seconds(work, size)


def recommended(work: Work, sizes: Iterable[int] = SIZES) -> int:
    """Choose the smallest size within a tenth of the fastest: a containment is rare, and its time is what counts."""
    ordered = sorted(sizes)
    fastest = min(seconds(work, size) for size in ordered)
    return next(size for size in ordered if seconds(work, size) <= fastest * _NEAR)
