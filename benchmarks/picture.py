"""The picture of `make bench`: time to the cut and cold start, beside the alternatives, as SVG."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

import pygal
from pygal.style import CleanStyle

from benchmarks import cold_start, time_to_cut
from benchmarks.cold_start import Start
from benchmarks.footprint import FUNCTIONS
from benchmarks.pipeline import STAGES, Way
from benchmarks.time_to_cut import CUSTODIAN, CUSTODIAN_PROCESS, JUDGED, QUARANTAG, Case

_SHOWN = (time_to_cut.CLASSIC, QUARANTAG, CUSTODIAN, CUSTODIAN_PROCESS)


def draw(cases: Sequence[Case], starts: Mapping[str, Start], folder: Path) -> None:
    """Write `time-to-cut.svg` and `cold-start.svg`."""
    _cut(cases).render_to_file(str(folder / "time-to-cut.svg"))
    _start(starts).render_to_file(str(folder / "cold-start.svg"))


def _bars(title: str, unit: str) -> pygal.HorizontalBar:
    """No script and no link: README's host shows it as it is."""
    return pygal.HorizontalBar(
        title=title,
        x_title=unit,
        js=[],
        style=CleanStyle(font_family="sans-serif"),
        width=900,
        height=420,
        print_values=True,
        legend_at_bottom=True,
        value_formatter=lambda value: "" if value is None else f"{value:.2f}",
        range=(0, None),
    )


def _cut(cases: Sequence[Case]) -> pygal.HorizontalBar:
    judged = [one for one in cases if one.latency == JUDGED]
    chart = _bars("From the tag-change event to the last interface cut (50 ms a call)", "of the classic flow's time")
    chart.x_labels = [one.name for one in judged]
    for contender in _SHOWN:
        chart.add(contender, [one.of_classic(contender) for one in judged])
    return chart


def _start(starts: Mapping[str, Start]) -> pygal.HorizontalBar:
    floor = median(starts[cold_start.ONE_CLIENT].cpu)
    chart = _bars(
        "Cold start: CPU until the first event is answered", "of a handler that makes one EC2 client of boto3"
    )
    beside = (cold_start.EMPTY, cold_start.ONE_CLIENT, cold_start.NAIVE)
    chart.x_labels = [*beside, *FUNCTIONS]
    chart.add("beside it", [median(starts[name].cpu) / floor for name in beside])
    chart.add("as built", [*(None for _ in beside), *(median(starts[name].cpu) / floor for name in FUNCTIONS)])
    return chart


def draw_way(ways: Sequence[Way], folder: Path) -> None:
    """Write `pipeline.svg`: where the time of the whole way goes, in multiples of the cut's on a tag."""
    unit = next(one.stages[1] for one in ways if one.put == "tag")
    chart = pygal.HorizontalStackedBar(
        title="From a finding or a tag to the verified isolation (local cloud)",
        x_title="of the time from a tag to the cut, warm",
        js=[],
        style=CleanStyle(font_family="sans-serif"),
        width=900,
        height=320,
        legend_at_bottom=True,
        print_values=True,
        value_formatter=lambda value: f"{value:.1f}",
    )
    chart.x_labels = [f"{one.put}, {'warm' if one.warm else 'cold'}" for one in ways]
    for number, stage in enumerate(STAGES):
        chart.add(stage, [one.stages[number] / unit for one in ways])
    chart.render_to_file(str(folder / "pipeline.svg"))
