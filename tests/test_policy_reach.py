"""A rule that no finding can reach is refused; one that some finding can reach is not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarantag import matchers, policy
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
