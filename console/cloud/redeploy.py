"""Updates and deletes a stack of the local cloud, as `sam deploy` and `sam delete` do; what is refused is answered."""

from pathlib import Path

from console.cloud.deploy import CAPABILITIES, Deployed, configure_failures, described, packaged, settled, stored, why
from console.cloud.local import LocalCloud, LocalCloudError

GONE = "DELETE_COMPLETE"


def update(cloud: LocalCloud, artifact: Path, stack: Deployed, settle: int | None = None, **parameters: str) -> str:
    """Update the stack to the built template and these parameters; "" or why CloudFormation rolled it back."""
    cloudformation, template = cloud.client("cloudformation"), packaged(cloud, artifact, settle)
    cloudformation.update_stack(
        StackName=stack.name,
        TemplateURL=stored(cloud, template, stack.name),
        Capabilities=CAPABILITIES,
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
    )
    status = settled(cloud, stack.name)
    if status not in ("UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"):
        raise LocalCloudError(f"The stack was neither updated nor rolled back ({status}): {why(cloud, stack.name)}")
    configure_failures(cloud, template, described(cloud, stack.name)[0])
    return "" if status == "UPDATE_COMPLETE" else why(cloud, stack.name)


def delete(cloud: LocalCloud, stack: Deployed, retain: tuple[str, ...] = ()) -> str:
    """Delete the stack but what is to be retained; "" or why CloudFormation could not."""
    cloudformation = cloud.client("cloudformation")
    stack_id = cloudformation.describe_stacks(StackName=stack.name)["Stacks"][0]["StackId"]
    cloudformation.delete_stack(StackName=stack.name, **({"RetainResources": list(retain)} if retain else {}))
    if settled(cloud, stack_id) != GONE:
        return why(cloud, stack_id)
    remove_copies(cloud, stack, retain)
    return ""


def remove_copies(cloud: LocalCloud, stack: Deployed, retain: tuple[str, ...]) -> None:
    """Delete the copies in moto's IAM (see `deploy`); LocalCloudError where IAM would refuse, with its reason."""
    iam = cloud.client("iam")
    for logical_id, physical_id in stack.resources.items():
        name = physical_id.rpartition("/")[2]
        if logical_id in retain:
            continue
        if ":policy/" in physical_id:
            try:
                iam.delete_policy(PolicyArn=physical_id)
            except iam.exceptions.DeleteConflictException as error:
                raise LocalCloudError(f"The stack went although IAM deletes no {logical_id}: {error}") from error
        elif ":instance-profile/" in physical_id:
            for role in iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Roles"]:
                iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role["RoleName"])
                iam.delete_role(RoleName=role["RoleName"])
            iam.delete_instance_profile(InstanceProfileName=name)
