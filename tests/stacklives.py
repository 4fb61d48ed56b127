"""A stack whose life is asked about in process: requests as CloudFormation sends them, and what the stack is doing."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

import stack as own_function
from quarantag.aws import wiring
from quarantag.outcome import Request
from quarantag.releasing import release
from quarantag.stacklife import CHANGE, DELETION, GUARDED, LifeRequest, parse
from quarantag.takedown import LifePorts, live
from tests.cloud import ACCOUNT, REGION, Lab, Launched
from tests.faults import FakeClock, Fault, faulty
from tests.stack import KEY, Stack, forget_wiring

STACK_ID = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/quarantag/0f00"
PROPERTIES = {
    "IsolationTagKey": KEY,
    "IsolateTagValue": "Isolate",
    "ReviewTagValue": "Review",
    "ReleaseTagValue": "Release",
    "IsolationRoleName": "SecurityIsolation-IAMRole",
    "IsolationSecurityGroupName": "SecurityIsolation-SecurityGroup",
    "RevocableRolePath": "/",
}
DENYING = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
assert set(PROPERTIES) == set(GUARDED)


def event(kind: str, resource: str, url: str = "http://127.0.0.1:9/", **more: object) -> dict[str, Any]:
    """A request as CloudFormation sends it."""
    return {
        "RequestType": kind,
        "ResourceType": resource,
        "LogicalResourceId": resource.removeprefix("Custom::Quarantag"),
        "StackId": STACK_ID,
        "RequestId": "request-1",
        "ResponseURL": url,
        "ResourceProperties": {"ServiceToken": "arn", **PROPERTIES},
        **more,
    }


def deletion() -> LifeRequest:
    """The stack is to be deleted."""
    return parse(
        event("Delete", DELETION, PhysicalResourceId="0f00-Deletion", ResourceProperties={"SettleSeconds": "90"})
    )


def change(**to: str) -> LifeRequest:
    """These of the guarded parameters are to become these."""
    return parse(event("Update", CHANGE, ResourceProperties=PROPERTIES | to, OldResourceProperties=PROPERTIES))


@dataclass(frozen=True, slots=True)
class Doing:
    """The `Stacks` port of a stack that does this."""

    what: str

    def status(self, stack_id: str) -> str:
        """The same for every stack."""
        assert stack_id == STACK_ID
        return self.what


@dataclass(slots=True)
class Meanwhile(FakeClock):
    """A clock during whose first sleep something happens."""

    happens: Callable[[], object] = field(default=lambda: None)

    def sleep(self, seconds: float) -> None:
        """Have it happen, then move the clock."""
        happens, self.happens = self.happens, lambda: None
        happens()
        FakeClock.sleep(self, seconds)


@dataclass(slots=True)
class Life:
    """The deployed stack and its own function."""

    stack: Stack
    lab: Lab
    policy_arn: str

    def asked(
        self, request: LifeRequest, doing: str, *faults: Fault, meanwhile: Callable[[], object] = lambda: None
    ) -> str:
        """Why the request is refused while the stack is doing this, "" where it is not."""
        forget_wiring()
        real, of = own_function.wired()
        broken: dict[str, Any] = {
            name: faulty(getattr(real, name), *faults) for name in ("containments", "leftovers", "pausing")
        }
        ports: LifePorts = replace(real, stacks=Doing(doing), clock=Meanwhile(happens=meanwhile), **broken)
        return live(request, ports, of)

    def contained(self) -> Launched:
        """An instance that is isolated; the clock does not wait, and nothing supports the cut."""
        instance = self.lab.instance(tags={KEY: "Isolate"})
        assert self.stack.reconcile(instance.id).status == "Isolated"
        return instance

    def freed(self, instance_id: str, key: str = KEY) -> str:
        """Its status after it was tagged to be released."""
        self.lab.tag(instance_id, **{key: "Release"})
        request = Request(instance_id, "Release", self.stack.context().aws_request_id)
        return release(request, self.stack.ports(), wiring.settings()).status

    def deleted(self, *faults: Fault, meanwhile: Callable[[], object] = lambda: None) -> str:
        """Why the stack is not deleted."""
        return self.asked(deletion(), "DELETE_IN_PROGRESS", *faults, meanwhile=meanwhile)

    def paused(self) -> bool:
        """Whether the kill switch is on."""
        return any(item["pk"] == "switch" and item["paused"] for item in self.stack.items())

    def own_groups(self) -> list[str]:
        """Ids of the groups with the creation tag."""
        filters = [{"Name": "tag:QuarantagStack", "Values": ["quarantag"]}]
        found = self.lab.ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
        return sorted(group["GroupId"] for group in found)

    def attached(self) -> list[str]:
        """Names of the roles that have the policy."""
        found = self.lab.iam.list_entities_for_policy(PolicyArn=self.policy_arn)
        return sorted(one["RoleName"] for one in found["PolicyRoles"])

    def role_tags(self, role: str) -> dict[str, str]:
        """The tags of a role."""
        return {one["Key"]: one["Value"] for one in self.lab.iam.get_role(RoleName=role)["Role"].get("Tags", [])}


@pytest.fixture
def life(stack: Stack, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Life:
    """With the policy that denies sessions."""
    made = lab.iam.create_policy(PolicyName="deny-contained", PolicyDocument=json.dumps(DENYING))["Policy"]["Arn"]
    monkeypatch.setenv("SESSIONS_POLICY_ARN", made)
    forget_wiring()
    return Life(stack, lab, made)
