"""`quarantag policy check` of a 200-rule policy: CPU time beyond that of an interpreter that does nothing.

CPU time of child processes (user and system, getrusage), so that other work on the machine counts for nothing.
"""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.goals import Goal
from benchmarks.world import ROOT
from console import finding_types

RULES = 200
MOST_SECONDS = 1.0
RUNS = 5
EXACTLY = "severity: {at_least: 4.0}, resource_role: [ACTOR, TARGET]"


@dataclass(frozen=True, slots=True)
class Measured:
    """CPU seconds of the check and of the bare interpreter: the least of some runs, each."""

    check: float
    bare: float

    @property
    def beyond(self) -> float:
        """What the check costs beyond the start."""
        return self.check - self.bare


def policy(rules: int = RULES) -> str:
    """A good policy of so many rules, in YAML: each for one known type in one account, with its expectations."""
    known = [one for one in finding_types.catalogue().types if "Instance" in finding_types.about(one)]
    wanted, expected = ["version: 1", "limits: [{max: 10, per: 1h, by: account}]", "rules:"], ["expect:"]
    for position in range(rules - 1):
        kind, account = known[position % len(known)], f'"{111122223333 + position // len(known)}"'
        action = "isolate" if position % 2 else "review"
        wanted.append(
            f'  - {{id: rule-{position}, match: {{type: "{kind}", account: {account}, {EXACTLY}}}, then: {action}}}'
        )
        expected.extend(_expected(kind, account, action, position))
    wanted.append("  - {id: rest, match: {severity: {at_least: 4.0}}, then: review}")
    expected.append('  - {finding: {type: "Recon:EC2/Portscan", severity: 8.0}, action: review, rule: rest}')
    return "\n".join([*wanted, *expected, ""])


def _expected(kind: str, account: str, action: str, position: int) -> Iterator[str]:
    example = f'type: "{kind}", account: {account}, resource_role: ACTOR'
    yield f"  - {{finding: {{{example}, severity: 8.0}}, action: {action}, rule: rule-{position}}}"
    yield f"  - {{finding: {{{example}, severity: 3.0}}, action: ignore}}"


def measure(runs: int = RUNS) -> Measured:
    """Check the policy in so many fresh processes; raises `CalledProcessError` where it is refused."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "policy.yaml"
        file.write_text(policy(), encoding="utf-8")
        check = [sys.executable, "-m", "console.command", "policy", "check", "--strict", str(file)]
        bare = [sys.executable, "-c", ""]
        return Measured(min(_cpu(check) for _ in range(runs)), min(_cpu(bare) for _ in range(runs)))


def _cpu(command: Sequence[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "handlers"), str(ROOT)])}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)  # noqa: S603 (our own interpreter)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def goals(measured: Measured) -> list[Goal]:
    """The one goal."""
    name = f"policy check of {RULES} rules: CPU beyond interpreter start"
    return [Goal.below(name, MOST_SECONDS, round(measured.beyond, 2), "s")]
