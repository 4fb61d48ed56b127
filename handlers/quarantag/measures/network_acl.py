"""Deny an instance's addresses in the network ACLs around it: these keep no state, so what is open there ends at once.

An entry's block is the far side as seen from a subnet: the source of what comes in, the destination of what goes out
(Amazon VPC User Guide, "Network ACL rules"). So the entries bite at the borders of the *other* subnets of the VPC.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Protocol

from quarantag.acl import Acl, Entry, deny, is_denied, number_before
from quarantag.case import Kept
from quarantag.errors import Retryable
from quarantag.instance import Direction, Interface
from quarantag.measures import Measure, MeasureStep, Subject, Todo
from quarantag.plan import unseen_interfaces
from quarantag.settings import Settings

DIRECTIONS: tuple[Direction, ...] = ("ingress", "egress")


class NetworkAclPort(Protocol):
    """The network ACLs of this Region."""

    def network_acls(self, vpc_ids: Collection[str]) -> tuple[Acl, ...]:
        """Every one of these VPCs, with its entries."""

    def create_deny(self, acl_id: str, direction: Direction, cidr: str, number: int) -> None:
        """Deny all traffic of the block; `Conflict` where the number is taken by now."""

    def delete_entry(self, acl_id: str, direction: Direction, number: int) -> None:
        """Delete an entry; one that is gone already is fine."""


@dataclass(frozen=True, slots=True)
class DenyAddress:
    """Add one entry that denies one address in one direction."""

    actions: ClassVar[frozenset[str]] = frozenset({"ec2:CreateNetworkAclEntry"})
    undo: ClassVar[str] = "AllowAddress"

    acl_id: str
    direction: Direction
    cidr: str
    number: int

    @property
    def target(self) -> str:
        """The ACL, direction and block."""
        return f"{self.acl_id} {self.direction} {self.cidr}"

    def apply(self, port: NetworkAclPort) -> None:
        """Add it."""
        port.create_deny(self.acl_id, self.direction, self.cidr, self.number)


@dataclass(frozen=True, slots=True)
class AllowAddress:
    """Delete one entry that `DenyAddress` added."""

    actions: ClassVar[frozenset[str]] = frozenset({"ec2:DeleteNetworkAclEntry"})
    undo: ClassVar[str] = "DenyAddress"

    acl_id: str
    direction: Direction
    cidr: str
    number: int

    @property
    def target(self) -> str:
        """The ACL, direction and block."""
        return f"{self.acl_id} {self.direction} {self.cidr}"

    def apply(self, port: NetworkAclPort) -> None:
        """Delete it."""
        port.delete_entry(self.acl_id, self.direction, self.number)


@dataclass(frozen=True, slots=True)
class DenyInNetworkAcls(Measure[tuple[Acl, ...]]):
    """Every ACL of the instance's VPCs denies each of its addresses, both ways, before anything that would allow it.

    ACL entries have neither id nor tag: ours are those that deny exactly one of the addresses of the case, and were
    not there before. They outlive the instance, whose addresses others get after it.
    """

    name: ClassVar[str] = "network_acl"
    reads: ClassVar[frozenset[str]] = frozenset({"ec2:DescribeNetworkAcls"})
    taking: ClassVar[tuple[type[MeasureStep], ...]] = (DenyAddress,)
    giving: ClassVar[tuple[type[MeasureStep], ...]] = (AllowAddress,)
    outlives: ClassVar[bool] = True

    port: NetworkAclPort

    def wanted(self, settings: Settings) -> bool:
        """`ExistingConnections` = `nacl`."""
        return settings.existing_connections == "nacl"

    def observe(self, subject: Subject) -> tuple[Acl, ...]:
        """Read those of its VPCs; once it is gone the case alone knows these."""
        kept = subject.case.kept.get(self.name)
        if kept is None:
            unseen = tuple(unseen_interfaces(subject.observation))
            if unseen:
                raise Retryable("; ".join(unseen))
            return self.port.network_acls(sorted(addresses_by_vpc(subject.observation.interfaces)))
        return self.port.network_acls(sorted(kept["addresses"]))

    def keep(self, seen: tuple[Acl, ...], subject: Subject) -> Kept:
        """The addresses by VPC, and the entries of others that are the same as ours would be."""
        addresses = addresses_by_vpc(subject.observation.interfaces)
        before = [
            [acl.id, entry.direction, entry.cidr, entry.number]
            for acl in seen
            for entry in _equal(acl, addresses.get(acl.vpc_id, []))
        ]
        return {"addresses": addresses, "before": before}

    def plan(self, seen: tuple[Acl, ...], kept: Kept, subject: Subject) -> Todo:
        """One entry for each address and direction that is not denied; numbers of entries before are not used."""
        steps: list[MeasureStep] = []
        notes = list(_since(kept, subject.observation.interfaces))
        for acl in seen:
            if acl.owner != subject.settings.account:
                notes.append(f"{acl.id} belongs to {acl.owner}, which shares its VPC: not ours to change")
                continue
            found, full = _missing(acl, kept)
            steps += found
            notes += full
        return Todo(steps=tuple(steps), notes=tuple(notes))

    def plan_release(self, seen: tuple[Acl, ...], kept: Kept, subject: Subject) -> Todo:  # noqa: ARG002 - the measure's shape
        """Delete ours; what was there before stays."""
        before = {tuple(one) for one in kept["before"]}
        return Todo(
            steps=tuple(
                AllowAddress(acl.id, entry.direction, entry.cidr, entry.number)
                for acl in seen
                for entry in _equal(acl, kept["addresses"].get(acl.vpc_id, []))
                if (acl.id, entry.direction, entry.cidr, entry.number) not in before
            )
        )


def addresses_by_vpc(interfaces: Iterable[Interface]) -> dict[str, list[str]]:
    """The addresses of the interfaces that are the instance's own, by VPC."""
    found: dict[str, list[str]] = {}
    for interface in interfaces:
        if not interface.requester_managed:
            found.setdefault(interface.vpc_id, []).extend(interface.addresses)
    return {vpc: sorted(found[vpc]) for vpc in sorted(found)}


def _equal(acl: Acl, addresses: Collection[str]) -> Iterator[Entry]:
    """The entries that are just what `DenyAddress` adds for these addresses."""
    return (one for one in acl.entries if one.cidr in addresses and one == deny(one.direction, one.cidr, one.number))


def _missing(acl: Acl, kept: Kept) -> tuple[list[DenyAddress], list[str]]:
    """What must be added to this ACL, and what there is no number for."""
    steps, full = [], []
    reserved = {(direction, number) for acl_id, direction, _, number in kept["before"] if acl_id == acl.id}
    for direction in DIRECTIONS:
        for cidr in kept["addresses"].get(acl.vpc_id, []):
            if is_denied(acl, direction, cidr):
                continue
            number = number_before(acl, direction, cidr, {number for way, number in reserved if way == direction})
            if number is None:
                full.append(f"{acl.id} has no free rule number before what allows {cidr} {direction}")
                continue
            steps.append(DenyAddress(acl.id, direction, cidr, number))
            acl = replace(acl, entries=(*acl.entries, deny(direction, cidr, number)))
    return steps, full


def _since(kept: Kept, interfaces: Iterable[Interface]) -> Iterator[str]:
    """Addresses that the case does not know: a release would not find their entries, so they get none."""
    for vpc, addresses in addresses_by_vpc(interfaces).items():
        for cidr in sorted(set(addresses) - set(kept["addresses"].get(vpc, []))):
            yield f"{cidr} of {vpc} came since the case was opened: no network ACL denies it"
