"""What is known of connections that were open, and the entries of what strict moto can't launch."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from quarantag.acl import Acl, Entry
from quarantag.case import Case, StateBefore
from quarantag.connections import CLOSED, UNKNOWN, closing, existing
from quarantag.instance import Instance, Interface, Observation
from quarantag.measures import Subject
from quarantag.measures.network_acl import DenyInNetworkAcls
from quarantag.plan import plan
from tests.crash.scenarios import TAGGED
from tests.crash.site import Site, deliver, in_memory
from tests.crash.world import SETTINGS
from tests.measures.around import ALL_ON, EVERY

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PLAIN = Interface("eni-1", "vpc-1", ("sg-1",), addresses=("10.0.0.5/32",))
IPV6_ONLY = replace(PLAIN, addresses=("2001:db8::5/128",))


@pytest.mark.parametrize(
    ("interfaces", "known"),
    [
        ([PLAIN], CLOSED),
        ([PLAIN, replace(PLAIN, requester_managed=True, public=("192.0.2.1",))], CLOSED),
        ([replace(PLAIN, public=("192.0.2.1",))], UNKNOWN),
        ([PLAIN, IPV6_ONLY], UNKNOWN),
        ([replace(PLAIN, kind="trunk")], UNKNOWN),
        ([], UNKNOWN),
    ],
)
def test_closed_only_without_a_path_of_its_own(interfaces: list[Interface], known: str) -> None:
    assert existing(interfaces) == known


@pytest.mark.parametrize(
    ("taken", "noted", "whole"),
    [
        ({"network_acl"}, set(), True),
        ({"network_acl", "protection"}, {"protection"}, True),
        ({"protection"}, set(), False),
        ({"network_acl"}, {"network_acl"}, False),
        ({"network_acl", "addresses"}, {"addresses"}, False),
    ],
)
def test_closed_only_where_the_measures_left_nothing(taken: set[str], noted: set[str], *, whole: bool) -> None:
    assert closing(taken, noted) is whole


def subject(*interfaces: Interface) -> Subject:
    instance = Instance("i-1", "running", "vpc-1", {}, tuple(one.id for one in interfaces))
    case = Case("case-1", "i-1", "Isolating", NOON, StateBefore((), None))
    return Subject(Observation(instance, interfaces, (), ()), case, ALL_ON, NOON, {}, NOON)


def test_an_ipv6_only_interface_is_denied_where_ipv6_is_allowed() -> None:
    everything = Entry("egress", 101, "allow", "-1", "::/0")
    acl = Acl("acl-1", "vpc-1", SETTINGS.account, (everything, replace(everything, direction="ingress")))
    measure, about = DenyInNetworkAcls(None), subject(IPV6_ONLY)  # type: ignore[arg-type]
    kept = measure.keep((acl,), about)
    steps = measure.plan((acl,), kept, about).steps
    assert [step.target for step in steps] == ["acl-1 ingress 2001:db8::5/128", "acl-1 egress 2001:db8::5/128"]


@pytest.mark.parametrize("kind", ["trunk", "branch"])
def test_interfaces_of_pods_are_reported_as_not_isolated(kind: str) -> None:
    found = plan(subject(replace(PLAIN, kind=kind)).observation, None, SETTINGS).refusals
    assert [(one.target, one.critical) for one in found] == [("eni-1", False)]
    assert "not isolated" in found[0].reason


def tagged(site: Site, count: int) -> list[str]:
    home = site.builder.vpc()
    profile = site.builder.profile()
    return [site.builder.instance([home], profile=profile, tags=TAGGED).id for _ in range(count)]


def test_cases_at_once_in_one_vpc_leave_nothing_behind() -> None:
    site = in_memory(settings=ALL_ON, measures=EVERY)
    ids = tagged(site, 5)
    truth = site.around()
    for value in ("Isolate", "Release"):
        for instance_id in ids:
            site.tag(instance_id, value)
        with ThreadPoolExecutor(5) as pool:
            ended = list(pool.map(lambda instance_id, value=value: deliver(site, site.ports, instance_id, value), ids))
        assert {one.status for one in ended} == {f"{value}d"}
        denied = site.around()["network_acl"]
        assert sum(len(entries) for entries in denied.values()) == (10 if value == "Isolate" else 0)
    assert site.around() == truth


def test_people_are_told_which_it_is() -> None:
    site = in_memory(settings=replace(ALL_ON, disassociate_elastic_ips=False), measures=EVERY)
    (instance_id,) = tagged(site, 1)
    deliver(site, site.ports, instance_id, "Isolate")
    (text,) = [one.text for one in site.mailbox.messages]
    assert CLOSED in text
