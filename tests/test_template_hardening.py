"""An audit of template.yaml by kind of resource, so that whatever is added later is held to the same.

What others must not be able to do through it: "Confused deputy problem" (IAM User Guide). What must not go with an
update or a deletion: "DeletionPolicy attribute" and "UpdateReplacePolicy attribute" (CloudFormation User Guide).
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.template import Template, as_document, as_list, source

TEMPLATES = {
    "by default": Template(),
    "with all functions": Template(RevokeCredentials="role", CanaryInstanceId="i-0123456789abcdef0"),
    "in an organization": Template(
        CentralEventBusArn="arn:aws-cn:events:cn-north-1:999988887777:event-bus/central",
        CentralTopicArn="arn:aws-cn:sns:cn-north-1:999988887777:central",
    ),
    "with a key": Template(RevokeCredentials="role", KmsKeyArn="arn:aws-cn:kms:cn-north-1:123456789012:key/0f"),
}
EVERY_TEMPLATE = pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
RESOURCES: dict[str, dict[str, Any]] = source()["Resources"]
STATEFUL = (
    *("AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::Logs::LogGroup", "AWS::SNS::Topic", "AWS::SQS::Queue"),
    *("AWS::S3::Bucket", "AWS::EFS::FileSystem", "AWS::RDS::DBInstance", "AWS::SecretsManager::Secret"),
)
KEPT = {"AWS::DynamoDB::Table", "AWS::Logs::LogGroup"}
"""Evidence: it outlives the stack."""
POLICIES = {
    "AWS::SQS::Queue": ("AWS::SQS::QueuePolicy", "Queues"),
    "AWS::SNS::Topic": ("AWS::SNS::TopicPolicy", "Topics"),
}
WHERE_FROM = {"aws:SourceAccount", "aws:SourceArn"}
OWN_PATH = "/quarantag/"


def statements_of(template: Template, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every statement of the resource policies of this type, with the policy's logical id."""
    for name, one in template.of_type(kind).items():
        document = as_document(one["KeyPolicy" if kind == "AWS::KMS::Key" else "PolicyDocument"])
        yield from ((f"{name}#{statement['Sid']}", statement) for statement in document["Statement"])


def condition_keys(statement: dict[str, Any]) -> set[str]:
    """The keys that the statement's condition looks at."""
    return {key for operands in statement.get("Condition", {}).values() for key in operands}


@EVERY_TEMPLATE
@pytest.mark.parametrize("kind", POLICIES)
def test_every_queue_and_topic_refuses_what_is_not_encrypted_in_transit(template: Template, kind: str) -> None:
    policy_kind, names = POLICIES[kind]
    refusing = set()
    for one in template.of_type(policy_kind).values():
        for statement in as_document(one["PolicyDocument"])["Statement"]:
            if statement["Effect"] == "Deny" and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}:
                assert statement["Principal"] == "*"
                refusing |= {name.strip("<>") for name in one[names]}
    assert refusing == set(template.of_type(kind))


@EVERY_TEMPLATE
def test_a_service_is_let_in_only_for_this_account_or_this_resource(template: Template) -> None:
    kinds = [*(kind for kind, _ in POLICIES.values()), "AWS::KMS::Key", "AWS::Events::EventBusPolicy"]
    found = [one for kind in kinds for one in statements_of(template, kind)]
    let_in = [(name, one) for name, one in found if one["Effect"] == "Allow" and "Service" in as_principal(one)]
    assert let_in
    assert [name for name, one in let_in if not condition_keys(one) & WHERE_FROM] == []


@EVERY_TEMPLATE
def test_everybody_is_let_in_nowhere_without_the_account(template: Template) -> None:
    found = [
        one
        for kind in ("AWS::KMS::Key", *(kind for kind, _ in POLICIES.values()))
        for one in statements_of(template, kind)
    ]
    open_to_all = [(name, one) for name, one in found if one["Effect"] == "Allow" and "*" in as_principal(one).values()]
    assert [name for name, one in open_to_all if "kms:CallerAccount" not in condition_keys(one)] == []


def as_principal(statement: dict[str, Any]) -> dict[str, Any]:
    """The statement's principal as a mapping; everybody is `{"AWS": "*"}`."""
    principal = statement["Principal"]
    return principal if isinstance(principal, dict) else {"AWS": principal}


