"""Runs cells side by side, in processes: each keeps to one core, where handing over between threads is fastest."""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context

from tests.crash.matrix import Cell, problems

_CHUNK = 32


@dataclass(frozen=True, slots=True)
class Result:
    """How one cell ended; no problem means that all holds."""

    cell: Cell
    problems: tuple[str, ...]


def run(cells: Iterable[Cell]) -> Iterator[Result]:
    """Run every cell; in the order given."""
    with crew() as pool:
        yield from pool.map(_result, cells, chunksize=_CHUNK)


@contextmanager
def crew() -> Iterator[ProcessPoolExecutor]:
    """A process for each core."""
    spawning = get_context("spawn")
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))
    free = spawning.Queue()
    for core in cores:
        free.put(core)
    with ProcessPoolExecutor(len(cores), spawning, _keep_to_one_core, (free,)) as pool:
        yield pool


@contextmanager
def one_core() -> Iterator[None]:
    """Keep this thread, and those that it starts, to one core."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def _keep_to_one_core(free: "object") -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {free.get()})  # type: ignore[attr-defined]


def _result(cell: Cell) -> Result:
    return Result(cell, tuple(problems(cell)))
