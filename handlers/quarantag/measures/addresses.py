"""Take the Elastic IPs: the instance's direct path to and from the Internet."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

from quarantag.case import Kept
from quarantag.errors import Retryable
from quarantag.instance import Interface
from quarantag.measures import Measure, MeasureStep, Subject, Todo
from quarantag.plan import unseen_interfaces
from quarantag.settings import Settings

Before = Mapping[str, str]
"""One Elastic IP before: `allocation`, `ip`, `interface`, `private`."""


@dataclass(frozen=True, slots=True)
class ElasticIp:
    """One Elastic IP; the last three are empty where it is associated with nothing."""

    allocation_id: str
    ip: str
    association_id: str = ""
    interface_id: str = ""
    private: str = ""


class AddressesPort(Protocol):
    """The Elastic IPs of this account and Region."""

    def elastic_ips(self, interface_ids: Collection[str], allocation_ids: Collection[str]) -> tuple[ElasticIp, ...]:
        """Those of these interfaces, and those of these that exist."""

    def disassociate(self, allocation_id: str, association_id: str) -> None:
        """End the association; one that has ended already is fine."""

    def associate(self, allocation_id: str, interface_id: str, private: str) -> None:
        """Associate it with an address of an interface; `Conflict` where it is associated by now."""


@dataclass(frozen=True, slots=True)
class DisassociateElasticIp:
    """Take one Elastic IP off its interface; it stays allocated."""

    actions: ClassVar[frozenset[str]] = frozenset({"ec2:DisassociateAddress"})
    undo: ClassVar[str] = "AssociateElasticIp with the interface and address that the case kept"

    allocation_id: str
    association_id: str
    interface_id: str

    @property
    def target(self) -> str:
        """The Elastic IP and its interface."""
        return f"{self.allocation_id} of {self.interface_id}"

    def apply(self, port: AddressesPort) -> None:
        """Take it."""
        port.disassociate(self.allocation_id, self.association_id)


@dataclass(frozen=True, slots=True)
class AssociateElasticIp:
    """Give one Elastic IP back to the address that it had."""

    actions: ClassVar[frozenset[str]] = frozenset({"ec2:AssociateAddress"})
    undo: ClassVar[str] = "DisassociateElasticIp"

    allocation_id: str
    interface_id: str
    private: str

    @property
    def target(self) -> str:
        """The Elastic IP and its interface."""
        return f"{self.allocation_id} to {self.interface_id}"

    def apply(self, port: AddressesPort) -> None:
        """Give it."""
        port.associate(self.allocation_id, self.interface_id, self.private)


@dataclass(frozen=True, slots=True)
class DisassociateElasticIps(Measure[tuple[ElasticIp, ...]]):
    """No interface that we may change has an Elastic IP; one associated since the case began is taken as drift."""

    name: ClassVar[str] = "addresses"
    reads: ClassVar[frozenset[str]] = frozenset({"ec2:DescribeAddresses"})
    taking: ClassVar[tuple[type[MeasureStep], ...]] = (DisassociateElasticIp,)
    giving: ClassVar[tuple[type[MeasureStep], ...]] = (AssociateElasticIp,)

    port: AddressesPort

    def wanted(self, settings: Settings) -> bool:
        """`DisassociateElasticIPs`."""
        return settings.disassociate_elastic_ips

    def observe(self, subject: Subject) -> tuple[ElasticIp, ...]:
        """Read those of its interfaces, and those that it had; what is not described yet would be lost to a release."""
        unseen = tuple(unseen_interfaces(subject.observation))
        if unseen and self.name not in subject.case.kept:
            raise Retryable("; ".join(unseen))
        kept = subject.case.kept.get(self.name, {"elastic_ips": []})
        return self.port.elastic_ips(sorted(_own(subject)), [one["allocation"] for one in kept["elastic_ips"]])

    def keep(self, seen: tuple[ElasticIp, ...], subject: Subject) -> Kept:  # noqa: ARG002 - the measure's shape
        """Each with its interface and private address."""
        return {
            "elastic_ips": [
                {"allocation": one.allocation_id, "ip": one.ip, "interface": one.interface_id, "private": one.private}
                for one in seen
            ]
        }

    def plan(self, seen: tuple[ElasticIp, ...], kept: Kept, subject: Subject) -> Todo:
        """What can't be taken is said: AWS's own public addresses."""
        own = _own(subject)
        steps = tuple(
            DisassociateElasticIp(one.allocation_id, one.association_id, one.interface_id)
            for one in seen
            if one.interface_id in own
        )
        elastic = {one.ip for one in seen} | {one["ip"] for one in kept["elastic_ips"]}
        notes = [
            f"{interface.id} has the public address {ip}, which AWS assigned: only stopping the instance takes it"
            for interface in own.values()
            for ip in interface.public
            if ip not in elastic
        ]
        if kept["elastic_ips"] and len(own) == 1:
            notes.append("AWS may assign it a new public address in place of the Elastic IP")
        return Todo(steps=steps, notes=tuple(notes))

    def plan_release(self, seen: tuple[ElasticIp, ...], kept: Kept, subject: Subject) -> Todo:
        """Each to the very address that it had, unless somebody used either meanwhile: then both stay as they are."""
        own, now = _own(subject), {one.allocation_id: one for one in seen}
        taken = {(one.interface_id, one.private): one for one in seen if one.association_id}
        steps, notes = [], []
        for before in kept["elastic_ips"]:
            place = before["interface"], before["private"]
            holder = taken.get(place)
            if holder and holder.allocation_id == before["allocation"]:
                continue
            obstacle = _obstacle(before, now.get(before["allocation"]), holder, own)
            if obstacle:
                notes.append(f"{before['allocation']} ({before['ip']}) is not given back: {obstacle}")
            else:
                steps.append(AssociateElasticIp(before["allocation"], *place))
        return Todo(steps=tuple(steps), notes=tuple(notes))


def _own(subject: Subject) -> dict[str, Interface]:
    """The interfaces that we may change: those of a NAT gateway, say, are its service's."""
    return {one.id: one for one in subject.observation.interfaces if not one.requester_managed}


def _obstacle(
    before: Before, now: ElasticIp | None, holder: ElasticIp | None, own: Mapping[str, Interface]
) -> str | None:
    interface = own.get(before["interface"])
    if now is None:
        return "it was released meanwhile"
    if now.association_id:
        return f"it is associated with {now.interface_id} {now.private} meanwhile"
    if interface is None:
        return f"{before['interface']} is not attached any more"
    if f"{before['private']}/32" not in interface.addresses:
        return f"{before['interface']} has no address {before['private']} any more"
    return f"{holder.allocation_id} took its place" if holder else None
