"""What is known of the connections that were open when an instance was cut: a security group only ends new ones."""

from collections.abc import Collection, Iterable

from quarantag.instance import PODS, Interface

_NETWORK_ACLS, _ELASTIC_IPS = "network_acl", "addresses"
"""Names of two measures, whose modules a cut need not read."""
UNKNOWN = "existing connections: unknown - tracked ones may outlive the change of groups until they time out"
CLOSED = (
    "existing connections: closed to every other subnet of its VPCs, and to what is reached through one (NAT gateway, "
    "transit gateway, load balancer, interface endpoint) - unknown within its own subnet, and over VPC peering, a "
    "virtual private gateway or a gateway endpoint"
)


def closing(taken: Collection[str], noted: Collection[str]) -> bool:
    """Whether every network ACL denies it: `taken` are the measures verified, `noted` those that left something."""
    return _NETWORK_ACLS in taken and not {_NETWORK_ACLS, _ELASTIC_IPS} & {*noted}


def existing(interfaces: Iterable[Interface]) -> str:
    """What is known where every network ACL denies it: `CLOSED` only without a path of its own to the Internet.

    An IPv6 address is such a path, since it needs no translation, and so is what pods have behind a trunk. Source:
    Amazon EC2 User Guide, "Amazon EC2 security group connection tracking".
    """
    own = [one for one in interfaces if not one.requester_managed]
    exposed = any(one.public or any(":" in cidr for cidr in one.addresses) for one in own)
    podded = any(one.kind in PODS for one in own)
    return CLOSED if own and not exposed and not podded else UNKNOWN
