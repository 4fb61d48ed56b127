"""The world of memory that the matrix runs in is the strict moto's equal: same refusals, same calls, same ends."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from quarantag.case import Case, InterfaceBefore, ProfileBefore, RoleBefore, StateBefore
from quarantag.errors import QuarantagError
from quarantag.ports import Entry, Quota
from tests.cloud import Lab
from tests.crash.matrix import DIRECTIONS, Cell, problems
from tests.crash.sample import SAMPLE
from tests.crash.scenarios import SCENARIOS, Scenario
from tests.crash.site import Site, deliver, in_memory, name_of, prepare, run_sweep, standing
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


def answer(call: Any) -> str:  # noqa: ANN401 - any call of a port
    try:
        return type(call()).__name__
    except QuarantagError as error:
        return type(error).__name__


def refusals(site: Site) -> Iterator[tuple[str, str]]:
    """What the port says to calls that AWS refuses or takes without a change."""
    instances, home = site.ports.instances, site.builder.vpc()
    away = site.builder.vpc()
    web, bare, still = (
        site.builder.instance([home], profile=site.builder.profile()),
        site.builder.instance([home]),
        site.builder.instance([home], stopped=True, profile=site.builder.profile("other")),
    )
    eni, ours = web.interface_ids[0], site.settings.isolation_profile_arn
    yield "unknown instance", str(instances.instance("i-0123456789abcdef0"))
    yield "its interfaces", str(instances.interfaces("i-0123456789abcdef0"))
    yield "unknown profile", str(instances.profile(ours + "-not"))
    yield "existing", str(len(instances.existing_groups([home.group_id, "sg-0123456789abcdef0"])))
    yield "unknown group", answer(lambda: instances.set_interface_groups(eni, ["sg-0123456789abcdef0"]))
    yield "unknown interface", answer(lambda: instances.set_interface_groups("eni-0123456789abcdef0", [home.group_id]))
    yield "another VPC's group", answer(lambda: instances.set_interface_groups(eni, [away.group_id]))
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
    many = {f"k{number}": "v" for number in range(51)}
    yield "51 tags", answer(lambda: instances.tag(web.id, many))
    yield "tag nothing", answer(lambda: instances.tag("eni-0123456789abcdef0", {"a": "b"}))
    site.builder.group(home.vpc_id, site.settings.isolation_group_name)
    for _ in range(2):
        yield "create", answer(lambda: instances.create_isolation_group(home.vpc_id))
    (group,) = instances.isolation_groups()
    yield "a namesake is left alone", group.name
    yield "its rules", str(sorted(map(str, group.rules)))
    for _ in range(2):
        yield "revoke", answer(lambda: instances.revoke_rules(group.id, group.rules))
    yield "no rules", str([one.rules for one in instances.isolation_groups()])


def test_memory_refuses_what_strict_moto_refuses(strict: Site) -> None:
    assert list(refusals(in_memory())) == list(refusals(strict))


def bookkeeping(site: Site) -> Iterator[tuple[str, str]]:
    """What the ledger says: leases, fencing, conditional writes, counters."""
    ledger, now, instance_id = site.ports.ledger, site.clock.now(), "i-0123456789abcdef0"
    eni = InterfaceBefore("eni-1", "vpc-1", ("sg-2", "sg-1"))
    case = Case("case-1", instance_id, "Isolating", now, StateBefore((eni,), ProfileBefore("arn", "AIPA1")), "why")
    ceiling = Quota("stack", now.replace(minute=0, second=0, microsecond=0), 3600, 1)
    first = ledger.acquire(instance_id, "one", now)
    assert first
    yield "held", str(ledger.acquire(instance_id, "two", now + timedelta(seconds=119)))
    second = ledger.acquire(instance_id, "two", now + timedelta(seconds=121))
    assert second
    yield "taken over", str(second)
    yield "open", answer(lambda: ledger.open_case(case, second, ceiling))
    yield "open twice", answer(lambda: ledger.open_case(replace(case, id="case-2"), second, ceiling))
    other = replace(case, id="case-9", instance_id="i-0123456789abcdef9")
    yield "beyond the ceiling", answer(lambda: ledger.open_case(other, second, ceiling))
    yield "late status", answer(lambda: ledger.set_status(case, first, "Isolated", now))
    yield "late role", answer(lambda: ledger.add_role_before(case, first, RoleBefore("arn", "AROA1")))
    yield "late interface", answer(lambda: ledger.add_interface_before(case, first, replace(eni, id="eni-0")))
    for interface in (replace(eni, id="eni-0"), replace(eni, groups=("sg-evil",))):
        answered = ledger.add_interface_before(case, second, interface)
        yield "interface", str(len(answered.before.interfaces))
    for role in ("AROA1", "AROA2"):
        yield "role", str(ledger.add_role_before(case, second, RoleBefore("arn", role)).role)
    yield "isolated", ledger.set_status(case, second, "Isolated", now).status
    read = ledger.case(instance_id)
    assert read
    yield "read", str((read.status, read.before, read.role, read.isolated_at == now))
    yield "open ones", str(list(ledger.open_instances()))
    yield "released", ledger.set_status(read, second, "Released", now).status
    yield "none open", str(list(ledger.open_instances()))
    yield "older lease", answer(lambda: ledger.open_case(replace(case, id="case-3"), first, ceiling))
    yield "again", answer(lambda: ledger.open_case(replace(case, id="case-3"), second, ceiling))
    ledger.yield_lease(first)
    yield "not given back by another", str(ledger.acquire(instance_id, "three", now + timedelta(seconds=130)))
    ledger.yield_lease(second)
    yield "given back", str(ledger.acquire(instance_id, "three", now + timedelta(seconds=131)))
    ledger.record([Entry(instance_id, "step", now)])
    ledger.set_held(instance_id, "finding-1", held=True)
    yield "held", str(list(ledger.held()))
    ledger.set_held(instance_id, "finding-1", held=False)
    yield "not held", str(list(ledger.held()))
    ledger.set_cursor("isolate", instance_id)
    yield "cursor", ledger.cursor("isolate") + ledger.cursor("release")


def test_memory_keeps_books_as_the_table_does(strict: Site) -> None:
    assert list(bookkeeping(in_memory())) == list(bookkeeping(strict))


@pytest.mark.parametrize("cell", SAMPLE, ids=str)
def test_a_sample_of_the_matrix_holds_over_strict_moto(strict: Site, cell: Cell) -> None:
    assert problems(cell, strict) == []


def test_the_verdict_sees_what_is_wrong() -> None:
    site = in_memory()
    launched = prepare(site, SCENARIOS[0])
    truth = standing(site.ports, launched.id)
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
