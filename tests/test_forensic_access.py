"""Responders' access: exactly one inbound rule on each isolation group where the parameters ask for it, else none."""

from collections.abc import Callable
from typing import Any

import pytest

import isolate
from quarantag.access import allowed_rules
from quarantag.instance import Rule
from quarantag.settings import Settings
from tests.cloud import ACCOUNT, Lab
from tests.stack import Stack, forget_wiring, is_cut

CIDR = "10.20.0.0/16"
Opening = Callable[..., Stack]


@pytest.fixture
def opening(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Opening:
    """The stack with this source and port; a cold start."""

    def make(source: str, port: int = 22) -> Stack:
        monkeypatch.setenv("FORENSIC_ACCESS_SOURCE", source)
        monkeypatch.setenv("FORENSIC_ACCESS_PORT", str(port))
        forget_wiring()
        return stack

    return make


def rules(stack: Stack, vpc_id: str) -> tuple[Any, Any]:
    """The isolation group's inbound rules as (protocol, from, to, CIDRs, groups), and its outbound ones."""
    group = stack.isolation_group(vpc_id)
    inbound = [
        (
            one["IpProtocol"],
            *(one["FromPort"], one["ToPort"]),
            [cidr["CidrIp"] for cidr in one["IpRanges"]],
            [pair["GroupId"] for pair in one["UserIdGroupPairs"]],
        )
        for one in group["IpPermissions"]
    ]
    return inbound, group["IpPermissionsEgress"]


def test_each_isolation_group_has_the_one_rule(opening: Opening, lab: Lab) -> None:
    stack, instance = opening("10.20.3.4/16", 2222), lab.instance([lab.vpc(), lab.vpc(ipv6=True)])
    assert stack.tag_and_isolate(instance.id)["status"] == "Isolated"
    for network in instance.networks:
        assert rules(stack, network.vpc_id) == ([("tcp", 2222, 2222, [CIDR], [])], [])


def test_a_group_of_the_vpc_may_be_the_source(opening: Opening, lab: Lab) -> None:
    vpc = lab.vpc()
    forensics = lab.group(vpc.vpc_id, "forensics")
    stack, instance = opening(forensics), lab.instance([vpc])
    assert stack.tag_and_isolate(instance.id)["status"] == "Isolated"
    assert rules(stack, vpc.vpc_id) == ([("tcp", 22, 22, [], [forensics])], [])
    stack.announced()
    stack.sweep(isolate)
    assert stack.announced() == []


def test_a_group_of_another_vpc_is_said_and_stops_nothing(opening: Opening, lab: Lab) -> None:
    home, away = lab.vpc(), lab.vpc()
    stack, instance = opening(lab.group(away.vpc_id, "forensics")), lab.instance([home])
    answer = stack.tag_and_isolate(instance.id)
    assert answer["status"] == "Isolated"
    assert "give ForensicAccessSource a CIDR" in answer["reason"]
    assert is_cut(stack, instance.interface_ids[0], home.vpc_id)
    stack.announced()
    stack.sweep(isolate)
    assert stack.announced() == []


def test_the_rule_is_restored_where_it_is_missing_and_any_other_is_revoked(opening: Opening, lab: Lab) -> None:
    stack, instance = opening(CIDR), lab.instance()
    home = instance.networks[0]
    stack.tag_and_isolate(instance.id)
    group = stack.isolation_group(home.vpc_id)
    everyone = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    lab.ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
    lab.ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=everyone)
    stack.announced()
    stack.sweep(isolate)
    assert rules(stack, home.vpc_id) == ([("tcp", 22, 22, [CIDR], [])], [])
    (subject,) = stack.announced()
    assert subject.startswith("Drift repaired")


def test_another_parameter_replaces_the_rule_and_none_takes_it_away(opening: Opening, lab: Lab) -> None:
    stack, instance = opening(CIDR), lab.instance()
    home = instance.networks[0]
    stack.tag_and_isolate(instance.id)
    opening("10.99.0.0/24", 443)
    stack.sweep(isolate)
    assert rules(stack, home.vpc_id)[0] == [("tcp", 443, 443, ["10.99.0.0/24"], [])]
    opening("")
    stack.sweep(isolate)
    assert is_cut(stack, instance.interface_ids[0], home.vpc_id)


def test_a_refusal_to_let_responders_in_stops_no_cut(opening: Opening, lab: Lab) -> None:
    stack, first = opening(""), lab.instance()
    stack.tag_and_isolate(first.id)
    group = stack.isolation_group(first.networks[0].vpc_id)["GroupId"]
    lab.cloud.refuse("AuthorizeSecurityGroupIngress", group, "UnauthorizedOperation")
    opening(CIDR)
    second = lab.instance([first.networks[0]])
    answer = stack.tag_and_isolate(second.id)
    assert (answer["status"], "UnauthorizedOperation" in answer["reason"]) == ("Isolated", True)
    assert is_cut(stack, second.interface_ids[0], second.networks[0].vpc_id)


@pytest.mark.parametrize(
    ("source", "kind", "peer"),
    [
        ("10.20.3.4/16", "ipv4", CIDR),
        ("2001:DB8::7/32", "ipv6", "2001:db8::/32"),
        ("sg-0123456789abcdef0", "group", f"{ACCOUNT}/sg-0123456789abcdef0"),
        ("210987654321/sg-01234567", "group", "210987654321/sg-01234567"),
        ("not a CIDR", "ipv4", "not a CIDR"),
    ],
)
def test_a_source_is_written_as_ec2_shows_it(source: str, kind: Any, peer: str) -> None:  # noqa: ANN401 - a peer's kind
    settings = Settings(ACCOUNT, "eu-central-1", "arn", forensic_access_source=source)
    assert allowed_rules(settings) == {Rule("ingress", "tcp", 22, 22, kind, peer)}
