"""Deploys the built stack to the local cloud, as `sam deploy` does: code to S3, then the template to CloudFormation."""

import io
import json
import time
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from samtranslator.yaml_helper import yaml_parse

from console.cloud.local import LocalCloud, LocalCloudError
from console.cloud.place import client

STACK = "quarantag"
CAPABILITIES = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
SECONDS = 60.0
BEGINNINGS = {f"{operation}_IN_PROGRESS" for operation in ("CREATE", "UPDATE", "DELETE")}
FUNCTION = "AWS::Serverless::Function"


@dataclass(frozen=True, slots=True)
class Deployed:
    """A deployed stack: its name and the physical id of each logical id."""

    name: str
    resources: Mapping[str, str]


def deploy(cloud: LocalCloud, artifact: Path, name: str = STACK, settle: int | None = None) -> Deployed:
    """Deploy `artifact/template.yaml` with every parameter's default; LocalCloudError with CloudFormation's reason.

    A deletion of the stack waits `settle` seconds, where given, instead of as long as a function may run.
    """
    template = packaged(cloud, artifact, settle)
    create_stack(cloud, template, name)
    stack, listed = described(cloud, name)
    copy_instance_profiles(cloud, [one for one in listed if one["ResourceType"] == "AWS::IAM::InstanceProfile"])
    copy_policies(cloud, [one for one in listed if one["ResourceType"] == "AWS::IAM::ManagedPolicy"])
    configure_failures(cloud, template, stack)
    return stack


def packaged(cloud: LocalCloud, artifact: Path, settle: int | None = None) -> dict[str, Any]:
    """The built template with its code uploaded, as `sam package` makes it."""
    template: dict[str, Any] = yaml_parse((artifact / "template.yaml").read_text())
    package(cloud, artifact, template)
    if settle is not None:
        template["Resources"]["StackDeletion"]["Properties"]["SettleSeconds"] = settle
    return template


def described(cloud: LocalCloud, name: str) -> tuple[Deployed, list[Mapping[str, Any]]]:
    """What the stack has."""
    listed = cloud.client("cloudformation").describe_stack_resources(StackName=name)["StackResources"]
    return Deployed(name, {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in listed}), listed


def package(cloud: LocalCloud, artifact: Path, template: dict[str, Any]) -> None:
    """Upload the code of each function and point the template at it, as `sam package` does."""
    s3 = cloud.client("s3")
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=cloud.bucket, CreateBucketConfiguration={"LocationConstraint": cloud.region})
    shared = template.get("Globals", {}).get("Function", {}).get("CodeUri")
    for function in _functions(template).values():
        code = function.get("CodeUri", shared)
        key = f"{code}.zip"
        s3.put_object(Bucket=cloud.bucket, Key=key, Body=zipped(artifact / code))
        function["CodeUri"] = {"Bucket": cloud.bucket, "Key": key}


def zipped(directory: Path) -> bytes:
    """The directory's files as a zip archive."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(directory.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(directory))
    return content.getvalue()


def create_stack(cloud: LocalCloud, template: Mapping[str, Any], name: str) -> None:
    """Create the stack; wait for it."""
    cloudformation = cloud.client("cloudformation")
    try:
        cloudformation.create_stack(
            StackName=name, TemplateURL=stored(cloud, template, name), Capabilities=CAPABILITIES
        )
    except ClientError as error:
        raise LocalCloudError(f"The stack was refused: {error.response['Error']['Message']}") from error
    status = settled(cloud, name)
    if status != "CREATE_COMPLETE":
        raise LocalCloudError(f"The stack was not created ({status}): {why(cloud, name)}")


def stored(cloud: LocalCloud, template: Mapping[str, Any], name: str) -> str:
    """URL of the template in S3, since one in the call has 51,200 bytes at most (CreateStack)."""
    key = f"{name}.template"
    cloud.client("s3").put_object(Bucket=cloud.bucket, Key=key, Body=json.dumps(template, default=str).encode())
    return f"https://s3.{cloud.region}.amazonaws.com/{cloud.bucket}/{key}"


def settled(cloud: LocalCloud, name: str) -> str:
    """The stack's status, once nothing is in progress any more; `name` may be its id."""
    deadline = time.monotonic() + SECONDS
    while True:
        status = str(cloud.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
        if not status.endswith("IN_PROGRESS") or time.monotonic() > deadline:
            return status
        time.sleep(0.1)


def why(cloud: LocalCloud, name: str) -> str:
    """Which resource failed first in the latest operation, and the reason. The newest event is listed first."""
    said = "no reason"
    for one in cloud.client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]:
        of_stack = one["ResourceType"] == "AWS::CloudFormation::Stack"
        if of_stack and one["ResourceStatus"] in BEGINNINGS:
            break
        if one["ResourceStatus"].endswith("FAILED") and not of_stack:
            said = f"{one['LogicalResourceId']}: {one.get('ResourceStatusReason', 'no reason')}"
    return said


