"""The cells that run over the strict moto too: of each kind of fault at each method, the first in the recording."""

from collections.abc import Iterator

from tests.crash.matrix import DIRECTIONS, Cell, cells
from tests.crash.scenarios import SCENARIOS

_PART = 13


def _sample() -> Iterator[Cell]:
    seen = set()
    for scenario in SCENARIOS:
        for direction in DIRECTIONS:
            for cell in cells(scenario, direction):
                what = cell.fault.call.port, cell.fault.call.method, cell.fault.kind, direction
                if what not in seen:
                    seen.add(what)
                    yield cell


ONE_OF_EACH = tuple(_sample())
SAMPLE = ONE_OF_EACH[::_PART]
