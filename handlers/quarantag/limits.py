"""Which counters an automatic isolation falls under. Pure; the ledger counts."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from quarantag.instance import Instance
from quarantag.policy import Limit
from quarantag.ports import Quota


def quotas_for(limits: Iterable[Limit], instance: Instance, now: datetime) -> Iterator[Quota]:
    """Give the counter of each limit that the instance falls under; windows start at whole multiples since 1970."""
    for limit in limits:
        scope = _scope(limit, instance)
        if scope is not None:
            start = int(now.timestamp()) // limit.window_seconds * limit.window_seconds
            yield Quota(scope, datetime.fromtimestamp(start, UTC), limit.window_seconds, limit.maximum)


def _scope(limit: Limit, instance: Instance) -> str | None:
    if limit.by == "account":
        return "account"
    key = limit.tag_key or ""
    values = {"vpc": instance.vpc_id, "auto-scaling-group": instance.auto_scaling_group, "tag": instance.tags.get(key)}
    value = values[limit.by]
    name = f"tag {key!r}" if limit.by == "tag" else limit.by  # quoted: where the key ends must not be open
    return None if value is None else f"{name} {value}"
