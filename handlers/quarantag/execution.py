"""Runs calls side by side: the only place that knows threads."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import BoundedSemaphore, Lock
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from quarantag.errors import QuarantagError

P = ParamSpec("P")
T = TypeVar("T")
_MOST_AT_ONCE = 16  # calls of one batch
_MOST_IDLE = 64  # more than one instance needs: what a sweep of many needed beyond it is given back

_idle: deque[ThreadPoolExecutor] = deque()
"""Threads that are done with their last call. Starting one takes longer than half of a small call, so they are kept:
each in a pool of its own, since calls begin others and none may have to wait for a thread. (One pool for all, however
large, may count a thread as free twice in Python 3.13: a call that then waits for another never ends.)"""


class SideBySide:
    """One batch of calls; leaving its `with` block waits for all of them."""

    def __init__(self) -> None:
        self._room = BoundedSemaphore(_MOST_AT_ONCE)
        self._calls: list[Future[Any]] = []

    def submit(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Begin `work` on a thread of its own; where the batch is full, once one of its calls ends.

        So no call may submit to the batch that it is of. RuntimeError where the machine has no thread left.
        """
        room, thread, begun = self._room, _thread(), Lock()  # `room`: a batch that its calls held would be a cycle

        def run() -> T:
            begun.release()
            return work(*args, **kwargs)

        def ended(_: Future[T]) -> None:
            if len(_idle) < _MOST_IDLE:
                _idle.append(thread)
            else:
                thread.shutdown(wait=False)
            room.release()

        room.acquire()
        begun.acquire()
        try:
            call = thread.submit(run)
        except RuntimeError:
            room.release()
            raise
        begun.acquire()  # hands over to it: calls go out in the order in which they are submitted
        self._calls.append(call)
        call.add_done_callback(ended)
        return call

    def __enter__(self) -> "SideBySide":
        """Open it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for every call."""
        for call in self._calls:
            call.exception()


def side_by_side() -> SideBySide:
    """Open one batch of calls."""
    return SideBySide()


def _thread() -> ThreadPoolExecutor:
    try:
        return _idle.pop()
    except IndexError:
        return ThreadPoolExecutor(max_workers=1)


def fault_of(call: Future[Any]) -> QuarantagError | None:
    """Give the error of this package that the ended call raised, if any; any other exception is raised as a defect."""
    error = call.exception()
    if error is None or isinstance(error, QuarantagError):
        return error
    raise error
