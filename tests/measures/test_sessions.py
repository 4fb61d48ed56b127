"""A contained instance's sessions are denied by a tag and a policy of its role; a release takes off exactly these."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

import isolate
import release
from quarantag.aws import wiring
from quarantag.aws.slots import TableSlots
from quarantag.aws.table import Table
from quarantag.errors import Conflict, Terminal
from tests.cloud import ACCOUNT, REGION, SESSION, TABLE, TRUST, Lab, Launched
from tests.stack import Stack, forget_wiring
from tests.template import Template

TAG = f"QuarantagContained{{}}-{REGION}"
POLICY = Template(**{"AWS::Region": REGION}).properties("DenyContainedSessions")["PolicyDocument"]


def arn_of(instance: Launched) -> str:
    return f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{instance.id}"


@dataclass(slots=True)
class Revoking:
    """A stack that denies sessions, and what IAM shows of a role."""

    stack: Stack
    lab: Lab
    policy_arn: str

    def denied(self, role: str = "web-server") -> tuple[dict[str, str], bool]:
        """The role's tags, and whether the policy is attached."""
        attached = self.lab.iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        return self.tags(role), self.policy_arn in [one["PolicyArn"] for one in attached]

    def tags(self, role: str = "web-server") -> dict[str, str]:
        """The role's tags."""
        return {one["Key"]: one["Value"] for one in self.lab.iam.list_role_tags(RoleName=role)["Tags"]}

    def contain(self, instance: Launched) -> str:
        """Isolate it: what the status tag then says."""
        self.stack.tag_and_isolate(instance.id)
        return self.lab.tags(instance.id)["SecurityIsolationStatus"]

    def slots(self) -> list[dict[str, Any]]:
        """The ledger's items of roles."""
        return [item for item in self.stack.items() if item["sk"] == "slots"]