@EVERY_TEMPLATE
def test_every_permission_of_a_function_says_who_asks(template: Template) -> None:
    permissions = template.of_type("AWS::Lambda::Permission")
    assert [name for name, one in permissions.items() if not {"SourceArn", "SourceAccount"} <= set(one)] == []


def test_what_holds_state_says_what_becomes_of_it() -> None:
    stateful = {name: one for name, one in RESOURCES.items() if one["Type"] in STATEFUL}
    assert [name for name, one in stateful.items() if not {"DeletionPolicy", "UpdateReplacePolicy"} <= set(one)] == []
    kept = {name: one for name, one in stateful.items() if one["Type"] in KEPT}
    assert [name for name, one in kept.items() if one["DeletionPolicy"] != "Retain"] == []
    assert [name for name, one in kept.items() if one["UpdateReplacePolicy"] != "Retain"] == []


@EVERY_TEMPLATE
def test_every_log_group_ends_its_logs_after_a_year_at_the_earliest(template: Template) -> None:
    groups = template.of_type("AWS::Logs::LogGroup")
    assert [name for name, one in groups.items() if one["RetentionInDays"] < 365] == []


@EVERY_TEMPLATE
def test_every_function_keeps_what_fails_logs_and_can_be_traced(template: Template) -> None:
    groups, traced = template.of_type("AWS::Logs::LogGroup"), {"Fn::If": ["Traced", "Active", "PassThrough"]}
    for name, one in template.of_type("AWS::Serverless::Function").items():
        failures = one["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]
        assert failures == {"Type": "SQS", "Destination": "<FailedEvents.Arn>"}, name
        assert one["Tracing"] in (traced, "PassThrough"), name
        assert one["LoggingConfig"]["LogGroup"].strip("<>") in groups, name
        assert one["Role"].removesuffix(".Arn>").strip("<") in template.of_type("AWS::IAM::Role"), name


@EVERY_TEMPLATE
def test_no_two_functions_share_a_role_or_a_log(template: Template) -> None:
    functions = template.of_type("AWS::Serverless::Function").values()
    for shared in ([one["Role"] for one in functions], [one["LoggingConfig"]["LogGroup"] for one in functions]):
        assert len(set(shared)) == len(shared)


@EVERY_TEMPLATE
def test_every_target_of_a_rule_tries_again_and_keeps_what_fails(template: Template) -> None:
    for name, rule in template.of_type("AWS::Events::Rule").items():
        for target in rule["Targets"]:
            assert target["DeadLetterConfig"] == {"Arn": "<FailedEvents.Arn>"}, name
            assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0, name


@EVERY_TEMPLATE
@pytest.mark.parametrize("kind", ["AWS::IAM::Role", "AWS::IAM::ManagedPolicy", "AWS::IAM::InstanceProfile"])
def test_all_of_iam_is_under_the_path_that_the_organization_guards(template: Template, kind: str) -> None:
    """policies/organization/guard.yaml knows roles and policies of the stacks by their path."""
    assert [name for name, one in template.of_type(kind).items() if one.get("Path") != OWN_PATH] == []


@EVERY_TEMPLATE
def test_every_role_trusts_one_service_and_allows_no_wildcard(template: Template) -> None:
    for name, role in template.of_type("AWS::IAM::Role").items():
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert set(trust["Principal"]) == {"Service"}, name
        assert isinstance(trust["Principal"]["Service"], str), name
        wide = [action for one in template.granted(name) for action in one.actions if "*" in action]
        assert wide == [], name


@EVERY_TEMPLATE
def test_the_ledger_can_t_be_deleted_by_the_way(template: Template) -> None:
    for name, table in template.of_type("AWS::DynamoDB::Table").items():
        assert table["DeletionProtectionEnabled"] is True, name
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}, name


@EVERY_TEMPLATE
def test_every_key_of_the_stack_rotates(template: Template) -> None:
    assert [name for name, key in template.of_type("AWS::KMS::Key").items() if not key["EnableKeyRotation"]] == []


@EVERY_TEMPLATE
def test_every_alarm_reaches_people(template: Template) -> None:
    alarms = template.of_type("AWS::CloudWatch::Alarm")
    assert [name for name, one in alarms.items() if as_list(one["AlarmActions"]) != ["<Notifications>"]] == []
