"""The replay's short cut decides as `parse` and `decide` do: on findings made by chance, and on every public one."""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

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
from tests.odd_findings import swept, texts
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


@pytest.mark.parametrize("question", QUESTIONS, ids=["default", "every matcher", "exempting", "sharp"])
@given(made=st.lists(texts(), min_size=1, max_size=12))
@settings(max_examples=150, deadline=None)
@example(made=[json.dumps(document()), json.dumps(document(severity=8.0)), json.dumps(document(id="other"))])
@example(made=['{"detail": {}}', "[]", '{"Findings": [{}]}', "[" * 2000, '"\\ud800"', "NaN"])
def test_lines_are_decided_as_one_by_one(question: Question, made: list[str]) -> None:
    assert quickly(question, made) == slowly(question, made)


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
