"""`quarantag policy explain`: what a policy decides about one finding, offline, by the functions' own engine."""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from console.guardrails import Around, Guardrail, guardrails
from console.policy_file import RefusedFile, UnreadableFile, load_checked
from console.screen_words import seen
from quarantag.decision import Circumstances, Decision, Explanation, explanations
from quarantag.errors import InvalidFinding
from quarantag.finding import Finding, NamedInstance, parse
from quarantag.instance import Instance
from quarantag.naming import is_place
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
    at: str | None = None


class BadQuestion(Exception):
    """A question that can't be answered; its text is one line: what, where, what to do."""


def explain(question: Question, *, as_json: bool) -> int:
    """Answer the question on stdout; answers the exit code: 0, or 2 with one line on stderr."""
    try:
        policy = _policy(question.policy)
        finding = read_finding(question.finding)
        stack = Stack(_tags(question.tags), question.act_on_samples, _place(question.at))
    except BadQuestion as error:
        sys.stderr.write(f"{error}\n")
        return 2
    answers = explanations(finding, policy, stack.around)
    rails = [_guardrails(finding, policy, stack, one) for one in answers]
    if as_json:
        document = as_document(finding, [one.decision for one in answers])
        traces = [as_trace(policy, one, around) for one, around in zip(answers, rails, strict=True)]
        sys.stdout.write(json.dumps({**document, "trace": traces}) + "\n")
    else:
        from console.explained import show  # noqa: PLC0415 (lazy: `--json` does not pay for rich)

        show(finding, policy, list(zip(answers, rails, strict=True)))
    return 0


@dataclass(frozen=True, slots=True)
class Stack:
    """The stack that is taken to decide: that of the instance's own account and Region, unless `place` says another."""

    tags: Mapping[str, str]
    act_on_samples: bool = False
    place: tuple[str, str] | None = None

    def around(self, named: NamedInstance) -> Circumstances:
        """What it would see, offline: the instance runs, in the finding's VPC, with these tags."""
        known = Instance(named.instance_id, "running", named.vpc_id, self.tags) if named.instance_id else None
        account, region = self.place or (named.account, named.region)
        return Circumstances(account, region, datetime.now(UTC), self.act_on_samples, exempt_key=None, instance=known)


def answer(
    finding: Finding, policy: Policy, tags: Mapping[str, str], *, act_on_samples: bool = False
) -> tuple[Explanation, ...]:
    """Decide offline, as the stack of each instance's own account and Region would see it: running, with these tags."""
    return explanations(finding, policy, Stack(tags, act_on_samples).around)


def _guardrails(finding: Finding, policy: Policy, stack: Stack, answer: Explanation) -> tuple[Guardrail, ...]:
    """The guardrails around the instance of this decision; none where the finding is about no instance."""
    decision, last = answer.decision, answer.attempts[-1] if answer.attempts else None
    told = (decision.instance_id, decision.account, decision.region)
    at = [one for one in finding.instances if told in {(one.instance_id, *told[1:]), (None, one.account, one.region)}]
    named = next((one for one in at if one.instance_id == decision.instance_id), at[0] if at else None)
    if named is None or (decision.instance_id is None and decision.action == "ignore"):
        return ()
    rule = last.rule if last and last.held else None
    return guardrails(Around(finding, named, policy, stack.around(named), rule, decision))


def as_document(finding: Finding, decisions: list[Decision]) -> dict[str, object]:
    """The JSON shape that scripts rely on: docs/ and CHANGELOG name it a stable interface."""
    shown = [{key: value for key, value in asdict(decision).items() if key in SHOWN} for decision in decisions]
    return {"finding_id": finding.id, "type": finding.type, "severity": finding.severity, "decisions": shown}


def as_trace(policy: Policy, answer: Explanation, around: tuple[Guardrail, ...]) -> dict[str, object]:
    """How one decision came about, as JSON: the rules tried, each with its matchers, those not reached, guardrails."""
    rules = [
        {
            "rule": attempt.rule.id,
            "then": attempt.rule.action,
            "held": attempt.held,
            "matchers": [
                {"matcher": one.matcher, "wanted": str(one.wanted), "saw": seen(one.saw), "held": one.held}
                for one in attempt.checks
            ],
        }
        for attempt in answer.attempts
    ]
    left = [rule.id for rule in policy.rules[len(rules) :]]
    return {"rules": rules, "not_reached": left, "guardrails": [asdict(guardrail) for guardrail in around]}


def _place(at: str | None) -> tuple[str, str] | None:
    if at is None:
        return None
    account, _, region = at.partition("/")
    if not is_place(account, region):
        raise BadQuestion(f"--at {at}: write it as ACCOUNT/REGION, like 123456789012/us-east-1")
    return account, region


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
