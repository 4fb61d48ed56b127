"""Each check of docs/verify-in-aws.sh passes over the right world and fails over a wrong one: in bash, no AWS."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fake_aws import World
from tests.length import soak_only
from tests.template import ROOT
from tests.verify_world import CHECKS, ID, NAME, STACK, Check, world

pytestmark = soak_only

STOPPED = 2
RIGHTLY = ("PASS     sessions: the sibling's are not", "PASS     Elastic IP: disassociated")
"""What an answer of nothing does show: a call that was allowed, and no address."""
SCRIPT = ROOT / "docs" / "verify-in-aws.sh"
FOR_EACH_CHECK = f"""
source {SCRIPT}
PATIENCE=0 LATE=0 PAUSE=0 KEY=KEY ID={ID} NAME={NAME} VPC=vpc-1 ADDRESS=eipalloc-1 STOLEN=yes QUEUE=queue
ACCOUNT=123456789012 AWS_DEFAULT_REGION=eu-central-1 BEGAN=2026-11-23T12:00:00Z
printf 'STOLEN secret token' >"$HERE/stolen"; printf 'SIBLING secret token' >"$HERE/sibling"
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """How a check ended: how many passed, failed and were skipped, and what was printed."""

    passed: int
    failed: int
    skipped: int
    said: str


@dataclass(frozen=True, slots=True)
class Bash:
    """Runs the script's own functions over a world."""

    folder: Path

    def run(self, call: str, over: World) -> Seen:
        """Call one of them."""
        place = self.folder / "world.json"
        place.write_text(json.dumps(over), encoding="utf-8")
        environment = {
            "PATH": f"{self.folder}{os.pathsep}{os.environ['PATH']}",
            "FAKE_WORLD": str(place),
            "TMPDIR": str(self.folder),
            "STACK": STACK,
        }
        text = f'{FOR_EACH_CHECK}\n{call} >&2\nprintf "%s %s %s" $PASSED $FAILED $SKIPPED'
        command = ["bash", "-c", text]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            assert done.returncode == STOPPED, done.stderr
            return Seen(0, 1, 0, done.stderr)
        passed, failed, skipped = map(int, done.stdout.split())
        return Seen(passed, failed, skipped, done.stderr)


@pytest.fixture
def bash(tmp_path: Path) -> Bash:
    """With a stand-in for the AWS CLI before the real one."""
    cli = tmp_path / "aws"
    cli.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m tests.fake_aws "$@"\n', encoding="utf-8")
    cli.chmod(0o755)
    return Bash(tmp_path)


def with_answer(words: tuple[str, ...], answer: Any, check: Check) -> World:  # noqa: ANN401 - any JSON
    """The right world, but for this answer."""
    return [(list(words), answer), *world(**dict(check.parameters))]


@pytest.mark.parametrize("check", CHECKS, ids=str)
def test_a_check_passes_over_the_right_world(bash: Bash, check: Check) -> None:
    seen = bash.run(check.call, world(**dict(check.parameters)))
    assert seen.failed == 0, seen.said
    assert seen.passed, seen.said
    assert seen.skipped == 0, seen.said


@pytest.mark.parametrize(
    ("check", "words", "answer"),
    [
        pytest.param(check, words, answer, id=f"{check}: {' '.join(words)} {number}")
        for check in CHECKS
        for number, (words, answer) in enumerate(check.wrong)
    ],
)
def test_a_check_fails_over_a_wrong_world(bash: Bash, check: Check, words: tuple[str, ...], answer: Any) -> None:  # noqa: ANN401
    seen = bash.run(check.call, with_answer(words, answer, check))
    assert seen.failed, seen.said


@pytest.mark.parametrize("answer", [{}, {"refused": "AccessDenied"}], ids=["nothing", "refused"])
@pytest.mark.parametrize("check", CHECKS, ids=str)
def test_no_check_passes_where_aws_answers_nothing(bash: Bash, check: Check, answer: dict[str, str]) -> None:
    """All but the stack's parameters, which say what is to be checked: each check fails, none passes unseen."""
    asked = [one for one in world(**dict(check.parameters)) if one[0] == ["describe-stacks"]]
    seen = bash.run(check.call, [*asked, ([], answer)])
    passed = [line for line in seen.said.splitlines() if line.startswith("PASS")]
    assert seen.failed, seen.said
    assert [line for line in passed if answer or not line.startswith(RIGHTLY)] == []


RELEASED: World = [(["describe-tags"], {"Tags": [{"Value": "Released: verified"}]})]


@pytest.mark.parametrize(
    ("between", "over", "failed"),
    [
        (":", RELEASED, False),
        ('echo "one more line" >>"$HERE/before"', RELEASED, True),
        (":", [], True),
        (":", [*RELEASED, (["list-role-policies"], {"refused": "AccessDenied"})], True),
    ],
    ids=["as it was", "something differs", "the status never says so", "what could not be read is not the same"],
)
def test_a_release_is_compared_with_what_was(bash: Bash, between: str, over: World, failed: bool) -> None:  # noqa: FBT001
    right = world(AutoScalingMembers="keep", SnapshotVolumes="false", RevokeCredentials="none")
    seen = bash.run(f'portrait >"$HERE/before"; {between}; release', [*over, *right])
    assert bool(seen.failed) is failed, seen.said
