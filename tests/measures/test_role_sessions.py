"""Older sessions of a role are denied by a policy that a function of its own writes; a release has it deleted."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

import release
import revoke
from quarantag.errors import InvalidEvent
from quarantag.revoking import policy, policy_name
from tests.cloud import ACCOUNT, STACK, TRUST, Lab, Launched
from tests.stack import Stack, forget_wiring

FUNCTION = "revoke-role-sessions"


@dataclass(slots=True)
class Revoking:
    """A stack that denies a role's older sessions, and what IAM shows of a role."""

    stack: Stack
    lab: Lab

    def policies(self, role: str = "web-server") -> dict[str, Any]:
        """The role's inline policies."""
        names = self.lab.iam.list_role_policies(RoleName=role)["PolicyNames"]
        return {name: self.lab.iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names}

    def before(self, instance: Launched, role: str = "web-server") -> str:
        """Before when sessions must have been issued to be denied."""
        document = self.policies(role)[policy_name(STACK, instance.id)]
        (denial,) = document["Statement"]
        assert document == policy(denial["Condition"]["DateLessThan"]["aws:TokenIssueTime"])
        return str(denial["Condition"]["DateLessThan"]["aws:TokenIssueTime"])

    def contain(self, instance: Launched) -> str:
        """Isolate it: what the outcome says."""
        return str(self.stack.tag_and_isolate(instance.id)["reason"])

    def role(self, name: str, path: str) -> str:
        """ARN of a profile with a role of this path."""
        self.lab.iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=json.dumps(TRUST))
        arn = self.lab.iam.create_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Arn"]
        self.lab.iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
        return str(arn)


def reading(bucket: str) -> str:
    """An application's own policy."""
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def revoking(stack: Stack, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Revoking:
    monkeypatch.setenv("REVOKE_CREDENTIALS", "role")
    monkeypatch.setenv("REVOKE_FUNCTION", FUNCTION)
    forget_wiring()
    lab.cloud.run(FUNCTION, revoke.handler)
    return Revoking(stack, lab)


def test_the_role_gets_the_policy_and_loses_it(revoking: Revoking, lab: Lab) -> None:
    instance = lab.instance(profile=lab.profile())
    lab.iam.put_role_policy(RoleName="web-server", PolicyName="app", PolicyDocument=reading("bucket"))

    said = revoking.contain(instance)

    case = revoking.stack.case(instance.id)
    assert case
    assert revoking.before(instance) == case["deny_issued_before"] > case["opened_at"][:19]
    assert "denied until renewed, whoever has them: no other instance with web-server" in said
    assert lab.iam.list_attached_role_policies(RoleName="web-server")["AttachedPolicies"] == []
    assert lab.iam.list_role_tags(RoleName="web-server")["Tags"] == []
    assert revoking.stack.tag_and_release(instance.id)["status"] == "Released"
    assert set(revoking.policies()) == {"app"}


def test_whom_else_it_hits_is_said(revoking: Revoking, lab: Lab) -> None:
    profile = lab.profile()
    others = sorted(lab.instance(profile=profile).id for _ in range(4))
    said = revoking.contain(lab.instance(profile=profile))
    assert f"4 other instances with web-server ({', '.join(others[:3])} …)" in said


def test_a_release_takes_off_its_own_policy_only(revoking: Revoking, lab: Lab) -> None:
    profile = lab.profile()
    first, second = lab.instance(profile=profile), lab.instance(profile=profile)
    revoking.contain(first)
    revoking.contain(second)
    revoking.stack.tag_and_release(first.id)
    assert set(revoking.policies()) == {policy_name(STACK, second.id)}


def test_a_policy_deleted_or_changed_is_drift_and_comes_back_with_its_time(revoking: Revoking, lab: Lab) -> None:
    instance = lab.instance(profile=lab.profile())
    revoking.contain(instance)
    before, name = revoking.before(instance), policy_name(STACK, instance.id)
    lab.iam.delete_role_policy(RoleName="web-server", PolicyName=name)
    revoking.stack.isolate(instance.id)
    assert revoking.before(instance) == before
    weaker = json.dumps(policy(before)).replace('"Action": "*"', '"Action": "s3:*"')
    lab.iam.put_role_policy(RoleName="web-server", PolicyName=name, PolicyDocument=weaker)
    revoking.stack.announced()
    revoking.stack.isolate(instance.id)
    assert revoking.before(instance) == before
    assert [one.split(":")[0] for one in revoking.stack.announced()] == ["Drift repaired"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/aws-service-role/eks.amazonaws.com/", "service-linked"),
        ("/quarantag/", "one of Quarantag's own"),
        ("/batch/", "not under RevocableRolePath /app/"),
    ],
)
def test_a_role_that_may_not_be_touched_is_said(
    revoking: Revoking, lab: Lab, monkeypatch: pytest.MonkeyPatch, path: str, said: str
) -> None:
    monkeypatch.setenv("REVOCABLE_ROLE_PATH", "/app/")
    forget_wiring()
    instance = lab.instance(profile=revoking.role("job", path))
    assert said in revoking.contain(instance)
    assert revoking.policies("job") == {}
    assert revoking.stack.tag_and_release(instance.id)["status"] == "Released"


