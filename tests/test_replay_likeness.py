"""The replay's short cut decides as `parse` and `decide` do: on findings made by chance, and on every public one."""

import json
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from console.policy_file import load_checked
from console.replay.deciding import Decider, records
from console.replay.engine import Question, curves, moment_of
from console.replay.tally import ACTIONS, Kind, Part
from quarantag.decision import decisions
from quarantag.errors import InvalidFinding
from quarantag.finding import Finding, parse
from tests import public
from tests.findings import document
from tests.replays import BEGAN, DEFAULT, ROOT, STRICT, loaded

EVERY = load_checked(ROOT / "tests" / "policies" / "valid" / "every-matcher.yaml")
EXEMPTING = loaded("""
version: 1
limits: [{max: 2, per: 1h, by: vpc}]
exemptions:
  - {id: a, match: {instance_id: [i-0aaaaaaaaaaaaaaa1]}, reason: r, owner: o, expires: "2026-11-01"}
  - {id: b, match: {vpc: [vpc-0aaa1], account: ["111122223333"]}, reason: r, owner: o, expires: "2026-11-20"}
  - {id: c, match: {instance_tags: {SecurityIsolationExempt: "*"}}, reason: r, owner: o, expires: "2027-11-20"}
rules:
  - {id: many, match: {count: {at_least: 3}, region: eu-central-1}, then: isolate}
  - {id: tagged, match: {instance_tags: {Env: "prod*"}, severity: {at_least: 4}}, then: isolate}
  - {id: stolen, match: {resource_type: AccessKey, severity: {at_least: 4}}, then: isolate}
  - {id: rest, match: {severity: {at_least: 2}}, then: review}
""")
SHARP = loaded("""
version: 1
rules:
  - {id: runtime, match: {feature: "Runtime*"}, then: ignore}
  - {id: target, match: {resource_role: TARGET}, then: review}
  - {id: many, match: {count: {at_least: 3}}, then: isolate}
  - {id: stolen, match: {resource_type: AccessKey}, then: isolate}
  - {id: rest, match: {severity: {at_least: 2}}, then: isolate}
""")
TAGS = {"i-0aaaaaaaaaaaaaaa1": {"Env": "production"}, "i-0bbbbbbbbbbbbbbb2": {"SecurityIsolationExempt": "x"}}
QUESTIONS = [
    Question(load_checked(DEFAULT), BEGAN, other=load_checked(STRICT), curves=curves(load_checked(DEFAULT))),
    Question(EVERY, BEGAN, tags=TAGS, act_on_samples=True),
    Question(EXEMPTING, BEGAN, other=EVERY, tags=TAGS, curves=curves(EXEMPTING)),
    Question(SHARP, BEGAN, other=EXEMPTING, released={"i-99999999": datetime(2026, 11, 1, 9, 58, tzinfo=UTC)}),
]


@dataclass
class Found:
    """What is said of some records: kinds, hours by action, what is listed, and how many are refused."""

    kinds: Counter[Kind] = field(default_factory=Counter)
    hours: Counter[tuple[str, str]] = field(default_factory=Counter)
    noted: Counter[tuple[object, ...]] = field(default_factory=Counter)
    refused: int = 0


def slowly(question: Question, texts: list[str]) -> Found:
    """What `parse` and `decide` say of each record."""
    found = Found()
    for text in texts:
        try:
            values = [record for _, record in records(json.loads(text))]
        except (ValueError, RecursionError):
            values = [None]
        for value in values:
            try:
                finding = parse(value)  # type: ignore[arg-type]
            except InvalidFinding:
                found.refused += bool(text.strip())
                continue
            note(found, question, finding, moment_of(value))
    return found


def note(found: Found, question: Question, finding: Finding, moment: datetime | None) -> None:
    """Add what is decided about one finding."""
    vpcs = {one.instance_id: one.vpc_id for one in finding.instances}
    hour = f"{moment:%Y-%m-%dT%H}" if moment else ""
    for decision, verdicts in question.answers(finding, moment).items():
        found.kinds[Kind(finding.type, finding.severity, verdicts)] += 1
        found.hours[(hour, decision.action)] += 1
        other = verdicts.other.action if verdicts.other else decision.action
        if decision.action == "isolate" or other != decision.action:
            who = (decision.instance_id, decision.account, decision.region)
            found.noted[(finding.id, who, vpcs.get(decision.instance_id), hour, decision.action, other)] += 1