def copy_instance_profiles(cloud: LocalCloud, profiles: list[Mapping[str, Any]]) -> None:
    """Make the stack's instance profiles in moto's IAM too: its EC2 associates only profiles that it knows."""
    iam, made = cloud.client("iam"), client("iam", cloud.aws_endpoint)
    for resource in profiles:
        name = resource["PhysicalResourceId"].rpartition("/")[2]  # ministack gives the ARN, AWS the name
        profile = made.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
        iam.create_instance_profile(InstanceProfileName=name, Path=profile["Path"])
        for role in profile["Roles"]:
            iam.create_role(RoleName=role["RoleName"], Path=role["Path"], AssumeRolePolicyDocument="{}")
            iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role["RoleName"])


def copy_policies(cloud: LocalCloud, policies: list[Mapping[str, Any]]) -> None:
    """Make the stack's managed policies in moto's IAM too: there the roles are to which the functions attach one."""
    iam, made = cloud.client("iam"), client("iam", cloud.aws_endpoint)
    for resource in policies:
        arn = resource["PhysicalResourceId"]
        policy = made.get_policy(PolicyArn=arn)["Policy"]
        version = made.get_policy_version(PolicyArn=arn, VersionId=policy["DefaultVersionId"])["PolicyVersion"]
        named = {"PolicyName": policy["PolicyName"], "Path": policy["Path"]}
        iam.create_policy(**named, PolicyDocument=json.dumps(version["Document"]))


def configure_failures(cloud: LocalCloud, template: Mapping[str, Any], stack: Deployed) -> None:
    """Set each function's declared retries and on-failure queue by the API: ministack ignores them in the template."""
    functions = cloud.client("lambda")
    common = template.get("Globals", {}).get("Function", {})
    for logical_id, function in _functions(template).items():
        declared = function.get("EventInvokeConfig", common.get("EventInvokeConfig"))
        if declared and logical_id in stack.resources:  # one whose condition does not hold is not made
            on_failure = declared.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
            functions.put_function_event_invoke_config(
                FunctionName=stack.resources[logical_id],
                **{key: value for key, value in declared.items() if key.startswith("Maximum")},
                DestinationConfig={"OnFailure": {"Destination": queue_arn(cloud, stack, on_failure)}},
            )


def queue_arn(cloud: LocalCloud, stack: Deployed, reference: Mapping[str, Any]) -> str:
    """ARN of the stack's queue that `Fn::GetAtt` names."""
    named = reference["Fn::GetAtt"]
    logical_id = named.partition(".")[0] if isinstance(named, str) else named[0]
    queue = cloud.client("sqs").get_queue_attributes(QueueUrl=stack.resources[logical_id], AttributeNames=["QueueArn"])
    return str(queue["Attributes"]["QueueArn"])


def _functions(template: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The properties of each function, by logical id."""
    resources = template["Resources"].items()
    return {logical_id: one["Properties"] for logical_id, one in resources if one["Type"] == FUNCTION}
