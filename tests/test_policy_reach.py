"""A rule that no finding can reach is refused; one that some finding can reach is not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarantag import matchers, policy, reach
from quarantag.errors import InvalidPolicy
from quarantag.instance import Instance
from quarantag.matching import Subject
from tests.findings import finding

TAGS = {"Env": "prod"}


def two(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    rules = [{"id": "first", "match": first, "then": "review"}, {"id": "second", "match": second, "then": "review"}]
    return {"version": 1, "rules": rules}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"severity": {"at_least": 7}}, {"severity": {"at_least": 7}}),
        ({"severity": {"at_least": 4}}, {"severity": {"at_least": 7, "below": 9}}),
        ({"severity": {"below": 9}}, {"severity": {"below": 7}, "type": "A:*"}),
        ({"type": "A:*"}, {"type": ["A:B", "A:C*"]}),
        ({"type": ["*:EC2/*", "B:*"]}, {"type": "A:EC2/?"}),
        ({"account": ["111122223333", "444455556666"]}, {"account": "111122223333"}),
        ({"instance_tags": {"Env": "*"}}, {"instance_tags": {"Env": "prod", "Tier": "1"}}),
        ({"resource_type": ["Instance", "AttackSequence"]}, {"type": "A:*"}),
        ({"count": {"at_least": 2}}, {"count": {"at_least": 3}}),
        ({"sequence": True}, {"sequence": True, "severity": {"at_least": 9}}),
    ],
)
def test_a_rule_behind_a_wider_one_is_refused(first: dict[str, Any], second: dict[str, Any]) -> None:
    with pytest.raises(InvalidPolicy, match="rule second can never be hit, because first") as refused:
        policy.load(two(first, second))
    assert refused.value.path == ("rules", 1)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"severity": {"at_least": 7}}, {"severity": {"at_least": 4}}),
        ({"severity": {"at_least": 7}}, {"type": "A:*"}),
        ({"severity": {"at_least": 4, "below": 7}}, {"severity": {"at_least": 4}}),
        ({"type": "A:?"}, {"type": "A:*"}),
        ({"type": "A:B*"}, {"type": ["A:BC", "A:C"]}),
        ({"account": "111122223333"}, {"account": ["111122223333", "444455556666"]}),
        ({"instance_tags": {"Env": "*", "Tier": "1"}}, {"instance_tags": {"Env": "prod"}}),
        ({"type": "A:*"}, {"type": "A:*", "resource_type": "AccessKey"}),
        ({"sequence": True}, {"sequence": False}),
    ],
)
def test_a_rule_that_something_reaches_is_kept(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert len(policy.load(two(first, second)).rules) == 2


patterns = st.text(alphabet="ab*?", min_size=1, max_size=4).map(lambda text: f"{text}:")
ranges = st.fixed_dictionaries({"at_least": st.integers(0, 5)}, optional={"below": st.integers(6, 10)})
matches = st.fixed_dictionaries(
    {},
    optional={
        "type": st.lists(patterns, min_size=1, max_size=2, unique=True),
        "severity": ranges,
        "instance_tags": st.dictionaries(
            st.sampled_from(["Env", "Tier"]), st.sampled_from(["*", "p*", "prod", "?rod"]), min_size=1
        ),
        "resource_role": st.sampled_from(["TARGET", "ACTOR"]),
    },
).filter(bool)


@given(
    matches, matches, st.text(alphabet="ab*?", max_size=5), st.integers(1, 10), st.sampled_from(["prod", "p", "trod"])
)
def test_what_covers_another_holds_wherever_the_other_holds(
    first: dict[str, Any], second: dict[str, Any], name: str, severity: int, tag: str
) -> None:
    wide, narrow = matchers.rule_match(first, ()), matchers.rule_match(second, ())
    live = Instance("i-99999999", "running", None, {"Env": tag, "Tier": "prod"})
    subject = Subject(finding(type=f"{name}:", severity=severity), None, live)
    assert not wide.covers(narrow) or wide.holds(subject) or not narrow.holds(subject)


def behind(*earlier: dict[str, Any], last: dict[str, Any]) -> tuple[int, ...]:
    return reach.taking(matchers.rule_match(last, ()), [matchers.rule_match(match, ()) for match in earlier])


HIGH, LOW = {"severity": {"at_least": 7}}, {"severity": {"below": 7}}


@pytest.mark.parametrize(
    ("earlier", "last", "taking"),
    [
        ([HIGH, LOW], {"type": "A:*"}, (0, 1)),
        ([HIGH, {"vpc": "vpc-0a1"}, {**LOW, "type": "A:*"}], {"type": "A:B*"}, (0, 2)),
        ([{"type": "A:*"}, {"type": "B:*"}], {"type": ["A:x", "B:y"]}, (0, 1)),
        ([{"resource_role": "ACTOR"}, {"resource_role": "TARGET"}], {"resource_role": ["TARGET", "ACTOR"]}, (0, 1)),
        ([{"sequence": True}, {"sequence": False, **HIGH}, {**LOW}], {"type": "A:*"}, (0, 1, 2)),
        ([{"count": {"at_least": 9}}, HIGH, {**LOW}], {"count": {"at_least": 2}}, (1, 2)),
        ([{"severity": {"at_least": 4, "below": 8}}, {"severity": {"at_least": 8}}], HIGH, (0, 1)),
        ([{"resource_type": "Instance"}, {"resource_type": ["AttackSequence", "AccessKey"]}], HIGH, (0, 1)),
    ],
)
def test_rules_that_together_leave_nothing_are_named(
    earlier: list[dict[str, Any]], last: dict[str, Any], taking: tuple[int, ...]
) -> None:
    assert behind(*earlier, last=last) == taking


@pytest.mark.parametrize(
    ("earlier", "last"),
    [
        ([HIGH, {"severity": {"below": 6.9}}], {"type": "A:*"}),
        ([{"resource_role": "ACTOR"}, {"resource_role": "TARGET"}], HIGH),
        ([{"instance_tags": {"Env": "p*"}}, {"instance_tags": {"Env": "*"}}], HIGH),
        ([{"feature": "*"}], HIGH),
        ([HIGH, {**LOW, "vpc": "vpc-0a1"}], {"type": "A:*"}),
        ([{"type": "A:*"}, {"type": "B:*"}], {"type": "?:C"}),
        ([HIGH, LOW], {"resource_type": "AccessKey"}),
    ],
)
def test_rules_that_leave_something_are_not(earlier: list[dict[str, Any]], last: dict[str, Any]) -> None:
    assert behind(*earlier, last=last) == ()


def test_a_search_that_grows_too_large_is_given_up() -> None:
    """Else a cold start would pay for it: each of these leaves three boxes, and none of them is ever whole."""
    halves = [
        {"severity": {"at_least": at / 10}, "count": {"at_least": at}, "sequence": True, "type": ["A:*", f"B{at}:*"]}
        for at in range(1, 60)
    ]
    assert behind(*reversed(halves), last={"type": ["A:*", "C:*"]}) == ()


@given(
    st.lists(matches, min_size=2, max_size=6),
    matches,
    st.text(alphabet="ab", max_size=3),
    st.integers(1, 10),
    st.sampled_from(["TARGET", "ACTOR", None]),
)
def test_what_is_said_to_be_taken_is_taken(
    earlier: list[dict[str, Any]], last: dict[str, Any], name: str, severity: int, role: str | None
) -> None:
    taking = behind(*earlier, last=last)
    live = Instance("i-99999999", "running", None, {"Env": "prod"})
    found = finding(type=f"{name}:", severity=severity, service__resourceRole=role)
    subject = Subject(found, None, live)
    if taking and matchers.rule_match(last, ()).holds(subject):
        assert any(matchers.rule_match(earlier[at], ()).holds(subject) for at in taking)
