"""One instance as AWS shows it at one moment: all that a decision or a plan may look at."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

ENDED_STATES = frozenset({"shutting-down", "terminated"})
AUTO_SCALING_GROUP_TAG = "aws:autoscaling:groupName"
CLUSTER_TAGS = ("aws:eks:cluster-name", "eks:cluster-name", "eks:eks-cluster-name")
CLUSTER_TAG_START = "kubernetes.io/cluster/"

PODS = frozenset({"trunk", "branch"})
"""Interface types of pods with security groups of their own (Amazon EKS User Guide, "Security groups for Pods")."""

Direction = Literal["ingress", "egress"]
PeerKind = Literal["ipv4", "ipv6", "prefix-list", "group"]


@dataclass(frozen=True, slots=True)
class Instance:
    """What `DescribeInstances` says of one instance; `vpc_id` is None once it is terminated."""

    id: str
    state: str
    vpc_id: str | None
    tags: Mapping[str, str]
    interface_ids: tuple[str, ...] = ()
    spot: bool = False
    image_id: str | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing is left to contain."""
        return self.state in ENDED_STATES

    @property
    def auto_scaling_group(self) -> str | None:
        """Name of the Auto Scaling group that the instance is a member of."""
        return self.tags.get(AUTO_SCALING_GROUP_TAG)

    @property
    def cluster(self) -> str | None:
        """Name of the Kubernetes cluster whose worker the instance is, by its tags.

        Source: Amazon EKS User Guide, "Tag your Amazon EKS resources"; Karpenter documentation, "NodeClasses".
        """
        named = (self.tags[key] for key in CLUSTER_TAGS if key in self.tags)
        owned = (key.removeprefix(CLUSTER_TAG_START) for key in self.tags if key.startswith(CLUSTER_TAG_START))
        return next(iter((*named, *owned)), None)


@dataclass(frozen=True, slots=True)
class Interface:
    """One network interface attached to the instance, with its security groups in AWS's order.

    `kind` is its `InterfaceType`; `addresses` are all its private addresses and delegated prefixes, IPv4 and IPv6, as
    CIDR blocks; `public` are the public IPv4 addresses in front of them.
    """

    id: str
    vpc_id: str
    groups: tuple[str, ...]
    requester_managed: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
    kind: str = "interface"
    addresses: tuple[str, ...] = ()
    public: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProfileAssociation:
    """One IAM instance profile association; `profile_id` is the profile's unique id (`AIPA…`)."""

    id: str
    state: Literal["associating", "associated", "disassociating", "disassociated"]
    profile_arn: str
    profile_id: str

    @property
    def active(self) -> bool:
        """Whether the instance has, or is about to have, this profile."""
        return self.state in ("associating", "associated")


@dataclass(frozen=True, slots=True)
class Profile:
    """An instance profile as IAM has it now, with the unique ids of itself and of its role."""

    arn: str
    id: str
    role_arn: str | None
    role_id: str | None


@dataclass(frozen=True, slots=True)
class Rule:
    """One security group rule towards one peer (a CIDR, a prefix list, `account/group`); -1 stands for no port."""

    direction: Direction
    protocol: str
    from_port: int
    to_port: int
    peer_kind: PeerKind
    peer: str


@dataclass(frozen=True, slots=True)
class IsolationGroup:
    """A security group that carries this stack's creation tag, with all its rules."""

    id: str
    vpc_id: str
    name: str
    rules: frozenset[Rule] = frozenset()


@dataclass(frozen=True, slots=True)
class Observation:
    """All that is read of one instance at one moment; `groups` are this stack's, in every VPC.

    `unread` says what could not be read of its instance profile: then nothing is known of it, and none of it changed.
    """

    instance: Instance
    interfaces: tuple[Interface, ...]
    associations: tuple[ProfileAssociation, ...]
    groups: tuple[IsolationGroup, ...]
    unread: str = ""


def chosen_groups(
    groups: Iterable[IsolationGroup], allowed: frozenset[Rule] = frozenset()
) -> dict[str, IsolationGroup]:
    """Choose one isolation group for each VPC, one without other rules first: where runs made more, all choose one."""
    ordered = sorted(groups, key=lambda one: (bool(one.rules - allowed), one.id), reverse=True)
    return {group.vpc_id: group for group in ordered}
