"""The stack's parameters: defaults that deploy, and what AWS would refuse later is refused at deploy."""

import re
from collections.abc import Mapping
from itertools import combinations
from typing import Any

import pytest

from quarantag.settings import Settings
from tests.template import Template, source

PARAMETERS: dict[str, dict[str, Any]] = source()["Parameters"]
DEFAULTS = {
    "CanaryInstanceId": "",
    "ActOnSampleFindings": "false",
    "EventBusName": "default",
    "EvidenceAccountId": "",
    "EvidenceKmsKeyArn": "",
    "ForensicAccessPort": "22",
    "ForensicAccessSource": "",
    "CentralEventBusArn": "",
    "CentralTopicArn": "",
    "DisableMetadataService": "false",
    "DisassociateElasticIPs": "false",
    "ExistingConnections": "keep",
    "FreezeInterfaces": "true",
    "AutoScalingMembers": "standby",
    "ContainWithinSeconds": "60",
    "IsolateTagValue": "Isolate",
    "IsolationRoleName": "SecurityIsolation-IAMRole",
    "IsolationSecurityGroupName": "SecurityIsolation-SecurityGroup",
    "IsolationTagKey": "SecurityIsolation",
    "KmsKeyArn": "",
    "LockSnapshotsDays": "0",
    "MaxContainmentsPerHour": "50",
    "Mode": "enforce",
    "Paused": "false",
    "NotificationEmail": "",
    "ProtectInstance": "true",
    "ReleasePrincipals": "*",
    "ReservedConcurrency": "0",
    "ReleaseTagValue": "Release",
    "ReviewTagValue": "Review",
    "RevocableRolePath": "/",
    "RevokeCredentials": "instance",
    "SeverityPolicy": "default",
    "Tracing": "false",
    "SnapshotVolumes": "true",
}
VALUES = ("IsolateTagValue", "ReviewTagValue", "ReleaseTagValue")
GOOD = {
    "CanaryInstanceId": ("", "i-0123456789abcdef0", "i-01234567"),
    "IsolationTagKey": ("SecurityIsolation", "acme:quarantine", "K", "a" * 116, "Names", "awsome"),
    "IsolateTagValue": ("Isolate", "yes/now", "a" * 256, "awsome"),
    "IsolationRoleName": ("SecurityIsolation-IAMRole", "a" * 48),
    "IsolationSecurityGroupName": ("SecurityIsolation-SecurityGroup", "a(b)#1", "defaults"),
    "SeverityPolicy": ("default", "our-own_2"),
    "RevocableRolePath": ("/", "/app/", "/app/web-1/"),
    "ReleasePrincipals": ("*", "arn:aws:iam::123456789012:role/*", "arn:aws-cn:iam::1:role/a,arn:aws-cn:iam::1:user/b"),
    "MaxContainmentsPerHour": ("1", "50", "999", "1000", "5000"),
    "ContainWithinSeconds": ("1", "60", "9999"),
    "NotificationEmail": ("", "soc@example.com"),
    "EventBusName": ("default", "security/forensics"),
    "ForensicAccessPort": ("1", "22", "9999", "59999", "65535"),
    "ForensicAccessSource": (
        *("", "10.0.0.0/8", "192.168.255.7/32", "2001:db8::/32", "::1/128"),
        *("sg-0123456789abcdef0", "123456789012/sg-01234567"),
    ),
    "LockSnapshotsDays": ("0", "1", "9999", "10000", "36499", "36500"),
    "EvidenceKmsKeyArn": ("", "arn:aws-cn:kms:cn-north-1:123456789012:key/mrk-1234abcd"),
    "EvidenceAccountId": ("", "123456789012"),
    "CentralEventBusArn": ("", "arn:aws:events:eu-central-1:123456789012:event-bus/quarantag-central"),
    "CentralTopicArn": ("", "arn:aws-cn:sns:cn-north-1:123456789012:quarantag-central-Topic-1A2B"),
    "KmsKeyArn": ("", "arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
    "ReservedConcurrency": ("0", "1", "50", "1000"),
}
BAD = {
    "IsolationTagKey": (
        *("", "aws:quarantine", "AWS:x", "a" * 117, "with space", "a/b", "é", "a*", "a?", "a\nb", "_index", "."),
        *("Name", "name", "QuarantagStack", 'a"b', "${aws:username}", "a,b"),
    ),
    "IsolateTagValue": ("", "aws:yes", "a" * 257, "a*", 'a"b', "${aws:username}", "a\\b", " "),
    "IsolationRoleName": ("", "a" * 49, "a b", "a/b"),
    "IsolationSecurityGroupName": ("", "sg-group", "SG-1", "default", "a" * 201, "é", "a b"),
    "RevocableRolePath": ("", "app", "/app", "app/", "/*/", "/a?/", "/a b/", "//", "/${aws:username}/"),
    "SeverityPolicy": ("", "../default", "default.yaml", "Default", "a/b"),
    "ReleasePrincipals": ("", "role/x", "arn:aws:iam::1:role/a, arn:aws:iam::1:role/b", "*,*", 'arn:"'),
    "ContainWithinSeconds": ("", "0", "1.5", "10000", "-1"),
    "MaxContainmentsPerHour": ("", "0", "50.5", "5001", "10000", "-1", "5e1", "007", " 5"),
    "NotificationEmail": ("soc", "a b@example.com", "soc@example"),
    "EventBusName": ("", "arn:aws:events:eu-central-1:123456789012:event-bus/x", "a b"),
    "ForensicAccessPort": ("", "0", "65536", "-1", "022", "22-23"),
    "ForensicAccessSource": (
        "0.0.0.0/0",
        "10.0.0.0",
        "10.0.0.0/7",
        "256.0.0.0/8",
        "::/0",
        "sg-web",
        "vpc-01234567",
        "*",
    ),
    "LockSnapshotsDays": ("", "-1", "36501", "40000", "1.5", "01"),
    "EvidenceKmsKeyArn": ("alias/evidence", "arn:aws:kms:eu-central-1:123456789012:alias/a", "*"),
    "EvidenceAccountId": ("12345678901", "1234567890123", "acme"),
    "CentralEventBusArn": ("central", "arn:aws:events:eu-central-1:123456789012:event-bus/default"),
    "CentralTopicArn": ("central", "arn:aws:sns:eu-central-1:123456789012:central.fifo", "arn:aws:sqs:eu-west-1:1:q"),
    "KmsKeyArn": ("alias/aws/sns", "1234abcd-12ab-34cd-56ef-1234567890ab", "arn:aws:kms:eu-central-1:1:key/a"),
    "ReservedConcurrency": ("", "-1", "1001", "05", "1.5"),
}


def refused(name: str, value: str) -> bool:
    """As CloudFormation does: the pattern must match the whole value."""
    return re.fullmatch(PARAMETERS[name]["AllowedPattern"], value) is None


def holds(condition: Mapping[str, Any], values: Mapping[str, str]) -> bool:
    """The truth of a rule's assertion."""
    if "Fn::Not" in condition:
        return not holds(condition["Fn::Not"][0], values)
    left, right = (values[one["Ref"]] for one in condition["Fn::Equals"])
    return left == right


def test_every_parameter_of_the_design_has_its_default() -> None:
    assert {name: one["Default"] for name, one in PARAMETERS.items()} == DEFAULTS


def test_the_code_has_the_same_defaults() -> None:
    code = Settings(account="1", region="r", isolation_profile_arn="arn")
    assert (code.tag_key, code.isolate_value) == (DEFAULTS["IsolationTagKey"], DEFAULTS["IsolateTagValue"])
    assert (code.review_value, code.release_value) == (DEFAULTS["ReviewTagValue"], DEFAULTS["ReleaseTagValue"])
    assert code.isolation_group_name == DEFAULTS["IsolationSecurityGroupName"]
    assert str(code.max_containments_per_hour) == DEFAULTS["MaxContainmentsPerHour"]
    assert code.revoke_credentials == DEFAULTS["RevokeCredentials"]
    assert code.revocable_role_path == DEFAULTS["RevocableRolePath"]
    assert str(code.protect_instance).lower() == DEFAULTS["ProtectInstance"]
    assert str(code.snapshot_volumes).lower() == DEFAULTS["SnapshotVolumes"]
    assert str(code.lock_snapshots_days) == DEFAULTS["LockSnapshotsDays"]
    assert (code.evidence_kms_key_arn, code.evidence_account_id) == ("", "")
    assert str(code.disable_metadata_service).lower() == DEFAULTS["DisableMetadataService"]
    assert str(code.disassociate_elastic_ips).lower() == DEFAULTS["DisassociateElasticIPs"]
    assert code.existing_connections == DEFAULTS["ExistingConnections"]
    assert str(code.freeze_interfaces).lower() == DEFAULTS["FreezeInterfaces"]
    assert code.forensic_access_source == DEFAULTS["ForensicAccessSource"]
    assert str(code.forensic_access_port) == DEFAULTS["ForensicAccessPort"]
    assert code.auto_scaling_members == DEFAULTS["AutoScalingMembers"]
    assert (code.mode, str(code.act_on_sample_findings).lower()) == ("enforce", DEFAULTS["ActOnSampleFindings"])


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_explains_itself(name: str) -> None:
    parameter = PARAMETERS[name]
    assert len(parameter["Description"]) > 20
    assert "AllowedValues" in parameter or parameter["ConstraintDescription"].startswith("must be")


def test_every_parameter_is_in_one_group_and_labelled() -> None:
    interface = source()["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(PARAMETERS) == sorted(interface["ParameterLabels"])


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in GOOD.items() for value in values])
def test_what_aws_accepts_is_accepted(name: str, value: str) -> None:
    assert not refused(name, value)


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_what_aws_would_refuse_is_refused_at_deploy(name: str, value: str) -> None:
    assert refused(name, value)


