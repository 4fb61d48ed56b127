"""Where the CPU of a cold start goes: fresh processes of the built artifact, with bytecode, phase by phase."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.cold_start import for_this_python
from benchmarks.footprint import FUNCTIONS, built_code
from benchmarks.start_phases import PHASES
from benchmarks.world import world

_SCRIPT = Path(__file__).with_name("start_phases.py")


def measure(runs: int) -> dict[str, tuple[float, ...]]:
    """Give each function's share of each of `PHASES`, of its own whole start: medians, which sum up to about 1."""
    built = built_code("isolate")
    if built is None:
        raise SystemExit("starts are measured from the artifact: run `make build` first")
    with TemporaryDirectory() as folder, world() as prepared:
        code = for_this_python(built, Path(folder, "built"))
        models = {"LAMBDA_TASK_ROOT": str(code), "SERVICE_MODELS": "models"}
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environment = {**kept, **prepared.environment, **models}
        return {one: shares([_seconds(code, one, environment) for _ in range(runs)]) for one in FUNCTIONS}


def shares(runs: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """Give the median share of each phase."""
    return tuple(median(run[phase] / sum(run) for run in runs) for phase in range(len(PHASES)))


def _seconds(code: Path, function: str, environment: Mapping[str, str]) -> list[float]:
    command = [sys.executable, "-B", str(_SCRIPT), str(code), function]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: S603 - our own
    found: list[float] = json.loads(said.stdout.splitlines()[-1])
    return found
