"""`quarantag policy explain`: what a policy decides about one finding, offline, by the functions' own engine."""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from console.policy_file import RefusedFile, UnreadableFile, load_checked
from quarantag.decision import Circumstances, Decision, Explanation, explanations
from quarantag.errors import InvalidFinding
from quarantag.finding import Finding, NamedInstance, parse
from quarantag.instance import Instance
from quarantag.policy import Policy

STDIN = "-"
SHOWN = ("instance_id", "account", "region", "action", "rule", "reason")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a finding's file (or `-`), a policy's, and what the instance and the stack are like."""

    finding: str
    policy: Path
    tags: tuple[str, ...] = ()
    act_on_samples: bool = False


class BadQuestion(Exception):
    """A question that can't be answered; its text is one line: what, where, what to do."""


def explain(question: Question, *, as_json: bool) -> int:
    """Answer the question on stdout; answers the exit code: 0, or 2 with one line on stderr."""
    try:
        policy = _policy(question.policy)
        finding = read_finding(question.finding)
        answers = answer(finding, policy, _tags(question.tags), act_on_samples=question.act_on_samples)
    except BadQuestion as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if as_json:
        decisions = [explanation.decision for explanation in answers]
        sys.stdout.write(json.dumps(as_document(finding, decisions)) + "\n")
    else:
        _print(finding, policy, answers)
    return 0


def answer(
    finding: Finding, policy: Policy, tags: Mapping[str, str], *, act_on_samples: bool = False
) -> tuple[Explanation, ...]:
    """Decide offline, as the stack of each instance's own account and Region would see it: running, with these tags."""

    def circumstances(named: NamedInstance) -> Circumstances:
        known = Instance(named.instance_id, "running", named.vpc_id, tags) if named.instance_id else None
        now = datetime.now(UTC)
        return Circumstances(named.account, named.region, now, act_on_samples, exempt_key=None, instance=known)

    return explanations(finding, policy, circumstances)


def as_document(finding: Finding, decisions: list[Decision]) -> dict[str, object]:
    """The JSON shape that scripts rely on: docs/ and CHANGELOG name it a stable interface."""
    shown = [{key: value for key, value in asdict(decision).items() if key in SHOWN} for decision in decisions]
    return {"finding_id": finding.id, "type": finding.type, "severity": finding.severity, "decisions": shown}


def _tags(pairs: tuple[str, ...]) -> dict[str, str]:
    for pair in pairs:
        if not pair.partition("=")[0] or "=" not in pair:
            raise BadQuestion(f"--tag {pair}: write it as KEY=VALUE")
    return {key: value for key, _, value in (pair.partition("=") for pair in pairs)}


def _policy(path: Path) -> Policy:
    try:
        return load_checked(path)
    except (RefusedFile, UnreadableFile) as error:
        raise BadQuestion(str(error)) from error


def read_finding(name: str) -> Finding:
    """Parse the finding in the file, or on stdin for `-`; raises `BadQuestion`."""
    place = "stdin" if name == STDIN else name
    try:
        content = sys.stdin.buffer.read() if name == STDIN else Path(name).read_bytes()
        return parse(json.loads(content))
    except OSError as error:
        raise BadQuestion(f"{place}: can't be read: {error.strerror}: name a finding's JSON file") from error
    except (ValueError, RecursionError) as error:
        problem = " ".join(str(error).split())
        raise BadQuestion(f"{place}: not JSON: {problem}: name a file with one finding in it") from error
    except InvalidFinding as error:
        raise BadQuestion(f"{place}: not a finding to act on: {error}") from error


def _print(finding: Finding, policy: Policy, answers: tuple[Explanation, ...]) -> None:
    from console.explained import show  # noqa: PLC0415 (lazy: `--json` does not pay for rich)

    show(finding, policy, answers)
