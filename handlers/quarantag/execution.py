"""Runs calls side by side: the only place that knows threads."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from quarantag.errors import QuarantagError

_MOST_AT_ONCE = 16


def side_by_side() -> ThreadPoolExecutor:
    """Open a pool for one batch of calls; leaving its `with` block waits for all of them."""
    return ThreadPoolExecutor(max_workers=_MOST_AT_ONCE)


def fault_of(call: Future[Any]) -> QuarantagError | None:
    """Give the error of this package that the ended call raised, if any; any other exception is raised as a defect."""
    error = call.exception()
    if error is None or isinstance(error, QuarantagError):
        return error
    raise error
