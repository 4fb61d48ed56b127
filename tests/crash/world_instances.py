"""The `Instances` port over the world of memory: where AWS refuses, with the meaning that `aws/faults.py` gives it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from quarantag.errors import Conflict, TagLimitReached, Terminal
from quarantag.instance import Instance, Interface, IsolationGroup, Profile, ProfileAssociation, Rule
from quarantag.settings import CREATION_TAG_KEY
from tests.crash.world import World

_MOST_TAGS = 50


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
                if group.tags.get(CREATION_TAG_KEY) == self.world.settings.stack
            )

    def profile(self, arn: str) -> Profile | None:
        return self.world.profiles.get(arn)

    def existing_groups(self, group_ids: Sequence[str]) -> frozenset[str]:
        return frozenset(group_ids) & self.world.groups.keys()

    def ended(self, instance_ids: Sequence[str]) -> frozenset[str]:
        return frozenset(instance_ids) - {key for key, one in self.world.instances.items() if not one.ended}

    def tagged(self, value: str) -> Iterator[str]:
        with self.world.lock:
            key = self.world.settings.tag_key
            return iter([one.id for one in self.world.instances.values() if one.tags.get(key) == value])

    def groups_kept(self) -> Iterator[str]:
        ours, key = {group.id for group in self.isolation_groups()}, self.world.settings.groups_before_key
        with self.world.lock:
            found = self.world.interfaces.values()
            return iter([owner for owner, one in found if key in one.tags and ours & set(one.groups)])

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
            while name in taken and taken[name].tags.get(CREATION_TAG_KEY) != self.world.settings.stack:
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

    def allow_rule(self, group_id: str, rule: Rule) -> None:
        with self.world.lock:
            peer = self.world.groups.get(rule.peer.rpartition("/")[2])
            if rule.peer_kind == "group" and (peer is None or peer.vpc_id != self.world.groups[group_id].vpc_id):
                raise Terminal(f"let {rule.peer} into {group_id}: a group works in its own VPC only")
            self.world.groups[group_id].rules |= {rule}

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


def _merged(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    merged = {**old, **new}
    if len(merged) > _MOST_TAGS:
        raise TagLimitReached("TagLimitExceeded")
    return merged
