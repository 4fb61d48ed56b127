"""template.yaml as values that tests can read: intrinsics evaluated with the parameters' defaults, or with others."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[1]
PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws-cn",
    "AWS::Region": "cn-north-1",
    "AWS::StackName": "quarantag",
    "AWS::URLSuffix": "amazonaws.com.cn",
}
"""China's, so that nothing that is right in the `aws` partition only passes."""


_NO_VALUE = "<AWS::NoValue>"
_SWITCHES = frozenset(
    {
        *("CustomerKey", "DenyInNetworkAcls", "ForwardsEvents", "HasCanary", "OwnKey", "ReservesConcurrency"),
        *("RevokeByRole", "TellsCentrally"),
    }
)
"""The conditions that switch a function, or a role's statement, on; other uses of Fn::If stay as they are."""


@cache
def source() -> dict[str, Any]:
    """The template as written, its short intrinsics in the long form."""
    parsed: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    return parsed


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a role's policies."""

    effect: str
    actions: frozenset[str]
    resources: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, Any]]


class Template:
    """The template with its parameters set; a resource's name or ARN is `<LogicalId>` or `<LogicalId.Arn>`."""

    def __init__(self, **parameters: str) -> None:
        """Set these parameters; the others have their defaults."""
        defaults = {name: str(one["Default"]) for name, one in source()["Parameters"].items()}
        self.values: dict[str, str] = PSEUDO | defaults | parameters

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Evaluated properties of the resources of this type, by logical id; a function's with the globals."""
        found = {name: one for name, one in source()["Resources"].items() if one["Type"] == kind and self._is_made(one)}
        shared = globals_with if kind == "AWS::Serverless::Function" else dict
        return {name: self.evaluated(shared(one.get("Properties", {}))) for name, one in found.items()}

    def properties(self, logical_id: str) -> dict[str, Any]:
        """Evaluated properties of one resource."""
        return self.of_type(source()["Resources"][logical_id]["Type"])[logical_id]

    def documents(self, role: str) -> dict[str, dict[str, Any]]:
        """A role's policy documents by the policy's name, an attached managed policy's by its logical id."""
        apart = (self.of_type(kind) for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"))
        attached = {name: one for found in apart for name, one in found.items() if f"<{role}>" in one.get("Roles", [])}
        inline = {one["PolicyName"]: one for one in self.properties(role)["Policies"]}
        policies = inline | {one.get("PolicyName", name): one for name, one in attached.items()}
        return {name: as_document(one["PolicyDocument"]) for name, one in policies.items()}

    def statements(self, role: str) -> list[Statement]:
        """Every statement of a role's policies, those attached to it included."""
        return [one for document in self.documents(role).values() for one in statements(document)]

    def granted(self, role: str) -> list[Statement]:
        """The statements that allow the role something."""
        return [one for one in self.statements(role) if one.effect == "Allow"]

    def allowed(self, role: str, action: str) -> dict[str, list[object]]:
        """The conditions of each resource on which the role may do this, by resource."""
        found: dict[str, list[object]] = {}
        for one in self.granted(role):
            for resource in one.resources if action in one.actions else ():
                found.setdefault(resource, []).append(dict(one.conditions))
        return found

    def evaluated(self, value: Any) -> Any:  # noqa: ANN401 - a template's value
        """The value with its Ref, Fn::GetAtt, Fn::Sub, Fn::Join and switches evaluated; other intrinsics stay."""
        if isinstance(value, list):
            evaluated = [self.evaluated(one) for one in value]
            return [one for one in evaluated if one != _NO_VALUE]
        if not isinstance(value, dict):
            return value
        intrinsics: dict[str, Callable[[Any], Any]] = {
            "Ref": self._named,
            "Fn::GetAtt": self._attribute,
            "Fn::If": self._if,
            "Fn::Select": lambda given: self.evaluated(given[1])[int(given[0])],
            "Fn::Split": lambda given: self.evaluated(given[1]).split(given[0]),
        }
        ((key, argument), *more) = value.items() if value else (("", None),)
        if key in {"Fn::Join", "Fn::Sub"} and not more:
            return self._text(value)
        if key in intrinsics and not more:
            return intrinsics[key](argument)
        found = {key: self.evaluated(one) for key, one in value.items()}
        return {key: one for key, one in found.items() if one != _NO_VALUE}

    @staticmethod
    def _attribute(named: str | list[str]) -> str:
        return f"<{named if isinstance(named, str) else '.'.join(named)}>"

    def _if(self, given: list[Any]) -> Any:  # noqa: ANN401 - a template's value
        """What a switch leaves; another condition's stays as it is."""
        condition, yes, no = given
        if condition not in _SWITCHES:
            return {"Fn::If": [condition, self.evaluated(yes), self.evaluated(no)]}
        return self.evaluated(yes if self._holds(condition) else no)

    def _is_made(self, resource: Mapping[str, Any]) -> bool:
        """Whether the resource's condition, where it is a switch, holds."""
        condition = resource.get("Condition")
        return condition not in _SWITCHES or self._holds(condition)

    def _holds(self, switch: str) -> bool:
        return self._is_true(source()["Conditions"][switch])

    def _is_true(self, condition: Mapping[str, Any]) -> bool:
        ((kind, given),) = condition.items()
        if kind == "Fn::Equals":
            left, right = self.evaluated(given)
            return bool(left == right)
        held = [self._is_true(one) for one in given]
        return not held[0] if kind == "Fn::Not" else all(held)

    def _text(self, value: Any) -> Any:  # noqa: ANN401 - a template's value
        if "Fn::Join" in value:
            between, parts = value["Fn::Join"]
            return str(between).join(self.evaluated(parts))
        text = value["Fn::Sub"]
        if not isinstance(text, str):
            return value
        return re.sub(r"\$\{([^}]+)}", lambda found: self._named(found[1]), text)

    def _named(self, name: str) -> str:
        return self.values.get(name, f"<{name}>")


def globals_with(function: Mapping[str, Any]) -> dict[str, Any]:
    """A function's properties over the globals; its variables are added to theirs."""
    shared: dict[str, Any] = source()["Globals"]["Function"]
    variables = shared["Environment"]["Variables"] | function.get("Environment", {}).get("Variables", {})
    return shared | dict(function) | {"Environment": {"Variables": variables}}


def as_document(document: str | dict[str, Any]) -> dict[str, Any]:
    """A policy document as the template has it: a mapping, or its JSON text."""
    parsed: dict[str, Any] = json.loads(document) if isinstance(document, str) else document
    return parsed


def statements(document: str | dict[str, Any]) -> Iterator[Statement]:
    """The statements of a policy document, which may be JSON text."""
    for one in as_document(document)["Statement"]:
        actions, resources = (as_list(one.get(key, [])) for key in ("Action", "Resource"))
        yield Statement(one["Effect"], frozenset(actions), tuple(resources), one.get("Condition", {}))


def ec2(kind: str) -> str:
    """The ARN of every EC2 resource of this kind in the stack's account and Region."""
    return f"arn:aws-cn:ec2:cn-north-1:123456789012:{kind}/*"


def iam(kind: str) -> str:
    """The ARN of every IAM resource of this kind in the stack's account."""
    return f"arn:aws-cn:iam::123456789012:{kind}/*"


def as_list(value: Any) -> list[Any]:  # noqa: ANN401 - a policy's value
    """A policy's one value or list, as a list."""
    return value if isinstance(value, list) else [value]
