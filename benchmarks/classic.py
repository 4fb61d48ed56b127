"""The classic containment, as published Lambdas have it: one call after the other, credentials before network.

Written here as a baseline, with what they do and in their order; but for their bugs: each interface is changed, as is
needed where an instance has several, and every rule of a new group is revoked.
"""

from typing import Any

GROUP = "classic-isolation"


def contain(ec2: Any, instance_id: str, profile_arn: str) -> None:  # noqa: ANN401 - a client
    """Contain the instance over an EC2 client; returns when the last interface is changed."""
    held = ec2.describe_iam_instance_profile_associations(Filters=[{"Name": "instance-id", "Values": [instance_id]}])
    for association in held["IamInstanceProfileAssociations"]:
        ec2.disassociate_iam_instance_profile(AssociationId=association["AssociationId"])
    ec2.associate_iam_instance_profile(IamInstanceProfile={"Arn": profile_arn}, InstanceId=instance_id)
    instance = ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]
    group_id = group_of(ec2, instance["VpcId"])
    for interface in instance["NetworkInterfaces"]:
        ec2.modify_network_interface_attribute(NetworkInterfaceId=interface["NetworkInterfaceId"], Groups=[group_id])


def group_of(ec2: Any, vpc_id: str, name: str = GROUP) -> str:  # noqa: ANN401 - a client
    """Id of the isolation group, made and emptied where it is not there."""
    wanted = [{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "group-name", "Values": [name]}]
    for group in ec2.describe_security_groups(Filters=wanted)["SecurityGroups"]:
        return str(group["GroupId"])
    made = str(ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc_id)["GroupId"])
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    ec2.revoke_security_group_egress(GroupId=made, IpPermissions=everything)
    return made
