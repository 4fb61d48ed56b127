"""Cold start: from a process's spawn until it asks for its first event, and until one that needs no AWS is answered.

Each runs under AWS's own runtime interface client: two floors (an empty handler; one EC2 client of boto3), a handler as
it is usually written (the same clients by boto3, and Powertools, at import; no bytecode), and the functions as built.
A function makes its clients with its first event, so that only the second figure is comparable: it is the one judged,
and in CPU time, which other work on the machine changes least. A start has one thread and waits for nothing: on an idle
core its CPU time is the time that it takes.
"""

import re
import resource
import shutil
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from subprocess import run
from tempfile import TemporaryDirectory

from benchmarks.footprint import FUNCTIONS, built_code
from benchmarks.goals import Goal
from benchmarks.world import world
from tests.runtime_interface import running

RUNS = 9
OF_NAIVE, OF_ONE_CLIENT = 0.65, 1.0
EMPTY, ONE_CLIENT, NAIVE = "empty handler", "boto3 with one EC2 client", "naive handler"
CLIENTS = ("ec2", "dynamodb", "sns")
"""What each function has when it gives its first answer; it makes the others when it first calls them."""
_ANSWER = '\ndef handler(event, context):\n    return {"cases": []}\n'
_NAIVE = """
import json, os, pathlib
import boto3
from aws_lambda_powertools import Logger

log = Logger(service="naive")
clients = [boto3.client(name) for name in {services}]
policy = json.loads(pathlib.Path(os.environ["LAMBDA_TASK_ROOT"], "policies", "default.json").read_text())
"""


@dataclass(slots=True)
class Start:
    """One contender's runs, in seconds: until it asked, until it had answered, and of CPU until then."""

    name: str
    asked: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @property
    def spread(self) -> float:
        """Largest over smallest."""
        return max(self.answered) / min(self.answered)


def measure(runs: int = RUNS) -> dict[str, Start]:
    """Start every contender so many times, in turn. Needs `sam build`'s artifact."""
    with TemporaryDirectory() as folder, world() as prepared:
        contenders = dict(_contenders(Path(folder)))
        starts = {name: Start(name) for name in contenders}
        for number in range(runs):
            for name, (code, handler) in contenders.items():
                scratch = Path(folder, f"{number}-{name}")
                scratch.mkdir()
                _start(starts[name], code, handler, prepared.environment, scratch)
    return starts


def goals(starts: Mapping[str, Start]) -> list[Goal]:
    """Judge each function against the handler that loads the same, and against one client."""

    def ratio(name: str, floor: str) -> float:
        return round(median(starts[name].cpu) / median(starts[floor].cpu), 2)

    return [
        Goal.at_most(f"{name}: cold start (CPU), of {floor}", most, ratio(name, floor))
        for name in FUNCTIONS
        for floor, most in ((NAIVE, OF_NAIVE), (ONE_CLIENT, OF_ONE_CLIENT))
    ]


def _contenders(folder: Path) -> Iterable[tuple[str, tuple[Path, str]]]:
    built = built_code("isolate")
    if built is None:
        raise SystemExit("cold starts are measured from the artifact: run `make build` first")
    yield EMPTY, (_written(folder / "empty", _ANSWER), "function.handler")
    client = f'import boto3\n\nec2 = boto3.client("ec2")\n{_ANSWER}'
    yield ONE_CLIENT, (_written(folder / "client", client), "function.handler")
    code = folder / "naive"
    shutil.copytree(built, code, ignore=shutil.ignore_patterns("__pycache__", "models", "quarantag"))
    yield NAIVE, (_written(code, _NAIVE.format(services=CLIENTS) + _ANSWER), "function.handler")
    ours = for_this_python(built, folder / "built")
    for function in FUNCTIONS:
        yield function, (ours, f"{function}.handler")


def _written(code: Path, source: str) -> Path:
    code.mkdir(exist_ok=True)
    (code / "function.py").write_text(source, encoding="utf-8")
    return code


def for_this_python(built: Path, copy: Path) -> Path:
    """A copy of the artifact; what has bytecode for Lambda's Python gets it for this one, where that is another."""
    shutil.copytree(built, copy)
    tag = sys.implementation.cache_tag
    for shipped in copy.rglob("*.pyc"):
        source = shipped.parent.parent / re.sub(r"\.cpython-\d+\.pyc$", ".py", shipped.name)
        if f".{tag}." not in shipped.name:
            shipped.rename(shipped.with_name(f"{source.stem}.wanted"))
    wanted = [str(one.parent.parent / f"{one.stem}.py") for one in copy.rglob("*.wanted")]
    if wanted:
        command = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", *wanted]
        run(command, check=True)  # noqa: S603 - this interpreter
    return copy


def _start(into: Start, code: Path, handler: str, environment: Mapping[str, str], scratch: Path) -> None:
    before = _cpu()
    known = {**environment, "LAMBDA_TASK_ROOT": str(code), "SERVICE_MODELS": "models"}
    with running(code, handler, known, scratch) as function:
        into.asked.append(function.api.asked.get(timeout=60) - function.started)
        begun = time.monotonic()
        function.invoke({})
        into.answered.append(into.asked[-1] + time.monotonic() - begun)
        function.api.asked.get(timeout=60)
    into.cpu.append(_cpu() - before)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def rows(starts: Mapping[str, Start]) -> Sequence[tuple[str, str, str, str]]:
    """Name, first `next` and first answer in multiples of the one client, and CPU likewise; medians."""
    one = starts[ONE_CLIENT]
    floor, cpu = median(one.answered), median(one.cpu)
    return [
        (
            start.name,
            f"{median(start.asked) / floor:.2f}",
            f"{median(start.answered) / floor:.2f} ({start.spread:.2f})",
            f"{median(start.cpu) / cpu:.2f}",
        )
        for start in starts.values()
    ]
