"""The stack is deleted only where nobody is contained, and leaves nothing behind but what it must."""

from dataclasses import replace

import pytest

import isolate
from quarantag.aws.instances import GROUP_DESCRIPTION
from quarantag.errors import LedgerUnavailable, Terminal
from quarantag.switch import Fixed
from tests.faults import Fault
from tests.stack import KEY, forget_wiring
from tests.stacklives import Life, deletion
from tests.test_isolate_faults import LEDGER_METHODS


def test_with_an_open_case_it_is_refused_and_the_stack_works_on(life: Life) -> None:
    instance = life.contained()
    group = life.own_groups()
    reason = life.deleted()
    assert instance.id in reason
    assert f"create-tags --tags Key={KEY},Value=Release --resources i-..." in reason
    assert (life.own_groups(), life.paused()) == (group, False)
    assert life.lab.groups(instance.interface_ids[0]) == group
    assert life.freed(instance.id) == "Released"
    assert life.lab.groups(instance.interface_ids[0]) == [instance.networks[0].group_id]


def test_once_released_its_groups_are_gone_and_ledger_and_evidence_stay(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"REVOKE_CREDENTIALS": "instance", "SNAPSHOT_VOLUMES": "true"}.items():
        monkeypatch.setenv(name, value)
    forget_wiring()
    instance = life.lab.instance([life.lab.vpc(), life.lab.vpc()], profile=life.lab.profile("web"))
    life.stack.tag_and_isolate(instance.id)
    assert (len(life.own_groups()), life.attached()) == (2, ["web"])
    life.stack.tag_and_release(instance.id)
    before = {(item["pk"], item["sk"]) for item in life.stack.items()}
    assert life.deleted() == ""
    assert life.own_groups() == []
    assert before < {(item["pk"], item["sk"]) for item in life.stack.items()}
    own = [{"Name": "tag:QuarantagStack", "Values": ["quarantag"]}]
    assert life.lab.ec2.describe_snapshots(Filters=own)["Snapshots"]


def test_what_a_release_left_on_a_role_is_taken_off(life: Life) -> None:
    life.lab.profile("web")
    life.lab.iam.attach_role_policy(RoleName="web", PolicyArn=life.policy_arn)
    tags = [{"Key": "QuarantagContained2-eu-central-1", "Value": "arn"}, {"Key": "Team", "Value": "web"}]
    life.lab.iam.tag_role(RoleName="web", Tags=tags)
    assert life.deleted() == ""
    assert (life.attached(), life.role_tags("web")) == ([], {"Team": "web"})


def test_a_run_that_began_before_the_pause_is_waited_for(life: Life) -> None:
    """It opens its case while the deletion waits: the deletion is refused, and nothing is half-way."""
    instance = life.lab.instance(tags={})

    def contain() -> None:
        life.lab.tag(instance.id, **{KEY: "Isolate"})
        life.stack.reconcile(instance.id, switch=Fixed())

    reason = life.deleted(meanwhile=contain)
    assert instance.id in reason
    assert not life.paused()
    assert life.lab.groups(instance.interface_ids[0]) == life.own_groups()
    assert life.freed(instance.id) == "Released"


def test_nobody_is_isolated_while_the_stack_goes(life: Life) -> None:
    """The tag alone is reason enough to stay; afterwards the sweep does what it asks for."""
    instance = life.lab.instance()
    seen: list[str] = []
    reason = life.deleted(meanwhile=lambda: seen.append(life.stack.tag_and_isolate(instance.id)["status"]))
    assert seen == ["Paused"]
    assert f"Tagged to be isolated: {instance.id}" in reason
    assert [one["status"] for one in life.stack.sweep(isolate)] == ["Isolated"]


def test_where_the_mode_is_to_observe_a_tag_keeps_no_stack(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODE", "observe")
    life.lab.instance(tags={KEY: "Isolate"})
    assert life.deleted() == ""


def test_an_instance_that_ended_keeps_no_stack_by_its_tag(life: Life) -> None:
    instance = life.lab.instance(tags={KEY: "Isolate"})
    life.lab.ec2.terminate_instances(InstanceIds=[instance.id])
    assert life.deleted() == ""


def test_a_cut_without_a_ledger_keeps_the_stack(life: Life) -> None:
    """The tag of the interface says what it must get back, whatever the instance's own says by now."""
    instance = life.lab.instance(tags={KEY: "Isolate"})
    with pytest.raises(LedgerUnavailable):
        life.stack.reconcile(instance.id, *(Fault(method, LedgerUnavailable("away")) for method in LEDGER_METHODS))
    life.lab.tag(instance.id, **{KEY: "Review"})
    assert f"Cut while the ledger was away: {instance.id}" in life.deleted()


def test_what_is_in_an_isolation_group_otherwise_is_named(life: Life) -> None:
    """Nobody recorded it, so nobody can be asked to release it."""
    instance = life.contained()
    life.freed(instance.id)
    (group,) = life.own_groups()
    life.lab.ec2.modify_network_interface_attribute(NetworkInterfaceId=instance.interface_ids[0], Groups=[group])
    reason = life.deleted()
    assert f"{group} is used by {instance.id} ({instance.interface_ids[0]})" in reason
    assert life.own_groups() == [group]


def test_a_group_that_another_refers_to_is_named_with_it(life: Life) -> None:
    instance = life.contained()
    life.freed(instance.id)
    (group,) = life.own_groups()
    web = instance.networks[0].group_id
    rule = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": [{"GroupId": group}]}]
    life.lab.ec2.authorize_security_group_ingress(GroupId=web, IpPermissions=rule)
    assert f"{group} is used by {web}" in life.deleted()


@pytest.mark.parametrize("marked", ["quarantag", "other"])
def test_a_group_that_it_did_not_make_stays(life: Life, marked: str) -> None:
    """Whoever may tag can write the creation tag; nobody can change a description."""
    description = GROUP_DESCRIPTION if marked == "other" else "databases"
    vpc = life.lab.vpc().vpc_id
    group = life.lab.ec2.create_security_group(GroupName="databases", Description=description, VpcId=vpc)["GroupId"]
    life.lab.tag(group, QuarantagStack=marked)
    assert life.deleted() == ""
    assert life.lab.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]


