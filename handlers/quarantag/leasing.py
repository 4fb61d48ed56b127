"""The lease that the tagger works under: waited for while another has it, done without while the ledger is away."""

from quarantag.errors import LedgerUnavailable, Retryable
from quarantag.ports import Lease, Ports

_PAUSES = (0.2, 0.4, 0.8, 1.6, 3.2)  # seconds


def lease_of(instance_id: str, holder: str, ports: Ports) -> Lease | None:
    """Take the lease of the instance; None where the ledger is away. Raises `Retryable` where another keeps it.

    An answer that is lost is asked for once more: the lease may be the holder's already, and nobody else would get it
    until it expires.
    """
    lost = False
    for pause in _PAUSES:
        try:
            lease = ports.ledger.acquire(instance_id, holder, ports.clock.now())
        except LedgerUnavailable:
            if lost:
                return None
            lost = True
            continue
        if lease:
            return lease
        ports.clock.sleep(pause)
    raise Retryable(f"{instance_id}: another function is working on it")
