"""`python -m benchmarks`: count, measure, judge; the tables on standard output, the goals in build/bench.json.

Answers 0 also where a goal is not met: the goals say so. `--accept` takes the counts as those that tests compare with.
"""

import argparse
import logging
from collections.abc import Iterator, Sequence

from benchmarks import (
    accepted,
    cold_start,
    footprint,
    goals,
    picture,
    pipeline,
    policy_check,
    report,
    round_trips,
    size,
    start_profile,
    storms,
    sweep_scale,
    time_to_cut,
)
from benchmarks.footprint import Footprint
from benchmarks.goals import Goal
from benchmarks.memory_size import Work
from benchmarks.round_trips import Counted
from benchmarks.world import ROOT

_HANDS_OFF = {
    "tag_finding": "tag_finding: isolate",
    "isolate": "isolate: 1 interface, tagged by a finding",
    "release": "release: 1 interface",
}
_SHOWN_IN_FULL = (*_HANDS_OFF.values(), "isolate: 1 interface, fresh VPC")


def main() -> None:
    """Run everything."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--runs", type=int, default=7, help="fresh processes of each function (default: 7)")
    parser.add_argument("--hours", type=int, default=24, help="of 10,000 findings an hour (default: 24)")
    parser.add_argument("--accept", action="store_true", help="take the counts as the committed ones; measure no more")
    arguments = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    counted = round_trips.counted()
    report.show(report.counts_table(counted))
    if arguments.accept:
        accepted.accept(counted)
        return
    report.show(*(report.rounds_table(one) for one in counted if one.scenario.name in _SHOWN_IN_FULL))
    runs = max(1, arguments.runs)
    footprints = footprint.measure(runs)
    report.show(report.footprint_table(footprints))
    report.show(*(report.memory_size_table(name, work) for name, work in works(counted, footprints)))
    judged = [*round_trips.goals(counted), *_side_by_side(runs), *footprint.goals(footprints), *size.goals()]
    judged += [*_at_scale(arguments.hours), *policy_check.goals(policy_check.measure())]
    report.show(report.goals_table(judged))
    goals.write(judged, ROOT / "build" / "bench.json")


def _side_by_side(runs: int) -> list[Goal]:
    """What is measured beside the alternatives, and the picture of it."""
    cases = time_to_cut.measure(runs)
    starts = cold_start.measure(runs)
    report.show(report.cut_table(cases), report.cut_profile_table(cases))
    report.show(report.start_table(starts), report.start_profile_table(start_profile.measure(runs)))
    picture.draw(cases, starts, ROOT / "docs")
    ways = pipeline.medians(pipeline.measure(runs))
    report.show(report.way_table(ways))
    picture.draw_way(ways, ROOT / "docs")
    return [*time_to_cut.goals(cases), *cold_start.goals(starts)]


def _at_scale(hours: int) -> list[Goal]:
    played, curve = storms.storms(hours), sweep_scale.measure()
    report.show(report.storms_table(played), report.sweep_table(curve))
    return [*(goal for storm in played for goal in storm.goals()), *sweep_scale.goals(curve)]


def works(counted: Sequence[Counted], footprints: Sequence[Footprint]) -> Iterator[tuple[str, Work]]:
    """What an event needs in a sandbox that is cold, and in one that is warm."""
    depth = {one.scenario.name: one.counts.whole or 0 for one in counted}
    for one in footprints:
        trips = depth[_HANDS_OFF[one.function]]
        yield f"{one.function}, cold", Work(one.middle("cold") + one.middle("first"), trips)
        yield f"{one.function}, warm", Work(one.middle("warm"), trips)


if __name__ == "__main__":
    main()
