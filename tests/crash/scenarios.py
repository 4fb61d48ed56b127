"""What the matrix is run over: an instance as it may be found, built in the world of memory or in the strict moto."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from quarantag.instance import AUTO_SCALING_GROUP_TAG
from quarantag.measures import Measure
from quarantag.settings import Settings
from tests.cloud import Launched, Network

KEY = "SecurityIsolation"
TAGGED = {KEY: "Isolate", f"{KEY}Reason": "command-and-control severity 8.0"}


InMemory = Callable[[Any, Any], Measure[Any]]
"""Makes a measure over the world and the ledger of memory."""


class Builder(Protocol):
    """Makes things: `tests.cloud.Lab`, or the world of memory."""

    def vpc(self, *, ipv6: bool = False) -> Network:
        """A VPC with one group."""

    def group(self, vpc_id: str, name: str) -> str:
        """Id of a new security group."""

    def profile(self, name: str = "web-server") -> str:
        """ARN of a new profile."""

    def instance(
        self,
        networks: Sequence[Network] = (),
        *,
        profile: str | None = None,
        tags: Mapping[str, str] | None = None,
        stopped: bool = False,
    ) -> Launched:
        """An instance with one interface for each network."""


def one_interface(builder: Builder) -> Launched:
    return builder.instance([builder.vpc()], profile=builder.profile(), tags=TAGGED)


def four_interfaces(builder: Builder) -> Launched:
    return builder.instance([builder.vpc()] * 4, profile=builder.profile(), tags=TAGGED)


def two_vpcs(builder: Builder) -> Launched:
    return builder.instance([builder.vpc(ipv6=True), builder.vpc()], profile=builder.profile(), tags=TAGGED)


def no_profile(builder: Builder) -> Launched:
    return builder.instance([builder.vpc()], tags=TAGGED)


def stopped(builder: Builder) -> Launched:
    return builder.instance([builder.vpc()], profile=builder.profile(), tags=TAGGED, stopped=True)


def auto_scaling_member(builder: Builder) -> Launched:
    tags = TAGGED | {AUTO_SCALING_GROUP_TAG: "web"}
    return builder.instance([builder.vpc()], profile=builder.profile(), tags=tags)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One way to find an instance. `group_exists`: another instance of the VPC was isolated before.

    `by_sweep`: no event came, the sweep that finds it is the run that meets the fault.
    `settling`: how many reads a new profile association stays `associating` for. `measures`: those beside the cut, with
    the `settings` that ask for them (None: the world's). `robbed`: its session made an access key before.
    """

    name: str
    build: Callable[[Builder], Launched]
    group_exists: bool = False
    by_sweep: bool = False
    settling: int = 0
    measures: tuple[InMemory, ...] = ()
    settings: Settings | None = None
    robbed: bool = False


SCENARIOS = (
    Scenario("1 interface, fresh VPC", one_interface),
    Scenario("1 interface, the VPC's group exists", one_interface, group_exists=True),
    Scenario("4 interfaces, fresh VPC", four_interfaces),
    Scenario("2 interfaces in 2 VPCs, one with IPv6", two_vpcs),
    Scenario("no profile", no_profile),
    Scenario("stopped", stopped),
    Scenario("Auto Scaling member", auto_scaling_member),
    Scenario("profile slow to associate", one_interface, group_exists=True, settling=2),
    Scenario("found by the sweep", one_interface, by_sweep=True),
)
