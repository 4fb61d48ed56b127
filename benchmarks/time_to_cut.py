"""Time from the tag-change event to the last interface in the isolation group, side by side, over a distant AWS.

Contenders: Quarantag's isolator, warm; the classic flow (`classic`), its client made; Cloud Custodian, in process and
as the process that it is. They take turns over one cloud, each with instances of its own, at each latency.
"""

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from statistics import median

import boto3

from benchmarks import classic
from benchmarks.cut_profile import Profile, profile
from benchmarks.distant import Distant, Prepared, distant
from benchmarks.goals import Goal
from benchmarks.scenarios import forget_wiring, unsaid
from benchmarks.world import ROOT
from quarantag import isolation
from quarantag.aws import wiring
from quarantag.outcome import Request
from quarantag.tagchange import parse
from tests.invocation import Hasty

LATENCIES = (0.005, 0.05, 0.2)  # seconds for each answer
JUDGED = 0.05
RUNS = 7
OF_CLASSIC = {1: 0.55, 4: 0.35}
"""The most of the classic time, by number of interfaces."""
QUARANTAG, CLASSIC, CUSTODIAN, CUSTODIAN_PROCESS = "Quarantag", "classic", "c7n in process", "c7n"
PROFILED = (QUARANTAG, CLASSIC)
PYTHON = ROOT / ".venv-c7n" / "bin" / "python"
_SCRIPT = Path(__file__).with_name("custodian.py")
Run = Callable[[Distant, Prepared], Mapping[str, float]]


@dataclass(slots=True)
class Case:
    """One situation at one latency: the seconds of each contender's runs."""

    latency: float
    interfaces: int
    fresh: bool
    seconds: dict[str, list[float]] = field(default_factory=dict)
    profiles: dict[str, list[Profile]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The situation, in words."""
        what = f"{self.interfaces} interface{'s' if self.interfaces > 1 else ''}"
        return f"{what}, {'fresh VPC' if self.fresh else 'group there'}"

    def of_classic(self, contender: str = QUARANTAG) -> float | None:
        """Median of the contender's runs over the classic flow's."""
        if contender not in self.seconds:
            return None
        return median(self.seconds[contender]) / median(self.seconds[CLASSIC])


def measure(runs: int = RUNS, latencies: Sequence[float] = LATENCIES) -> list[Case]:
    """Every situation at every latency, so many times; AssertionError where a contender did not cut."""
    cases = []
    for latency, interfaces, fresh in product(latencies, OF_CLASSIC, (False, True)):
        case = Case(latency, interfaces, fresh)
        with distant() as there, _environment(there):  # one for each: it answers the slower the more it holds
            for _ in range(runs):
                for contender in _contenders(fresh=fresh):
                    _run(case, contender, there)
        cases.append(case)
    return cases


def goals(cases: Sequence[Case]) -> list[Goal]:
    """Judge at 50 ms."""
    return [
        Goal.at_most(
            f"time to cut, {case.name}, {case.latency * 1000:g} ms a call: of the classic flow",
            OF_CLASSIC[case.interfaces],
            round(case.of_classic() or 0, 2),
        )
        for case in cases
        if case.latency == JUDGED
    ]


def _contenders(*, fresh: bool) -> Iterator[Run]:
    yield _quarantag
    yield _classic
    if not fresh and PYTHON.exists():  # Custodian makes no group
        yield _custodian


def _run(case: Case, contender: Run, there: Distant) -> None:
    there.set_latency(0)
    prepared = there.prepare(case.interfaces)
    if not case.fresh:
        _make_groups(prepared.vpc_id)
    there.set_latency(case.latency)
    for name, began in contender(there, prepared).items():
        case.seconds.setdefault(name, []).append(there.cuts()[-1] - began)
        if name in PROFILED:
            case.profiles.setdefault(name, []).append(profile(began, there.asked(), case.latency))
    if not there.is_cut(prepared):
        raise AssertionError(f"{contender.__name__} did not cut {case.name}")


def _quarantag(_: Distant, prepared: Prepared) -> Mapping[str, float]:
    wired = wiring.wired("isolate", wiring.Measures)
    # No pause is before the cut: they are short only so that a run ends sooner.
    settings, ports = wired.settings, replace(wired.ports, clock=Hasty())
    began = time.monotonic()
    change = parse(prepared.event, settings)
    with unsaid():
        isolation.isolate(Request(change.instance_id, change.tags[settings.tag_key], "benchmark"), ports, settings)
    return {QUARANTAG: began}


def _classic(_: Distant, prepared: Prepared) -> Mapping[str, float]:
    client = boto3.Session(region_name=os.environ["AWS_REGION"]).client("ec2")
    began = time.monotonic()
    classic.contain(client, prepared.instance_id, os.environ["ISOLATION_INSTANCE_PROFILE_ARN"])
    return {CLASSIC: began}


def _custodian(_: Distant, prepared: Prepared) -> Mapping[str, float]:
    group = _isolation_group(prepared.vpc_id)
    began = time.monotonic()
    said = subprocess.run(  # noqa: S603 - our own script, in its own environment
        [str(PYTHON), str(_SCRIPT), prepared.instance_id, group], capture_output=True, text=True, check=True
    )
    return {CUSTODIAN_PROCESS: began, CUSTODIAN: float(said.stdout.splitlines()[0])}


@contextmanager
def _environment(there: Distant) -> Iterator[None]:
    """What the functions and the other contenders find in their environment."""
    before = dict(os.environ)
    os.environ.update(there.environment, AWS_ENDPOINT_URL=there.endpoint)
    forget_wiring()
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        forget_wiring()


def _make_groups(vpc_id: str) -> None:
    """The isolation groups of Quarantag and of the classic flow, as earlier cases left them."""
    ports = wiring.wired("isolate", wiring.Measures).ports
    ports.instances.create_isolation_group(vpc_id)
    for group in ports.instances.isolation_groups():
        if group.rules:
            ports.instances.revoke_rules(group.id, group.rules)
    client = boto3.Session(region_name=os.environ["AWS_REGION"]).client("ec2")
    classic.group_of(client, vpc_id)


def _isolation_group(vpc_id: str) -> str:
    groups = wiring.wired("isolate", wiring.Measures).ports.instances.isolation_groups()
    return next(group.id for group in groups if group.vpc_id == vpc_id)
