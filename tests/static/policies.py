"""parliament over every policy that the template makes, in the environment that has it (`.venv-checks`)."""

import json
import re
import subprocess
from collections.abc import Iterator
from typing import Any

from tests.iam.roles import DEPLOYED, arn
from tests.static.found import Found
from tests.template import ROOT, Template, as_document, source

PYTHON = ROOT / ".venv-checks/bin/python"
PROGRAM = ROOT / "tests/static/with_parliament.py"
_ATTACHED = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy")


def documents(**parameters: str) -> dict[str, dict[str, Any]]:
    """Every policy document, with the ARNs that a deployment would have."""
    template = Template(**DEPLOYED | parameters)
    written = {
        f"{role}/{one['PolicyName']}": one["PolicyDocument"]
        for role, properties in template.of_type("AWS::IAM::Role").items()
        for one in properties["Policies"]
    }
    for kind in _ATTACHED:
        written |= {name: one["PolicyDocument"] for name, one in template.of_type(kind).items()}
    return {name: _placed(as_document(one)) for name, one in written.items()}


def found(stack: str, policies: dict[str, dict[str, Any]]) -> Iterator[Found]:
    """What parliament says, one finding for each action that it is about. Raises RuntimeError where it fails."""
    ran = subprocess.run(  # noqa: S603 - our own
        [str(PYTHON), str(PROGRAM)],
        input=json.dumps(policies),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if ran.returncode:
        raise RuntimeError(f"parliament failed: {ran.stderr.strip()[-1000:]}")
    for name, issue, detail in sorted(set(map(tuple, json.loads(ran.stdout)))):
        yield Found("parliament", stack, issue, f"{name} {detail}")


def _placed(document: dict[str, Any]) -> dict[str, Any]:
    def named(match: re.Match[str]) -> str:
        return arn(match[1]) if match[1] in source()["Resources"] else match[0]

    placed: dict[str, Any] = json.loads(re.sub(r"<(\w+)(?:\.Arn)?>", named, json.dumps(document)))
    return placed
