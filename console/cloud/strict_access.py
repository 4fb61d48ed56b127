"""Corrections of moto: which security group a rule may refer to."""

from moto.ec2.models import EC2Backend
from moto.ec2.models.security_groups import SecurityGroupBackend

from console.cloud.correction import Moto, Original, corrects, refuse


@corrects(SecurityGroupBackend, "authorize_security_group_ingress")
def refer_to_own_vpc(original: Original, self: EC2Backend, group_name_or_id: str, *args: Moto, **kwargs: Moto) -> Moto:
    """Amazon VPC User Guide, "Security group rules": a source group is of the same VPC, or of a peered one.

    Moto takes any. No VPC is peered here; the error is EC2's InvalidGroup.NotFound (EC2 API Reference, "Error codes").
    """
    group = self.get_security_group_by_name_or_id(group_name_or_id)
    for pair in kwargs.get("source_groups") or []:
        peer = self.get_security_group_by_name_or_id(pair.get("GroupId", ""))
        if group and peer and peer.vpc_id != group.vpc_id:
            refuse("InvalidGroup.NotFound", "You have specified two resources that belong to different networks.")
    return original(self, group_name_or_id, *args, **kwargs)
