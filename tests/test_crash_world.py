"""The world of memory that the matrix runs in is the strict moto's equal: same refusals, same calls, same ends."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from quarantag.case import Case, InterfaceBefore, ProfileBefore, RoleBefore, StateBefore
from quarantag.errors import QuarantagError
from quarantag.instance import PeerKind, Rule
from quarantag.ports import Entry, Quota
from tests.cloud import ACCOUNT, Lab
from tests.crash.matrix import DIRECTIONS, Cell, problems
from tests.crash.sample import SAMPLE
from tests.crash.scenarios import SCENARIOS, Scenario
from tests.crash.site import Site, deliver, in_memory, name_of, prepare, run_sweep, standing, truth_of
from tests.crash.strict import strict_site
from tests.crash.tap import Tap
from tests.crash.verdict import problems_of_isolation, problems_of_release, uncut

SAME = [one for one in SCENARIOS if not one.settling and one.name != "Auto Scaling member"]
"""Less what only a world of memory is asked for: a slow association, and a tag that nobody but AWS may write."""


@pytest.fixture
def strict(lab: Lab, ledger_table: Any, isolation_profile_arn: str) -> Site:  # noqa: ANN401 - a boto3 resource
    return strict_site(lab, ledger_table, isolation_profile_arn)


def played(site: Site, scenario: Scenario) -> dict[str, Any]:
    """What an isolation and a release of the scenario call and leave behind, without ids and times."""
    launched = prepare(site, scenario)
    seen: dict[str, Any] = {}
    for direction in DIRECTIONS:
        site.tag(launched.id, direction)
        tap = Tap(site.ports, partial(name_of, site, launched))
        if scenario.by_sweep:
            run_sweep(site, tap.ports, direction)
        else:
            deliver(site, tap.ports, launched.id, direction)
        instance, case = site.ports.instances.instance(launched.id), site.ports.ledger.case(launched.id)
        assert instance
        assert case
        groups = {group for one in site.ports.instances.interfaces(launched.id) for group in one.groups}
        seen[direction] = {
            "calls": Counter(str(call) for call in tap.calls),
            "tags": dict(instance.tags),
            "case": (case.status, case.reason, len(case.before.interfaces), case.before.profile is not None),
            "role": case.role is not None,
            "groups": len(groups),
            "profiles": [arn.rpartition("/")[2] for arn in standing(site.ports, launched.id)["profile"]],
            "told": site.told(launched.id),
        }
    return seen


@pytest.mark.parametrize("scenario", SAME, ids=lambda scenario: scenario.name)
def test_memory_and_strict_moto_make_the_same_calls_and_end_the_same(strict: Site, scenario: Scenario) -> None:
    assert played(in_memory(), scenario) == played(strict, scenario)


PEERS: tuple[tuple[PeerKind, str], ...] = (
    *(("ipv4", "10.0.0.0/8"), ("ipv6", "2001:db8::/32")),
    *(("group", ACCOUNT + "/{home}"), ("group", ACCOUNT + "/{away}"), ("group", ACCOUNT + "/sg-0123456789abcdef0")),
)
Asked = Callable[[Site], Iterator[tuple[str, str]]]


def answer(call: Any) -> str:  # noqa: ANN401 - any call of a port
    try:
        return type(call()).__name__
    except QuarantagError as error:
        return type(error).__name__


def refused_reads_and_groups(site: Site) -> Iterator[tuple[str, str]]:
    """What the port says to reads of what is not there, and to groups and tags that AWS refuses."""
    instances, home, away = site.ports.instances, site.builder.vpc(), site.builder.vpc()
    web = site.builder.instance([home])
    eni, ours = web.interface_ids[0], site.settings.isolation_profile_arn
    yield "unknown instance", str(instances.instance("i-0123456789abcdef0"))
    yield "its interfaces", str(instances.interfaces("i-0123456789abcdef0"))
    yield "unknown profile", str(instances.profile(ours + "-not"))
    yield "existing", str(len(instances.existing_groups([home.group_id, "sg-0123456789abcdef0"])))
    yield "unknown group", answer(lambda: instances.set_interface_groups(eni, ["sg-0123456789abcdef0"]))
    yield "unknown interface", answer(lambda: instances.set_interface_groups("eni-0123456789abcdef0", [home.group_id]))
    yield "another VPC's group", answer(lambda: instances.set_interface_groups(eni, [away.group_id]))
    many = {f"k{number}": "v" for number in range(51)}
    yield "51 tags", answer(lambda: instances.tag(web.id, many))
    yield "tag nothing", answer(lambda: instances.tag("eni-0123456789abcdef0", {"a": "b"}))


def refused_profiles(site: Site) -> Iterator[tuple[str, str]]:
    """What the port says to profile calls in the wrong state."""
    instances, ours = site.ports.instances, site.settings.isolation_profile_arn
    web = site.builder.instance([site.builder.vpc()], profile=site.builder.profile())
    bare = site.builder.instance([site.builder.vpc()])
    still = site.builder.instance([site.builder.vpc()], stopped=True, profile=site.builder.profile("other"))
    yield "associate over one", answer(lambda: instances.associate_profile(web.id, ours))
    yield "associate", answer(lambda: instances.associate_profile(bare.id, ours))
    (association,) = instances.profile_associations(web.id)
    yield "replace", answer(lambda: instances.replace_profile(association.id, ours))
    yield "replace the replaced", answer(lambda: instances.replace_profile(association.id, ours))
    (stopped,) = instances.profile_associations(still.id)
    yield "replace where stopped", answer(lambda: instances.replace_profile(stopped.id, ours))
    yield "end", answer(lambda: instances.disassociate_profile(stopped.id))
    yield "end what ended", answer(lambda: instances.disassociate_profile(stopped.id))
    yield "none left", str(instances.profile_associations(still.id))


def isolation_groups(site: Site) -> Iterator[tuple[str, str]]:
    """What the port says of making, finding and clearing the isolation group."""
    instances, home = site.ports.instances, site.builder.vpc()
    site.builder.group(home.vpc_id, site.settings.isolation_group_name)
    for _ in range(2):
        yield "create", answer(lambda: instances.create_isolation_group(home.vpc_id))
    (group,) = instances.isolation_groups()
    yield "a namesake is left alone", group.name
    yield "its rules", str(sorted(map(str, group.rules)))
    for _ in range(2):
        yield "revoke", answer(lambda: instances.revoke_rules(group.id, group.rules))
    yield "no rules", str([one.rules for one in instances.isolation_groups()])


def responders_access(site: Site) -> Iterator[tuple[str, str]]:
    """What the port says of a rule for responders."""
    instances, home, away = site.ports.instances, site.builder.vpc(), site.builder.vpc()
    instances.create_isolation_group(home.vpc_id)
    (group,) = instances.isolation_groups()
    for peer_kind, peer in PEERS:
        rule = Rule("ingress", "tcp", 22, 22, peer_kind, peer.format(home=home.group_id, away=away.group_id))
        for _ in range(2):
            yield peer, answer(partial(instances.allow_rule, group.id, rule))
        yield "is there", str([rule in one.rules for one in instances.isolation_groups()])


@pytest.mark.parametrize("asked", [responders_access, refused_reads_and_groups, refused_profiles, isolation_groups])
def test_memory_refuses_what_strict_moto_refuses(strict: Site, asked: Asked) -> None:
    assert list(asked(in_memory())) == list(asked(strict))


INSTANCE = "i-0123456789abcdef0"
ENI = InterfaceBefore("eni-1", "vpc-1", ("sg-2", "sg-1"))


def new_case(site: Site) -> Case:
    before = StateBefore((ENI,), ProfileBefore("arn", "AIPA1"))
    return Case("case-1", INSTANCE, "Isolating", site.clock.now(), before, "why")


def one_place(site: Site) -> Quota:
    return Quota("stack", site.clock.now().replace(minute=0, second=0, microsecond=0), 3600, 1)


def leases(site: Site) -> Iterator[tuple[str, str]]:
    """What the ledger says of leases, and of writes by one who was overtaken."""
    ledger, now, case = site.ports.ledger, site.clock.now(), new_case(site)
    first = ledger.acquire(INSTANCE, "one", now)
    assert first
    yield "held", str(ledger.acquire(INSTANCE, "two", now + timedelta(seconds=119)))
    yield "held by itself", str(ledger.acquire(INSTANCE, "one", now))
    second = ledger.acquire(INSTANCE, "two", now + timedelta(seconds=121))
    assert second
    yield "taken over", str(second)
    yield "open", answer(lambda: ledger.open_case(case, second, one_place(site)))
    yield "late status", answer(lambda: ledger.set_status(case, first, "Isolated", now))
    yield "late role", answer(lambda: ledger.add_role_before(case, first, RoleBefore("arn", "AROA1")))
    yield "late interface", answer(lambda: ledger.add_interface_before(case, first, replace(ENI, id="eni-0")))
    ledger.yield_lease(first)
    yield "not given back by another", str(ledger.acquire(INSTANCE, "three", now + timedelta(seconds=130)))
    ledger.yield_lease(second)
    yield "given back", str(ledger.acquire(INSTANCE, "three", now + timedelta(seconds=131)))


def cases(site: Site) -> Iterator[tuple[str, str]]:
    """What the ledger says of cases: one open at a time, a state before that is written once, a ceiling."""
    ledger, now, case = site.ports.ledger, site.clock.now(), new_case(site)
    lease = ledger.acquire(INSTANCE, "one", now)
    assert lease
    yield "open", answer(lambda: ledger.open_case(case, lease, one_place(site)))
    yield "open twice", answer(lambda: ledger.open_case(replace(case, id="case-2"), lease, one_place(site)))
    other = replace(case, id="case-9", instance_id="i-0123456789abcdef9")
    yield "beyond the ceiling", answer(lambda: ledger.open_case(other, lease, one_place(site)))
    for interface in (replace(ENI, id="eni-0"), replace(ENI, groups=("sg-evil",))):
        answered = ledger.add_interface_before(case, lease, interface)
        yield "interface", str(len(answered.before.interfaces))
    for role in ("AROA1", "AROA2"):
        yield "role", str(ledger.add_role_before(case, lease, RoleBefore("arn", role)).role)
    yield "isolated", ledger.set_status(case, lease, "Isolated", now).status
    read = ledger.case(INSTANCE)
    assert read
    yield "read", str((read.status, read.before, read.role, read.isolated_at == now))
    yield "open ones", str(list(ledger.open_instances()))
    yield "released", ledger.set_status(read, lease, "Released", now).status
    yield "none open", str(list(ledger.open_instances()))
    yield "again", answer(lambda: ledger.open_case(replace(case, id="case-3"), lease, one_place(site)))


def notes(site: Site) -> Iterator[tuple[str, str]]:
    """What the ledger says of entries, held findings and where a sweep left off."""
    ledger = site.ports.ledger
    ledger.record([Entry(INSTANCE, "step", site.clock.now())])
    ledger.set_held(INSTANCE, "finding-1", held=True)
    yield "held", str(list(ledger.held()))
    ledger.set_held(INSTANCE, "finding-1", held=False)
    yield "not held", str(list(ledger.held()))
    for waits in (True, False):
        ledger.set_undecided("finding-1", undecided=waits)
        yield "undecided", str(list(ledger.undecided()))
    ledger.set_cursor("isolate", INSTANCE)
    yield "cursor", ledger.cursor("isolate") + ledger.cursor("release")


@pytest.mark.parametrize("asked", [leases, cases, notes])
def test_memory_keeps_books_as_the_table_does(strict: Site, asked: Asked) -> None:
    assert list(asked(in_memory())) == list(asked(strict))


@pytest.mark.parametrize("cell", SAMPLE, ids=str)
def test_a_sample_of_the_matrix_holds_over_strict_moto(strict: Site, cell: Cell) -> None:
    assert problems(cell, strict) == []


def test_the_verdict_sees_what_is_wrong() -> None:
    site = in_memory()
    launched = prepare(site, SCENARIOS[0])
    truth = truth_of(site, launched.id)
    wrong = truth | {"profile": ["another"], "groups": {}}
    assert uncut(site, launched)
    assert problems_of_isolation(site, launched, truth, told=True)
    deliver(site, site.ports, launched.id, "Isolate")
    assert problems_of_isolation(site, launched, truth, told=True) == []
    assert len(problems_of_isolation(site, launched, wrong, told=True)) == 2
    site.tag(launched.id, "Release")
    deliver(site, site.ports, launched.id, "Release")
    assert problems_of_release(site, launched, truth) == []
    assert len(problems_of_release(site, launched, wrong)) == 1
