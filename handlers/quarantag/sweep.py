"""The sweep: each instance of a list is reconciled, within the function's time and from where the last one left off."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from quarantag import metrics
from quarantag.errors import LedgerUnavailable, QuarantagError, Terminal
from quarantag.execution import fault_of, side_by_side
from quarantag.metrics import Measured
from quarantag.outcome import Outcome
from quarantag.ports import Ledger

_AT_ONCE = 8
_RESERVE_SECONDS = 30.0
"""A batch must end within this time before the function's own end."""
_UNFINISHED = frozenset({"Fault", "Failed", "Waiting"})
"""A later sweep must come back to these."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What was done; `fault` is the first one that a person must look at, `measured` what a sweep measures."""

    outcomes: tuple[Outcome, ...]
    fault: QuarantagError | None = None
    measured: tuple[Measured, ...] = ()


def is_sweep(event: object) -> bool:
    """Whether the event is the schedule's `{"sweep": true}`."""
    return isinstance(event, dict) and event.get("sweep") is True


def sweep(
    name: str, ids: Iterable[str], work: Callable[[str], Outcome], ledger: Ledger, seconds_left: Callable[[], float]
) -> Swept:
    """Do `work` for each id; what there is no time for comes first in the next sweep. One failure stops no other."""
    ordered = from_where_it_left_off(sorted(set(ids)), _cursor(name, ledger))
    outcomes: list[Outcome] = []
    fault: QuarantagError | None = None
    began = seconds_left()
    for start in range(0, len(ordered), _AT_ONCE):
        if seconds_left() < _RESERVE_SECONDS:
            _remember(name, ordered[start - 1] if start else "", ledger)
            break
        batch = ordered[start : start + _AT_ONCE]
        with side_by_side() as pool:
            calls = {instance_id: pool.submit(work, instance_id) for instance_id in batch}
        for instance_id, call in calls.items():
            failed = fault_of(call)
            outcomes.append(Outcome(instance_id, "Fault", str(failed)) if failed else call.result())
            fault = fault or (failed if isinstance(failed, Terminal) else None)
    unreached = len(ordered) - len(outcomes)
    return Swept(tuple(outcomes), fault, _measured(name, outcomes, began - seconds_left(), unreached))


def _measured(name: str, outcomes: Sequence[Outcome], seconds: float, unreached: int) -> tuple[Measured, ...]:
    unfinished = sum(one.status in _UNFINISHED for one in outcomes) + unreached
    opened = sum(one.case_id is not None and one.status != "Ended" for one in outcomes)
    return (
        Measured(metrics.SWEEP_DURATION, seconds * 1000, name),
        Measured(metrics.UNFINISHED, unfinished, name),
        *((Measured(metrics.OPEN_CASES, opened),) if name == "isolate" else ()),
    )


def from_where_it_left_off(ids: list[str], cursor: str) -> list[str]:
    """Give the sorted ids, those after the cursor first."""
    start = bisect_right(ids, cursor)
    return ids[start:] + ids[:start]


def _cursor(name: str, ledger: Ledger) -> str:
    try:
        return ledger.cursor(name)
    except LedgerUnavailable:
        return ""


def _remember(name: str, instance_id: str, ledger: Ledger) -> None:
    try:
        ledger.set_cursor(name, instance_id)
    except LedgerUnavailable:
        return  # the next sweep begins at the beginning: slower, not wrong
