"""What must hold after every step of the model, and what is true of its instances while nobody contains them."""

from collections import Counter
from dataclasses import replace

from quarantag.case import CLOSED, Case, InterfaceBefore
from tests.cloud import Launched, Network
from tests.crash.site import Site, standing
from tests.crash.tap import Nth
from tests.crash.verdict import uncut, unsaved, unsupported
from tests.crash.world import World

COUNTED: Counter[str] = Counter()
"""Over all examples: steps, faults and skips by their reason."""


class Watch:
    """Knows each instance's own state (`truth`) as only its owner changes it, and compares."""

    def __init__(self, site: Site, world: World) -> None:
        self.site = site
        self.world = world
        self.truth_groups: dict[str, tuple[str, ...]] = {}
        self.truth_profile: dict[str, list[str]] = {}
        self.recorded: dict[tuple[str, str], InterfaceBefore] = {}
        self.profile_recorded: dict[str, object] = {}
        self.released: set[str] = set()
        self.left: set[str] = set()
        self.truth_around = site.around()
        for instance_id in world.instances:
            self.launched(instance_id)

    def skip(self, reason: str) -> None:
        """Count a step that was not taken."""
        COUNTED[f"skipped: {reason}"] += 1

    def faulted(self, fault: Nth | None) -> None:
        """Count a fault."""
        COUNTED[f"fault: {fault[2] if fault else 'none'}"] += 1

    def launched(self, instance_id: str) -> None:
        """Take note of an instance as it is."""
        own = standing(self.site.ports, instance_id)
        self.truth_groups |= own["groups"]
        self.truth_profile[instance_id] = own["profile"]
        for name, state in self.site.around().items():
            if instance_id in state:  # what is not an instance's own is known from the beginning
                self.truth_around.setdefault(name, {})[instance_id] = state[instance_id]

    def interface_ids(self, instance_id: str) -> list[str]:
        """The instance's interfaces."""
        return [one.id for one in self.site.ports.instances.interfaces(instance_id)]

    def vpc_of(self, interface_id: str) -> str:
        """The interface's VPC."""
        return self.world.interfaces[interface_id][1].vpc_id

    def ended(self, instance_id: str) -> bool:
        """Whether the instance is terminated."""
        return self.world.instances[instance_id].ended

    def case(self, instance_id: str) -> Case | None:
        """The instance's open case."""
        found = self.site.ports.ledger.case(instance_id)
        return found if found and found.open else None

    def touched(self, interface_id: str) -> bool:
        """Whether the interface is in an isolation group."""
        ours = {group.id for group in self.site.ports.instances.isolation_groups()}
        return bool(ours & set(self.world.interfaces[interface_id][1].groups))

    def orphaned(self, instance_id: str) -> bool:
        """Whether the instance is cut and no case says so: the ledger was away."""
        touched = any(self.touched(interface_id) for interface_id in self.interface_ids(instance_id))
        return touched and self.case(instance_id) is None

    def unknown(self, instance_id: str) -> bool:
        """Whether the instance is orphaned and one of its cut interfaces has no tag that keeps its groups."""
        key = self.site.settings.groups_before_key
        cut = [one for one in self.interface_ids(instance_id) if self.touched(one)]
        return self.orphaned(instance_id) and not all(self.world.interfaces[one][1].tags.get(key) for one in cut)

    def owner_regroups(self, interface_id: str, groups: tuple[str, ...]) -> None:
        """The truth changes, unless the interface is contained: then it is drift."""
        case = self.case(self.world.interfaces[interface_id][0])
        recorded = case is not None and interface_id in {one.id for one in case.before.interfaces}
        if not recorded and not self.touched(interface_id):
            self.truth_groups[interface_id] = groups
        self.world.set_groups(interface_id, *groups)

    def owner_reprofiles(self, instance_id: str, arn: str) -> None:
        """The truth changes, unless a case is open: then it is drift."""
        if self.ended(instance_id):
            return
        if self.case(instance_id) is None:
            self.truth_profile[instance_id] = [arn]
        self.world.associate(instance_id, arn)

    def attached(self, instance_id: str, network: Network) -> None:
        """A new interface: its groups are its truth."""
        interface_id = self.world.attach(instance_id, network, 9)
        self.truth_groups[interface_id] = (network.group_id,)

    def terminated(self, instance_id: str) -> None:
        """The instance is gone, with what was attached to it."""
        world = self.world
        world.instances[instance_id] = replace(world.instances[instance_id], state="terminated", vpc_id=None)
        world.interfaces = {key: one for key, one in world.interfaces.items() if one[0] != instance_id}
        world.associations = {key: one for key, one in world.associations.items() if one[0] != instance_id}

    def check(self) -> None:
        """What holds after every step, whatever failed."""
        COUNTED["steps"] += 1
        for instance_id in self.world.instances:
            self._never_isolated_unasked(instance_id)
            case = self.site.ports.ledger.case(instance_id)
            if case:
                self._state_before_is_true(case)
                self._release_restored(case)
        self._ceiling_holds()

    def everything_is_as_tagged(self) -> None:
        """What holds after the next sweep, where nothing failed."""
        COUNTED["quiet sweeps"] += 1
        self.check()
        self._around_is_as_before()
        for instance in list(self.world.instances.values()):
            value, case = instance.tags.get(self.site.settings.tag_key), self.case(instance.id)
            if instance.ended:
                continue
            held = instance.tags.get(self.site.settings.status_key, "").startswith("Held")
            if value == "Isolate" and not (held and case is None and self._ceiling_full(instance.id)):
                self._isolated(instance.id)
            if case is not None and value != "Release":
                self._isolated(instance.id)
            if self.orphaned(instance.id):
                assert self._ceiling_full(instance.id), f"{instance.id} is cut, and no case says so"
            if value == "Release":
                assert case is None, f"{instance.id}: the release is not finished: {case}"

    def _isolated(self, instance_id: str) -> None:
        launched = Launched(instance_id, tuple(self.interface_ids(instance_id)), ())
        assert uncut(self.site, launched) == []
        assert standing(self.site.ports, instance_id)["profile"] == [self.site.settings.isolation_profile_arn]
        case = self.case(instance_id)
        assert case is not None
        assert case.status == "Isolated"
        assert unsupported(self.site, launched, case) == []
        assert unsaved(self.site, case) == []

    def _around_is_as_before(self) -> None:
        """Where no case is open, what measures changed is as it was; of an instance that ended, what outlives it."""
        if any(self.case(instance_id) for instance_id in self.world.instances):
            return
        COUNTED["surroundings verified"] += 1
        gone = self.left | {instance_id for instance_id in self.world.instances if self.ended(instance_id)}
        for name, state in self.site.around().items():
            if name == "addresses" and gone:  # an instance that is gone gets none back
                continue
            if name == "auto_scaling processes" and self._left_suspended():
                continue
            left = {key: one for key, one in state.items() if key not in gone}
            assert left == {key: one for key, one in self.truth_around[name].items() if key not in gone}, name

    def _left_suspended(self) -> bool:
        """Whether the last release says that the group's processes stay suspended: left to a person."""
        texts = [one.text for one in self.site.mailbox.messages if one.subject.startswith("Released")]
        return bool(texts) and "left suspended" in texts[-1]

    def _never_isolated_unasked(self, instance_id: str) -> None:
        if self.case(instance_id) is None and not self.ended(instance_id):
            asked = self.world.instances[instance_id].tags.get(self.site.settings.tag_key) == "Isolate"
            assert asked or not self.unknown(instance_id), f"{instance_id} is isolated and nobody asks for it"
            profiles = standing(self.site.ports, instance_id)["profile"]
            assert profiles == self.truth_profile[instance_id], "a profile changed that no case records"

    def _state_before_is_true(self, case: Case) -> None:
        ours = {group.id for group in self.site.ports.instances.isolation_groups()}
        for one in case.before.interfaces:
            assert not ours & set(one.groups), f"the isolation group was recorded: {one}"
            first = self.recorded.setdefault((case.id, one.id), one)
            assert one == first, f"the state before was overwritten: {first} by {one}"
            if case.open:
                assert one.groups == self.truth_groups[one.id], f"recorded {one}, true is {self.truth_groups[one.id]}"
        profile = case.before.profile
        assert profile is None or profile.arn != self.site.settings.isolation_profile_arn
        assert self.profile_recorded.setdefault(case.id, profile) == profile
        if case.open:
            assert ([profile.arn] if profile else []) == self.truth_profile[case.instance_id]

    def _release_restored(self, case: Case) -> None:
        if case.status not in CLOSED or case.id in self.released:
            return
        self.released.add(case.id)
        if case.status == "Released":
            COUNTED["releases verified"] += 1
            status = self.world.instances[case.instance_id].tags.get(self.site.settings.status_key, "")
            if "left in standby" in status:  # stopped, say: said, and left to a person
                self.left.add(case.instance_id)
            own = standing(self.site.ports, case.instance_id)
            assert own["groups"] == {key: self.truth_groups[key] for key in own["groups"]}
            assert own["profile"] == self.truth_profile[case.instance_id]

    def _ceiling_full(self, instance_id: str) -> bool:
        hour = self.site.clock.now().replace(minute=0, second=0, microsecond=0)
        opened = {
            case.instance_id
            for one in self.world.instances
            for case in self.site.opened(one)
            if case.opened_at.replace(minute=0, second=0, microsecond=0) == hour
        }
        return instance_id not in opened and len(opened) >= self.site.settings.max_containments_per_hour

    def _ceiling_holds(self) -> None:
        opened = [case for instance_id in self.world.instances for case in self.site.opened(instance_id)]
        hours = Counter((case.opened_at.date(), case.opened_at.hour) for case in opened)
        for hour in hours:
            ids = {case.instance_id for case in opened if (case.opened_at.date(), case.opened_at.hour) == hour}
            assert len(ids) <= self.site.settings.max_containments_per_hour
