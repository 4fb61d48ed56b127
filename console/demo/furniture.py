"""What stands on the demo's stage when it begins: instances as a careless team runs them."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from console.cloud.deploy import Deployed
from console.demo.inbox import subscribe, workflows
from console.demo.theft import ROLE as OTHER_ROLE
from console.demo.theft import USER
from console.demo.world import Actor, Cloud, Home, World, attached, interface_of

IMAGE = "ami-0123456789abcdef0"
TRUST = {"Version": "2012-10-17", "Statement": []}
OWN_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orders/*"}],
}
MEMBERS = ("api-1", "api-2")
GROUP, ROLE = "api", "api-server"


def furnish(cloud: Cloud, stack: Deployed) -> World:
    """Make the instances: `shop` has two interfaces in two VPCs, one of them with two groups; the others have one.

    `api-1` and `api-2` are an Auto Scaling group behind a load balancer, and share a role.
    """
    ec2 = cloud.client("ec2")
    front, back = _home(ec2, "10.1.0.0/16", "ssh", "web"), _home(ec2, "10.2.0.0/16", "database")
    profile = _profile(cloud.client("iam"), "web-server")
    places = {"shop": (front, back), "bastion": (replace(front, groups=front.groups[:1]),), "canary": (back,)}
    places |= {f"worker-{number}": (back,) for number in (1, 2, 3)}
    actors = {name: _launch(ec2, name, profile, homes) for name, homes in places.items()}
    actors |= _scaled(cloud)
    inbox = subscribe(cloud, stack.resources["Notifications"])
    return World(cloud, stack, actors, inbox, workflows(cloud))


def _home(ec2: Any, block: str, *groups: str) -> Home:  # noqa: ANN401 - a boto3 client
    """A subnet in a VPC of its own; the groups are in the reverse order of their ids, so that order can be lost."""
    vpc_id = ec2.create_vpc(CidrBlock=block)["Vpc"]["VpcId"]
    subnet_id = ec2.create_subnet(VpcId=vpc_id, CidrBlock=block)["Subnet"]["SubnetId"]
    return Home(vpc_id, subnet_id, tuple(sorted((_group(ec2, vpc_id, one) for one in groups), reverse=True)))


def _group(ec2: Any, vpc_id: str, name: str) -> str:  # noqa: ANN401
    group_id = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc_id)["GroupId"]
    everyone = [{"IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=everyone)
    return str(group_id)


def _profile(iam: Any, name: str) -> str:  # noqa: ANN401
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
    arn = iam.create_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Arn"]
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    return str(arn)


def _launch(ec2: Any, name: str, profile: str, homes: Sequence[Home]) -> Actor:  # noqa: ANN401
    """One instance with an interface in each home; those after the first are attached, as other VPCs require."""
    made = ec2.run_instances(
        ImageId=IMAGE,
        MinCount=1,
        MaxCount=1,
        SubnetId=homes[0].subnet_id,
        SecurityGroupIds=list(homes[0].groups),
        IamInstanceProfile={"Arn": profile},
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}],
    )["Instances"][0]
    first = interface_of(ec2, made["NetworkInterfaces"][0]["NetworkInterfaceId"])
    more = (attached(ec2, made["InstanceId"], home, index) for index, home in enumerate(homes[1:], start=1))
    return Actor(name, made["InstanceId"], profile, (first, *more))


def _scaled(cloud: Cloud) -> dict[str, Actor]:
    """The group `api`: each member has two interfaces and two volumes, and the one role `api-server` for both."""
    ec2, iam = cloud.client("ec2"), cloud.client("iam")
    home = _home(ec2, "10.3.0.0/16", "api", "monitoring")
    profile = _profile(iam, ROLE)
    iam.create_user(UserName=USER)
    iam.create_role(RoleName=OTHER_ROLE, AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.put_role_policy(RoleName=ROLE, PolicyName="read-orders", PolicyDocument=json.dumps(OWN_POLICY))
    homes = (home, replace(home, groups=home.groups[:1]))
    actors = {name: _launch(ec2, name, profile, homes) for name in MEMBERS}
    for actor in actors.values():
        _second_volume(ec2, actor.id)
        shutdown = {"Attribute": "instanceInitiatedShutdownBehavior", "Value": "terminate"}
        ec2.modify_instance_attribute(InstanceId=actor.id, **shutdown)
    _group_of(cloud, home, profile, [actor.id for actor in actors.values()])
    return actors


def _second_volume(ec2: Any, instance_id: str) -> None:  # noqa: ANN401
    """A volume for data, which goes with the instance as the first one does."""
    (found,) = ec2.describe_instances(InstanceIds=[instance_id])["Reservations"]
    zone = found["Instances"][0]["Placement"]["AvailabilityZone"]
    volume = ec2.create_volume(AvailabilityZone=zone, Size=8)["VolumeId"]
    ec2.attach_volume(VolumeId=volume, InstanceId=instance_id, Device="/dev/sdf")
    deleted = [{"DeviceName": "/dev/sdf", "Ebs": {"DeleteOnTermination": True}}]
    ec2.modify_instance_attribute(InstanceId=instance_id, BlockDeviceMappings=deleted)


def _group_of(cloud: Cloud, home: Home, profile: str, members: Sequence[str]) -> None:
    """An Auto Scaling group with room for two more, whose target group sends its members requests."""
    data: dict[str, Any] = {"ImageId": IMAGE, "InstanceType": "t3.micro", "SecurityGroupIds": list(home.groups)}
    data["IamInstanceProfile"] = {"Arn": profile}
    cloud.client("ec2").create_launch_template(LaunchTemplateName=GROUP, LaunchTemplateData=data)
    target = {"Name": GROUP, "Protocol": "HTTP", "Port": 80, "VpcId": home.vpc_id, "TargetType": "instance"}
    target_group = cloud.client("elbv2").create_target_group(**target)["TargetGroups"][0]["TargetGroupArn"]
    scaling = cloud.client("autoscaling")
    scaling.create_auto_scaling_group(
        AutoScalingGroupName=GROUP,
        MinSize=0,
        MaxSize=4,
        DesiredCapacity=0,
        VPCZoneIdentifier=home.subnet_id,
        TargetGroupARNs=[target_group],
        LaunchTemplate={"LaunchTemplateName": GROUP},
    )
    scaling.attach_instances(AutoScalingGroupName=GROUP, InstanceIds=list(members))
