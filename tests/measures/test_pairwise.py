"""Every pair of values of the measures' parameters: one isolation and one release bring back exactly what was."""

import json
from collections.abc import Iterator
from functools import cache
from itertools import combinations, product
from typing import Any

import pytest

import isolate
import revoke
from tests.cloud import Lab
from tests.measures.acls import acls
from tests.measures.test_addresses import elastic_ip, places
from tests.measures.test_evidence import KMS_KEY, shared_with, snapshots
from tests.measures.test_protection import protection
from tests.measures.test_sessions import POLICY
from tests.scaling import Scaling, scaling_of
from tests.stack import Stack, forget_wiring
from tests.test_forensic_access import rules

PARAMETERS: dict[str, tuple[str, ...]] = {
    "PROTECT_INSTANCE": ("true", "false"),
    "FREEZE_INTERFACES": ("true", "false"),
    "DISABLE_METADATA_SERVICE": ("true", "false"),
    "DISASSOCIATE_ELASTIC_IPS": ("true", "false"),
    "EXISTING_CONNECTIONS": ("keep", "nacl"),
    "AUTO_SCALING_MEMBERS": ("standby", "keep"),
    "REVOKE_CREDENTIALS": ("instance", "role", "none"),
    "SNAPSHOT_VOLUMES": ("true", "false"),
    "LOCK_SNAPSHOTS_DAYS": ("7", "0"),
    "EVIDENCE_KMS_KEY_ARN": (KMS_KEY, ""),
    "EVIDENCE_ACCOUNT_ID": ("210987654321", ""),
    "FORENSIC_ACCESS_SOURCE": ("10.20.0.0/16", ""),
}
"""Every measure's, with all its values: a new measure adds its own here, to `CHANGES` and to `state`.

What stays, or is no instance's own, is looked at by itself: `evidence`, and the isolation group's rules.
"""
Row = dict[str, str]
Pair = tuple[tuple[str, str], tuple[str, str]]


def pairs(row: Row) -> set[Pair]:
    """The pairs of values that a row has."""
    return set(combinations(sorted(row.items()), 2))


@cache
def rows() -> tuple[Row, ...]:
    """Give the rows."""
    return tuple(_rows())


def _rows() -> Iterator[Row]:
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
    "sessions": ("REVOKE_CREDENTIALS", "instance"),
    "older_sessions": ("REVOKE_CREDENTIALS", "role"),
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
        "sessions": (
            lab.iam.list_role_tags(RoleName="web-server")["Tags"],
            lab.iam.list_attached_role_policies(RoleName="web-server")["AttachedPolicies"],
        ),
        "older_sessions": lab.iam.list_role_policies(RoleName="web-server")["PolicyNames"],
    }


def evidence(lab: Lab) -> list[tuple[bool, str, list[str], bool]]:
    """Of each snapshot: whether it is a copy, under which key, with whom it is shared, whether it is locked."""
    every = [*snapshots(lab), *snapshots(lab, copies=True)]
    locked = lab.ec2.describe_locked_snapshots(SnapshotIds=[one["SnapshotId"] for one in every])["Snapshots"]
    ids = {one["SnapshotId"] for one in locked}
    copies = {one["SnapshotId"] for one in snapshots(lab, copies=True)}
    return [
        (one["SnapshotId"] in copies, one.get("KmsKeyId", ""), shared_with(lab, one), one["SnapshotId"] in ids)
        for one in every
    ]


def expected_evidence(row: Row) -> list[tuple[bool, str, list[str], bool]]:
    """The member has one volume."""
    key, account, locked = row["EVIDENCE_KMS_KEY_ARN"], row["EVIDENCE_ACCOUNT_ID"], row["LOCK_SNAPSHOTS_DAYS"] != "0"
    shared = [account] if account else []
    copy = [(True, key, shared, locked)] if key else []
    return [(False, "", [] if key else shared, locked), *copy] if row["SNAPSHOT_VOLUMES"] == "true" else []


def deploy(lab: Lab, monkeypatch: pytest.MonkeyPatch, row: Row) -> None:
    """The stack with these parameters, the policy that it owns, and its function for roles."""
    policy = json.dumps(POLICY)
    made = lab.iam.create_policy(PolicyName="deny-contained-sessions", PolicyDocument=policy)["Policy"]["Arn"]
    for name, value in {**row, "SESSIONS_POLICY_ARN": made, "REVOKE_FUNCTION": "revoke-role-sessions"}.items():
        monkeypatch.setenv(name, value)
    forget_wiring()
    lab.cloud.run("revoke-role-sessions", revoke.handler)


@pytest.mark.parametrize("row", rows(), ids=lambda row: "-".join(value[-8:] or "none" for value in row.values()))
def test_a_release_brings_back_exactly_what_was(
    stack: Stack, lab: Lab, monkeypatch: pytest.MonkeyPatch, row: Row
) -> None:
    deploy(lab, monkeypatch, row)
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
    source = row["FORENSIC_ACCESS_SOURCE"]
    assert rules(stack, scaling.network.vpc_id) == ([("tcp", 22, 22, [source], [])] if source else [], [])
    stack.sweep(isolate)  # what waits for a copy
    assert evidence(lab) == expected_evidence(row)
    assert stack.tag_and_release(member)["status"] == "Released"
    assert state(scaling, member) == before
    assert evidence(lab) == expected_evidence(row)


def test_the_rows_have_every_pair() -> None:
    had = set().union(*map(pairs, rows()))
    for (one, values), (other, others) in combinations(sorted(PARAMETERS.items()), 2):
        assert {((one, value), (other, more)) for value in values for more in others} <= had
