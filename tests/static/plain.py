"""template.yaml as CloudFormation makes it: SAM's transform done, parameters and conditions resolved."""

import logging
from typing import Any

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from tests.template import ROOT

REGION = "us-east-1"
logging.getLogger("samtranslator").setLevel(logging.ERROR)  # it warns of metrics that nobody wants
_LEFT_OUT: Any = object()


def plain(**parameters: str) -> dict[str, Any]:
    """A template without parameters, conditions and macros; parameters that are not given have their defaults."""
    written = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    written["Globals"]["Function"]["CodeUri"] = {"Bucket": "bucket", "Key": "key"}
    values = {name: str(one["Default"]) for name, one in written["Parameters"].items()} | parameters
    session = boto3.session.Session(region_name=REGION)
    translated = Translator({}, Parser(), boto_session=session).translate(written, dict(values))
    return _Resolving(values, translated["Conditions"]).template(translated)


class _Resolving:
    """Resolves what depends on parameters only; what names resources stays."""

    def __init__(self, values: dict[str, str], conditions: dict[str, Any]) -> None:
        self._values = values | {"AWS::Partition": "aws"}
        self._conditions = conditions

    def template(self, translated: dict[str, Any]) -> dict[str, Any]:
        made = {
            name: self._value({key: value for key, value in one.items() if key != "Condition"})
            for name, one in translated["Resources"].items()
            if "Condition" not in one or self._holds(self._conditions[one["Condition"]])
        }
        return {"AWSTemplateFormatVersion": translated["AWSTemplateFormatVersion"], "Resources": made}

    def _holds(self, condition: dict[str, Any]) -> bool:
        ((kind, given),) = condition.items()
        if kind == "Condition":
            return self._holds(self._conditions[given])
        if kind == "Fn::Equals":
            left, right = (self._value(one) for one in given)
            return bool(left == right)
        held = [self._holds(one) for one in given]
        return {"Fn::Not": not held[0], "Fn::And": all(held), "Fn::Or": any(held)}[kind]

    def _value(self, value: Any) -> Any:  # noqa: ANN401 - a template's value
        if isinstance(value, list):
            return [found for found in map(self._value, value) if found is not _LEFT_OUT]
        if not isinstance(value, dict):
            return value
        if set(value) == {"Fn::If"}:
            condition, yes, no = value["Fn::If"]
            return self._value(yes if self._holds(self._conditions[condition]) else no)
        if set(value) == {"Ref"}:
            return _LEFT_OUT if value["Ref"] == "AWS::NoValue" else self._values.get(value["Ref"], value)
        found = {key: self._value(one) for key, one in value.items()}
        return {key: one for key, one in found.items() if one is not _LEFT_OUT}
