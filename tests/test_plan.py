"""The plan, with plain values: whatever the world looks like, applying it leaves a world with nothing to do."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarantag.access import allowed_rules
from quarantag.case import Case, InterfaceBefore, StateBefore, groups_from_tag, groups_to_tag, state_before
from quarantag.instance import Instance, Interface, IsolationGroup, Observation, ProfileAssociation, Rule, chosen_groups
from quarantag.plan import Plan, plan
from quarantag.settings import Settings
from quarantag.steps import Step
from quarantag.steps.credentials import AssociateProfile, DisassociateProfile, ReplaceProfile
from quarantag.steps.network import AllowAccess, CreateIsolationGroup, RevokeGroupRules, SetInterfaceGroups

OURS = "arn:aws:iam::111122223333:instance-profile/SecurityIsolation-IAMRole-eu-central-1"
THEIRS = "arn:aws:iam::111122223333:instance-profile/web"
SETTINGS = Settings("111122223333", "eu-central-1", OURS)
WITH_ACCESS = replace(SETTINGS, forensic_access_source="10.9.8.7/16")
SOME_TIME = datetime(2026, 11, 23, tzinfo=UTC)
OPEN = Rule("egress", "-1", -1, -1, "ipv4", "0.0.0.0/0")
VPCS = ("vpc-a", "vpc-b", "vpc-c")
ASSOCIATION = ProfileAssociation("iip-assoc-1", "associated", THEIRS, "AIPATHEIRS")

interfaces = st.builds(
    Interface,
    id=st.integers(0, 999).map(lambda number: f"eni-{number}"),
    vpc_id=st.sampled_from(VPCS),
    groups=st.lists(st.sampled_from(["sg-web", "sg-db", "sg-ours-a", "sg-ours-b"]), min_size=1, unique=True).map(tuple),
    requester_managed=st.booleans(),
)
groups = st.builds(
    IsolationGroup,
    id=st.sampled_from(["sg-ours-a", "sg-ours-b", "sg-ours-c"]),
    vpc_id=st.sampled_from(VPCS),
    name=st.just("SecurityIsolation-SecurityGroup"),
    rules=st.sampled_from([frozenset[Rule](), frozenset({OPEN}), allowed_rules(WITH_ACCESS)]),
)
associations = st.sampled_from([(), (ASSOCIATION,), (replace(ASSOCIATION, profile_arn=OURS),)])
observations = st.builds(
    Observation,
    instance=st.sampled_from(["pending", "running", "stopping", "stopped"]).map(
        lambda state: Instance("i-0123456789abcdef0", state, "vpc-a", {})
    ),
    interfaces=st.lists(interfaces, min_size=1, max_size=5, unique_by=lambda one: one.id).map(tuple),
    associations=associations,
    groups=st.lists(groups, max_size=3, unique_by=lambda one: one.id).map(tuple),
)


def applied(step: Step, seen: Observation) -> Observation:
    """The world after one step, as AWS would show it."""
    match step:
        case CreateIsolationGroup(vpc_id):
            group = IsolationGroup(f"sg-new-{vpc_id}", vpc_id, "SecurityIsolation-SecurityGroup", frozenset({OPEN}))
            return replace(seen, groups=(*seen.groups, group))
        case RevokeGroupRules(group_id, rules):
            left = (replace(one, rules=one.rules - rules) if one.id == group_id else one for one in seen.groups)
            return replace(seen, groups=tuple(left))
        case AllowAccess(group_id, rule):
            more = (replace(one, rules=one.rules | {rule}) if one.id == group_id else one for one in seen.groups)
            return replace(seen, groups=tuple(more))
        case SetInterfaceGroups(interface_id, names):
            changed = (replace(one, groups=names) if one.id == interface_id else one for one in seen.interfaces)
            return replace(seen, interfaces=tuple(changed))
        case DisassociateProfile():
            return replace(seen, associations=())
        case AssociateProfile() | ReplaceProfile():
            return replace(seen, associations=(replace(ASSOCIATION, profile_arn=step.profile_arn),))
    raise AssertionError(step)


@given(observations, st.sampled_from([SETTINGS, WITH_ACCESS]))
def test_applying_plans_ends_with_nothing_to_do(seen: Observation, settings: Settings) -> None:
    allowed = allowed_rules(settings)
    for _ in range(3):
        todo = plan(seen, None, settings)
        for step in todo.steps:
            seen = applied(step, seen)
    end = plan(seen, None, settings)
    assert end.settled
    assert end.contained == any(not interface.requester_managed for interface in seen.interfaces)
    ours = chosen_groups(seen.groups, allowed)
    for interface in seen.interfaces:
        if not interface.requester_managed:
            assert interface.groups == (ours[interface.vpc_id].id,)
            assert ours[interface.vpc_id].rules == allowed


@given(observations)
def test_a_requester_managed_interface_is_refused_and_never_touched(seen: Observation) -> None:
    todo = plan(seen, None, SETTINGS)
    managed = {interface.id for interface in seen.interfaces if interface.requester_managed}
    assert {refusal.target for refusal in todo.refusals} == managed
    assert not managed & {step.target for step in todo.steps}


@given(observations)
def test_our_own_group_and_profile_are_never_a_state_before(seen: Observation) -> None:
    before = state_before(seen, SETTINGS)
    ours = {group.id for group in seen.groups}
    assert not any(ours & set(interface.groups) for interface in before.interfaces)
    assert before.profile is None or before.profile.arn != OURS


@given(observations)
def test_a_plan_without_its_steps_is_settled_but_not_contained(seen: Observation) -> None:
    todo = plan(seen, None, SETTINGS)
    assert todo.without(todo.steps).steps == ()
    changeable = any(not interface.requester_managed for interface in seen.interfaces)
    assert todo.contained == (not todo.steps and changeable)


@given(st.lists(st.from_regex(r"sg-[0-9a-f]{17}", fullmatch=True), max_size=14).map(tuple))
def test_groups_survive_their_tag(names: tuple[str, ...]) -> None:
    assert groups_from_tag(groups_to_tag(names)) == names
    assert len(groups_to_tag(names)) <= 256


def test_groups_are_read_back_from_the_tag_where_the_interface_is_cut_already() -> None:
    cut = Interface("eni-1", "vpc-a", ("sg-ours",), tags={SETTINGS.groups_before_key: "0a 0b"})
    seen = Observation(
        Instance("i-1", "running", "vpc-a", {}), (cut,), (), (IsolationGroup("sg-ours", "vpc-a", "ours"),)
    )
    assert state_before(seen, SETTINGS).interfaces == (InterfaceBefore("eni-1", "vpc-a", ("sg-0a", "sg-0b")),)


CUT = Interface("eni-1", "vpc-a", ("sg-ours",))
OUR_GROUP = IsolationGroup("sg-ours", "vpc-a", "ours")


def of_profile(state: str, *found: ProfileAssociation) -> Plan:
    return plan(Observation(Instance("i-1", state, "vpc-a", {}), (CUT,), found, (OUR_GROUP,)), None, SETTINGS)


def associated(state: Literal["associating", "associated", "disassociating"], arn: str) -> ProfileAssociation:
    return ProfileAssociation("iip-assoc-1", state, arn, "AIPA")


def test_each_state_of_the_profile_has_its_step() -> None:
    assert of_profile("running").steps == (AssociateProfile("i-1", OURS),)
    assert of_profile("running", associated("associated", THEIRS)).steps == (ReplaceProfile("iip-assoc-1", OURS),)
    assert of_profile("stopped", associated("associated", THEIRS)).steps == (DisassociateProfile("iip-assoc-1"),)
    assert of_profile("stopped", associated("associated", OURS)).settled
    assert of_profile("running", associated("associating", OURS)).pending
    assert not of_profile("running", associated("associating", OURS)).contained
    leaving = of_profile("running", associated("disassociating", THEIRS))
    assert (leaving.steps, bool(leaving.pending)) == ((), True)


@pytest.mark.parametrize("shown", [(), ("eni-1", "eni-2")])
def test_an_interface_that_one_read_lacks_is_waited_for_and_never_taken_for_cut(shown: tuple[str, ...]) -> None:
    instance = Instance("i-1", "running", "vpc-a", {}, interface_ids=shown)
    described = (CUT,) if shown else ()
    seen = Observation(instance, described, (associated("associated", OURS),), (OUR_GROUP,))
    todo = plan(seen, None, SETTINGS)
    assert todo.steps == ()
    assert len(todo.pending) == 1
    assert not todo.contained


def test_rules_are_revoked_before_an_interface_joins_the_group() -> None:
    seen = Observation(
        Instance("i-1", "running", "vpc-a", {}),
        (Interface("eni-1", "vpc-a", ("sg-web",)), Interface("eni-2", "vpc-b", ("sg-web",))),
        (associated("associated", OURS),),
        (
            IsolationGroup("sg-dirty", "vpc-a", "ours", frozenset({OPEN})),
            IsolationGroup("sg-clean", "vpc-b", "ours"),
        ),
    )
    first, then = plan(seen, None, SETTINGS).stages
    assert first == (RevokeGroupRules("sg-dirty", frozenset({OPEN})), SetInterfaceGroups("eni-2", ("sg-clean",)))
    assert then == (SetInterfaceGroups("eni-1", ("sg-dirty",)),)


def test_what_the_case_holds_is_not_recorded_again() -> None:
    seen = Observation(
        Instance("i-1", "running", "vpc-a", {}),
        (Interface("eni-1", "vpc-a", ("sg-web",)), Interface("eni-2", "vpc-a", ("sg-db",))),
        (),
        (),
    )
    before = StateBefore((InterfaceBefore("eni-1", "vpc-a", ("sg-web",)),), None)
    case = Case("case-1", "i-1", "Isolated", SOME_TIME, before)
    assert [interface.id for interface in plan(seen, case, SETTINGS).unrecorded] == ["eni-2"]
    assert [interface.id for interface in plan(seen, None, SETTINGS).unrecorded] == ["eni-1", "eni-2"]
