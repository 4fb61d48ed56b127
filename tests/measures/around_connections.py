"""The ports of the measures that close connections, in memory: as those of `around`."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from quarantag.acl import Acl, Entry, deny
from quarantag.errors import Conflict
from quarantag.instance import Direction
from quarantag.measures.addresses import DisassociateElasticIps, ElasticIp
from quarantag.measures.metadata import DisableMetadataService, MetadataOptions
from quarantag.measures.network_acl import DIRECTIONS, DenyInNetworkAcls
from tests.cloud import ACCOUNT
from tests.crash.books import Books
from tests.crash.world import World


@dataclass(slots=True)
class WorldMetadata:
    """An instance's metadata service is on, as IMDSv2."""

    world: World

    def metadata(self, instance_id: str) -> MetadataOptions:
        with self.world.lock:
            return MetadataOptions(tuple(sorted(self.world.around["metadata"][instance_id].items())))

    def disable_metadata(self, instance_id: str) -> None:
        with self.world.lock:
            self.world.around["metadata"][instance_id]["HttpEndpoint"] = "disabled"

    def enable_metadata(self, instance_id: str, options: Mapping[str, str]) -> None:
        with self.world.lock:
            self.world.around["metadata"][instance_id].update({**options, "HttpEndpoint": "enabled"})


def disable_metadata(world: World, books: Books) -> DisableMetadataService:  # noqa: ARG001 - as all of them
    """The metadata service over the world."""
    world.around["metadata"] = defaultdict(lambda: {"HttpEndpoint": "enabled", "HttpTokens": "required"})
    return DisableMetadataService(WorldMetadata(world))


@dataclass(slots=True)
class WorldAddresses:
    """An instance's first interface has one Elastic IP, in front of its address; kept are those that are away from it.

    One that comes with an interface attached since is taken and not given back: no case recorded it.
    """

    world: World

    def elastic_ips(self, interface_ids: Collection[str], allocation_ids: Collection[str]) -> tuple[ElasticIp, ...]:
        with self.world.lock:
            away = self.world.around["addresses"]
            first = {owner: key for key, (owner, _) in reversed(self.world.interfaces.items())}
            found = [
                ElasticIp(f"eipalloc-{key}", "192.0.2.1", f"eipassoc-{key}", key, one.addresses[0].removesuffix("/32"))
                for key, (owner, one) in self.world.interfaces.items()
                if first[owner] == key
                if key in interface_ids or f"eipalloc-{key}" in allocation_ids
            ]
            return tuple(ElasticIp(one.allocation_id, one.ip) if one.allocation_id in away else one for one in found)

    def disassociate(self, allocation_id: str, association_id: str) -> None:
        with self.world.lock:
            assert association_id == allocation_id.replace("alloc", "assoc")
            self.world.around["addresses"][allocation_id] = "away"

    def associate(self, allocation_id: str, interface_id: str, private: str) -> None:
        with self.world.lock:
            assert allocation_id == f"eipalloc-{interface_id}"
            assert self.world.interfaces[interface_id][1].addresses == (f"{private}/32",)
            self.world.around["addresses"].pop(allocation_id, None)


def take_elastic_ips(world: World, books: Books) -> DisassociateElasticIps:  # noqa: ARG001 - as all of them
    """Elastic IPs over the world."""
    world.around["addresses"] = defaultdict(str)
    return DisassociateElasticIps(WorldAddresses(world))


@dataclass(slots=True)
class WorldNetworkAcls:
    """Each VPC has one network ACL, which lets everything pass at number 100; kept are the entries added to it."""

    world: World

    def network_acls(self, vpc_ids: Collection[str]) -> tuple[Acl, ...]:
        with self.world.lock:
            added = self.world.around["network_acl"]
            return tuple(
                Acl(f"acl-{vpc}", vpc, ACCOUNT, (*_PASSING, *(deny(*one) for one in added.get(f"acl-{vpc}", []))))
                for vpc in vpc_ids
            )

    def create_deny(self, acl_id: str, direction: Direction, cidr: str, number: int) -> None:
        with self.world.lock:
            added = self.world.around["network_acl"].setdefault(acl_id, [])
            if number == _PASSING[0].number or (direction, number) in {(way, taken) for way, _, taken in added}:
                raise Conflict(f"{acl_id}: NetworkAclEntryAlreadyExists")
            added.append((direction, cidr, number))

    def delete_entry(self, acl_id: str, direction: Direction, number: int) -> None:
        with self.world.lock:
            added = self.world.around["network_acl"].pop(acl_id, [])
            left = [one for one in added if (one[0], one[2]) != (direction, number)]
            if left:
                self.world.around["network_acl"][acl_id] = left


_PASSING = tuple(Entry(direction, 100, "allow", "-1", "0.0.0.0/0") for direction in DIRECTIONS)


def deny_addresses(world: World, books: Books) -> DenyInNetworkAcls:  # noqa: ARG001 - as all of them
    """Network ACLs over the world."""
    world.around["network_acl"] = defaultdict(list)
    return DenyInNetworkAcls(WorldNetworkAcls(world))
