"""The port of `measures.freeze` over EC2."""

from typing import TYPE_CHECKING

from quarantag.aws import faults, reading
from quarantag.measures.freeze import Seen
from quarantag.settings import Settings

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client


class Ec2Freeze:
    """Tags of network interfaces."""

    def __init__(self, client: "EC2Client", settings: Settings) -> None:
        self._client = client
        self._settings = settings

    def frozen(self, instance_id: str) -> Seen:
        """`DescribeNetworkInterfaces`."""
        with faults.translated(f"read the interfaces' tags of {instance_id}"):
            pages = self._client.get_paginator("describe_network_interfaces").paginate(
                Filters=[{"Name": "attachment.instance-id", "Values": [instance_id]}]
            )
            found = [reading.interface_of(one) for page in pages for one in page["NetworkInterfaces"]]
        return {one.id: self._settings.tag_key in one.tags for one in found if not one.requester_managed}

    def freeze(self, interface_id: str) -> None:
        """`CreateTags`."""
        with faults.translated(f"freeze {interface_id}"):
            self._client.create_tags(
                Resources=[interface_id],
                Tags=[{"Key": self._settings.tag_key, "Value": self._settings.isolate_value}],
            )

    def thaw(self, interface_id: str) -> None:
        """`DeleteTags` of the key alone."""
        with faults.translated(f"thaw {interface_id}"):
            self._client.delete_tags(Resources=[interface_id], Tags=[{"Key": self._settings.tag_key}])
