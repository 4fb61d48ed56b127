"""What is left to do until the instance is isolated, as data: plan, apply, observe and plan again until nothing is."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from quarantag.access import allowed_rules
from quarantag.case import Case, InterfaceBefore, interface_before
from quarantag.instance import PODS, Interface, IsolationGroup, Observation, ProfileAssociation, Rule, chosen_groups
from quarantag.settings import Settings
from quarantag.steps import Step
from quarantag.steps.credentials import AssociateProfile, DisassociateProfile, ReplaceProfile
from quarantag.steps.network import AllowAccess, CreateIsolationGroup, RevokeGroupRules, SetInterfaceGroups

_NOT_RUNNING = ("stopping", "stopped")
_OF_PODS = "it is a {} interface: pods behind it have interfaces and groups of their own, which are not isolated"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that is not done, with its reason; a critical one means: not contained."""

    target: str
    reason: str
    critical: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What is left to do. `preparation` touches nothing of the instance; steps of one stage may run in parallel.

    `pending` names what AWS is changing already, `unrecorded` the interfaces whose groups the case does not hold yet.
    """

    preparation: tuple[Step, ...] = ()
    stages: tuple[tuple[Step, ...], ...] = ()
    refusals: tuple[Refusal, ...] = ()
    pending: tuple[str, ...] = ()
    unrecorded: tuple[InterfaceBefore, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every step, in order."""
        return sum(self.stages, self.preparation)

    @property
    def settled(self) -> bool:
        """Whether there is nothing to do and nothing to wait for."""
        return not self.steps and not self.pending

    @property
    def contained(self) -> bool:
        """Whether no critical step and no critical refusal is left."""
        return (
            not self.pending
            and not any(step.critical for step in self.steps)
            and not any(refusal.critical for refusal in self.refusals)
        )

    def without(self, failed: Iterable[Step]) -> "Plan":
        """The same plan less the steps that failed for good."""
        gone = set(failed)

        def kept(steps: Iterable[Step]) -> tuple[Step, ...]:
            return tuple(step for step in steps if step not in gone)

        stages = tuple(left for stage in self.stages if (left := kept(stage)))
        return replace(self, preparation=kept(self.preparation), stages=stages)


def plan(observation: Observation, case: Case | None, settings: Settings) -> Plan:
    """Give what is left to do until the observed instance is isolated; empty once it is. `case` is the open case."""
    allowed = allowed_rules(settings)
    groups = chosen_groups(observation.groups, allowed)
    recorded = {interface.id for interface in case.before.interfaces} if case else set()
    cuts = tuple(_cuts(observation.interfaces, groups))
    dirty = {group.id for group in groups.values() if group.rules - allowed}
    last = (*_profile_steps(observation, settings), *_accesses(observation.interfaces, groups, allowed))
    first: tuple[Step, ...] = (
        *_revocations(observation.interfaces, groups, allowed),
        *(cut for cut in cuts if cut.groups[0] not in dirty),
    )
    then: tuple[Step, ...] = tuple(cut for cut in cuts if cut.groups[0] in dirty)
    return Plan(
        preparation=tuple(_missing_groups(observation.interfaces, groups)),
        stages=tuple(stage for stage in ((first, (*then, *last)) if then else ((*first, *last),)) if stage),
        refusals=tuple(_refusals(observation.interfaces)),
        pending=(*unseen_interfaces(observation), *pending_associations(observation.associations)),
        unrecorded=tuple(
            interface_before(interface, observation, settings)
            for interface in observation.interfaces
            if not interface.requester_managed and interface.id not in recorded
        ),
    )


def would_do(todo: Plan, measures: Iterable[str] = ()) -> str:
    """Say what a plan would do, and which measures would be taken beside it, in one line."""
    steps = [f"{type(step).__name__} {step.target}" for step in todo.steps]
    beside = f"; beside it: {', '.join(measures)}" if measures else ""
    return ("would do: " + ", ".join(steps) if steps else "nothing is left to do") + beside


def _missing_groups(
    interfaces: Iterable[Interface], groups: dict[str, IsolationGroup]
) -> Iterator[CreateIsolationGroup]:
    vpcs = {interface.vpc_id for interface in interfaces if not interface.requester_managed}
    yield from (CreateIsolationGroup(vpc) for vpc in sorted(vpcs - groups.keys()))


def _revocations(
    interfaces: Iterable[Interface], groups: dict[str, IsolationGroup], allowed: frozenset[Rule]
) -> Iterator[RevokeGroupRules]:
    for vpc in sorted({interface.vpc_id for interface in interfaces} & groups.keys()):
        if groups[vpc].rules - allowed:
            yield RevokeGroupRules(groups[vpc].id, groups[vpc].rules - allowed)


def _accesses(
    interfaces: Iterable[Interface], groups: dict[str, IsolationGroup], allowed: frozenset[Rule]
) -> Iterator[AllowAccess]:
    for vpc in sorted({interface.vpc_id for interface in interfaces} & groups.keys()):
        yield from (AllowAccess(groups[vpc].id, rule) for rule in allowed - groups[vpc].rules)


def _cuts(interfaces: Iterable[Interface], groups: dict[str, IsolationGroup]) -> Iterator[SetInterfaceGroups]:
    for interface in interfaces:
        group = groups.get(interface.vpc_id)
        if group and not interface.requester_managed and interface.groups != (group.id,):
            yield SetInterfaceGroups(interface.id, (group.id,))


def _refusals(interfaces: Iterable[Interface]) -> Iterator[Refusal]:
    """An interface that only an AWS service can change is not critical, unless the instance has no other."""
    none_left = all(interface.requester_managed for interface in interfaces)
    for interface in interfaces:
        if interface.requester_managed:
            reason = "an AWS service manages this interface and only that service can change it"
            yield Refusal(interface.id, reason, critical=none_left)
        elif interface.kind in PODS:
            yield Refusal(interface.id, _OF_PODS.format(interface.kind), critical=False)


def _profile_steps(observation: Observation, settings: Settings) -> Iterator[Step]:
    if observation.unread:
        return
    active = [association for association in observation.associations if association.active]
    others = [association for association in active if association.profile_arn != settings.isolation_profile_arn]
    for association in others:
        yield _profile_step(association, observation.instance.state, settings)
    if not active and not any(association.state == "disassociating" for association in observation.associations):
        yield AssociateProfile(observation.instance.id, settings.isolation_profile_arn)


def _profile_step(association: ProfileAssociation, instance_state: str, settings: Settings) -> Step:
    if instance_state in _NOT_RUNNING:
        return DisassociateProfile(association.id)
    return ReplaceProfile(association.id, settings.isolation_profile_arn)


def unseen_interfaces(observation: Observation) -> Iterator[str]:
    """Say which interfaces the instance has but the reading of interfaces lacks: one of the two reads is stale."""
    described = {interface.id for interface in observation.interfaces}
    for interface_id in observation.instance.interface_ids:
        if interface_id not in described:
            yield f"{interface_id} is not described yet"
    if not described and not observation.instance.interface_ids:
        yield "no network interface is described yet, and an instance has one at least"


def pending_associations(associations: Iterable[ProfileAssociation]) -> Iterator[str]:
    """Say which associations AWS is changing: only time ends that."""
    for association in associations:
        if association.state in ("associating", "disassociating"):
            yield f"{association.id} is {association.state}"
