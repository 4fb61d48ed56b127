"""Network ACLs as values: which entry decides about an address, and which number comes before it.

Rules of AWS: Amazon VPC User Guide, "Network ACL rules" (the lowest number that matches decides; what nothing matches
is denied), and Amazon EC2 API Reference, CreateNetworkAclEntry (numbers 1 to 32766, for each direction apart).
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Literal

from quarantag.instance import Direction

Action = Literal["allow", "deny"]
LAST_NUMBER = 32766
ALL_PROTOCOLS = "-1"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry; `cidr` is its IPv4 or IPv6 block."""

    direction: Direction
    number: int
    action: Action
    protocol: str
    cidr: str

    @property
    def network(self) -> IPv4Network | IPv6Network:
        """The block as a value."""
        return ip_network(self.cidr, strict=False)


@dataclass(frozen=True, slots=True)
class Acl:
    """One network ACL; `owner` is the account whose VPC it is in."""

    id: str
    vpc_id: str
    owner: str
    entries: tuple[Entry, ...] = ()


def deny(direction: Direction, cidr: str, number: int) -> Entry:
    """The entry that denies all traffic of this block."""
    return Entry(direction, number, "deny", ALL_PROTOCOLS, cidr)


def is_denied(acl: Acl, direction: Direction, cidr: str) -> bool:
    """Whether no traffic of this block passes: it is denied as a whole before any part of it is allowed."""
    block = ip_network(cidr)
    for entry in _about(acl, direction, cidr):
        if entry.action == "allow":
            return False
        if entry.protocol == ALL_PROTOCOLS and block.subnet_of(entry.network):  # type: ignore[arg-type]
            return True
    return True


def number_before(acl: Acl, direction: Direction, cidr: str, reserved: Collection[int] = ()) -> int | None:
    """A free number before whatever allows some of this block; None where there is none.

    Where to begin to look depends on the address, so that two cases at once seldom want the same.
    """
    first = next((one.number for one in _about(acl, direction, cidr) if one.action == "allow"), LAST_NUMBER + 1)
    used = {one.number for one in acl.entries if one.direction == direction} | set(reserved)
    start = int(ip_network(cidr).network_address) % max(first - 1, 1)
    numbers = ((start + step) % (first - 1) + 1 for step in range(first - 1))
    return next((number for number in numbers if number not in used), None)


def _about(acl: Acl, direction: Direction, cidr: str) -> Iterator[Entry]:
    """The entries that match some of this block, in the order in which they are asked."""
    block = ip_network(cidr)
    for entry in sorted(acl.entries, key=lambda one: one.number):
        if entry.direction == direction and entry.network.version == block.version and entry.network.overlaps(block):
            yield entry
