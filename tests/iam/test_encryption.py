"""Under a key of the customer's: each role uses it through the stack's services, and services only for this account."""

from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from tests.iam.people import ACCOUNT, ADMIN, REGION
from tests.iam.roles import DEPLOYED, FUNCTIONS, LIFE, arn, policies
from tests.iam.simulator import FULL_ACCESS, Context, Policy, Question, Request, simulate
from tests.template import ROOT, Template

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0f"
REVOKER = "IAMRoleForRevokeFunction"
ON = {"KmsKeyArn": KEY, "RevokeCredentials": "role"}
ROLES = {role: policies(role, {}, **ON) for role in (*FUNCTIONS, REVOKER, LIFE)}
USED = {
    "dynamodb": ("Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo"),
    "lambda": ("Decrypt",),
    "sns": ("Decrypt", "GenerateDataKey"),
    "sqs": ("Decrypt", "GenerateDataKey"),
}
"""What the services ask of a caller; DynamoDB's is the whole list of its developer guide, for reading and writing."""


def key_policy(**parameters: str) -> Policy:
    """The policy of `policies/stack/key.yaml`'s key."""
    parsed: dict[str, Any] = yaml_parse((ROOT / "policies/stack/key.yaml").read_text(encoding="utf-8"))
    written = parsed["Resources"]["Key"]["Properties"]["KeyPolicy"]
    administrator = written["Statement"][0]["Principal"]["AWS"]["Fn::If"]
    written["Statement"][0]["Principal"]["AWS"] = administrator[1 if parameters.get("AdministratorArn") else 2]
    policy: Policy = Template(**DEPLOYED | parameters).evaluated(written)
    return policy


def asked(principal: str, action: str, identity: dict[str, Policy], key: str = KEY, **context: str) -> Question:
    """A use of the key; `__` in a context key stands for `:`."""
    keys: Context = {name.replace("__", ":"): value for name, value in context.items()}
    return Question(Request(principal, f"kms:{action}", key, keys, ACCOUNT), identity, resource=key_policy())


def by_role(role: str, action: str, service: str | None, key: str = KEY) -> Question:
    """A use of the key by a function, through this service or directly."""
    session = arn(role).replace(":iam:", ":sts:").replace(":role/quarantag/", ":assumed-role/") + "/one"
    through = {"kms__ViaService": f"{service}.{REGION}.amazonaws.com", "kms__CallerAccount": ACCOUNT} if service else {}
    return asked(session, action, ROLES[role], key, **through)


def by_service(name: str, action: str, **context: str) -> Question:
    """A use of the key by an AWS service for itself."""
    return asked(name, action, {}, **context)


@pytest.mark.parametrize("role", ROLES)
def test_a_function_reads_and_writes_through_its_services(role: str) -> None:
    used = {service: actions for service, actions in USED.items() if (role, service) != (LIFE, "sns")}
    answers = simulate(by_role(role, action, service) for service, actions in used.items() for action in actions)
    assert [one.reason for one in answers if not one.allowed] == []


@pytest.mark.parametrize("role", ROLES)
def test_a_function_uses_the_key_in_no_other_way(role: str) -> None:
    attacks = [
        *(by_role(role, action, None) for action in ("Decrypt", "GenerateDataKey", "Encrypt")),
        *(by_role(role, "Decrypt", service) for service in ("s3", "secretsmanager", "ssm")),
        *(by_role(role, action, "sqs") for action in ("Encrypt", "CreateGrant")),
        *(by_role(role, action, None) for action in ("DisableKey", "ScheduleKeyDeletion", "PutKeyPolicy")),
    ]
    assert [one.reason for one in simulate(attacks) if one.allowed] == []
    assert [one.reason for one in simulate([by_role(role, "Decrypt", "sns", OTHER_KEY)]) if one.allowed] == []


def test_without_the_parameter_no_role_has_a_key() -> None:
    for role in FUNCTIONS:
        assert "use-key" in ROLES[role]
        assert "use-key" not in policies(role)


ALARMS, EVENTS = "cloudwatch.amazonaws.com", "events.amazonaws.com"
RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/quarantag-SweepSchedule-XYZ"


def test_services_use_the_key_for_this_account() -> None:
    here = {"aws__SourceAccount": ACCOUNT}
    wanted = [
        *(by_service(ALARMS, action, **here) for action in ("Decrypt", "GenerateDataKey")),
        *(by_service(EVENTS, action, **here, aws__SourceArn=RULE) for action in ("Decrypt", "GenerateDataKey")),
    ]
    assert [one.reason for one in simulate(wanted) if not one.allowed] == []


def test_services_use_the_key_for_nobody_else() -> None:
    elsewhere = {"aws__SourceAccount": "999988887777"}
    attacks = [
        by_service(ALARMS, "Decrypt", **elsewhere),
        by_service(EVENTS, "Decrypt", **elsewhere, aws__SourceArn=RULE.replace(ACCOUNT, "999988887777")),
        by_service("lambda.amazonaws.com", "Decrypt"),
    ]
    assert [one.reason for one in simulate(attacks) if one.allowed] == []


def test_log_groups_of_this_account_only() -> None:
    """Read, not asked: the simulator knows no `kms:EncryptionContext:` keys."""
    found = [one for one in key_policy()["Statement"] if str(one["Principal"].get("Service", "")).startswith("logs.")]
    assert [(one["Principal"], one["Condition"]) for one in found] == [
        (
            {"Service": f"logs.{REGION}.amazonaws.com"},
            {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:*"}},
        )
    ]


def test_one_administrator_keeps_others_from_disabling_the_key() -> None:
    keeper = f"arn:aws:iam::{ACCOUNT}:role/KeyKeeper"
    policy = key_policy(AdministratorArn=keeper)
    for principal, allowed in ((ADMIN, False), (keeper, True)):
        session = principal.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + "/one"
        request = Request(session, "kms:DisableKey", KEY, {}, ACCOUNT)
        assert [
            one.allowed for one in simulate([Question(request, {"administrator": FULL_ACCESS}, resource=policy)])
        ] == [allowed]
