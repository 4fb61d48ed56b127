"""The bugs of the published containment functions, each as a test named after it (in process, over strict moto).

Their numbers are those of the list in the design's facts. In tests/test_template.py: 12 (the rule matches everything),
13 (permission without SourceArn), 15 (fixed names), 16 (no dead letters, writes on `*`). Not yet ours to test, since
what they are about is not built yet: 9 (session revocation), 10 (tracked connections), 17 (termination protection),
18 (deleting the stack leaves the group behind).
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from quarantag.errors import QuarantagError, Retryable, Terminal
from quarantag.finding import parse
from quarantag.settings import Settings
from quarantag.tagchange import parse as parse_tag_change
from tests.cloud import ACCOUNT, REGION, STACK, Lab
from tests.faults import Fault
from tests.findings import document
from tests.stack import KEY, Stack, about, is_cut, tag_change


def permission(**peer: object) -> list[dict[str, Any]]:
    return [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, **peer}]


def rules(lab: Lab, vpc_id: str) -> dict[str, Callable[[], list[dict[str, Any]]]]:
    """A rule of each kind that a security group may have."""
    prefix_list = lab.ec2.create_managed_prefix_list(PrefixListName="p", MaxEntries=1, AddressFamily="IPv4")
    return {
        "ipv4": lambda: permission(IpRanges=[{"CidrIp": "203.0.113.0/24", "Description": "oops"}]),
        "ipv6": lambda: permission(Ipv6Ranges=[{"CidrIpv6": "2001:db8::/32"}]),
        "prefix list": lambda: permission(PrefixListIds=[{"PrefixListId": prefix_list["PrefixList"]["PrefixListId"]}]),
        "group": lambda: permission(UserIdGroupPairs=[{"GroupId": lab.group(vpc_id, "peer"), "UserId": ACCOUNT}]),
    }


def test_01_modify_instance_attribute_fails_with_more_than_one_interface(stack: Stack, lab: Lab) -> None:
    vpc = lab.vpc()
    instance = lab.instance([vpc, vpc])
    assert stack.tag_and_isolate(instance.id)["status"] == "Isolated"
    assert all(is_cut(stack, interface, vpc.vpc_id) for interface in instance.interface_ids)


def test_02_the_ipv6_egress_rule_stays(stack: Stack, lab: Lab) -> None:
    vpc = lab.vpc(ipv6=True)
    stack.tag_and_isolate(lab.instance([vpc]).id)
    assert stack.isolation_group(vpc.vpc_id)["IpPermissionsEgress"] == []


@pytest.mark.parametrize("kind", ["ipv4", "ipv6", "prefix list", "group"])
@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_03_a_group_found_by_name_is_trusted_whatever_its_rules(
    stack: Stack, lab: Lab, kind: str, direction: str
) -> None:
    vpc = lab.vpc(ipv6=True)  # else moto forgets to revoke an IPv6 egress rule, and AWS does not
    stack.tag_and_isolate(lab.instance([vpc]).id)
    group_id = stack.isolation_group(vpc.vpc_id)["GroupId"]
    authorize = getattr(lab.ec2, f"authorize_security_group_{direction}")
    authorize(GroupId=group_id, IpPermissions=rules(lab, vpc.vpc_id)[kind]())

    second = lab.instance([vpc])
    assert stack.tag_and_isolate(second.id)["status"] == "Isolated"

    assert is_cut(stack, second.interface_ids[0], vpc.vpc_id)


def test_03_a_namesake_that_is_not_ours_is_left_alone_and_another_name_taken(stack: Stack, lab: Lab) -> None:
    vpc = lab.vpc()
    planted = lab.group(vpc.vpc_id, "SecurityIsolation-SecurityGroup")
    lab.ec2.authorize_security_group_ingress(
        GroupId=planted, IpPermissions=permission(IpRanges=[{"CidrIp": "0.0.0.0/0"}])
    )
    instance = lab.instance([vpc])

    stack.tag_and_isolate(instance.id)

    group = stack.isolation_group(vpc.vpc_id)
    assert group["GroupName"] == "SecurityIsolation-SecurityGroup-2"
    assert lab.groups(instance.interface_ids[0]) == [group["GroupId"]]
    (left,) = lab.ec2.describe_security_groups(GroupIds=[planted])["SecurityGroups"]
    assert left["IpPermissions"]


def test_04_two_runs_create_the_group_at_once(stack: Stack, lab: Lab) -> None:
    vpc = lab.vpc()
    ports = stack.ports()
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: ports.instances.create_isolation_group(vpc.vpc_id), range(16)))
    filters = [{"Name": "vpc-id", "Values": [vpc.vpc_id]}, {"Name": "tag:QuarantagStack", "Values": [STACK]}]
    assert len(lab.ec2.describe_security_groups(Filters=filters)["SecurityGroups"]) == 1


def test_05_a_running_instance_is_never_without_a_profile_in_between(
    stack: Stack, lab: Lab, isolation_profile_arn: str
) -> None:
    instance = lab.instance(profile=lab.profile(), tags={KEY: "Isolate"})
    denied = Fault("disassociate_profile", Terminal("never needed"))
    assert stack.reconcile(instance.id, denied).status == "Isolated"
    assert stack.profile(instance.id) == isolation_profile_arn


def test_05_an_association_that_is_only_starting_is_replaced_once_it_is_there(
    stack: Stack, lab: Lab, isolation_profile_arn: str
) -> None:
    instance = lab.instance(profile=lab.profile(), tags={KEY: "Isolate"})
    lab.cloud.set_association_state(instance.id, "associating", settles_after_reads=3)
    assert stack.reconcile(instance.id).status == "Isolated"
    assert stack.profile(instance.id) == isolation_profile_arn


def test_06_an_iam_error_skips_the_network_isolation(stack: Stack, lab: Lab) -> None:
    vpc = lab.vpc()
    instance = lab.instance([vpc], tags={KEY: "Isolate"})
    lab.cloud.refuse("AssociateIamInstanceProfile", instance.id, "UnauthorizedOperation")
    assert stack.isolate(instance.id)["status"] == "Failed"
    assert is_cut(stack, instance.interface_ids[0], vpc.vpc_id)


def test_07_a_late_event_isolates_after_the_tag_is_gone(stack: Stack, lab: Lab) -> None:
    vpc = lab.vpc()
    instance = lab.instance([vpc], tags={KEY: "Isolate"})
    lab.ec2.delete_tags(Resources=[instance.id], Tags=[{"Key": KEY}])
    with pytest.raises(Retryable):
        stack.reconcile(instance.id, wanted="Isolate")
    assert lab.groups(instance.interface_ids[0]) == [vpc.group_id]
    assert stack.case(instance.id) is None


def test_07_events_in_the_wrong_order_end_in_what_the_tag_says(stack: Stack, lab: Lab) -> None:
    vpc = lab.vpc()
    instance = lab.instance([vpc], tags={KEY: "Isolate"})
    assert stack.reconcile(instance.id, wanted="Isolate").status == "Isolated"
    late = stack.reconcile(instance.id, wanted="Review")
    assert late.status == "Isolated", "an older event that comes late does not starve what the tag stably says"
    assert is_cut(stack, instance.interface_ids[0], vpc.vpc_id)


def test_08_a_terminated_instance_raises_key_error_for_its_vpc(stack: Stack, lab: Lab) -> None:
    instance = lab.instance(tags={KEY: "Isolate"})
    lab.ec2.terminate_instances(InstanceIds=[instance.id])
    assert stack.isolate(instance.id)["status"] == "Ended"


def test_11_the_groups_before_are_nowhere_saved(stack: Stack, lab: Lab) -> None:
    vpc = lab.vpc()
    instance = lab.instance([vpc])
    stack.tag_and_isolate(instance.id)
    case: Any = stack.case(instance.id)
    assert case["interfaces_before"][instance.interface_ids[0]]["groups"] == [vpc.group_id]


def test_14_an_aws_error_escapes_as_something_else(stack: Stack, lab: Lab) -> None:
    instance = lab.instance(tags={KEY: "Isolate"})
    lab.cloud.refuse("DescribeInstances", instance.id, "UnauthorizedOperation")
    with pytest.raises(QuarantagError, match=rf"read {instance.id}: UnauthorizedOperation"):
        stack.isolate(instance.id)


def test_first_interface_only(stack: Stack, lab: Lab) -> None:
    vpc = lab.vpc()
    instance = lab.instance([vpc] * 4)
    stack.tag_and_isolate(instance.id)
    assert [is_cut(stack, interface, vpc.vpc_id) for interface in instance.interface_ids] == [True] * 4


def test_a_second_group_for_each_run(stack: Stack, lab: Lab) -> None:
    vpc = lab.vpc()
    for _ in range(2):
        stack.tag_and_isolate(lab.instance([vpc]).id)
    assert stack.isolation_group(vpc.vpc_id), "exactly one, else unpacking fails"


def test_every_second_group_survives(stack: Stack, lab: Lab) -> None:
    vpc = lab.vpc()
    instance = lab.instance([vpc])
    groups = [vpc.group_id, lab.group(vpc.vpc_id, "db")]
    lab.ec2.modify_network_interface_attribute(NetworkInterfaceId=instance.interface_ids[0], Groups=groups)
    stack.tag_and_isolate(instance.id)
    assert is_cut(stack, instance.interface_ids[0], vpc.vpc_id)


def test_one_service_managed_interface_aborts_the_run(stack: Stack, lab: Lab) -> None:
    vpc = lab.vpc()
    instance = lab.instance([vpc, vpc])
    lab.cloud.mark_requester_managed(instance.interface_ids[0])
    assert stack.tag_and_isolate(instance.id)["status"] == "Isolated"
    assert is_cut(stack, instance.interface_ids[1], vpc.vpc_id)


def test_severity_is_cut_to_a_whole_number(stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    (decision,) = stack.find(about(instance.id, severity=6.9))
    assert decision["action"] == "review"


@pytest.mark.parametrize("severity", [1, 2.5, 3.9])
def test_every_finding_isolates_whatever_its_severity(stack: Stack, lab: Lab, severity: float) -> None:
    instance = lab.instance()
    stack.find(about(instance.id, severity=severity))
    assert KEY not in lab.tags(instance.id)


def test_a_finding_about_something_else_isolates_the_instance_that_it_mentions(stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    for kind in ("AccessKey", "S3Bucket", "EKSCluster", "Container", "ECSCluster"):
        stack.find(about(instance.id, resource__resourceType=kind, type="Discovery:S3/MaliciousIPCaller.Custom"))
    assert KEY not in lab.tags(instance.id)


def test_attack_sequences_are_never_seen(stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    member = {"uid": instance.id, "resourceType": "EC2_INSTANCE", "accountId": ACCOUNT, "region": REGION}
    for resource in ({"resourceType": "AttackSequence"}, {"resourceType": "Instance"}):
        finding = document(
            accountId=ACCOUNT,
            region=REGION,
            type="AttackSequence:EC2/CompromisedInstanceGroup",
            severity=9,
            resource=resource,
            service__detection={"sequence": {"resources": [member]}},
        )
        assert [named.instance_id for named in parse(finding).instances] == [instance.id]
    stack.find(finding)
    assert lab.tags(instance.id)[KEY] == "Isolate"


def test_a_failure_is_published_as_success(stack: Stack, lab: Lab) -> None:
    instance = lab.instance(tags={KEY: "Isolate"})
    lab.cloud.refuse("ModifyNetworkInterfaceAttribute", instance.interface_ids[0], "OperationNotPermitted")
    assert stack.isolate(instance.id)["status"] == "Failed"
    assert [subject.split(":")[0] for subject in stack.announced()] == ["FAILED to isolate"]


def test_a_tag_change_of_something_else_is_acted_on() -> None:
    event = tag_change("i-0123456789abcdef0", {KEY: "Isolate"})
    event["detail"]["resource-type"] = "volume"
    with pytest.raises(QuarantagError, match="not a tag change of an EC2 instance"):
        parse_tag_change(event, Settings(ACCOUNT, REGION, ""))