DECIDERS = [Decider(question) for question in QUESTIONS]
"""They remember from example to example: so each is decided as another one that is like it was."""


def quickly(question: Question, texts: list[str], decider: Decider | None = None) -> Found:
    """What the replay says, of the lines in one block."""
    part = Part()
    block = "\n".join(texts).encode("utf-8", "surrogatepass") + b"\n"
    (decider or DECIDERS[QUESTIONS.index(question)]).lines(part, block, "test")
    found = Found(part.kinds, refused=len(part.rejections))
    for hour, counts in part.hours.items():
        found.hours.update({(hour, action): number for action, number in zip(ACTIONS, counts, strict=True) if number})
    for one in part.noted:
        verdict, other, _ = one.kind.verdicts
        acted = (verdict.action, other.action if other else verdict.action)
        if acted != ("isolate", "isolate") and acted[0] == acted[1]:
            continue  # listed for a curve only
        found.noted[(one.finding_id, one.who, one.vpc_id, one.moment[:13], *acted)] += 1
    return found


ids = st.sampled_from(["i-0aaaaaaaaaaaaaaa1", "i-0bbbbbbbbbbbbbbb2", "i-99999999", "i-X", "", " i-99999999 ", None, 3])
odd = st.sampled_from([None, "", " ", 0, 1, -1, 2.5, 3.0, True, False, "x", [], {}, "true", 1e30, 10**30, "8", "4.0"])
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


@pytest.mark.parametrize("question", QUESTIONS, ids=["default", "every matcher", "exempting", "sharp"])
@given(made=st.lists(texts(), min_size=1, max_size=12))
@settings(max_examples=150, deadline=None)
@example(made=[json.dumps(document()), json.dumps(document(severity=8.0)), json.dumps(document(id="other"))])
@example(made=['{"detail": {}}', "[]", '{"Findings": [{}]}', "[" * 2000, '"\\ud800"', "NaN"])
def test_lines_are_decided_as_one_by_one(question: Question, made: list[str]) -> None:
    assert quickly(question, made) == slowly(question, made)


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


@pytest.mark.parametrize("question", QUESTIONS, ids=["default", "every matcher", "exempting", "sharp"])
def test_every_odd_value_is_decided_as_one_by_one(question: Question) -> None:
    decider = Decider(question)
    for start, text in enumerate(swept()):
        assert quickly(question, [text], decider) == slowly(question, [text]), (start, text)


@pytest.mark.parametrize("question", QUESTIONS, ids=["default", "every matcher", "exempting", "sharp"])
@given(made=texts())
@settings(max_examples=60, deadline=None)
def test_the_engine_is_that_of_the_functions(question: Question, made: str) -> None:
    try:
        value = json.loads(made)
        finding = parse(value)
    except (ValueError, InvalidFinding):
        return
    moment = moment_of(value)
    own = decisions(finding, question.policy, lambda named: question.circumstances(named, moment))
    assert set(question.answers(finding, moment)) == set(own)


@pytest.mark.skipif(public.ABSENT, reason=public.WHY_SKIPPED)
@pytest.mark.parametrize("question", QUESTIONS, ids=["default", "every matcher", "exempting", "sharp"])
def test_every_public_finding_is_decided_as_one_by_one(question: Question) -> None:
    found = [json.dumps(json.loads(path.read_text())) for path in sorted(Path(public.CORPUS).rglob("*.json"))]
    assert quickly(question, found * 2) == slowly(question, found * 2)
    assert len(found) > 100


def test_most_findings_of_an_export_take_the_short_cut() -> None:
    decider = Decider(QUESTIONS[0])
    usual = [json.dumps(document(id=f"f{number}")).encode() for number in range(3)]
    key = decider._key  # noqa: SLF001
    assert all(key(facts) for facts in decider._decoded(b"\n".join(usual)) if facts)  # noqa: SLF001
    assert all(decider._decoded(b"\n".join(usual)))  # noqa: SLF001
