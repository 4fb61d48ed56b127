"""An operator at their terminal: types commands against the strict moto, where the functions work while they wait."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from console import operate
from console.cloud.state import TagEvent
from console.command import app
from console.operate_aws import Place
from console.operate_tag import VERBS, Wish
from tests.cloud import ACCOUNT, REGION, SESSION, STACK, TABLE, Lab, Launched
from tests.faults import FakeClock
from tests.stack import KEY, Stack

_FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:quarantag"
FUNCTIONS = (f"{_FUNCTION}-TagFinding", f"{_FUNCTION}-Isolation")
TEMPLATE: dict[str, Any] = {
    "Parameters": {
        "IsolationTagKey": {"Type": "String", "Default": KEY},
        "IsolateTagValue": {"Type": "String", "Default": "Isolate"},
        "ReviewTagValue": {"Type": "String", "Default": "Review"},
        "ReleaseTagValue": {"Type": "String", "Default": "Release"},
        "ReleasePrincipals": {"Type": "String", "Default": "*"},
        "Mode": {"Type": "String", "Default": "enforce"},
        "Paused": {"Type": "String", "Default": "false"},
        "ForensicAccessSource": {"Type": "String", "Default": ""},
        "ProfileArn": {"Type": "String"},
        "QueueUrl": {"Type": "String"},
    },
    "Resources": {"Notifications": {"Type": "AWS::SNS::Topic"}},
    "Outputs": {
        "Ledger": {"Value": TABLE},
        "IsolationInstanceProfile": {"Value": {"Ref": "ProfileArn"}},
        "FailedEventsQueue": {"Value": {"Ref": "QueueUrl"}},
        "Functions": {"Value": ",".join(FUNCTIONS)},
    },
}
"""What template.yaml says of itself, as far as an operator's commands read it; tests hold the two together."""


@dataclass(slots=True)
class WorkingClock(FakeClock):
    """A clock whose sleeping lets the functions work: each sleep runs what is due first."""

    due: list[Callable[[], object]] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        """Run the first of what is due, then move the clock."""
        if self.due:
            self.due.pop(0)()
        super(WorkingClock, self).sleep(seconds)


@dataclass(slots=True)
class Tagging:
    """One `isolate`, `review` or `release`, in process: what it asked, and how it ended; the answer is `yes`."""

    wish: Wish
    yes: bool
    asked: list[str] = field(default_factory=list)
    clock: WorkingClock = field(default_factory=WorkingClock)

    def run(self, *due: Callable[[], object], stack: str = STACK) -> int:
        """The exit code; what is due is done while the command waits."""
        self.clock.due.extend(due)
        return operate.tag(Place(stack), self.wish, ask=self.ask, as_json=True, clock=self.clock)

    def ask(self, question: str) -> bool:
        """Answer it."""
        self.asked.append(question)
        return self.yes


@dataclass(slots=True)
class Operator:
    """Types commands at a terminal so many columns wide."""

    lab: Lab
    stack: Stack
    profile_arn: str
    failed_events: str = ""

    def typed(self, *words: str, columns: int = 100, stdin: str = "") -> Result:
        """What a command prints, and how it ends."""
        return CliRunner().invoke(app, words, input=stdin, env={"COLUMNS": str(columns)})

    def answered(self, *words: str, code: int = 0) -> Any:  # noqa: ANN401
        """The JSON document that a command prints."""
        result = self.typed(*words, "--json")
        assert (result.exit_code, result.stderr) == (code, ""), result.output
        return json.loads(result.stdout)

    def tagging(self, verb: str, instance: Launched, *, yes: bool = True, **wish: Any) -> Tagging:  # noqa: ANN401
        """A command to be run, beside which the functions may work."""
        return Tagging(Wish(VERBS[verb], instance.id, **wish), yes)

    def deploy(self, name: str = STACK, **parameters: str) -> None:
        """Make CloudFormation know the stack, with these parameters."""
        SESSION.client("cloudformation").create_stack(
            StackName=name, TemplateBody=json.dumps(TEMPLATE), Parameters=self._given(parameters)
        )

    def update(self, name: str = STACK, **parameters: str) -> None:
        """Change the stack's parameters."""
        SESSION.client("cloudformation").update_stack(
            StackName=name, UsePreviousTemplate=True, Parameters=self._given(parameters)
        )

    def _given(self, parameters: dict[str, str]) -> list[Any]:
        given = {"ProfileArn": self.profile_arn, "QueueUrl": self.failed_events} | parameters
        return [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()]

    def written(self) -> list[TagEvent]:
        """Every tag change so far."""
        return list(self.lab.cloud.events)


@pytest.fixture
def operator(stack: Stack, lab: Lab, isolation_profile_arn: str) -> Operator:
    """An operator of the deployed stack."""
    queue = SESSION.client("sqs").create_queue(QueueName="failed-events")["QueueUrl"]
    found = Operator(lab, stack, isolation_profile_arn, queue)
    found.deploy()
    return found
