"""EC2 and IAM in memory, behind the `Instances` port: state that changes as AWS changes it, with AWS's refusals.

tests/test_crash_world.py holds it to the real adapters over the strict moto. What is made here is made by the methods
of `tests.cloud.Lab`, by the same names, so that one scenario builds either.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from threading import RLock

from quarantag.errors import Conflict, TagLimitReached, Terminal
from quarantag.instance import Instance, Interface, IsolationGroup, Profile, ProfileAssociation, Rule
from quarantag.settings import CREATION_TAG_KEY, Settings
from tests.cloud import ACCOUNT, ISOLATION_PROFILE, REGION, Launched, Network

SETTINGS = Settings(ACCOUNT, REGION, f"arn:aws:iam::{ACCOUNT}:instance-profile/{ISOLATION_PROFILE}")
_MOST_TAGS = 50
_EVERYTHING = Rule("egress", "-1", -1, -1, "ipv4", "0.0.0.0/0")
_EVERYTHING_IPV6 = Rule("egress", "-1", -1, -1, "ipv6", "::/0")


@dataclass(slots=True)
class Group:
    """A security group."""

    vpc_id: str
    name: str
    tags: dict[str, str]
    rules: frozenset[Rule]


@dataclass(slots=True)
class World:
    """All there is in one account and Region. `settling` is how many reads an association is `associating` for."""

    settings: Settings = SETTINGS
    settling: int = 0
    instances: dict[str, Instance] = field(default_factory=dict)
    interfaces: dict[str, tuple[str, Interface]] = field(default_factory=dict)
    associations: dict[str, tuple[str, ProfileAssociation]] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    profiles: dict[str, Profile] = field(default_factory=dict)
    ipv6: dict[str, bool] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)
    lock: RLock = field(default_factory=RLock)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.profile(ISOLATION_PROFILE)

    def new(self, kind: str) -> str:
        """A new id of this kind."""
        return f"{kind}-{next(self.numbers):017x}"

    def vpc(self, *, ipv6: bool = False) -> Network:
        """A VPC with a subnet and a group that lets everything in."""
        vpc_id = self.new("vpc")
        self.ipv6[vpc_id] = ipv6
        return Network(vpc_id, self.new("subnet"), self.group(vpc_id, "web"))

    def group(self, vpc_id: str, name: str, tags: Mapping[str, str] | None = None) -> str:
        """Id of a new security group, with the egress rules that EC2 gives it."""
        rules = {_EVERYTHING, *([_EVERYTHING_IPV6] if self.ipv6[vpc_id] else [])}
        group_id = self.new("sg")
        self.groups[group_id] = Group(vpc_id, name, dict(tags or {}), frozenset(rules))
        return group_id

    def profile(self, name: str = "web-server") -> str:
        """ARN of a new instance profile with a role of its own."""
        arn = f"arn:aws:iam::{ACCOUNT}:instance-profile/{name}"
        role = f"arn:aws:iam::{ACCOUNT}:role/{name}"
        self.profiles[arn] = Profile(arn, self.new("AIPA"), role, self.new("AROA"))
        return arn

    def instance(
        self,
        networks: Sequence[Network] = (),
        *,
        profile: str | None = None,
        tags: Mapping[str, str] | None = None,
        stopped: bool = False,
    ) -> Launched:
        """An instance with one interface for each network, each in that network's group."""
        homes = tuple(networks) or (self.vpc(),)
        instance_id = self.new("i")
        self.instances[instance_id] = Instance(
            instance_id, "stopped" if stopped else "running", homes[0].vpc_id, dict(tags or {})
        )
        if profile:
            self.associate(instance_id, profile)
        interfaces = tuple(self.attach(instance_id, home, index) for index, home in enumerate(homes))
        return Launched(instance_id, interfaces, homes)

    def attach(self, instance_id: str, network: Network, index: int) -> str:  # noqa: ARG002 - as Lab.attach
        """Id of a new interface in the network's group, attached to the instance."""
        interface_id = self.new("eni")
        self.interfaces[interface_id] = instance_id, Interface(interface_id, network.vpc_id, (network.group_id,))
        return interface_id

    def associate(self, instance_id: str, profile_arn: str) -> None:
        """Give the instance this profile, as an association with a new id."""
        self.associations = {key: one for key, one in self.associations.items() if one[0] != instance_id}
        association_id = self.new("iip-assoc")
        state = "associating" if self.settling else "associated"
        profile_id = self.profiles[profile_arn].id
        made = ProfileAssociation(association_id, state, profile_arn, profile_id)  # type: ignore[arg-type]
        self.associations[association_id] = instance_id, made
        self.waiting[association_id] = self.settling

    def set_groups(self, interface_id: str, *groups: str) -> None:
        """Give the interface these groups, as an owner does."""
        owner, interface = self.interfaces[interface_id]
        self.interfaces[interface_id] = owner, replace(interface, groups=groups)

    def tag(self, resource_id: str, **tags: str) -> None:
        """Write these tags, as an analyst does."""
        instance = self.instances[resource_id]
        self.instances[resource_id] = replace(instance, tags={**instance.tags, **tags})

    def untag(self, resource_id: str, key: str) -> None:
        """Delete a tag of an instance."""
        instance = self.instances[resource_id]
        left = {name: value for name, value in instance.tags.items() if name != key}
        self.instances[resource_id] = replace(instance, tags=left)

    def tags(self, resource_id: str) -> dict[str, str]:
        """All tags of the instance."""
        return dict(self.instances[resource_id].tags)


