"""Which entry of a network ACL decides about an address, and which number comes before it."""

import pytest

from quarantag.acl import Acl, Entry, deny, is_denied, number_before
from quarantag.aws.network_acl import acl_of
from quarantag.aws.reading import interface_of

ADDRESS = "10.0.0.5/32"


def allow(number: int, cidr: str = "0.0.0.0/0", protocol: str = "-1") -> Entry:
    return Entry("ingress", number, "allow", protocol, cidr)


def acl(*entries: Entry) -> Acl:
    return Acl("acl-1", "vpc-1", "123456789012", entries)


@pytest.mark.parametrize(
    ("entries", "denied"),
    [
        ((), True),
        ((allow(100),), False),
        ((allow(100, protocol="6"),), False),
        ((allow(100, "10.0.0.0/28"),), False),
        ((allow(100, "10.0.1.0/24"),), True),
        ((allow(100, "::/0"),), True),
        ((deny("ingress", ADDRESS, 1), allow(100)), True),
        ((allow(100), deny("ingress", ADDRESS, 1)), True),
        ((deny("ingress", "10.0.0.0/8", 1), allow(100)), True),
        ((deny("ingress", ADDRESS, 101), allow(100)), False),
        ((Entry("ingress", 1, "deny", "6", ADDRESS), allow(100)), False),
        ((deny("egress", ADDRESS, 1), allow(100)), False),
        ((deny("ingress", "10.0.0.4/31", 1), allow(2, "10.0.0.5/32"), allow(100)), True),
    ],
)
def test_the_lowest_number_that_matches_decides(entries: tuple[Entry, ...], *, denied: bool) -> None:
    assert is_denied(acl(*entries), "ingress", ADDRESS) is denied


def test_a_prefix_is_denied_only_as_a_whole() -> None:
    half = acl(deny("ingress", "10.0.16.0/29", 1), allow(100))
    assert not is_denied(half, "ingress", "10.0.16.0/28")
    assert is_denied(half, "ingress", "10.0.16.4/32")


def test_a_number_is_free_and_before_whatever_allows_some_of_it() -> None:
    taken = [deny("ingress", f"192.0.2.{number}/32", number) for number in (1, 2, 4)]
    assert number_before(acl(*taken, allow(5)), "ingress", ADDRESS) == 3
    assert number_before(acl(*taken, allow(5)), "ingress", ADDRESS, {3}) is None
    assert number_before(acl(allow(1)), "ingress", ADDRESS) is None
    assert number_before(acl(*taken, allow(5)), "egress", ADDRESS) is not None


def test_every_number_before_it_is_found() -> None:
    found: list[Entry] = [allow(20)]
    for _ in range(19):
        number = number_before(acl(*found), "ingress", ADDRESS)
        assert number is not None
        found.append(deny("ingress", "192.0.2.1/32", number))
    assert {one.number for one in found} == set(range(1, 21))


def test_the_addresses_of_an_interface_are_all_of_them_as_blocks() -> None:
    answer = {
        "NetworkInterfaceId": "eni-1",
        "VpcId": "vpc-1",
        "InterfaceType": "trunk",
        "PrivateIpAddresses": [
            {"PrivateIpAddress": "10.0.0.5", "Association": {"PublicIp": "192.0.2.1"}},
            {"PrivateIpAddress": "10.0.0.6"},
        ],
        "Ipv6Addresses": [{"Ipv6Address": "2001:DB8:0:0::0005"}],
        "Ipv4Prefixes": [{"Ipv4Prefix": "10.0.16.0/28"}],
        "Ipv6Prefixes": [{"Ipv6Prefix": "2001:db8:0:1::/80"}],
    }
    found = interface_of(answer)  # type: ignore[arg-type]
    assert found.addresses == ("10.0.0.5/32", "10.0.0.6/32", "2001:db8::5/128", "10.0.16.0/28", "2001:db8:0:1::/80")
    assert (found.kind, found.public) == ("trunk", ("192.0.2.1",))


def test_blocks_are_compared_in_one_writing() -> None:
    assert acl_of(
        {
            "NetworkAclId": "acl-1",
            "VpcId": "vpc-1",
            "OwnerId": "123456789012",
            "Entries": [
                {
                    "Egress": False,
                    "RuleNumber": 1,
                    "RuleAction": "deny",
                    "Protocol": "-1",
                    "Ipv6CidrBlock": "2001:db8:0:0:0::5/128",
                }
            ],
        }
    ) == acl(deny("ingress", "2001:db8::5/128", 1))