def test_groups_of_an_earlier_name_go_too(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    instance = life.contained()
    life.freed(instance.id)
    monkeypatch.setenv("ISOLATION_SECURITY_GROUP_NAME", "another")
    assert life.deleted() == ""
    assert life.own_groups() == []


def test_whoever_paused_before_stays_the_one_who_did(life: Life) -> None:
    life.stack.dynamodb.put_item(
        TableName="quarantag-ledger",
        Item={"pk": {"S": "switch"}, "sk": {"S": "paused"}, "paused": {"BOOL": True}, "by": {"S": "alice"}},
    )
    instance = life.lab.instance(tags={})
    reason = life.deleted(meanwhile=lambda: life.lab.tag(instance.id, **{KEY: "Isolate"}))
    assert instance.id in reason
    assert life.paused()


@pytest.mark.parametrize(
    "fault",
    [
        Fault("delete_group", Terminal("delete sg-1: DependencyViolation"), when="before"),
        Fault("allow", Terminal("take the policy off web: AccessDenied")),
    ],
    ids=["a group", "a role"],
)
def test_what_cannot_be_removed_keeps_the_stack_and_it_acts_again(life: Life, fault: Fault) -> None:
    life.lab.profile("web")
    life.freed(life.contained().id)
    life.lab.iam.attach_role_policy(RoleName="web", PolicyArn=life.policy_arn)
    reason = life.deleted(fault)
    assert str(fault.error) in reason
    assert not life.paused()
    life.freed(life.contained().id)
    assert life.deleted() == ""


def test_a_fault_of_the_ledger_or_of_ec2_is_told_and_it_acts_again(life: Life) -> None:
    """Whatever is raised while acting is paused, the switch goes back."""
    with pytest.raises(LedgerUnavailable):
        life.deleted(Fault("cases", LedgerUnavailable("away"), times=1))
    seen: list[bool] = []

    def fail_next() -> None:
        seen.append(life.paused())

    with pytest.raises(Terminal):
        life.deleted(Fault("denied_roles", Terminal("AccessDenied")), meanwhile=fail_next)
    assert (seen, life.paused()) == ([True], False)


@pytest.mark.parametrize(("failing", "paused"), [(2, False), (9, True)])
def test_where_it_can_t_act_again_the_refusal_says_so(life: Life, failing: int, paused: bool) -> None:  # noqa: FBT001
    instance, away = life.lab.instance(tags={}), Fault("flip", LedgerUnavailable("away"), times=0)

    def tagged_and_ledger_away() -> None:
        if not life.lab.tags(instance.id):
            life.lab.tag(instance.id, **{KEY: "Isolate"})
            away.times = failing

    reason = life.deleted(away, meanwhile=tagged_and_ledger_away)
    assert instance.id in reason
    assert ("quarantag resume" in reason, life.paused()) == (paused, paused)


def test_it_waits_as_long_as_a_run_may_take() -> None:
    assert float(deletion().properties["SettleSeconds"]) == 90


@pytest.mark.parametrize("given", ["1e9", "-1", "9999999", "nan", ""])
def test_it_never_waits_longer_than_its_function_may_run(life: Life, given: str) -> None:
    request = replace(deletion(), properties={**deletion().properties, "SettleSeconds": given})
    waited: list[None] = []
    assert life.asked(request, "DELETE_IN_PROGRESS", meanwhile=lambda: waited.append(None)) == ""
    assert waited


@pytest.mark.parametrize(
    "doing",
    ["UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_IN_PROGRESS"],
)
def test_a_resource_that_an_update_takes_out_takes_nothing_down(life: Life, doing: str) -> None:
    instance = life.contained()
    assert life.asked(deletion(), doing) == ""
    assert life.lab.groups(instance.interface_ids[0]) == life.own_groups()
