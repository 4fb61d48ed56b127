"""What is left to give back until the instance has what its case recorded, as data; the twin of `plan`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from quarantag.case import Case, InterfaceBefore
from quarantag.instance import Interface, Observation, Profile
from quarantag.plan import Plan, Refusal, pending_associations
from quarantag.steps import Step
from quarantag.steps.credentials import AssociateProfile, DisassociateProfile, ReplaceProfile
from quarantag.steps.network import SetInterfaceGroups

_NOT_RUNNING = ("stopping", "stopped")


@dataclass(frozen=True, slots=True)
class Givable:
    """What of the state before still exists: security groups by id, and the recorded profile as it is now."""

    groups: frozenset[str]
    profile: Profile | None


def plan_release(observation: Observation, givable: Givable, case: Case) -> Plan:
    """Give what is left until each interface and the profile are what the case recorded; empty once they are.

    What no case recorded is never given: an interface attached since is left as it is. What does not exist any more
    is a critical refusal, so that the case stays open until a person has decided.
    """
    attached = {interface.id: interface for interface in observation.interfaces}
    problem = _profile_problem(case, givable)
    steps = (
        *_group_steps(case.before.interfaces, attached, givable),
        *(() if problem else _profile_steps(observation, case)),
    )
    refusals = (*_group_refusals(case.before.interfaces, attached, givable), *_strangers(attached, case))
    return Plan(
        stages=(steps,) if steps else (),
        refusals=(*refusals, *((problem,) if problem else ())),
        pending=tuple(pending_associations(observation.associations)),
    )


def _group_steps(
    before: Iterable[InterfaceBefore], attached: dict[str, Interface], givable: Givable
) -> Iterator[SetInterfaceGroups]:
    for recorded in before:
        interface = attached.get(recorded.id)
        wanted = tuple(group for group in recorded.groups if group in givable.groups)
        if interface and wanted and interface.groups != wanted:
            yield SetInterfaceGroups(recorded.id, wanted)


def _group_refusals(
    before: Iterable[InterfaceBefore], attached: dict[str, Interface], givable: Givable
) -> Iterator[Refusal]:
    for recorded in before:
        gone = [group for group in recorded.groups if group not in givable.groups]
        if recorded.id not in attached:
            reason = "detached since: it keeps the groups that it has, and is not touched"
            yield Refusal(recorded.id, reason, critical=False)
        elif not recorded.groups:
            reason = "was isolated before any record was made: nobody knows its groups, give it some by hand"
            yield Refusal(recorded.id, reason, critical=True)
        elif len(gone) == len(recorded.groups):
            reason = f"none of its recorded groups exists any more ({', '.join(gone)}): give it others by hand"
            yield Refusal(recorded.id, reason, critical=True)
        elif gone:
            reason = f"recorded groups that do not exist any more are left out: {', '.join(gone)}"
            yield Refusal(recorded.id, reason, critical=False)


def _strangers(attached: dict[str, Interface], case: Case) -> Iterator[Refusal]:
    recorded = {interface.id for interface in case.before.interfaces}
    for interface in attached.values():
        if interface.id not in recorded and not interface.requester_managed:
            reason = "attached since and recorded by no case: left as it is"
            yield Refusal(interface.id, reason, critical=False)


def _profile_problem(case: Case, givable: Givable) -> Refusal | None:
    recorded, now = case.before.profile, givable.profile
    if recorded is None:
        return None
    if now is None:
        return Refusal(recorded.arn, "the recorded profile does not exist any more: give one by hand", critical=True)
    if now.id != recorded.id:
        reason = "a profile of the same name was made since the isolation: it is another one, decide by hand"
        return Refusal(recorded.arn, reason, critical=True)
    if case.role and now.role_id != case.role.id:
        reason = f"the recorded profile has another role now ({now.role_arn or 'none'}): decide by hand"
        return Refusal(recorded.arn, reason, critical=True)
    return None


def _profile_steps(observation: Observation, case: Case) -> Iterator[Step]:
    wanted = case.before.profile.arn if case.before.profile else None
    active = [association for association in observation.associations if association.active]
    stopped = observation.instance.state in _NOT_RUNNING
    for association in active:
        if association.profile_arn == wanted:
            continue
        if wanted is None or stopped:
            yield DisassociateProfile(association.id)
        else:
            yield ReplaceProfile(association.id, wanted)
    leaving = any(association.state == "disassociating" for association in observation.associations)
    if wanted and not active and not leaving:
        yield AssociateProfile(observation.instance.id, wanted)
