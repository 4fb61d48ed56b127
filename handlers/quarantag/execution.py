"""Runs calls side by side: the only place that knows threads."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import BoundedSemaphore, Thread
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from quarantag.errors import QuarantagError

P = ParamSpec("P")
T = TypeVar("T")

_MOST_AT_ONCE = 16  # calls of one batch
_Inbox = SimpleQueue[Callable[[], None]]


class SideBySide:
    """One batch of calls; leaving its `with` block waits for all of them."""

    def __init__(self) -> None:
        self._room = BoundedSemaphore(_MOST_AT_ONCE)
        self._calls: list[Future[Any]] = []

    def submit(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Begin `work` on a thread of its own; where the batch is full, once one of its calls ends."""
        call: Future[T] = Future()
        self._room.acquire()
        self._calls.append(call)

        def run() -> None:
            try:
                result = work(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 - the call's own, raised where its result is asked for
                call.set_exception(error)
            else:
                call.set_result(result)
            finally:
                self._room.release()

        _start(run)
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


_idle: deque[_Inbox] = deque()


def _start(run: Callable[[], None]) -> None:
    """Run it on a thread that is done with its last work, or on a new one: calls begin others, so none may wait.

    Threads are kept, since starting one takes longer than half of a small call; concurrent.futures' own pool keeps
    them too, but may count one as free twice (Python 3.13), and a call that then waits for another never ends.
    """
    try:
        inbox = _idle.pop()
    except IndexError:
        inbox = SimpleQueue()
        Thread(target=_work, args=(inbox,), daemon=True).start()
    inbox.put(run)


def _work(inbox: _Inbox) -> None:
    while True:
        run = inbox.get()
        run()
        del run  # with all that its call holds
        _idle.append(inbox)


def fault_of(call: Future[Any]) -> QuarantagError | None:
    """Give the error of this package that the ended call raised, if any; any other exception is raised as a defect."""
    error = call.exception()
    if error is None or isinstance(error, QuarantagError):
        return error
    raise error
