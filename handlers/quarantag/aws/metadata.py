"""The port of `measures.metadata` over EC2."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from quarantag.aws import faults
from quarantag.measures.metadata import MetadataOptions

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

_STATE = "State"
_NUMBERS = frozenset({"HttpPutResponseHopLimit"})


class Ec2Metadata:
    """`MetadataOptions` of `DescribeInstances`, and `ModifyInstanceMetadataOptions` (Amazon EC2 API Reference)."""

    def __init__(self, client: "EC2Client") -> None:
        self._client = client

    def metadata(self, instance_id: str) -> MetadataOptions:
        """Every option that `ModifyInstanceMetadataOptions` takes has its name there."""
        with faults.translated(f"read the metadata options of {instance_id}"):
            answer = self._client.describe_instances(InstanceIds=[instance_id])
        (instance,) = (found for reservation in answer["Reservations"] for found in reservation.get("Instances", []))
        shown: dict[str, Any] = {"HttpEndpoint": "enabled", **instance.get("MetadataOptions", {})}
        options = tuple(sorted((name, str(value)) for name, value in shown.items() if name != _STATE))
        return MetadataOptions(options, shown.get(_STATE) == "pending")

    def disable_metadata(self, instance_id: str) -> None:
        """With no other option named, so that each stays as it is."""
        with faults.translated(f"disable the metadata service of {instance_id}"):
            self._client.modify_instance_metadata_options(InstanceId=instance_id, HttpEndpoint="disabled")

    def enable_metadata(self, instance_id: str, options: Mapping[str, str]) -> None:
        """In one call."""
        given: dict[str, Any] = {name: int(value) if name in _NUMBERS else value for name, value in options.items()}
        with faults.translated(f"enable the metadata service of {instance_id}"):
            self._client.modify_instance_metadata_options(InstanceId=instance_id, HttpEndpoint="enabled", **given)