def test_a_role_under_the_path_is_revoked(revoking: Revoking, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REVOCABLE_ROLE_PATH", "/app/")
    forget_wiring()
    instance = lab.instance(profile=revoking.role("job", "/app/web/"))
    revoking.contain(instance)
    assert revoking.before(instance, "job")


def test_what_iam_refuses_for_good_is_said_and_does_not_stop_the_cut(revoking: Revoking, lab: Lab) -> None:
    """Inline policies of a role have 10,240 characters together (IAM and AWS STS quotas)."""
    filling = reading("b" * 10_000)
    instance = lab.instance(profile=lab.profile())
    lab.iam.put_role_policy(RoleName="web-server", PolicyName="big", PolicyDocument=filling)
    said = revoking.contain(instance)
    assert "LimitExceeded" in said
    assert lab.tags(instance.id)["SecurityIsolationStatus"].startswith("Isolated")
    lab.iam.delete_role_policy(RoleName="web-server", PolicyName="big")
    revoking.stack.isolate(instance.id)
    assert revoking.before(instance)


def test_without_the_function_a_case_that_has_a_policy_says_what_to_do(
    revoking: Revoking, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = lab.instance(profile=lab.profile())
    revoking.contain(instance)
    monkeypatch.setenv("REVOKE_CREDENTIALS", "instance")
    monkeypatch.delenv("REVOKE_FUNCTION")
    forget_wiring()
    outcome = revoking.stack.tag_and_release(instance.id)
    assert outcome["status"] == "Failed"
    assert f"delete {policy_name(STACK, instance.id)} by hand" in outcome["reason"]
    lab.iam.delete_role_policy(RoleName="web-server", PolicyName=policy_name(STACK, instance.id))
    assert revoking.stack.tag_and_release(instance.id)["status"] == "Released"


def test_a_terminated_instance_s_role_keeps_the_policy_while_a_session_may_live(revoking: Revoking, lab: Lab) -> None:
    instance = lab.instance(profile=lab.profile())
    revoking.contain(instance)
    lab.ec2.terminate_instances(InstanceIds=[instance.id])
    (outcome,) = revoking.stack.sweep(release)
    assert outcome["status"] == "Waiting"
    assert revoking.before(instance)


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"instance_id": "i-1"},
        {"instance_id": ["i-0123456789abcdef0"]},
        {"instance_id": "i-0123456789abcdef0", "role_arn": f"arn:aws:iam::{ACCOUNT}:role/Admin"},
        {"instance_id": "i-0123456789abcdef0", "deny_issued_before": "2099-01-01T00:00:00Z"},
    ],
)
def test_the_function_takes_an_instance_s_id_and_nothing_else(revoking: Revoking, event: dict[str, Any]) -> None:
    with pytest.raises(InvalidEvent):
        revoke.handler(event, revoking.stack.context())


def test_of_an_instance_without_a_case_nothing_is_written(revoking: Revoking, lab: Lab) -> None:
    instance = lab.instance(profile=lab.profile())
    answer = revoke.handler({"instance_id": instance.id}, revoking.stack.context())
    assert answer == {"instance_id": instance.id, "denied_before": ""}
    assert revoking.policies() == {}


def test_started_again_it_does_what_the_case_says(revoking: Revoking, lab: Lab) -> None:
    """Whoever starts it: contained stays denied, and released stays allowed."""
    instance = lab.instance(profile=lab.profile())
    revoking.contain(instance)
    before = revoking.before(instance)
    for _ in range(2):
        revoke.handler({"instance_id": instance.id}, revoking.stack.context())
        assert revoking.before(instance) == before
    revoking.stack.tag_and_release(instance.id)
    revoke.handler({"instance_id": instance.id}, revoking.stack.context())
    assert revoking.policies() == {}


def test_a_namesake_of_the_role_is_not_touched(revoking: Revoking, lab: Lab) -> None:
    instance = lab.instance(profile=lab.profile())
    revoking.contain(instance)
    lab.iam.remove_role_from_instance_profile(InstanceProfileName="web-server", RoleName="web-server")
    lab.iam.delete_role_policy(RoleName="web-server", PolicyName=policy_name(STACK, instance.id))
    lab.iam.delete_role(RoleName="web-server")
    lab.iam.create_role(RoleName="web-server", AssumeRolePolicyDocument=json.dumps(TRUST))
    revoke.handler({"instance_id": instance.id}, revoking.stack.context())
    assert revoking.policies() == {}
    assert "was deleted" in revoking.stack.isolate(instance.id)["reason"]
    assert revoking.policies() == {}
