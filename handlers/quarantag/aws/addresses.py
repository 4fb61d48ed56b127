"""The port of `measures.addresses` over EC2."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from quarantag.aws import faults
from quarantag.measures.addresses import ElasticIp

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.type_defs import AddressTypeDef


class Ec2Addresses:
    """`DescribeAddresses`, `DisassociateAddress` and `AssociateAddress` (Amazon EC2 API Reference)."""

    def __init__(self, client: "EC2Client") -> None:
        self._client = client

    def elastic_ips(self, interface_ids: Collection[str], allocation_ids: Collection[str]) -> tuple[ElasticIp, ...]:
        """By filters: asked by id, one that was released would fail them all. The answer has no pages."""
        filters = {"network-interface-id": interface_ids, "allocation-id": allocation_ids}
        with faults.translated("read the Elastic IPs"):
            found = {
                one["AllocationId"]: elastic_ip_of(one)
                for name, values in filters.items()
                if values
                for one in self._client.describe_addresses(Filters=[{"Name": name, "Values": list(values)}])[
                    "Addresses"
                ]
            }
        return tuple(found[key] for key in sorted(found))

    def disassociate(self, allocation_id: str, association_id: str) -> None:
        """By association, so that one made since is not ended."""
        with faults.translated(f"disassociate {allocation_id}"):
            try:
                self._client.disassociate_address(AssociationId=association_id)
            except ClientError as error:
                if faults.code_of(error) != faults.ASSOCIATION_GONE:
                    raise

    def associate(self, allocation_id: str, interface_id: str, private: str) -> None:
        """Without reassociation: what somebody associated meanwhile stays."""
        with faults.translated(f"associate {allocation_id} with {interface_id}"):
            self._client.associate_address(
                AllocationId=allocation_id,
                NetworkInterfaceId=interface_id,
                PrivateIpAddress=private,
                AllowReassociation=False,
            )


def elastic_ip_of(answer: "AddressTypeDef") -> ElasticIp:
    """One address of `DescribeAddresses`."""
    return ElasticIp(
        answer["AllocationId"],
        answer["PublicIp"],
        answer.get("AssociationId", ""),
        answer.get("NetworkInterfaceId", ""),
        answer.get("PrivateIpAddress", ""),
    )
