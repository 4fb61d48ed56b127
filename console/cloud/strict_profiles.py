"""Corrections of moto: IAM instance profile associations."""

from moto.ec2.models import EC2Backend
from moto.ec2.models.iam_instance_profile import IamInstanceProfileAssociation, IamInstanceProfileAssociationBackend
from moto.ec2.models.instances import InstanceBackend
from moto.ec2.utils import filter_iam_instance_profiles, random_iam_instance_profile_association_id
from moto.iam.exceptions import NotFoundException

from console.cloud.correction import Moto, Original, corrects, refuse
from console.cloud.state import STATE


@corrects(IamInstanceProfileAssociation, "__init__")
def show_profile_id(original: Original, self: IamInstanceProfileAssociation, *args: Moto, **kwargs: Moto) -> None:
    """FACTS E1: DescribeInstances shows the profile's unique id (AIPA…), where moto shows the association's id."""
    original(self, *args, **kwargs)
    profile = self.iam_instance_profile
    self.instance.iam_instance_profile = {"Arn": profile.arn, "Id": profile.id}


@corrects(IamInstanceProfileAssociationBackend, "associate_iam_instance_profile")
def associate_known_profile(original: Original, self: EC2Backend, *args: Moto, **kwargs: Moto) -> Moto:
    """Two at once are one association and one IncorrectState; an unknown profile is a parameter error, not IAM's own.

    EC2 API, Error codes: InvalidParameterValue; FACTS 1.4 for the race.
    """
    with STATE.lock:
        try:
            return original(self, *args, **kwargs)
        except NotFoundException as error:
            refuse("InvalidParameterValue", f"Invalid IAM Instance Profile: {error.message}")


@corrects(IamInstanceProfileAssociationBackend, "replace_iam_instance_profile_association")
def replace_active_association(
    _original: Original, self: EC2Backend, association_id: str, name: str | None = None, arn: str | None = None
) -> IamInstanceProfileAssociation:
    """FACTS E1 and 2.4: a replacement has a new id and is shown by DescribeInstances; the instance must be running.

    The refusal is that of aws-cli#5251; that `associating` is refused as well is our reading of "active association".
    """
    with STATE.lock:
        known = list(self.iam_instance_profile_associations.values())
        old = next((one for one in known if one.association_id == association_id), None)
        if old is None:
            refuse("InvalidAssociationID.NotFound", f"An invalid association-id of '{association_id}' was given")
        if old.instance.state != "running" or old.state != "associated":
            refuse("IncorrectState", f"The association <{association_id}> is not the active association")
        try:
            profile = filter_iam_instance_profiles(self.account_id, self.partition, arn, name)
        except NotFoundException as error:
            refuse("InvalidParameterValue", f"Invalid IAM Instance Profile: {error.message}")
        new_id = random_iam_instance_profile_association_id()
        new = type(old)(self, new_id, old.instance, profile)
        self.iam_instance_profile_associations[old.instance.id] = new
        return new


@corrects(IamInstanceProfileAssociationBackend, "describe_iam_instance_profile_associations")
def settle_associations(original: Original, self: EC2Backend, *args: Moto, **kwargs: Moto) -> Moto:
    """FACTS 2.4: `associating` becomes `associated` some time later, here after as many reads as a test says."""
    with STATE.lock:
        for association in self.iam_instance_profile_associations.values():
            reads = STATE.settling.get(association.association_id)
            if reads == 0:
                association.state = "associated"
                del STATE.settling[association.association_id]
            elif reads:
                STATE.settling[association.association_id] = reads - 1
        return original(self, *args, **kwargs)


@corrects(InstanceBackend, "describe_instances")
def filter_by_profile(original: Original, self: EC2Backend, filters: Moto = None) -> Moto:
    """Moto knows no filter `iam-instance-profile.arn` (EC2 API Reference, "DescribeInstances")."""
    others = {name: values for name, values in (filters or {}).items() if name != "iam-instance-profile.arn"}
    arns: list[str] = (filters or {}).get("iam-instance-profile.arn", [])
    found = original(self, others)
    for reservation in found if arns else ():
        profiles = {one.id: one.iam_instance_profile or {} for one in reservation.instances}
        reservation.instances = [one for one in reservation.instances if profiles[one.id].get("Arn") in arns]
    return [reservation for reservation in found if reservation.instances]
