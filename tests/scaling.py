"""Auto Scaling groups in the strict moto, with or without a target group."""

from dataclasses import dataclass, field
from typing import Any

from tests.cloud import IMAGE, SESSION, Lab, Network


@dataclass(slots=True)
class Scaling:
    """Makes Auto Scaling groups, and shows them."""

    lab: Lab
    api: Any
    elb: Any
    network: Network
    made: dict[str, str] = field(default_factory=dict)

    def launch_template(self) -> None:
        """The one launch template, `web`."""
        if not self.made:
            data = {"ImageId": IMAGE, "InstanceType": "t3.micro", "SecurityGroupIds": [self.network.group_id]}
            self.lab.ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)

    def group(
        self, name: str = "web", *, size: int = 2, minimum: int = 0, maximum: int = 4, **more: object
    ) -> list[str]:
        """A group of this size; answers the ids of its members."""
        self.launch_template()
        target_group = self.elb.create_target_group(
            Name=name, Protocol="HTTP", Port=80, VpcId=self.network.vpc_id, TargetType="instance"
        )
        self.made[name] = target_group["TargetGroups"][0]["TargetGroupArn"]
        launched: dict[str, Any] = {"LaunchTemplate": {"LaunchTemplateName": "web"}}
        if "MixedInstancesPolicy" in more:
            launched = {}
        self.api.create_auto_scaling_group(
            AutoScalingGroupName=name,
            MinSize=minimum,
            MaxSize=maximum,
            DesiredCapacity=size,
            VPCZoneIdentifier=self.network.subnet_id,
            TargetGroupARNs=[self.made[name]],
            **launched,
            **more,
        )
        return self.members(name)

    def show(self, name: str = "web") -> Any:  # noqa: ANN401
        """The group as DescribeAutoScalingGroups shows it."""
        return self.api.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]

    def members(self, name: str = "web") -> list[str]:
        """Ids of its members."""
        return [one["InstanceId"] for one in self.show(name)["Instances"]]

    def member(self, instance_id: str) -> Any:  # noqa: ANN401
        """The instance as DescribeAutoScalingInstances shows it, or None."""
        found = self.api.describe_auto_scaling_instances(InstanceIds=[instance_id])["AutoScalingInstances"]
        return next(iter(found), None)

    def state(self, instance_id: str) -> str | None:
        """The instance's lifecycle state, None where it is in no group."""
        member = self.member(instance_id)
        return member and str(member["LifecycleState"])

    def suspended(self, name: str = "web") -> list[str]:
        """Names of the group's suspended processes."""
        return sorted(one["ProcessName"] for one in self.show(name)["SuspendedProcesses"])

    def targets(self, name: str = "web") -> set[str]:
        """Ids of what its target group has."""
        shown = self.elb.describe_target_health(TargetGroupArn=self.made[name])["TargetHealthDescriptions"]
        gone = {"draining", "unused"}
        return {one["Target"]["Id"] for one in shown if one["TargetHealth"]["State"] not in gone}


def scaling_of(lab: Lab) -> Scaling:
    """Auto Scaling beside the lab."""
    return Scaling(lab, SESSION.client("autoscaling"), SESSION.client("elbv2"), lab.vpc())
