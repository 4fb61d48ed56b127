"""KmsKeyArn reaches all that is encrypted, ReservedConcurrency every function; by default neither does anything."""

from typing import Any

import pytest

from tests.template import Template, as_document

KEY = "arn:aws-cn:kms:cn-north-1:123456789012:key/1234abcd"
BY_DEFAULT, WITH_KEY = Template(RevokeCredentials="role"), Template(RevokeCredentials="role", KmsKeyArn=KEY)
ENCRYPTED = {
    "AWS::DynamoDB::Table": ("SSESpecification", "KMSMasterKeyId"),
    "AWS::Logs::LogGroup": ("KmsKeyId",),
    "AWS::SNS::Topic": ("KmsMasterKeyId",),
    "AWS::SQS::Queue": ("KmsMasterKeyId",),
    "AWS::Serverless::Function": ("KmsKeyArn",),
}


def found(template: Template, kind: str) -> set[Any]:
    """The key that each resource of this type has."""
    keys: set[Any] = set()
    for properties in template.of_type(kind).values():
        value: Any = properties
        for name in ENCRYPTED[kind]:
            value = value.get(name) if value else None
        keys.add(value)
    return keys


@pytest.mark.parametrize("kind", ENCRYPTED)
def test_the_key_encrypts_everything(kind: str) -> None:
    assert found(WITH_KEY, kind) == {KEY}
    assert found(BY_DEFAULT, kind) == {"<NotificationsKey>" if kind == "AWS::SNS::Topic" else None}


def test_the_queue_has_one_kind_of_encryption() -> None:
    assert BY_DEFAULT.properties("FailedEvents")["SqsManagedSseEnabled"] is True
    assert WITH_KEY.properties("FailedEvents")["SqsManagedSseEnabled"] is False


def test_the_stack_s_own_key_is_made_only_where_it_is_used() -> None:
    assert set(BY_DEFAULT.of_type("AWS::KMS::Key")) == {"NotificationsKey"}
    assert set(WITH_KEY.of_type("AWS::KMS::Key")) == set()


def test_every_function_s_role_may_use_the_key() -> None:
    """The stack's own by itself: it runs before the other roles are there."""
    roles = {one["Role"].replace(".Arn", "") for one in WITH_KEY.of_type("AWS::Serverless::Function").values()}
    own = "IAMRoleForStackFunction"
    assert {*WITH_KEY.properties("UseKey")["Roles"], f"<{own}>"} == roles
    assert "UseKey" not in BY_DEFAULT.of_type("AWS::IAM::Policy")
    assert "use-key" in WITH_KEY.documents(own)
    assert "use-key" not in BY_DEFAULT.documents(own)


def test_analysts_read_the_ledger_under_whatever_key_and_nothing_else() -> None:
    (through,) = [one for one in statements_of("AnalystPolicy") if one["Sid"] == "LedgerUnderKey"]
    assert through["Action"] == "kms:Decrypt"
    assert through["Condition"] == {
        "StringEquals": {
            "kms:ViaService": "dynamodb.cn-north-1.amazonaws.com.cn",
            "kms:EncryptionContext:aws:dynamodb:tableName": "<ContainmentLedger>",
        }
    }


def statements_of(policy: str) -> list[dict[str, Any]]:
    """A managed policy's statements, as they are written."""
    found: list[dict[str, Any]] = as_document(BY_DEFAULT.properties(policy)["PolicyDocument"])["Statement"]
    return found


def test_concurrency_is_reserved_for_each_function_where_asked() -> None:
    for value, reserved in (("0", None), ("20", "20")):
        functions = Template(RevokeCredentials="role", ReservedConcurrency=value).of_type("AWS::Serverless::Function")
        assert {one.get("ReservedConcurrentExecutions") for one in functions.values()} == {reserved}
