"""template.yaml as CloudFormation orders it: what is deleted first and updated first, and what the function may do."""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache
from typing import Any

import pytest
from samtranslator.translator.transform import transform

from console.cloud.place import REGION
from quarantag.aws import containments, stacks
from quarantag.stacklife import CHANGE, DELETION, GUARDED
from tests.template import Template, ec2, iam, source
from tests.test_template_steps import called, granted

ROLE, FUNCTION = "IAMRoleForStackFunction", "StackFunction"
TEMPLATE = Template()
LEDGER = "<ContainmentLedger.Arn>"
SWITCH = {
    "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["switch"]},
    "Null": {"dynamodb:LeadingKeys": "false"},
}


class NoManagedPolicies:
    """SAM asks it for the ARNs of AWS's policies; the template names none."""

    def load(self) -> dict[str, str]:
        return {}


@cache
def transformed() -> dict[str, dict[str, Any]]:
    """The resources that CloudFormation gets, those that SAM makes included."""
    template = deepcopy(source())
    template["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_DEFAULT_REGION", REGION)
        resources: dict[str, dict[str, Any]] = transform(template, {}, NoManagedPolicies())["Resources"]
    return resources


def references(value: Any) -> Iterator[str]:  # noqa: ANN401 - a template's value
    """The logical ids and parameters that a value refers to."""
    if isinstance(value, list):
        for one in value:
            yield from references(one)
    elif isinstance(value, Mapping):
        for key, argument in value.items():
            if key == "Ref":
                yield argument
            elif key == "Fn::GetAtt":
                yield argument.partition(".")[0] if isinstance(argument, str) else argument[0]
            elif key == "Fn::Sub" and isinstance(argument, str):
                yield from (name.partition(".")[0] for name in re.findall(r"\$\{([^}!]+)}", argument))
            else:
                yield from references(argument)
                yield from references({"Fn::Sub": argument[0]} if key == "Fn::Sub" else {})


def needs(logical_id: str, *, absent: frozenset[str] = frozenset()) -> set[str]:
    """All that must be there before the resource, where these are absent because of their condition."""
    found: set[str] = set()
    left = [logical_id]
    while left:
        one = transformed()[left.pop()]
        after = one.get("DependsOn", [])
        named = {*references(one.get("Properties", {})), *([after] if isinstance(after, str) else after)}
        new = (named & set(transformed())) - found - absent
        found |= new
        left += new
    return found


def conditional() -> frozenset[str]:
    return frozenset(name for name, one in transformed().items() if "Condition" in one)


@pytest.mark.parametrize("absent", [frozenset(), conditional()], ids=["all made", "conditional ones absent"])
def test_the_deletion_is_asked_for_before_anything_else_is_deleted(absent: frozenset[str]) -> None:
    """A resource that is missing here goes into StackDeletion: DependsOn, or After where it has a condition."""
    others = set(transformed()) - {"StackDeletion"} - absent
    assert others - needs("StackDeletion", absent=absent) == set()


def test_nothing_depends_on_what_may_be_absent() -> None:
    """CloudFormation leaves out what depends on it (Template Reference, "Condition attribute")."""
    for name, one in transformed().items():
        after = one.get("DependsOn", [])
        assert not conditional() & {*([after] if isinstance(after, str) else after)}, name


def test_what_uses_a_guarded_parameter_is_updated_after_the_change_was_asked_for() -> None:
    """But the function itself, whose environment has them: it goes by the properties that the request brings."""
    using = {name for name, one in transformed().items() if set(references(one.get("Properties", {}))) & set(GUARDED)}
    assert {name for name in using if "StackChange" not in needs(name)} == {"StackChange", FUNCTION}
    assert {"EC2TagChangeEvent", "IAMRoleForLambdaFunction", "RootInstanceProfile", "AnalystPolicy"} <= using


def test_each_guarded_parameter_is_a_property_of_the_change() -> None:
    properties = source()["Resources"]["StackChange"]["Properties"]
    assert {name: {"Ref": name} for name in GUARDED} == {name: properties[name] for name in GUARDED}
    assert {one["Type"] for one in transformed().values() if one["Type"].startswith("Custom::")} == {DELETION, CHANGE}


def test_no_resource_waits_for_itself() -> None:
    assert [name for name in transformed() if name in needs(name)] == []


def test_the_function_waits_for_every_run_and_never_hangs_the_stack() -> None:
    functions = TEMPLATE.of_type("AWS::Serverless::Function")
    longest = max(one["Timeout"] for name, one in functions.items() if name != FUNCTION)
    own = functions[FUNCTION]["Timeout"]
    for name in ("StackDeletion", "StackChange"):
        properties = source()["Resources"][name]["Properties"]
        assert properties["ServiceToken"] == {"Fn::GetAtt": [FUNCTION, "Arn"]}
        assert properties["ServiceTimeout"] >= 3 * own + 60 + 120, "three tries, a minute and two minutes apart"
    assert source()["Resources"]["StackDeletion"]["Properties"]["SettleSeconds"] == longest
    assert own >= longest + 120


def test_the_function_may_do_what_its_code_does_and_nothing_else() -> None:
    assert granted(ROLE, "ec2") == called(containments, "ec2")
    assert granted(ROLE, "iam") == called(containments, "iam", "iam")
    assert granted(ROLE, "cloudformation") == called(stacks, "cloudformation")
    assert granted(ROLE, "dynamodb") == {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"}
    services = {action.partition(":")[0] for one in TEMPLATE.granted(ROLE) for action in one.actions}
    assert services == {"cloudformation", "dynamodb", "ec2", "iam", "logs", "sqs"}


def test_the_function_deletes_own_groups_frees_roles_of_one_policy_and_writes_the_switch() -> None:
    assert TEMPLATE.allowed(ROLE, "ec2:DeleteSecurityGroup") == {
        ec2("security-group"): [{"StringEquals": {"aws:ResourceTag/QuarantagStack": "quarantag"}}]
    }
    assert TEMPLATE.allowed(ROLE, "iam:DetachRolePolicy") == {
        iam("role"): [{"ArnEquals": {"iam:PolicyARN": "<DenyContainedSessions>"}}]
    }
    assert TEMPLATE.allowed(ROLE, "dynamodb:PutItem") == {LEDGER: [SWITCH]}
    assert TEMPLATE.allowed(ROLE, "dynamodb:GetItem") == {LEDGER: [SWITCH]}
    (tags,) = TEMPLATE.allowed(ROLE, "iam:UntagRole")[iam("role")]
    assert tags == {
        "ForAllValues:StringEquals": {
            "aws:TagKeys": [f"QuarantagContained{slot}-cn-north-1" for slot in range(1, 6)],
        }
    }
    assert [one.actions for one in TEMPLATE.granted(ROLE) if "*" in one.resources] == [
        {"ec2:DescribeInstances", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups"}
    ]


def test_no_rule_starts_the_function() -> None:
    assert f"<{FUNCTION}>" not in {one["FunctionName"] for one in TEMPLATE.of_type("AWS::Lambda::Permission").values()}
