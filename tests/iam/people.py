"""Who calls, as IAM sees them, and the policies of `policies/organization/guard.yaml` as AWS would store them."""

import json
import re
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from tests.iam.simulator import FULL_ACCESS, Policy, Question, Request
from tests.template import ROOT

ACCOUNT, REGION = "111122223333", "eu-central-1"
KEY = "SecurityIsolation"
ADMIN = f"arn:aws:iam::{ACCOUNT}:role/Admin"
RESPONDER = f"arn:aws:iam::{ACCOUNT}:role/QuarantagResponder-1"
DEPLOYER = f"arn:aws:iam::{ACCOUNT}:role/stacksets-exec-0123456789abcdef"
FUNCTION = f"arn:aws:iam::{ACCOUNT}:role/quarantag/quarantag-IAMRoleForLambdaFunction-ABC"
NAMESAKE = f"arn:aws:iam::{ACCOUNT}:role/quarantag-IAMRoleForLambdaFunction-ABC"
"""Without the path: any administrator could make it."""


def ec2(kind: str, name: str = "i-0123456789abcdef0") -> str:
    """ARN of an EC2 resource."""
    return f"arn:aws:ec2:{REGION}:{ACCOUNT}:{kind}/{name}"


def guard(**parameters: str | list[str]) -> dict[str, str]:
    """The text of each service control policy by logical id, evaluated with the defaults or these parameters."""
    parsed: dict[str, Any] = yaml_parse((ROOT / "policies/organization/guard.yaml").read_text(encoding="utf-8"))
    values: dict[str, Any] = {name: one.get("Default", "r-root") for name, one in parsed["Parameters"].items()}
    values |= parameters
    found = {}
    for name, resource in parsed["Resources"].items():
        text, named = resource["Properties"]["Content"]["Fn::Sub"]
        lists = {key: _joined(one["Fn::Join"], values) for key, one in named.items()}
        found[name] = re.sub(r"\$\{([^}]+)}", lambda match, lists=lists: str({**values, **lists}[match[1]]), text)  # type: ignore[misc]
    return found


def scps() -> dict[str, Policy]:
    """The service control policies that apply to a member account: AWS's own and ours."""
    return {"full": FULL_ACCESS} | {name: json.loads(text) for name, text in guard().items()}


def asked(principal: str, action: str, resource: str = "*", **context: str | list[str]) -> Question:
    """A call of an administrator, whom only the service control policies stop; `__` in a key stands for `:`."""
    keys = {key.replace("__", ":"): value for key, value in context.items()}
    session = principal.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/").replace("quarantag/", "") + "/one"
    request = Request(session, action, resource, {"aws:PrincipalArn": principal, **keys}, ACCOUNT)
    return Question(request, {"administrator": FULL_ACCESS}, scps=scps())


def tagged(key: str = KEY, value: str = "Isolate") -> dict[str, str]:
    """The resource carries this tag."""
    return {f"aws__ResourceTag/{key}": value}


def _joined(join: list[Any], values: dict[str, Any]) -> str:
    separator, (name,) = join[0], join[1].values()
    value = values[name]
    return str(separator).join(value if isinstance(value, list) else [one.strip() for one in value.split(",")])