@dataclass(slots=True)
class WorldInstances:
    """The `Instances` port over a world; where AWS refuses, with the meaning that `aws/faults.py` gives the code."""

    world: World

    def instance(self, instance_id: str) -> Instance | None:
        with self.world.lock:
            found = self.world.instances.get(instance_id)
            ids = tuple(key for key, (owner, _) in self.world.interfaces.items() if owner == instance_id)
            return found and replace(found, interface_ids=ids)

    def interfaces(self, instance_id: str) -> tuple[Interface, ...]:
        with self.world.lock:
            return tuple(one for owner, one in self.world.interfaces.values() if owner == instance_id)

    def profile_associations(self, instance_id: str) -> tuple[ProfileAssociation, ...]:
        with self.world.lock:
            found = [key for key, (owner, _) in self.world.associations.items() if owner == instance_id]
            return tuple(self._settled(key) for key in found)

    def isolation_groups(self) -> tuple[IsolationGroup, ...]:
        with self.world.lock:
            return tuple(
                IsolationGroup(key, group.vpc_id, group.name, group.rules)
                for key, group in self.world.groups.items()
                if self._is_ours(group)
            )

    def profile(self, arn: str) -> Profile | None:
        return self.world.profiles.get(arn)

    def existing_groups(self, group_ids: Sequence[str]) -> frozenset[str]:
        return frozenset(group_ids) & self.world.groups.keys()

    def tagged(self, value: str) -> Iterator[str]:
        with self.world.lock:
            key = self.world.settings.tag_key
            return iter([one.id for one in self.world.instances.values() if one.tags.get(key) == value])

    def tag(self, resource_id: str, tags: Mapping[str, str]) -> None:
        with self.world.lock:
            if resource_id in self.world.instances:
                old = self.world.instances[resource_id]
                self.world.instances[resource_id] = replace(old, tags=_merged(old.tags, tags))
            elif resource_id in self.world.interfaces:
                owner, interface = self.world.interfaces[resource_id]
                tagged = replace(interface, tags=_merged(interface.tags, tags))
                self.world.interfaces[resource_id] = owner, tagged
            else:
                raise Conflict(f"tag {resource_id}: InvalidNetworkInterfaceID.NotFound")

    def create_isolation_group(self, vpc_id: str) -> None:
        settings = self.world.settings
        with self.world.lock:
            taken = {one.name: one for one in self.world.groups.values() if one.vpc_id == vpc_id}
            name, number = settings.isolation_group_name, 1
            while name in taken and not self._is_ours(taken[name]):
                number += 1
                name = f"{settings.isolation_group_name}-{number}"
            if name not in taken:
                tags = {"Name": name, CREATION_TAG_KEY: settings.stack, settings.tag_key: settings.isolate_value}
                self.world.group(vpc_id, name, tags)

    def revoke_rules(self, group_id: str, rules: frozenset[Rule]) -> None:
        with self.world.lock:
            if group_id not in self.world.groups:
                raise Conflict(f"revoke the rules of {group_id}: InvalidGroup.NotFound")
            self.world.groups[group_id].rules -= rules

    def set_interface_groups(self, interface_id: str, groups: Sequence[str]) -> None:
        with self.world.lock:
            if interface_id not in self.world.interfaces:
                raise Conflict(f"set the groups of {interface_id}: InvalidNetworkInterfaceID.NotFound")
            interface = self.world.interfaces[interface_id][1]
            if interface.requester_managed:
                raise Terminal(f"set the groups of {interface_id}: AuthFailure")
            there = {key for key, group in self.world.groups.items() if group.vpc_id == interface.vpc_id}
            if not there.issuperset(groups):
                raise Conflict(f"set the groups of {interface_id}: InvalidGroup.NotFound")
            self.world.set_groups(interface_id, *groups)

    def associate_profile(self, instance_id: str, profile_arn: str) -> None:
        with self.world.lock:
            if any(owner == instance_id for owner, _ in self.world.associations.values()):
                raise Conflict(f"associate the isolation profile with {instance_id}: IncorrectState")
            self.world.associate(instance_id, profile_arn)

    def replace_profile(self, association_id: str, profile_arn: str) -> None:
        with self.world.lock:
            if association_id not in self.world.associations:
                raise Conflict(f"replace {association_id}: InvalidAssociationID.NotFound")
            owner, association = self.world.associations[association_id]
            if self.world.instances[owner].state != "running" or association.state != "associated":
                raise Conflict(f"replace {association_id}: IncorrectState")
            self.world.associate(owner, profile_arn)

    def disassociate_profile(self, association_id: str) -> None:
        with self.world.lock:
            self.world.associations.pop(association_id, None)

    def _settled(self, association_id: str) -> ProfileAssociation:
        owner, association = self.world.associations[association_id]
        if association.state == "associating":
            self.world.waiting[association_id] -= 1
            if self.world.waiting[association_id] < 0:
                association = replace(association, state="associated")
                self.world.associations[association_id] = owner, association
        return association

    def _is_ours(self, group: Group) -> bool:
        return group.tags.get(CREATION_TAG_KEY) == self.world.settings.stack


def _merged(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    merged = {**old, **new}
    if len(merged) > _MOST_TAGS:
        raise TagLimitReached("TagLimitExceeded")
    return merged