def test_the_three_values_have_one_pattern() -> None:
    assert len({PARAMETERS[name]["AllowedPattern"] for name in VALUES}) == 1


def test_the_longest_key_made_of_the_control_key_fits() -> None:
    settings = Settings(account="1", region="r", isolation_profile_arn="arn", tag_key="a" * 116)
    keys = (settings.status_key, settings.reason_key, settings.exempt_key, settings.groups_before_key)
    assert max(map(len, keys)) == 128


def test_the_longest_role_name_fits_in_the_longest_region() -> None:
    name = Template(IsolationRoleName="a" * 48, **{"AWS::Region": "us-isob-west-1x"}).properties("EC2IsolationRole")
    assert len(name["RoleName"]) <= 64


@pytest.mark.parametrize(("one", "other"), list(combinations(VALUES, 2)))
def test_equal_values_are_refused(one: str, other: str) -> None:
    assertions = [entry for rule in source()["Rules"].values() for entry in rule["Assertions"]]
    values = {name: str(DEFAULTS[name]) for name in VALUES}
    assert all(holds(entry["Assert"], values) for entry in assertions)
    (failed,) = [entry for entry in assertions if not holds(entry["Assert"], values | {one: values[other]})]
    assert one in failed["AssertDescription"]
    assert other in failed["AssertDescription"]


def test_every_parameter_reaches_the_functions() -> None:
    """But those that only name or notify."""
    parameters = {name: f"value-of-{name}" for name in PARAMETERS}
    environment = Template(**parameters).properties("IsolationLambdaFunction")["Environment"]["Variables"]
    elsewhere = {
        *("CanaryInstanceId", "CentralEventBusArn", "ContainWithinSeconds", "IsolationRoleName", "KmsKeyArn"),
        *("NotificationEmail", "ReservedConcurrency", "Tracing"),
    }
    expected = set(PARAMETERS) - elsewhere
    assert {value.removeprefix("value-of-") for value in environment.values() if "value-of-" in value} == expected
