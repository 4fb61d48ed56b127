"""Anything in any order: what analysts, owners, attackers, AWS and crashes do to a few instances of one fresh VPC.

`Containment` is the machine; what must hold after each step is in `tests/crash/invariants.py`.
"""

from contextlib import suppress
from dataclasses import replace
from typing import get_args

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from quarantag.errors import QuarantagError
from quarantag.instance import Rule
from quarantag.settings import Settings
from tests.crash.invariants import COUNTED, Watch
from tests.crash.scenarios import InMemory
from tests.crash.site import Site, deliver, in_memory, run_sweep, sweep_once
from tests.crash.tap import Died, Kind, Nth, Tap
from tests.crash.world import SETTINGS, World
from tests.measures.around import ALL_ON, ALL_ROLE, EVERY

NUMBERS = st.integers(0, 3)
VALUES = st.sampled_from(["Isolate", "Isolate", "Isolate", "Release", "Release", "Release", "Review", "isolate", ""])
METHODS = [
    "instance",
    "interfaces",
    "profile_associations",
    "isolation_groups",
    "profile",
    "existing_groups",
    "tag",
    "create_isolation_group",
    "revoke_rules",
    "set_interface_groups",
    "associate_profile",
    "replace_profile",
    "disassociate_profile",
    "acquire",
    "yield_lease",
    "case",
    "open_case",
    "add_interface_before",
    "add_role_before",
    "set_status",
    "record",
    "announce",
    "tagged",
    "groups_kept",
    "open_instances",
    "keep_measure",
    "set_taken",
    "protection",
    "set_protection",
    "freeze",
    "thaw",
    *("evidence", "create_snapshots", "tag_snapshot", "copy_snapshot", "lock_snapshot", "share_snapshot"),
    *("enter_standby", "exit_standby", "set_protected"),
    *("claim", "mark", "attach", "unmark", "free", "begin_detaching", "detach", "end_detaching"),
    *("wished", "wish", "revoke", "denial"),
]
CHANGES = [
    "regroup",
    "regroup",
    "add_back",
    "add_back",
    "reprofile",
    "reprofile",
    "attach",
    "open_isolation_groups",
    "power",
    "twin",
    "launch",
    "unprotect",
]
FAULTS = st.none() | st.tuples(st.sampled_from(METHODS), st.integers(1, 3), st.sampled_from(get_args(Kind)))
_OPEN_TO_ALL = Rule("ingress", "-1", -1, -1, "ipv4", "0.0.0.0/0")


