"""Every pair of values of the measures' parameters: one isolation and one release bring back exactly what was."""

from collections.abc import Iterator
from itertools import combinations, product
from typing import Any

import pytest

from tests.cloud import Lab
from tests.measures.acls import acls
from tests.measures.test_addresses import elastic_ip, places
from tests.measures.test_protection import protection
from tests.scaling import Scaling, scaling_of
from tests.stack import Stack, forget_wiring

PARAMETERS: dict[str, tuple[str, ...]] = {
    "PROTECT_INSTANCE": ("true", "false"),
    "FREEZE_INTERFACES": ("true", "false"),
    "DISABLE_METADATA_SERVICE": ("true", "false"),
    "DISASSOCIATE_ELASTIC_IPS": ("true", "false"),
    "EXISTING_CONNECTIONS": ("keep", "nacl"),
    "AUTO_SCALING_MEMBERS": ("standby", "keep"),
}
"""Every measure's, with all its values: a new measure adds its own here, to `CHANGES` and to `state`."""
Row = dict[str, str]
Pair = tuple[tuple[str, str], tuple[str, str]]


def pairs(row: Row) -> set[Pair]:
    """The pairs of values that a row has."""
    return set(combinations(sorted(row.items()), 2))


def rows() -> Iterator[Row]:
    """Rows that together have every pair: always the one with the most that no row had."""
    every = [dict(zip(PARAMETERS, values, strict=True)) for values in product(*PARAMETERS.values())]
    left = set().union(*map(pairs, every))
    while left:
        best = max(every, key=lambda row: len(pairs(row) & left))
        left -= pairs(best)
        yield best


CHANGES = {
    "protection": ("PROTECT_INSTANCE", "true"),
    "interface_tags": ("FREEZE_INTERFACES", "true"),
    "metadata": ("DISABLE_METADATA_SERVICE", "true"),
    "elastic_ips": ("DISASSOCIATE_ELASTIC_IPS", "true"),
    "network_acls": ("EXISTING_CONNECTIONS", "nacl"),
    "member": ("AUTO_SCALING_MEMBERS", "standby"),
}
"""What of `state` each parameter's value changes."""


def state(scaling: Scaling, instance_id: str) -> dict[str, Any]:
    """All that the cut and the measures may change."""
    lab = scaling.lab
    shown = lab.describe(instance_id)
    interfaces = [one["NetworkInterfaceId"] for one in shown["NetworkInterfaces"]]
    return {
        "groups": [lab.groups(interface) for interface in interfaces],
        "profile": lab.association(instance_id)["IamInstanceProfile"]["Arn"],
        "protection": protection(lab, instance_id),
        "interface_tags": [lab.tags(interface) for interface in interfaces],
        "metadata": shown["MetadataOptions"],
        "elastic_ips": places(lab),
        "network_acls": acls(lab, scaling.network.vpc_id),
        "member": (scaling.state(instance_id), scaling.suspended()),
    }


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: "-".join(row.values()))
def test_a_release_brings_back_exactly_what_was(
    stack: Stack, lab: Lab, monkeypatch: pytest.MonkeyPatch, row: Row
) -> None:
    for name, value in row.items():
        monkeypatch.setenv(name, value)
    forget_wiring()
    scaling = scaling_of(lab)
    member, _ = scaling.group()
    lab.ec2.associate_iam_instance_profile(InstanceId=member, IamInstanceProfile={"Arn": lab.profile()})
    elastic_ip(lab, lab.describe(member)["NetworkInterfaces"][0]["NetworkInterfaceId"])
    before = state(scaling, member)

    assert stack.tag_and_isolate(member)["status"] == "Isolated"

    during = state(scaling, member)
    changed = {name for name, found in during.items() if found != before[name]}
    assert changed == {"groups", "profile"} | {
        name for name, (parameter, on) in CHANGES.items() if row[parameter] == on
    }
    assert stack.tag_and_release(member)["status"] == "Released"
    assert state(scaling, member) == before


def test_the_rows_have_every_pair() -> None:
    had = set().union(*map(pairs, rows()))
    for (one, values), (other, others) in combinations(sorted(PARAMETERS.items()), 2):
        assert {((one, value), (other, more)) for value in values for more in others} <= had
