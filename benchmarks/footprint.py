"""Memory and CPU of each function, each time in a fresh process that talks to strict moto over loopback."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Literal

from moto.server import ThreadedMotoServer

from benchmarks.goals import Goal
from benchmarks.world import ROOT, World, world

Function = Literal["isolate", "release", "tag_finding"]
FUNCTIONS: tuple[Function, ...] = ("tag_finding", "isolate", "release")
LIMIT_MB = 110
_SCRIPT = Path(__file__).with_name("sandbox.py")
_EVENTS = 4
_LONGEST = 120  # seconds


@dataclass(frozen=True, slots=True)
class Run:
    """One fresh process: peak memory in MB (of 1,024 KB, as in Lambda); CPU seconds to import, at first, and later."""

    peak_mb: float
    cold: float
    first: float
    warm: float


@dataclass(frozen=True, slots=True)
class Footprint:
    """One function's runs; `built` says whether `sam build`'s artifact was measured, or the sources."""

    function: Function
    built: bool
    runs: tuple[Run, ...]

    @property
    def peak_mb(self) -> float:
        """The highest of all runs: a limit must hold every time."""
        return max(run.peak_mb for run in self.runs)

    def middle(self, what: Literal["cold", "first", "warm"]) -> float:
        """Median over the runs, in seconds of CPU."""
        return median(self._values(what))

    def spread(self, what: Literal["cold", "first", "warm"]) -> float:
        """Largest over smallest run."""
        values = self._values(what)
        return max(values) / min(values)

    def _values(self, what: Literal["cold", "first", "warm"]) -> list[float]:
        return [{"cold": run.cold, "first": run.first, "warm": run.warm}[what] for run in self.runs]


def measure(runs: int) -> list[Footprint]:
    """Measure every function in so many fresh processes, each with one event cold and the others warm."""
    return [_footprint(function, runs) for function in FUNCTIONS]


def goals(footprints: Sequence[Footprint]) -> list[Goal]:
    """Judge the peak memory."""
    return [
        Goal.below(f"{one.function}: peak memory", LIMIT_MB, round(one.peak_mb, 1), unit="MB") for one in footprints
    ]


@contextmanager
def serving() -> Iterator[str]:
    """This process's strict moto behind a free loopback port; its endpoint."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        yield "http://{}:{}".format(*server.get_host_and_port())
    finally:
        server.stop()


def built_code(function: Function) -> Path | None:
    """The function's directory in `sam build`'s output, where there is one."""
    return next((found.parent for found in sorted((ROOT / ".aws-sam" / "build").glob(f"*/{function}.py"))), None)


def _footprint(function: Function, runs: int) -> Footprint:
    code = built_code(function)
    return Footprint(function, code is not None, tuple(_run(function, code) for _ in range(runs)))


def _run(function: Function, code: Path | None) -> Run:
    with world() as prepared, serving() as endpoint:
        events = [_event(function, prepared) for _ in range(_EVENTS)]
        said = subprocess.run(  # noqa: S603 - this project's own script
            [sys.executable, "-B", str(_SCRIPT), str(code or ROOT / "handlers"), function],
            input=json.dumps(events),
            env=_environment(prepared, endpoint, code),
            capture_output=True,
            text=True,
            check=False,
            timeout=_LONGEST,
        )
    if said.returncode:
        raise RuntimeError(f"{function} failed in its sandbox:\n{said.stderr}")
    answer = json.loads(said.stdout.splitlines()[-1])
    return Run(answer["peak_kib"] / 1024, answer["cold"], answer["first"], median(answer["warm"]))


def _event(function: Function, prepared: World) -> dict[str, Any]:
    instance = prepared.lab.instance(profile=prepared.environment["ISOLATION_INSTANCE_PROFILE_ARN"])
    if function == "tag_finding":
        return prepared.found(instance.id)
    return prepared.tagged(instance.id, "Isolate" if function == "isolate" else "Release")


def _environment(prepared: World, endpoint: str, code: Path | None) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    root = {"LAMBDA_TASK_ROOT": str(code), "SERVICE_MODELS": "models"} if code else {}
    return kept | dict(prepared.environment) | root | {"AWS_ENDPOINT_URL": endpoint, "PYTHONHASHSEED": "0"}
