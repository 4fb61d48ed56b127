"""The roles of template.yaml and the policies that it makes for people, with the ARNs that a deployment would have."""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from tests.iam.people import ACCOUNT, REGION
from tests.iam.simulator import Policy, Question, Request
from tests.template import PSEUDO, Template, as_document, source

TAGGER, ISOLATOR, RELEASER = "IAMRoleForTagFindingFunction", "IAMRoleForLambdaFunction", "IAMRoleForReleaseFunction"
ISOLATION, LIFE = "EC2IsolationRole", "IAMRoleForStackFunction"
FUNCTIONS = (TAGGER, ISOLATOR, RELEASER)
DEPLOYED = PSEUDO | {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/quarantag/0f",
    "CanaryInstanceId": "i-0123456789abcdef0",
    "EvidenceKmsKeyArn": f"arn:aws:kms:{REGION}:222233334444:key/0f",
    "EvidenceAccountId": "222233334444",
    "ExistingConnections": "nacl",
    "ForensicAccessSource": "10.0.0.0/8",
    "Tracing": "true",
}
"""Every parameter that gives a role more is on."""
_KINDS = {
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:{region}:{account}:table/{name}",
    "AWS::SNS::Topic": "arn:aws:sns:{region}:{account}:{name}",
    "AWS::SQS::Queue": "arn:aws:sqs:{region}:{account}:{name}",
    "AWS::Logs::LogGroup": "arn:aws:logs:{region}:{account}:log-group:{name}:*",
    "AWS::IAM::Role": "arn:aws:iam::{account}:role/quarantag/{name}",
    "AWS::IAM::ManagedPolicy": "arn:aws:iam::{account}:policy/quarantag/{name}",
    "AWS::IAM::InstanceProfile": "arn:aws:iam::{account}:instance-profile/quarantag/{name}",
    "AWS::Serverless::Function": "arn:aws:lambda:{region}:{account}:function:{name}",
    "AWS::Events::Rule": "arn:aws:events:{region}:{account}:rule/{name}",
    "AWS::KMS::Key": "arn:aws:kms:{region}:{account}:key/{name}",
}


@cache
def deployed() -> Template:
    """The template in the `aws` partition."""
    return Template(**DEPLOYED)


def arn(logical_id: str) -> str:
    """ARN of a resource of the stack."""
    kind = source()["Resources"][logical_id]["Type"]
    return _KINDS[kind].format(region=REGION, account=ACCOUNT, name=f"quarantag-{logical_id}-XYZ")


def policies(role: str, arns: Mapping[str, str] = {}, **parameters: str) -> dict[str, Policy]:
    """Everything that the role may do, by policy name; with these ARNs and parameters instead of `DEPLOYED`'s."""
    template = Template(**DEPLOYED | parameters) if parameters else deployed()
    return {name: _placed(one, arns) for name, one in template.documents(role).items()}


def unconditional(template: Template, role: str) -> dict[str, Policy]:
    """What the role may do with these parameters, less the policies that a deployment makes only with others."""
    switched = {name for name, one in source()["Resources"].items() if "Condition" in one}
    return {name: one for name, one in template.documents(role).items() if name not in switched}


def managed(logical_id: str) -> dict[str, Policy]:
    """A managed policy of the stack."""
    return {logical_id: _placed(as_document(deployed().properties(logical_id)["PolicyDocument"]))}


def by(role: str, action: str, resource: str = "*", **context: str | list[str]) -> Question:
    """A call of a function, or of an isolated instance; `__` in a key stands for `:`."""
    return _question(role, policies(role), action, resource, context)


def holding(*logical_ids: str, action: str, resource: str = "*", **context: str | list[str]) -> Question:
    """A call of a person who holds these managed policies of the stack and nothing else."""
    held = {name: one for logical_id in logical_ids for name, one in managed(logical_id).items()}
    return _question("person", held, action, resource, context)


def _question(
    role: str, identity: dict[str, Policy], action: str, resource: str, context: dict[str, str | list[str]]
) -> Question:
    keys = {key.replace("__", ":"): value for key, value in context.items()}
    principal = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/one"
    return Question(Request(principal, action, resource, keys, ACCOUNT), identity)


def _placed(document: dict[str, Any], arns: Mapping[str, str] = {}) -> Policy:
    """The document with `<LogicalId>` and `<LogicalId.Arn>` as ARNs, of these or as a deployment would have them."""
    text = re.sub(r"<(\w+)(?:\.Arn)?>", lambda found: arns.get(found[1]) or arn(found[1]), json.dumps(document))
    return cast("Policy", json.loads(text))
