"""The port of `measures.auto_scaling` over Auto Scaling (API Reference 2011-01-01), and EC2 for the tags of members."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from quarantag.aws import faults
from quarantag.instance import AUTO_SCALING_GROUP_TAG
from quarantag.steps.auto_scaling import Group, Member

if TYPE_CHECKING:
    from types_boto3_autoscaling import AutoScalingClient
    from types_boto3_ec2 import EC2Client


class AutoScalingGroups:
    """One instance, or one group, a call. The client is made when it is needed."""

    def __init__(self, autoscaling: "Callable[[], AutoScalingClient]", client: "EC2Client") -> None:
        self._autoscaling = autoscaling
        self._client = client

    def member(self, instance_id: str) -> Member | None:
        """`DescribeAutoScalingInstances`; one that is in no group is left out of the answer."""
        with faults.translated(f"read the Auto Scaling group of {instance_id}"):
            answer = self._autoscaling().describe_auto_scaling_instances(InstanceIds=[instance_id])
        found = next(iter(answer["AutoScalingInstances"]), None)
        if found is None:
            return None
        return Member(
            group=found["AutoScalingGroupName"],
            state=found["LifecycleState"],
            protected=found["ProtectedFromScaleIn"],
            healthy=found["HealthStatus"].upper() == "HEALTHY",
            weight=int(found.get("WeightedCapacity", "1")),
        )

    def group(self, name: str) -> Group | None:
        """`DescribeAutoScalingGroups`; `Status` is there only while it is being deleted."""
        with faults.translated(f"read the Auto Scaling group {name}"):
            answer = self._autoscaling().describe_auto_scaling_groups(AutoScalingGroupNames=[name])
        found = next(iter(answer["AutoScalingGroups"]), None)
        if found is None:
            return None
        return Group(
            name=found["AutoScalingGroupName"],
            arn=found["AutoScalingGroupARN"],
            minimum=found["MinSize"],
            maximum=found["MaxSize"],
            desired=found["DesiredCapacity"],
            suspended=tuple(sorted(one["ProcessName"] for one in found.get("SuspendedProcesses", []))),
            deleting=bool(found.get("Status")),
        )

    def tagged_members(self, name: str, key: str, value: str) -> tuple[str, ...]:
        """By the tag that Auto Scaling gives its members."""
        wanted = {AUTO_SCALING_GROUP_TAG: name, key: value}
        filters = [{"Name": f"tag:{tag}", "Values": [text]} for tag, text in wanted.items()]
        with faults.translated(f"read which instances of {name} are tagged {value}"):
            pages = self._client.get_paginator("describe_instances").paginate(Filters=filters)  # type: ignore[arg-type]
            reservations = [one for page in pages for one in page["Reservations"]]
        return tuple(sorted(one["InstanceId"] for found in reservations for one in found.get("Instances", [])))

    def enter_standby(self, instance_id: str, group: str) -> None:
        """The desired capacity stays."""
        with faults.translated(f"put {instance_id} of {group} on standby"):
            self._autoscaling().enter_standby(
                AutoScalingGroupName=group, InstanceIds=[instance_id], ShouldDecrementDesiredCapacity=False
            )

    def exit_standby(self, instance_id: str, group: str) -> None:
        """AWS adds it to the desired capacity."""
        with faults.translated(f"put {instance_id} of {group} back into service"):
            self._autoscaling().exit_standby(AutoScalingGroupName=group, InstanceIds=[instance_id])

    def detach(self, instance_id: str, group: str) -> None:
        """The desired capacity stays."""
        with faults.translated(f"detach {instance_id} from {group}"):
            self._autoscaling().detach_instances(
                AutoScalingGroupName=group, InstanceIds=[instance_id], ShouldDecrementDesiredCapacity=False
            )

    def attach(self, instance_id: str, group: str) -> None:
        """AWS adds it to the desired capacity."""
        with faults.translated(f"attach {instance_id} to {group}"):
            self._autoscaling().attach_instances(AutoScalingGroupName=group, InstanceIds=[instance_id])

    def suspend(self, group: str, processes: tuple[str, ...]) -> None:
        """By name: without any, AWS suspends all."""
        with faults.translated(f"suspend {', '.join(processes)} of {group}"):
            self._autoscaling().suspend_processes(AutoScalingGroupName=group, ScalingProcesses=list(processes))

    def resume(self, group: str, processes: tuple[str, ...]) -> None:
        """By name: without any, AWS resumes all."""
        with faults.translated(f"resume {', '.join(processes)} of {group}"):
            self._autoscaling().resume_processes(AutoScalingGroupName=group, ScalingProcesses=list(processes))

    def set_protected(self, instance_id: str, group: str, *, protected: bool) -> None:
        """Protection from scaling in."""
        with faults.translated(f"set whether scaling in may end {instance_id} of {group}"):
            self._autoscaling().set_instance_protection(
                AutoScalingGroupName=group, InstanceIds=[instance_id], ProtectedFromScaleIn=protected
            )

    def set_healthy(self, instance_id: str) -> None:
        """Until the group's own checks say otherwise."""
        with faults.translated(f"say that {instance_id} is healthy"):
            self._autoscaling().set_instance_health(InstanceId=instance_id, HealthStatus="Healthy")
