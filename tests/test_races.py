"""Functions at once, with real threads over the strict moto: each race ends as one function after another would."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest

from quarantag.aws import wiring
from quarantag.errors import Retryable
from quarantag.isolation import isolate
from quarantag.outcome import Request
from quarantag.ports import Ports
from quarantag.releasing import release
from tests.cloud import Lab
from tests.crash.site import standing
from tests.faults import FakeClock
from tests.stack import KEY, Stack, about, is_cut

Work = Callable[[], str]


@pytest.fixture
def ports(stack: Stack) -> Ports:
    """The real ports; only waiting takes no time."""
    return stack.ports()


def worker(function: Any, instance_id: str, wanted: str, ports: Ports, holder: str) -> Work:  # noqa: ANN401
    """One invocation with a clock of its own, that answers its status; `again` where Lambda would try again."""
    mine = replace(ports, clock=FakeClock())

    def work() -> str:
        try:
            return str(function(Request(instance_id, wanted, holder), mine, wiring.settings()).status)
        except Retryable:
            return "again"

    return work


def at_once(*works: Work) -> list[str]:
    """Begin all at the same moment."""
    barrier = Barrier(len(works))

    def begin(work: Work) -> str:
        barrier.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(begin, works))


def test_two_isolators_of_one_instance(stack: Stack, lab: Lab, ports: Ports) -> None:
    vpc = lab.vpc()
    instance = lab.instance([vpc, vpc], profile=lab.profile(), tags={KEY: "Isolate"})
    before = {one: lab.groups(one) for one in instance.interface_ids}
    statuses = at_once(*(worker(isolate, instance.id, "Isolate", ports, f"request-{n}") for n in range(2)))
    assert "Isolated" in statuses
    assert set(statuses) <= {"Isolated", "again"}
    assert all(is_cut(stack, one, vpc.vpc_id) for one in instance.interface_ids)
    case: Any = stack.case(instance.id)
    assert {key: one["groups"] for key, one in case["interfaces_before"].items()} == before
    assert len(stack.entries(instance.id, "case-opened")) == 1


def test_twenty_isolators_in_one_fresh_vpc(stack: Stack, lab: Lab, ports: Ports) -> None:
    vpc = lab.vpc(ipv6=True)
    instances = [lab.instance([vpc], tags={KEY: "Isolate"}) for _ in range(20)]
    statuses = at_once(*(worker(isolate, one.id, "Isolate", ports, one.id) for one in instances))
    assert statuses == ["Isolated"] * 20
    assert all(is_cut(stack, one.interface_ids[0], vpc.vpc_id) for one in instances)
    befores: list[Any] = [stack.case(one.id) for one in instances]
    assert all(next(iter(case["interfaces_before"].values()))["groups"] == [vpc.group_id] for case in befores)


@pytest.mark.parametrize("first", ["Isolate", "Release"])
def test_isolate_against_release_while_the_tag_flips(stack: Stack, lab: Lab, ports: Ports, first: str) -> None:
    vpc = lab.vpc()
    instance = lab.instance([vpc, vpc], profile=lab.profile(), tags={KEY: "Isolate"})
    truth = standing(ports, instance.id)
    if first == "Release":
        stack.isolate(instance.id)
        lab.tag(instance.id, **{KEY: "Release"})

    def flip() -> str:
        for value in ("Release", "Isolate") * 3:
            lab.tag(instance.id, **{KEY: value})
        return "flipped"

    works = [worker(isolate, instance.id, "Isolate", ports, "isolate-1"), flip]
    works.append(worker(release, instance.id, "Release", ports, "release-1"))
    statuses = at_once(*works)

    assert set(statuses) <= {"Isolated", "Released", "NotRequested", "again", "flipped"}
    stack.tag_and_isolate(instance.id)
    assert all(is_cut(stack, one, vpc.vpc_id) for one in instance.interface_ids)
    assert stack.tag_and_release(instance.id)["status"] == "Released"
    assert standing(ports, instance.id) == truth


def test_the_tagger_against_the_isolator(stack: Stack, lab: Lab, ports: Ports) -> None:
    vpc = lab.vpc()
    instance = lab.instance([vpc], tags={KEY: "Review"})
    works = [worker(isolate, instance.id, "Review", ports, f"request-{number}") for number in range(2)]
    works.append(lambda: str(stack.find(about(instance.id))[0]["outcome"]))
    statuses = at_once(*works)
    assert statuses[-1] in ("tagged", "already")
    assert lab.tags(instance.id)[KEY] == "Isolate", "a finding that isolates is never lost to a race"
    assert set(statuses[:-1]) <= {"NotRequested", "Isolated", "again"}
    assert stack.isolate(instance.id)["status"] == "Isolated"
    assert is_cut(stack, instance.interface_ids[0], vpc.vpc_id)
    assert len(stack.entries(instance.id, "case-opened")) == 1
