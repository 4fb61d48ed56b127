"""Calls side by side: each on a thread of its own, however they begin others, and never more at once than may be."""

import gc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, active_count
from time import monotonic, sleep
from weakref import ref

import pytest

from quarantag.errors import Terminal
from quarantag.execution import _idle, fault_of, side_by_side

_SECONDS = 30  # until a call that waits for another is given up


def test_the_block_waits_for_every_call() -> None:
    gone_on, done = Event(), []
    with side_by_side() as batch:
        batch.submit(lambda: done.append(gone_on.wait(_SECONDS)))
        batch.submit(gone_on.set)
    assert done == [True]


def test_calls_that_begin_others_never_wait_for_a_thread() -> None:
    """Forty calls, nested three deep: all of them have to be there before any of them ends."""
    everyone = Barrier(8 * 5)

    def outer() -> None:
        with side_by_side() as batch:
            for _ in range(5):
                batch.submit(inner)

    def inner() -> None:
        with side_by_side() as batch:
            batch.submit(everyone.wait, _SECONDS)

    for _ in range(20):  # threads that are kept by now must be counted right, too
        with side_by_side() as batch:
            calls = [batch.submit(outer) for _ in range(8)]
        assert [fault_of(call) for call in calls] == [None] * 8
        assert not everyone.broken


def test_a_batch_runs_sixteen_at_once() -> None:
    running, most, sixteen = [], [], Barrier(16)

    def one() -> None:
        running.append(1)
        most.append(len(running))
        sixteen.wait(_SECONDS)
        running.pop()

    with side_by_side() as batch:
        calls = [batch.submit(one) for _ in range(48)]
    assert [fault_of(call) for call in calls] == [None] * 48
    assert max(most) == 16


def test_calls_begin_in_the_order_in_which_they_are_submitted() -> None:
    """As a rule: a thread that the machine takes off its core between two lines may come later."""

    def in_order() -> bool:
        begun: list[int] = []
        with side_by_side() as batch:
            for number in range(12):
                batch.submit(begun.append, number)
        return begun == sorted(begun)

    assert sum(in_order() for _ in range(100)) > 80


def test_threads_are_kept() -> None:
    def batch_of_six() -> None:
        with side_by_side() as batch:
            for _ in range(6):
                batch.submit(sleep, 0.001)

    batch_of_six()
    before = active_count()
    for _ in range(50):
        batch_of_six()
    assert active_count() <= before + 6


def test_a_batch_and_its_results_go_without_the_garbage_collector() -> None:
    class Result:
        pass

    def slow() -> Result:
        sleep(0.01)
        return Result()

    gc.disable()
    try:
        with side_by_side() as batch:
            call = batch.submit(slow)
        gone = ref(call.result())
        del batch, call
        _until(lambda: gone() is None)
    finally:
        gc.enable()


def test_threads_beyond_what_one_instance_needs_are_given_back() -> None:
    before = active_count()

    def inner() -> None:
        with side_by_side() as batch:
            for _ in range(12):
                batch.submit(sleep, 0.05)

    with side_by_side() as batch:
        for _ in range(12):
            batch.submit(inner)
    _until(lambda: active_count() <= before + 65)


def test_a_call_that_gets_no_thread_takes_no_room() -> None:
    ended = ThreadPoolExecutor(1)
    ended.shutdown()
    batch = side_by_side()
    for _ in range(17):
        _idle.append(ended)
        with pytest.raises(RuntimeError, match="shutdown"):
            batch.submit(sleep, 0)
    assert batch.submit(lambda: "room").result(_SECONDS) == "room"


def test_what_a_call_holds_is_let_go() -> None:
    """A kept thread does not keep a run's world alive until its next work."""

    class Held:
        pass

    held = Held()
    gone = ref(held)
    with side_by_side() as batch:
        batch.submit(id, held)
    del batch, held
    _until(lambda: gone() is None)


def test_faults_of_this_package_are_answered_and_defects_raised() -> None:
    fault, defect = Terminal("no"), ZeroDivisionError()

    def fail(error: BaseException) -> None:
        raise error

    with side_by_side() as batch:
        calls = [batch.submit(fail, fault), batch.submit(fail, defect), batch.submit(fail, SystemExit(3))]
    assert fault_of(calls[0]) is fault
    with pytest.raises(ZeroDivisionError):
        fault_of(calls[1])
    with pytest.raises(SystemExit):
        calls[2].result()


def _until(holds: Callable[[], bool]) -> None:
    end = monotonic() + _SECONDS
    while not holds():
        assert monotonic() < end
        sleep(0.001)
