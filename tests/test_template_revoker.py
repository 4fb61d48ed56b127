"""The role function: made only where the parameter asks for it, and with the power over inline policies alone."""

import pytest

from quarantag.aws import role_policies
from tests.template import Template, iam
from tests.test_template_steps import called, granted

ISOLATOR, RELEASER, REVOKER = "IAMRoleForLambdaFunction", "IAMRoleForReleaseFunction", "IAMRoleForRevokeFunction"
FUNCTION = "RevokeRoleSessionsFunction"
ROLED, PATHED = Template(RevokeCredentials="role"), Template(RevokeCredentials="role", RevocableRolePath="/app/web/")
OWN = {
    *("dynamodb:GetItem", "iam:DeleteRolePolicy", "iam:GetRole", "iam:PutRolePolicy"),
    *("logs:CreateLogStream", "logs:PutLogEvents", "sqs:SendMessage"),
}


@pytest.mark.parametrize("value", ["instance", "none"])
def test_where_nobody_asks_for_it_there_is_none_and_nobody_may_write_a_policy(value: str) -> None:
    template = Template(RevokeCredentials=value)
    assert FUNCTION not in template.of_type("AWS::Serverless::Function")
    assert REVOKER not in template.of_type("AWS::IAM::Role")
    for role in (ISOLATOR, RELEASER):
        assert not template.allowed(role, "lambda:InvokeFunction")
        assert not template.allowed(role, "iam:PutRolePolicy")
    for function in template.of_type("AWS::Serverless::Function").values():
        assert function["Environment"]["Variables"].get("REVOKE_FUNCTION", "") == ""


def test_it_may_do_what_its_code_does_and_nothing_else() -> None:
    assert set().union(*(one.actions for one in ROLED.granted(REVOKER))) == OWN
    assert {one for one in OWN if one.startswith("iam:")} == called(role_policies, "iam", "iam")
    assert not [one for one in ROLED.granted(REVOKER) if "*" in one.resources]


@pytest.mark.parametrize(("template", "path"), [(ROLED, ""), (PATHED, "app/web/")])
def test_it_writes_under_the_path_only_and_never_quarantag_s_own_or_a_service_s_roles(
    template: Template, path: str
) -> None:
    for action in ("iam:PutRolePolicy", "iam:DeleteRolePolicy"):
        assert template.allowed(REVOKER, action) == {iam("role").replace("*", f"{path}*"): [{}]}
    (denial,) = [one for one in template.statements(REVOKER) if one.effect == "Deny"]
    assert denial.actions == {"iam:PutRolePolicy", "iam:DeleteRolePolicy"}
    assert denial.resources == (iam("role/aws-service-role"), iam("role/quarantag"))
    assert not denial.conditions


@pytest.mark.parametrize("role", [ISOLATOR, RELEASER])
def test_who_starts_it_starts_nothing_else(role: str) -> None:
    assert ROLED.allowed(role, "lambda:InvokeFunction") == {f"<{FUNCTION}.Arn>": [{}]}
    assert not {"iam:PutRolePolicy", "iam:DeleteRolePolicy"} & granted(role, "iam")


@pytest.mark.parametrize("function", ["IsolationLambdaFunction", "ReleaseFunction"])
def test_who_starts_it_knows_it(function: str) -> None:
    assert ROLED.properties(function)["Environment"]["Variables"]["REVOKE_FUNCTION"] == f"<{FUNCTION}>"


def test_no_rule_and_no_service_starts_it() -> None:
    assert f"<{FUNCTION}>" not in {one["FunctionName"] for one in ROLED.of_type("AWS::Lambda::Permission").values()}
    for rule in ROLED.of_type("AWS::Events::Rule").values():
        assert f"<{FUNCTION}.Arn>" not in [target["Arn"] for target in rule["Targets"]]


def test_its_errors_are_watched() -> None:
    """Whoever invoked it gets the error, so nothing of it goes to the failed events."""
    alarms = ROLED.of_type("AWS::CloudWatch::Alarm").values()
    watched = [one["MetricName"] for one in alarms if one["Dimensions"][0]["Value"] == f"<{FUNCTION}>"]
    assert watched == ["Errors"]


def test_the_releaser_never_passes_its_role() -> None:
    (denial,) = [one for one in ROLED.statements(RELEASER) if one.effect == "Deny" and "iam:PassRole" in one.actions]
    assert set(denial.resources) == {one["Role"] for one in ROLED.of_type("AWS::Serverless::Function").values()}


def test_what_a_case_has_can_be_read_after_the_parameter_changed() -> None:
    assert Template().allowed(RELEASER, "iam:GetRolePolicy") == {iam("role"): [{}]}
