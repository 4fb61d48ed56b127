"""EC2's answers, turned into the values of `instance`. Pure; shapes are those of botocore's EC2 model 2016-11-15."""

from collections.abc import Iterable, Iterator
from ipaddress import ip_network
from typing import TYPE_CHECKING

from quarantag.instance import Direction, Instance, Interface, IsolationGroup, Profile, ProfileAssociation, Rule

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import (
        IamInstanceProfileAssociationTypeDef,
        InstanceTypeDef,
        IpPermissionOutputTypeDef,
        IpPermissionTypeDef,
        NetworkInterfaceTypeDef,
        SecurityGroupTypeDef,
        TagTypeDef,
        UserIdGroupPairTypeDef,
    )
    from types_boto3_iam.type_defs import InstanceProfileTypeDef

_NO_PORT = -1
_WITH_PORTS = frozenset({"tcp", "udp", "icmp", "icmpv6", "1", "6", "17", "58"})
"""Protocols whose rules EC2 takes with ports only; of ICMP -1 means every type (EC2 API Reference, IpPermission)."""


def tags_of(tags: "Iterable[TagTypeDef]") -> dict[str, str]:
    """Turn `[{Key, Value}]` into a mapping."""
    return {tag["Key"]: tag.get("Value", "") for tag in tags}


def instance_of(answer: "InstanceTypeDef") -> Instance:
    """One instance of `DescribeInstances`; a terminated one has no VPC."""
    return Instance(
        id=answer["InstanceId"],
        state=answer["State"]["Name"],
        vpc_id=answer.get("VpcId"),
        tags=tags_of(answer.get("Tags", [])),
        interface_ids=tuple(interface["NetworkInterfaceId"] for interface in answer.get("NetworkInterfaces", [])),
        spot=answer.get("InstanceLifecycle") == "spot",
        image_id=answer.get("ImageId"),
    )


def interface_of(answer: "NetworkInterfaceTypeDef") -> Interface:
    """One interface of `DescribeNetworkInterfaces`.

    `RequesterManaged` and `Operator.Managed` both say that only an AWS service may change it.
    """
    return Interface(
        id=answer["NetworkInterfaceId"],
        vpc_id=answer["VpcId"],
        groups=tuple(group["GroupId"] for group in answer.get("Groups", [])),
        requester_managed=answer.get("RequesterManaged", False) or answer.get("Operator", {}).get("Managed", False),
        tags=tags_of(answer.get("TagSet", [])),
        kind=answer.get("InterfaceType", "interface"),
        addresses=tuple(_addresses(answer)),
        public=tuple(
            one["Association"]["PublicIp"]
            for one in answer.get("PrivateIpAddresses", [])
            if one.get("Association", {}).get("PublicIp")
        ),
    )


def _addresses(answer: "NetworkInterfaceTypeDef") -> Iterator[str]:
    """Primary and secondary addresses, and the prefixes delegated to it (EC2 User Guide, "Prefix delegation")."""
    single = (
        *(one["PrivateIpAddress"] for one in answer.get("PrivateIpAddresses", [])),
        *(one["Ipv6Address"] for one in answer.get("Ipv6Addresses", [])),
    )
    prefixes = (
        *(one["Ipv4Prefix"] for one in answer.get("Ipv4Prefixes", [])),
        *(one["Ipv6Prefix"] for one in answer.get("Ipv6Prefixes", [])),
    )
    yield from (block_of(one) for one in (*single, *prefixes))


def block_of(text: str) -> str:
    """An address or a block in the one way in which blocks are compared: IPv6 can be written in many."""
    return str(ip_network(text, strict=False))


def association_of(answer: "IamInstanceProfileAssociationTypeDef") -> ProfileAssociation:
    """One association of `DescribeIamInstanceProfileAssociations`."""
    profile = answer["IamInstanceProfile"]
    return ProfileAssociation(answer["AssociationId"], answer["State"], profile["Arn"], profile["Id"])


def profile_of(answer: "InstanceProfileTypeDef") -> Profile:
    """IAM's `GetInstanceProfile`; a profile has one role at most."""
    role = next(iter(answer["Roles"]), None)
    return Profile(
        answer["Arn"], answer["InstanceProfileId"], role["Arn"] if role else None, role["RoleId"] if role else None
    )


def group_of(answer: "SecurityGroupTypeDef") -> IsolationGroup:
    """One group of `DescribeSecurityGroups`, with each of its rules towards each peer."""
    rules = (
        *_rules("ingress", answer.get("IpPermissions", [])),
        *_rules("egress", answer.get("IpPermissionsEgress", [])),
    )
    return IsolationGroup(answer["GroupId"], answer["VpcId"], answer["GroupName"], frozenset(rules))


def permission_of(rule: Rule) -> "IpPermissionTypeDef":
    """Give a rule as the `IpPermissions` entry that names it in a revocation."""
    permission: IpPermissionTypeDef = {"IpProtocol": rule.protocol}
    if rule.protocol in _WITH_PORTS:
        permission |= {"FromPort": rule.from_port, "ToPort": rule.to_port}
    if rule.peer_kind == "ipv4":
        permission["IpRanges"] = [{"CidrIp": rule.peer}]
    elif rule.peer_kind == "ipv6":
        permission["Ipv6Ranges"] = [{"CidrIpv6": rule.peer}]
    elif rule.peer_kind == "prefix-list":
        permission["PrefixListIds"] = [{"PrefixListId": rule.peer}]
    else:
        owner, _, group = rule.peer.partition("/")
        pair: UserIdGroupPairTypeDef = {"GroupId": group}
        if owner:
            pair["UserId"] = owner
        permission["UserIdGroupPairs"] = [pair]
    return permission


def _rules(direction: Direction, permissions: "Iterable[IpPermissionOutputTypeDef]") -> Iterator[Rule]:
    for permission in permissions:
        protocol = permission.get("IpProtocol", "-1")
        ports = permission.get("FromPort", _NO_PORT), permission.get("ToPort", _NO_PORT)
        for ipv4 in permission.get("IpRanges", []):
            yield Rule(direction, protocol, *ports, "ipv4", ipv4["CidrIp"])
        for ipv6 in permission.get("Ipv6Ranges", []):
            yield Rule(direction, protocol, *ports, "ipv6", ipv6["CidrIpv6"])
        for prefix_list in permission.get("PrefixListIds", []):
            yield Rule(direction, protocol, *ports, "prefix-list", prefix_list["PrefixListId"])
        for pair in permission.get("UserIdGroupPairs", []):
            yield Rule(direction, protocol, *ports, "group", f"{pair.get('UserId', '')}/{pair['GroupId']}")