class Containment(RuleBasedStateMachine):
    """Up to four instances; events wait in `events` until they are delivered, in any order, more than once or never."""

    site: Site
    world: World
    watch: Watch

    @initialize(
        ceiling=st.sampled_from([50, 50, 2, 1]),
        settling=st.integers(0, 1),
        vpcs=st.integers(1, 2),
        measures=st.sampled_from([(), EVERY, EVERY]),
        every=st.sampled_from([ALL_ON, ALL_ROLE]),
    )
    def begin(self, ceiling: int, settling: int, vpcs: int, measures: tuple[InMemory, ...], every: Settings) -> None:
        COUNTED["examples"] += 1
        COUNTED[f"examples with {f'{len(measures)} ({every.revoke_credentials})' if measures else 'no'} measures"] += 1
        settings = replace(every, max_containments_per_hour=ceiling)
        made = in_memory(settling, settings, measures)
        self.site, self.world = made, made.builder  # type: ignore[assignment]
        self.networks = [self.world.vpc(ipv6=bool(number)) for number in range(vpcs)]
        self.extra = [self.world.group(network.vpc_id, "extra") for network in self.networks]
        self.profiles = [self.world.profile("web"), self.world.profile("admin")]
        self.ids = [
            self.world.instance([self.networks[0]], profile=self.profiles[0]).id,
            self.world.instance(self.networks * 2).id,
            self.world.instance([self.networks[-1]], profile=self.profiles[1], stopped=True).id,
        ]
        self.events: list[tuple[str, str]] = []
        self.watch = Watch(self.site, self.world)

    def one(self, number: int) -> str:
        return self.ids[number % len(self.ids)]

    @rule(number=NUMBERS, value=VALUES, event=st.sampled_from(["now", "now", "later", "lost"]), fault=FAULTS)
    def tag(self, number: int, value: str, event: str, fault: Nth | None) -> None:
        """Somebody writes or removes the control tag; its event comes at once, with a fault perhaps, later or never."""
        instance_id = self.one(number)
        if self.watch.unknown(instance_id):
            return self.watch.skip("the tag would change while nothing but the log tells of the cut")
        if value:
            self.world.tag(instance_id, **{SETTINGS.tag_key: value})
        else:
            self.world.untag(instance_id, SETTINGS.tag_key)
        if event == "now":
            self.delivered(instance_id, value, fault)
        elif event == "later":
            self.events.append((instance_id, value))
        return None

    @rule(number=NUMBERS, values=st.sampled_from([("Isolate",), ("Release",), ("Isolate", "Release")]))
    def handled(self, number: int, values: tuple[str, ...]) -> None:
        """As on a good day: each tag with its event, at once, and nothing fails."""
        for value in values:
            self.tag(number, value, "now", None)

    def delivered(self, instance_id: str, value: str, fault: Nth | None) -> None:
        """Both rules match the event where its value is the release value."""
        self.watch.faulted(fault)
        for function in ("Isolate", "Release") if value == "Release" else ("Isolate",):
            self.site.clock.sleep(1.0)
            tap = Tap(self.site.ports, nth=fault)
            with suppress(QuarantagError, Died):
                deliver(self.site, tap.ports, instance_id, value, function)

    @precondition(lambda self: self.events)
    @rule(which=st.integers(0, 9), again=st.booleans(), fault=FAULTS)
    def event(self, which: int, again: bool, fault: Nth | None) -> None:  # noqa: FBT001 - a drawn value
        index = which % len(self.events)
        instance_id, value = self.events[index] if again else self.events.pop(index)
        self.delivered(instance_id, value, fault)

    @rule(function=st.sampled_from(["Isolate", "Release"]), fault=FAULTS)
    def sweep(self, function: str, fault: Nth | None) -> None:
        self.watch.faulted(fault)
        self.site.clock.sleep(1.0)
        with suppress(QuarantagError, Died):
            run_sweep(self.site, Tap(self.site.ports, nth=fault).ports, function)

    @rule(seconds=st.sampled_from([1.0, 61.0, 121.0, 3600.0, 43_200.0]))
    def wait(self, seconds: float) -> None:
        self.site.clock.sleep(seconds)

    @rule()
    def quiet(self) -> None:
        """The next sweeps of both functions, with nothing failing: then what the tags say must be so."""
        sweep_once(self.site, "Isolate")
        sweep_once(self.site, "Release", after=0.0)
        self.watch.everything_is_as_tagged()

    @rule(what=st.sampled_from(CHANGES), number=NUMBERS, which=NUMBERS)
    def change(self, what: str, number: int, which: int) -> None:
        """Something else changes the instance: legitimate before a containment, drift during one."""
        getattr(self, what)(self.one(number), which)

    def regroup(self, instance_id: str, which: int) -> None:
        """One of its interfaces gets other groups."""
        ids = self.watch.interface_ids(instance_id)
        if not ids:
            return self.watch.skip("the instance has no interface any more")
        if self.watch.orphaned(instance_id):
            return self.watch.skip("all groups would change while only the interfaces' tags tell of the cut")
        chosen = ids[which // 2 % len(ids)]
        vpc = next(i for i, one in enumerate(self.networks) if one.vpc_id == self.watch.vpc_of(chosen))
        web = [self.networks[vpc].group_id] if which % 2 else []
        self.watch.owner_regroups(chosen, (self.extra[vpc], *web))
        return None

    def add_back(self, instance_id: str, which: int) -> None:
        """One of its interfaces gets one more group, beside those that it has."""
        for interface_id in self.watch.interface_ids(instance_id)[which : which + 1]:
            vpc = next(i for i, one in enumerate(self.networks) if one.vpc_id == self.watch.vpc_of(interface_id))
            groups = self.world.interfaces[interface_id][1].groups
            self.watch.owner_regroups(interface_id, tuple(dict.fromkeys((*groups, self.networks[vpc].group_id))))

    def reprofile(self, instance_id: str, which: int) -> None:
        """It gets another profile."""
        self.watch.owner_reprofiles(instance_id, self.profiles[which % 2])

    def attach(self, instance_id: str, which: int) -> None:
        """It gets one more interface."""
        if len(self.watch.interface_ids(instance_id)) > 4 or self.watch.ended(instance_id):
            return self.watch.skip("no room for one more interface")
        self.watch.attached(instance_id, self.networks[which % len(self.networks)])
        return None

    def open_isolation_groups(self, _: str, __: int) -> None:
        """The isolation groups get a rule."""
        for group in self.site.ports.instances.isolation_groups():
            self.world.groups[group.id].rules |= {_OPEN_TO_ALL}

    def power(self, instance_id: str, _: int) -> None:
        """It is stopped, or started again."""
        instance = self.world.instances[instance_id]
        if not instance.ended:
            state = "running" if instance.state == "stopped" else "stopped"
            self.world.instances[instance.id] = replace(instance, state=state)

    def twin(self, instance_id: str, _: int) -> None:
        """It gets a tag that differs from the control tag in case only."""
        self.world.tag(instance_id, securityisolation="Release")

    def unprotect(self, instance_id: str, _: int) -> None:
        """Somebody takes its termination protection off: drift, where a measure put it on."""
        if "protection" in self.world.around:
            self.world.around["protection"][instance_id]["termination"] = "false"

    def launch(self, _: str, which: int) -> None:
        """One more into the same VPC, until there are four; then one of them ends."""
        if len(self.ids) < 4:
            self.ids.append(self.world.instance([self.networks[0]]).id)
            self.watch.launched(self.ids[-1])
        elif which == 0:
            self.watch.terminated(self.ids[-1])

    @invariant()
    def holds(self) -> None:
        if hasattr(self, "watch"):
            self.watch.check()
