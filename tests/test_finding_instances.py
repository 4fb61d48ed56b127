"""Which instances a finding names: routed on its resource type, fanned out for attack sequences, never guessed."""

import pytest

from quarantag.finding import NamedInstance, parse
from tests.findings import ACCOUNT, INSTANCE, REGION, finding, fixture, sequence

ARN = f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{INSTANCE}"
SHARED = [
    "autoscalingAutoScalingGroup",
    "iamInstanceProfile",
    "cloudformationStack",
    "ec2LaunchTemplate",
    "ec2Vpc",
    "ec2Image",
]


def member(uid: object, **more: object) -> dict[str, object]:
    return {"uid": uid, "resourceType": "EC2_INSTANCE", "accountId": ACCOUNT, "region": REGION, **more}


def ids(named: tuple[NamedInstance, ...]) -> list[str | None]:
    return [instance.instance_id for instance in named]


def test_the_first_interfaces_vpc_is_kept_for_explaining_offline() -> None:
    assert finding().instances == (NamedInstance(INSTANCE, ACCOUNT, REGION, vpc_id="vpc-0aaa1"),)


@pytest.mark.parametrize("given", ["i-99999999", "i-0123456789abcdef0"])
def test_instance_ids_have_8_or_17_digits(given: str) -> None:
    assert ids(finding(resource__instanceDetails__instanceId=given).instances) == [given]


@pytest.mark.parametrize(
    "given", ["i-REPLACE_ME", "i-abc123", "i-0b123456abcdefghi", "I-99999999", "i-99999999\n", ARN, 9, [], {}, "é"]
)
def test_another_id_is_unresolved_and_says_so(given: object) -> None:
    (named,) = finding(resource__instanceDetails__instanceId=given).instances
    assert named.instance_id is None
    assert "is not an instance id" in named.problem


def test_an_instance_finding_without_an_id_is_unresolved() -> None:
    (named,) = finding(resource={"resourceType": "Instance"}).instances
    assert (named.instance_id, named.problem) == (None, "names no instance id")


@pytest.mark.parametrize("interfaces", [None, [], [None], [{}], {}, "x", [{"vpcId": 5}]])
def test_interfaces_in_any_state_do_not_matter(interfaces: object) -> None:
    assert ids(finding(resource__instanceDetails__networkInterfaces=interfaces).instances) == [INSTANCE]


def test_stolen_credentials_name_the_robbed_instance() -> None:
    assert ids(parse(fixture("stolen-credentials.event.json")).instances) == [INSTANCE]


def test_the_robbed_instance_comes_before_instance_details() -> None:
    robbed = {"principalId": "AROAEXAMPLE:i-0bbbbbbbbbbbbbbb1"}
    parsed = finding(resource__resourceType="AccessKey", resource__accessKeyDetails=robbed)
    assert ids(parsed.instances) == ["i-0bbbbbbbbbbbbbbb1"]


@pytest.mark.parametrize("principal", ["AIDAEXAMPLE:i-0bbbbbbbbbbbbbbb1", "AROAEXAMPLE:alice", None, 5])
def test_another_principal_robs_nobody(principal: object) -> None:
    parsed = finding(resource={"resourceType": "AccessKey", "accessKeyDetails": {"principalId": principal}})
    assert parsed.instances == ()


@pytest.mark.parametrize("ending", ["!AMI", "!Snapshot", "!RecoveryPoint"])
def test_malware_in_a_backup_names_no_instance(ending: str) -> None:
    assert finding(type=f"Execution:EC2/MaliciousFile{ending}").instances == ()


def test_malware_on_a_volume_names_its_instance() -> None:
    assert ids(finding(type="Execution:EC2/MaliciousFile").instances) == [INSTANCE]


def test_a_sequence_fans_out_to_each_member_in_its_own_place_and_spares_cluster_workers() -> None:
    parsed = parse(fixture("sequence.event.json"))
    assert parsed.sequence
    assert [(named.instance_id, named.account, named.region) for named in parsed.instances] == [
        ("i-0aaaaaaaaaaaaaaa1", ACCOUNT, REGION),
        ("i-0aaaaaaaaaaaaaaa2", ACCOUNT, REGION),
        ("i-0aaaaaaaaaaaaaaa3", ACCOUNT, REGION),
        ("i-0aaaaaaaaaaaaaaa4", "444455556666", "us-west-2"),
        (None, ACCOUNT, REGION),
        ("i-0aaaaaaaaaaaaaaa6", ACCOUNT, REGION),
    ]
    assert "web server 5" in parsed.instances[4].problem


def test_a_sequence_is_known_by_its_type_where_the_resource_type_says_instance() -> None:
    parsed = sequence(member(ARN), resource={"resourceType": "Instance"})
    assert (parsed.sequence, ids(parsed.instances)) == (True, [INSTANCE])


def test_a_member_named_twice_is_named_once() -> None:
    assert ids(sequence(member(ARN), member(INSTANCE), member(ARN)).instances) == [INSTANCE]


@pytest.mark.parametrize("claim", [{"accountId": "444455556666"}, {"region": "us-west-2"}])
def test_an_arn_that_contradicts_its_resource_is_unresolved(claim: dict[str, object]) -> None:
    (named,) = sequence(member(ARN, **claim)).instances
    assert (named.instance_id, named.account, named.region) == (None, ACCOUNT, REGION)
    assert "by its ARN but of" in named.problem


def test_an_arn_alone_says_where_the_instance_is() -> None:
    arn = "arn:aws-cn:ec2:cn-north-1:444455556666:instance/i-99999999"
    assert sequence({"uid": arn, "resourceType": "EC2_INSTANCE"}).instances == (
        NamedInstance("i-99999999", "444455556666", "cn-north-1"),
    )


@pytest.mark.parametrize("kind", SHARED)
def test_instances_that_share_something_are_named(kind: str) -> None:
    shared = {
        "uid": "shared",
        "resourceType": "EC2_VPC",
        "accountId": ACCOUNT,
        "data": {kind: {"ec2InstanceUids": [ARN]}},
    }
    assert ids(sequence(shared).instances) == [INSTANCE]


@pytest.mark.parametrize("kind", ["eksCluster", "ecsCluster"])
def test_workers_of_a_cluster_are_not_named(kind: str) -> None:
    cluster = {"uid": "c", "resourceType": "EKS_CLUSTER", "data": {kind: {"ec2InstanceUids": [ARN]}}}
    assert sequence(cluster, type="AttackSequence:EKS/CompromisedCluster").instances == ()


@pytest.mark.parametrize("entry", [member("web-1"), member(None), member(5), member("i-99"), {}, None, "x", []])
def test_a_member_that_can_not_be_resolved_is_never_dropped(entry: object) -> None:
    (named,) = sequence(entry).instances
    assert named.instance_id is None
    assert named.problem


@pytest.mark.parametrize("resources", [None, [], {}, "x"])
def test_a_compromised_group_without_members_is_unresolved(resources: object) -> None:
    parsed = sequence(service__detection={"sequence": {"resources": resources}})
    assert ids(parsed.instances) == [None]


def test_a_sequence_about_credentials_may_name_no_instance() -> None:
    assert sequence(type="AttackSequence:IAM/CompromisedCredentials", service__detection=None).instances == ()
