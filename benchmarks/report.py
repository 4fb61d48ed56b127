"""Prints what was measured, as tables; times only as ratios."""

from collections.abc import Mapping, Sequence
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.cold_start import Start, rows
from benchmarks.cut_profile import PARTS, medians
from benchmarks.footprint import Footprint
from benchmarks.goals import Goal
from benchmarks.memory_size import SIZES, Work, cost, recommended, seconds
from benchmarks.pipeline import STAGES, Way
from benchmarks.round_trips import Counted
from benchmarks.start_phases import PHASES
from benchmarks.storms import Storm
from benchmarks.sweep_scale import Swept
from benchmarks.time_to_cut import CLASSIC, CUSTODIAN, CUSTODIAN_PROCESS, JUDGED, PROFILED, QUARANTAG, Case

_CONTENDERS = (QUARANTAG, CLASSIC, CUSTODIAN, CUSTODIAN_PROCESS)


def counts_table(counted: Sequence[Counted]) -> Table:
    """Calls and round trips of each scenario."""
    table = Table(title="AWS calls, and sequential round trips until …")
    table.add_column("scenario")
    for name in ("calls", "cut", "verified", "last tag", "end"):
        table.add_column(name, justify="right")
    for one in counted:
        counts = one.counts
        values = (counts.calls, counts.to_cut, counts.to_verified, counts.to_told, counts.whole)
        table.add_row(one.scenario.name, *("-" if value is None else str(value) for value in values))
    return table


def rounds_table(one: Counted) -> Table:
    """What goes out together in one scenario, round after round."""
    table = Table("round trip", "calls", title=one.scenario.name)
    for number, operations in enumerate(one.rounds, start=1):
        named = [f"{operations.count(name)} x {name}" for name in sorted(set(operations))]
        table.add_row(str(number), ", ".join(named).replace("1 x ", ""))
    return table


def footprint_table(footprints: Sequence[Footprint]) -> Table:
    """Peak memory, and CPU in multiples of one warm event of the same function."""
    table = Table(title="Memory, and CPU in multiples of one warm event (median; largest : smallest run)")
    for name in ("function", "code", "runs", "peak MB", "import", "first event", "warm event"):
        table.add_column(name, justify="left" if name in ("function", "code") else "right")
    for one in footprints:
        warm = one.middle("warm")
        cells = [f"{one.middle(what) / warm:.1f} ({one.spread(what):.2f})" for what in ("cold", "first", "warm")]
        code = "built" if one.built else "sources"
        table.add_row(one.function, code, str(len(one.runs)), f"{one.peak_mb:.1f}", *cells)
    return table


def memory_size_table(name: str, work: Work) -> Table:
    """Expected time and cost of one event at each MemorySize, against the last."""
    table = Table(title=f"{name}: MemorySize {recommended(work)} recommended")
    for column in ("MemorySize", "time", "cost"):
        table.add_column(column, justify="right")
    best = SIZES[-1]
    for size in SIZES:
        time, price = seconds(work, size) / seconds(work, best), cost(work, size) / cost(work, best)
        table.add_row(str(size), f"{time:.2f}", f"{price:.2f}")
    return table


def cut_table(cases: Sequence[Case]) -> Table:
    """Every contender's time to the cut in multiples of the classic flow's."""
    table = Table(title="Time to the cut, of the classic flow (median; largest : smallest run)")
    table.add_column("situation, latency of a call")
    for name in _CONTENDERS:
        table.add_column(name, justify="right")
    for one in cases:
        cells = [
            f"{one.of_classic(name):.2f} ({max(runs) / min(runs):.2f})" if (runs := one.seconds.get(name)) else "-"
            for name in _CONTENDERS
        ]
        table.add_row(f"{one.name}, {one.latency * 1000:g} ms", *cells)
    return table


def cut_profile_table(cases: Sequence[Case]) -> Table:
    """Where the time to the cut goes, in parts of the classic flow's whole; at the latency that is judged."""
    table = Table("situation", "who", "round trips", "calls", *PARTS, title="Where the time to the cut goes")
    for one in (one for one in cases if one.latency == JUDGED):
        whole = median(one.seconds[CLASSIC])
        for name in PROFILED:
            parts = [f"{part / whole:.3f}" for part in medians(one.profiles[name])]
            last = one.profiles[name][-1]
            table.add_row(one.name, name, str(last.rounds), str(last.calls), *parts)
    return table


def start_profile_table(profiles: Mapping[str, Sequence[float]]) -> Table:
    """Where the CPU of each function's start goes, of its own whole."""
    table = Table("function", *PHASES, title="Where the CPU of a start goes (median shares)")
    for name, parts in profiles.items():
        table.add_row(name, *(f"{part:.2f}" for part in parts))
    return table


def start_table(starts: Mapping[str, Start]) -> Table:
    """Every contender's cold start."""
    table = Table("handler", title="Cold start, of one EC2 client's (medians; largest : smallest run)")
    for name in ("first next", "first answer", "CPU until then"):
        table.add_column(name, justify="right")
    for row in rows(starts):
        table.add_row(*row)
    return table


def way_table(ways: Sequence[Way]) -> Table:
    """Each stage of the whole way, in multiples of the warm cut on a tag."""
    table = Table("put", *STAGES, title="The whole way in the local cloud, of the time from a tag to the cut, warm")
    unit = next(one.stages[1] for one in ways if one.put == "tag")
    for one in ways:
        name = f"{one.put}, {'warm' if one.warm else 'cold'}"
        table.add_row(name, *(f"{seconds / unit:.2f}" for seconds in one.stages))
    return table


def storms_table(storms: Sequence[Storm]) -> Table:
    """What came of each storm."""
    table = Table("storm", title="Storms, on a simulated clock")
    for name in ("findings", "tags", "isolate events", "throttled calls", "events tried again", "decided by the sweep"):
        table.add_column(name, justify="right")
    for one in storms:
        figures = (one.findings, sum(one.tagged.values()), one.isolations, one.throttled, one.retried, one.swept)
        table.add_row(one.name, *(f"{figure:,}" for figure in figures))
    return table


def sweep_table(curve: Sequence[Swept]) -> Table:
    """The sweep's curve; CPU in multiples of the first that has something to do."""
    table = Table("instances", "contained", "EC2 calls", "CPU", title="One sweep")
    unit = curve[1].seconds
    for one in curve:
        table.add_row(f"{one.instances:,}", str(one.contained), f"{one.calls:,}", f"{one.seconds / unit:.2f}")
    return table


def goals_table(goals: Sequence[Goal]) -> Table:
    """Every goal, met or not."""
    table = Table("goal", "wanted", "measured", "", title="Goals")
    for goal in goals:
        table.add_row(goal.name, goal.goal, f"{goal.measured}", "met" if goal.met else "NOT MET")
    return table


def show(*tables: Table) -> None:
    """Print the tables."""
    console = Console()
    for table in tables:
        console.print(table)
