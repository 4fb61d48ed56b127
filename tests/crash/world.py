"""EC2 and IAM in memory, behind the `Instances` port: state that changes as AWS changes it, with AWS's refusals.

tests/test_crash_world.py holds it to the real adapters. What is made here is made by methods of the names of
`tests.cloud.Lab`, so that one scenario builds either.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from itertools import count
from threading import RLock
from typing import Any

from quarantag.instance import Instance, Interface, Profile, ProfileAssociation, Rule
from quarantag.settings import Settings
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
    """All there is in one account and Region. `settling` is how many reads an association is `associating` for.

    `around` is what measures change, by measure and instance: see tests/measures/around.py.
    """

    settings: Settings = SETTINGS
    settling: int = 0
    instances: dict[str, Instance] = field(default_factory=dict)
    interfaces: dict[str, tuple[str, Interface]] = field(default_factory=dict)
    associations: dict[str, tuple[str, ProfileAssociation]] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    profiles: dict[str, Profile] = field(default_factory=dict)
    ipv6: dict[str, bool] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)
    around: dict[str, dict[str, Any]] = field(default_factory=dict)
    lock: RLock = field(default_factory=RLock)
    addresses: int = 0
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.profile(ISOLATION_PROFILE)

    def surroundings(self) -> dict[str, dict[str, Any]]:
        """A copy of `around`, with each instance in it."""
        with self.lock:
            return deepcopy(
                {name: {**{one: of[one] for one in self.instances}, **of} for name, of in self.around.items()}
            )

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
        made = Interface(interface_id, network.vpc_id, (network.group_id,), addresses=(self.address(),))
        self.interfaces[interface_id] = instance_id, made
        return interface_id

    def address(self) -> str:
        """A new private address, as a CIDR block."""
        self.addresses += 1
        return f"10.0.{self.addresses // 250}.{self.addresses % 250 + 4}/32"

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
