"""Findings that are usual in most ways and odd in a few: written otherwise, spoiled, or wrapped."""

import json
import random
from typing import Any

from hypothesis import strategies as st

from tests.findings import document

ids = st.sampled_from(["i-0aaaaaaaaaaaaaaa1", "i-0bbbbbbbbbbbbbbb2", "i-99999999", "i-X", "", " i-99999999 ", None, 3])
odd: st.SearchStrategy[Any] = st.sampled_from(
    [None, "", " ", 0, 1, -1, 2.5, 3.0, True, False, "x", [], {}, "true", 1e30, 10**30, "8", "4.0"]
)
CHANGES: dict[str, st.SearchStrategy[Any]] = {
    "severity": st.sampled_from([0.5, 2, 4.0, 5, 7, 8.0, 9, 10, 10.5, 0, "8", "high", True, None]),
    "type": st.sampled_from(
        [
            "Backdoor:EC2/C&CActivity.B",
            "Recon:EC2/PortProbe",
            "X:EC2/Y!AMI",
            " ",
            "",
            "AttackSequence:EC2/X",
            "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS",
        ]
    ),
    "accountId": st.sampled_from(["111122223333", "444455556666", " 111122223333", "id", "", 111122223333, None]),
    "region": st.sampled_from(["eu-central-1", "us-east-1", " eu-central-1", "", None]),
    "id": st.sampled_from(["f", " f ", "", " ", 3, None]),
    "title": st.sampled_from(["[SAMPLE] x", " [SAMPLE] x", "x [SAMPLE]", "", None, 4]),
    "updatedAt": st.sampled_from(
        [
            "2026-11-01T10:00:00.000Z",
            "2026-11-20T23:59:59Z",
            "2026-11-21T00:00:00Z",
            "2026-11-21T00:00:00+02:00",
            "2026-02-31T00:00:00Z",
            "2026-11-01T10:99:00Z",
            "1999-01-01T00:00:00Z",
            "2027-12-01T00:00:00.1Z",
            "x",
            None,
            5,
        ]
    ),
    "resource__resourceType": st.sampled_from(
        ["Instance", "AccessKey", "S3Bucket", "AttackSequence", " Instance ", "", None, 7]
    ),
    "resource__instanceDetails__instanceId": ids,
    "resource__instanceDetails__networkInterfaces": st.sampled_from(
        [
            [],
            None,
            [{}],
            [{"vpcId": "vpc-0aaa1"}],
            [{"VpcId": "vpc-0aaa1"}],
            [{"vpcId": " vpc-0aaa1 "}],
            [{"vpcId": 4}],
            ["x"],
            {},
        ]
    ),
    "resource__instanceDetails": st.sampled_from([None, [], "x", {"InstanceId": "i-99999999"}]),
    "resource__accessKeyDetails": st.sampled_from(
        [
            {"principalId": "AROAEXAMPLE:i-0cccccccccccccc3"},
            {"principalId": "AROAEXAMPLE:i-0ccccccccccccccc3"},
            {"principalId": "AIDAX"},
            {"PrincipalId": "AROAEXAMPLE:i-99999999"},
            {"principalId": 5},
            None,
        ]
    ),
    "service__archived": st.sampled_from([True, False, "true", "False", "maybe", None, 1]),
    "service__count": st.sampled_from([1, 2, 3, 99, 100, 250, 0, -3, 3.0, "3", "100", True, None, 10**12, 10**30]),
    "service__resourceRole": st.sampled_from(["ACTOR", "TARGET", "actor", " target", "", None, 4]),
    "service__featureName": st.sampled_from(["FlowLogs", "RuntimeMonitoring", " FlowLogs", "", None, 2]),
    "service__additionalInfo": st.sampled_from(
        [
            {"sample": True},
            {"sample": "true"},
            {"sample": False},
            {"Sample": True},
            {"value": '{"sample":true}'},
            {"value": '{"sa\\u006dple":true}'},
            {"value": '{"Sample":true}'},
            {"Value": '{"sample":true}'},
            {"value": "{}"},
            {"value": {"sample": True}},
            {"value": 3},
            {"value": "["},
            None,
            "x",
        ]
    ),
    "resource": odd,
    "service": odd,
    "findings": st.sampled_from([None, [], [{}], "x"]),
    "detail-type": st.sampled_from([None, "GuardDuty Finding", "x"]),
    "detail": odd,
}


def respelled(value: Any, chance: st.DataObject, share: int) -> Any:  # noqa: ANN401
    """Some keys in PascalCase, or in both spellings."""
    if isinstance(value, list):
        return [respelled(one, chance, share) for one in value]
    if not isinstance(value, dict):
        return value
    found: dict[str, Any] = {}
    for key, inner in value.items():
        how = chance.draw(st.integers(0, share)) if share else 9
        new = respelled(inner, chance, share)
        if how == 0:
            found[key[:1].upper() + key[1:]] = new
        elif how == 1:
            found |= {key: new, key[:1].upper() + key[1:]: chance.draw(odd)}
        else:
            found[key] = new
    return found


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A record: usual in most ways, odd in a few."""
    names = draw(st.lists(st.sampled_from(sorted(CHANGES)), max_size=4, unique=True))
    parents = [name for name in names if not any(name.startswith(f"{other}__") for other in names)]
    made: Any = document(**{name: draw(CHANGES[name]) for name in parents})
    made = respelled(made, draw(st.data()), draw(st.sampled_from([0, 0, 0, 40])))
    if draw(st.integers(0, 7)) == 0:
        made = pascal(made)
    wrapping = draw(st.integers(0, 9))
    made = (
        {"detail-type": "GuardDuty Finding", "detail": made}
        if wrapping == 0
        else [made, made]
        if wrapping == 1
        else made
    )
    text = json.dumps(made, ensure_ascii=draw(st.booleans()))
    spoiled = draw(st.integers(0, 30))
    return text[:-1] if spoiled == 0 else "" if spoiled == 1 else text + " x" if spoiled == 2 else text


def pascal(value: Any) -> Any:  # noqa: ANN401
    """Every key as GetFindings spells it."""
    if isinstance(value, list):
        return [pascal(one) for one in value]
    return {key[:1].upper() + key[1:]: pascal(one) for key, one in value.items()} if isinstance(value, dict) else value


def swept() -> list[str]:
    """Every odd value alone, and two thousand pairs of them, on two kinds of finding."""
    values = {name: values_of(strategy) for name, strategy in CHANGES.items()}
    single = [{name: value} for name, found in values.items() for value in found]
    chance = random.Random(4)  # noqa: S311 (the same pairs at every run)
    pairs = [chance.choice(single) | chance.choice(single) for _ in range(2_000)]
    found = []
    for changes in (*single, *pairs):
        known = {name: value for name, value in changes.items() if not any(name.startswith(f"{o}__") for o in changes)}
        found += [json.dumps(document(**{**base, **known})) for base in ({}, STOLEN)]
    return found


STOLEN = {"resource__resourceType": "AccessKey", "service__count": 1, "severity": 4}


def values_of(strategy: Any) -> list[Any]:  # noqa: ANN401
    """What `sampled_from` was given."""
    return list(getattr(strategy, "wrapped_strategy", strategy).elements)