@pytest.fixture
def revoking(stack: Stack, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Revoking:
    made = lab.iam.create_policy(PolicyName="deny-contained-sessions", PolicyDocument=json.dumps(POLICY))
    monkeypatch.setenv("REVOKE_CREDENTIALS", "instance")
    monkeypatch.setenv("SESSIONS_POLICY_ARN", made["Policy"]["Arn"])
    forget_wiring()
    return Revoking(stack, lab, made["Policy"]["Arn"])


def test_the_role_gets_the_tag_and_the_policy_and_loses_both(revoking: Revoking, lab: Lab) -> None:
    instance = lab.instance(profile=lab.profile())
    lab.iam.tag_role(RoleName="web-server", Tags=[{"Key": "Team", "Value": "red"}])

    assert revoking.contain(instance) == "Isolated: verified"
    assert revoking.denied() == ({"Team": "red", TAG.format(1): arn_of(instance)}, True)

    assert revoking.stack.tag_and_release(instance.id)["status"] == "Released"
    assert revoking.denied() == ({"Team": "red"}, False)
    assert [set(item) for item in revoking.slots()] == [{"pk", "sk"}]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_instances_of_one_role_are_released_in_any_order(
    revoking: Revoking, lab: Lab, order: tuple[int, int, int]
) -> None:
    profile = lab.profile()
    instances = [lab.instance(profile=profile) for _ in range(3)]
    for instance in instances:
        revoking.contain(instance)
    assert sorted(revoking.tags().values()) == sorted(map(arn_of, instances))
    left = set(map(arn_of, instances))
    for index in order:
        assert revoking.denied() == (revoking.tags(), True)
        revoking.stack.tag_and_release(instances[index].id)
        left.remove(arn_of(instances[index]))
        assert set(revoking.tags().values()) == left
    assert revoking.denied() == ({}, False)


def test_one_more_than_there_are_slots_is_said_and_comes_next(revoking: Revoking, lab: Lab) -> None:
    profile = lab.profile()
    instances = [lab.instance(profile=profile) for _ in range(6)]
    said = [revoking.contain(instance) for instance in instances]
    assert said[:5] == ["Isolated: verified"] * 5
    assert "no slot is free" in said[5]
    revoking.stack.tag_and_release(instances[2].id)

    revoking.stack.sweep(isolate)

    assert revoking.tags()[TAG.format(3)] == arn_of(instances[5])
    assert lab.tags(instances[5].id)["SecurityIsolationStatus"] == "Isolated: verified"


def test_a_tag_or_the_policy_taken_off_is_drift(revoking: Revoking, lab: Lab) -> None:
    instance = lab.instance(profile=lab.profile())
    revoking.contain(instance)
    before = revoking.denied()
    revoking.stack.announced()
    lab.iam.untag_role(RoleName="web-server", TagKeys=[TAG.format(1)])
    lab.iam.detach_role_policy(RoleName="web-server", PolicyArn=revoking.policy_arn)

    revoking.stack.isolate(instance.id)

    assert revoking.denied() == before
    (subject,) = revoking.stack.announced()
    assert subject.startswith("Drift repaired")


def test_a_role_with_as_many_policies_or_tags_as_iam_allows_is_said_and_cut_like_any_other(
    revoking: Revoking, lab: Lab
) -> None:
    document = json.dumps(POLICY)
    arns = [lab.iam.create_policy(PolicyName=f"p{one}", PolicyDocument=document)["Policy"]["Arn"] for one in range(10)]
    full, tagged = lab.instance(profile=lab.profile("full")), lab.instance(profile=lab.profile("tagged"))
    for arn in arns:
        lab.iam.attach_role_policy(RoleName="full", PolicyArn=arn)
    lab.iam.tag_role(RoleName="tagged", Tags=[{"Key": f"k{one}", "Value": "v"} for one in range(50)])
    for instance in (full, tagged):
        said = revoking.contain(instance)
        assert said.startswith("Isolated")
        assert "LimitExceeded" in said
        assert revoking.stack.tag_and_release(instance.id)["status"] == "Released"
    assert set(revoking.tags("full")) == set()
    assert len(revoking.tags("tagged")) == 50


def test_a_slot_that_another_stack_of_this_region_uses_is_left_alone(revoking: Revoking, lab: Lab) -> None:
    instance = lab.instance(profile=lab.profile())
    others = f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-00000000000000abc"
    tags = {TAG.format(1): others, TAG.format(2): "nonsense"}
    lab.iam.tag_role(RoleName="web-server", Tags=[{"Key": key, "Value": value} for key, value in tags.items()])
    revoking.contain(instance)
    assert revoking.tags() == {TAG.format(1): others, TAG.format(2): arn_of(instance)}


def test_without_a_profile_nothing_is_touched(revoking: Revoking, lab: Lab) -> None:
    instance = lab.instance()
    assert revoking.contain(instance) == "Isolated: verified"
    assert revoking.slots() == []
    assert revoking.stack.tag_and_release(instance.id)["status"] == "Released"


def test_a_service_linked_role_is_said(revoking: Revoking, lab: Lab) -> None:
    trust, path = json.dumps(TRUST), "/aws-service-role/eks.amazonaws.com/"
    lab.iam.create_role(RoleName="linked", Path=path, AssumeRolePolicyDocument=trust)
    arn = lab.iam.create_instance_profile(InstanceProfileName="linked")["InstanceProfile"]["Arn"]
    lab.iam.add_role_to_instance_profile(InstanceProfileName="linked", RoleName="linked")
    assert "service-linked" in revoking.contain(lab.instance(profile=arn))
    assert revoking.denied("linked") == ({}, False)


def test_the_isolation_role_is_never_touched(revoking: Revoking, lab: Lab, isolation_profile_arn: str) -> None:
    isolation_role = isolation_profile_arn.rpartition("/")[2]
    arn = lab.iam.create_instance_profile(InstanceProfileName="other")["InstanceProfile"]["Arn"]
    lab.iam.add_role_to_instance_profile(InstanceProfileName="other", RoleName=isolation_role)
    revoking.contain(lab.instance(profile=arn))
    assert revoking.denied(isolation_role) == ({}, False)


def test_none_touches_no_role(revoking: Revoking, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REVOKE_CREDENTIALS", "none")
    forget_wiring()
    revoking.contain(lab.instance(profile=lab.profile()))
    assert revoking.denied() == ({}, False)


def test_a_terminated_instance_keeps_its_denial_while_a_session_may_live(revoking: Revoking, lab: Lab) -> None:
    instance = lab.instance(profile=lab.profile())
    revoking.contain(instance)
    lab.ec2.terminate_instances(InstanceIds=[instance.id])

    (outcome,) = revoking.stack.sweep(release)

    assert outcome["status"] == "Waiting"
    assert "stay denied" in outcome["reason"]
    assert revoking.denied() == ({TAG.format(1): arn_of(instance)}, True)


@pytest.fixture
def slots(ledger_table: Any) -> TableSlots:  # noqa: ANN401, ARG001 - the table is in the cloud
    return TableSlots(Table(SESSION.client("dynamodb"), TABLE, wiring.SystemClock()))


def test_many_that_claim_at_once_get_a_slot_each_and_the_rest_none(slots: TableSlots) -> None:
    with ThreadPoolExecutor(12) as pool:
        calls = {name: pool.submit(slots.claim, "AROA1", name, ()) for name in (f"i-{one}" for one in range(12))}
    got = {name: call.result() for name, call in calls.items() if call.exception() is None}
    assert sorted(got.values()) == [1, 2, 3, 4, 5]
    assert slots.claims("AROA1").holders == {slot: name for name, slot in got.items()}
    assert all(isinstance(call.exception(), Conflict | Terminal) for name, call in calls.items() if name not in got)


def test_a_claim_is_made_once_and_freed_by_its_holder_only(slots: TableSlots) -> None:
    assert [slots.claim("AROA1", "i-1", ()), slots.claim("AROA1", "i-1", ()), slots.claim("AROA1", "i-2", (2,))] == [
        *(1, 1, 3)
    ]
    slots.free("AROA1", 1, "i-2")
    assert slots.claims("AROA1").of("i-1") == (1,)
    slots.free("AROA1", 1, "i-1")
    assert slots.claims("AROA1").holders == {3: "i-2"}


def test_the_policy_is_taken_off_only_where_nobody_claims_and_meanwhile_nobody_does(slots: TableSlots) -> None:
    slots.claim("AROA1", "i-1", ())
    assert not slots.begin_detaching("AROA1", "i-2")
    slots.free("AROA1", 1, "i-1")
    assert slots.begin_detaching("AROA1", "i-1")
    assert slots.begin_detaching("AROA1", "i-1")
    assert not slots.begin_detaching("AROA1", "i-2")
    with pytest.raises(Conflict):
        slots.claim("AROA1", "i-2", ())
    slots.end_detaching("AROA1", "i-2")
    with pytest.raises(Conflict):
        slots.claim("AROA1", "i-2", ())
    slots.end_detaching("AROA1", "i-1")
    assert slots.claim("AROA1", "i-2", ()) == 1


def test_who_took_the_policy_off_and_died_may_claim_again(slots: TableSlots) -> None:
    assert slots.begin_detaching("AROA1", "i-1")
    assert slots.claim("AROA1", "i-1", ()) == 1
    assert slots.claims("AROA1").detaching == ""
