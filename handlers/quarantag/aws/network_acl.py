"""The port of `measures.network_acl` over EC2."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from quarantag.acl import ALL_PROTOCOLS, Acl, Entry
from quarantag.aws import faults
from quarantag.aws.reading import block_of
from quarantag.instance import Direction

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.type_defs import NetworkAclEntryTypeDef, NetworkAclTypeDef


class Ec2NetworkAcls:
    """`DescribeNetworkAcls`, `CreateNetworkAclEntry`, `DeleteNetworkAclEntry` (Amazon EC2 API Reference)."""

    def __init__(self, client: "EC2Client") -> None:
        self._client = client

    def network_acls(self, vpc_ids: Collection[str]) -> tuple[Acl, ...]:
        """By filter: asked by id, one that is gone would fail them all."""
        if not vpc_ids:
            return ()
        with faults.translated(f"read the network ACLs of {', '.join(vpc_ids)}"):
            pages = self._client.get_paginator("describe_network_acls").paginate(
                Filters=[{"Name": "vpc-id", "Values": list(vpc_ids)}]
            )
            found = [acl_of(one) for page in pages for one in page["NetworkAcls"]]
        return tuple(sorted(found, key=lambda acl: acl.id))

    def create_deny(self, acl_id: str, direction: Direction, cidr: str, number: int) -> None:
        """For every protocol, with the block in the parameter of its IP version."""
        block: dict[str, Any] = {"Ipv6CidrBlock" if ":" in cidr else "CidrBlock": cidr}
        with faults.translated(f"deny {cidr} {direction} in {acl_id}"):
            self._client.create_network_acl_entry(
                NetworkAclId=acl_id,
                RuleNumber=number,
                Protocol=ALL_PROTOCOLS,
                RuleAction="deny",
                Egress=direction == "egress",
                **block,
            )

    def delete_entry(self, acl_id: str, direction: Direction, number: int) -> None:
        """By number and direction, which is all that names an entry."""
        with faults.translated(f"delete {direction} entry {number} of {acl_id}"):
            try:
                self._client.delete_network_acl_entry(
                    NetworkAclId=acl_id, RuleNumber=number, Egress=direction == "egress"
                )
            except ClientError as error:
                if faults.code_of(error) not in faults.ACL_ENTRY_GONE:
                    raise


def acl_of(answer: "NetworkAclTypeDef") -> Acl:
    """One ACL of `DescribeNetworkAcls`."""
    entries = tuple(_entry_of(one) for one in answer.get("Entries", []))
    return Acl(answer["NetworkAclId"], answer["VpcId"], answer["OwnerId"], entries)


def _entry_of(answer: "NetworkAclEntryTypeDef") -> Entry:
    return Entry(
        "egress" if answer["Egress"] else "ingress",
        answer["RuleNumber"],
        answer["RuleAction"],
        answer["Protocol"],
        block_of(answer.get("CidrBlock") or answer["Ipv6CidrBlock"]),
    )
