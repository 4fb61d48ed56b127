"""The port of `measures.protection` over EC2."""

from typing import TYPE_CHECKING, Any

from quarantag.aws import faults
from quarantag.execution import side_by_side
from quarantag.measures.protection import Attribute, Protection

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.literals import InstanceAttributeNameType

_NAMES: "dict[Attribute, InstanceAttributeNameType]" = {
    "termination": "disableApiTermination",
    "stop": "disableApiStop",
    "shutdown": "instanceInitiatedShutdownBehavior",
}


class Ec2Protection:
    """`DescribeInstanceAttribute` and `ModifyInstanceAttribute`, one attribute a call (Amazon EC2 API Reference)."""

    def __init__(self, client: "EC2Client") -> None:
        self._client = client

    def protection(self, instance_id: str) -> Protection:
        """Three attributes, and the volumes of `DescribeInstances`, side by side."""
        with faults.translated(f"read what protects {instance_id}"), side_by_side() as pool:
            calls = {name: pool.submit(self._read, instance_id, api_name) for name, api_name in _NAMES.items()}
            deleted = pool.submit(self._deleted, instance_id)
            values = {name: call.result() for name, call in calls.items()}
            return Protection(values["termination"], values["stop"], values["shutdown"], deleted.result())

    def set_protection(self, instance_id: str, attribute: Attribute, value: str) -> None:
        """By attribute name and value."""
        with faults.translated(f"set {attribute} of {instance_id}"):
            self._client.modify_instance_attribute(InstanceId=instance_id, Attribute=_NAMES[attribute], Value=value)

    def set_deleted(self, instance_id: str, deleted: tuple[tuple[str, bool], ...]) -> None:
        """For all these devices at once."""
        with faults.translated(f"set which volumes of {instance_id} are deleted with it"):
            self._client.modify_instance_attribute(
                InstanceId=instance_id,
                BlockDeviceMappings=[
                    {"DeviceName": device, "Ebs": {"DeleteOnTermination": value}} for device, value in deleted
                ],
            )

    def _read(self, instance_id: str, name: "InstanceAttributeNameType") -> str:
        answer: dict[str, Any] = {**self._client.describe_instance_attribute(InstanceId=instance_id, Attribute=name)}
        value = answer[name[0].upper() + name[1:]].get("Value")
        return str(value).lower() if isinstance(value, bool) else str(value)

    def _deleted(self, instance_id: str) -> tuple[tuple[str, bool], ...]:
        answer = self._client.describe_instances(InstanceIds=[instance_id])
        (instance,) = (found for reservation in answer["Reservations"] for found in reservation.get("Instances", []))
        devices = (device for device in instance.get("BlockDeviceMappings", []) if "Ebs" in device)
        return tuple(sorted((one["DeviceName"], one["Ebs"].get("DeleteOnTermination", False)) for one in devices))
