"""The policy simulator is asked right: it allows, denies, says why, and refuses what it can't judge."""

from collections.abc import Mapping

import pytest

from tests.iam.simulator import FULL_ACCESS, Answer, Policy, Question, Request, Unanswerable, allowed, simulate
from tests.iam.variables import resolved

WHO = "arn:aws:sts::111122223333:assumed-role/app/i-0123456789abcdef0"
INSTANCE = "arn:aws:ec2:eu-central-1:111122223333:instance/i-0123456789abcdef0"
READ = Request(WHO, "s3:GetObject", "arn:aws:s3:::bucket/key")


def policy(effect: str, action: str, resource: str = "*", condition: Mapping[str, object] | None = None) -> Policy:
    statement = {"Sid": "It", "Effect": effect, "Action": action, "Resource": resource, "Condition": condition or {}}
    return {"Version": "2012-10-17", "Statement": [statement]}


def test_many_questions_are_answered_in_their_order_with_what_decided() -> None:
    deny = policy("Deny", "s3:*")
    answers = simulate(
        [
            Question(READ, {"all": FULL_ACCESS}),
            Question(READ, {"all": FULL_ACCESS, "no-s3": deny}),
            Question(READ, {}),
            Question(READ, {"all": FULL_ACCESS}, scps={"full": FULL_ACCESS, "guard": deny}),
            Question(READ, {"all": FULL_ACCESS}, scps={"ec2-only": policy("Allow", "ec2:*")}),
            Question(READ, {"all": FULL_ACCESS}, boundaries={"edge": policy("Allow", "ec2:*")}),
            Question(READ, {"all": FULL_ACCESS}, session=deny),
        ]
    )
    asked = "s3:GetObject on arn:aws:s3:::bucket/key: "
    assert [(one.allowed, one.explicit, one.statements) for one in answers[:4]] == [
        (True, False, ("all#1",)),
        (False, True, ("no-s3#It",)),
        (False, False, ()),
        (False, True, ("guard#It",)),
    ]
    assert [one.reason.removeprefix(asked) for one in answers] == [
        "allowed by all#1",
        "denied by no-s3#It",
        "allowed by no statement",
        "denied by guard#It",
        "not let pass by scp",
        "not let pass by pb",
        "denied by SessionPolicy#It",
    ]


def test_a_condition_decides() -> None:
    tagged = policy("Allow", "ec2:StopInstances", INSTANCE, {"StringEquals": {"aws:ResourceTag/Team": "red"}})
    answers = [
        allowed(Question(Request(WHO, "ec2:StopInstances", INSTANCE, context), {"red": tagged}))
        for context in ({"aws:ResourceTag/Team": "red"}, {"aws:ResourceTag/Team": "blue"}, {})
    ]
    assert answers == [True, False, False]


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (Request(WHO, "s3:Bogus"), "invalid.action"),
        (Request(WHO, "ec2:StopInstances", "arn:aws:s3:::bucket"), "no.resource.types"),
        (Request(WHO, READ.action, READ.resource, {"s3:prefix": "x"}), "AWS lists no s3:prefix for it"),
    ],
)
def test_what_it_cannot_judge_is_refused(request_: Request, why: str) -> None:
    with pytest.raises(Unanswerable, match=why):
        simulate([Question(request_, {"all": FULL_ACCESS})])


def test_a_variable_in_an_arn_condition_is_resolved() -> None:
    """The simulator does so in string conditions itself, and takes it for a bad ARN in the others."""
    variable = "${aws:PrincipalTag/Mine}"
    answers: list[Answer] = []
    for operator in ("ArnEquals", "ArnLike", "StringEquals"):
        denied = policy("Deny", "*", condition={operator: {"ec2:SourceInstanceARN": variable}})
        for tags in ({"aws:PrincipalTag/Mine": INSTANCE}, {"aws:PrincipalTag/Mine": f"{INSTANCE}f"}, {}):
            context = {"ec2:SourceInstanceARN": INSTANCE, **tags}
            question = Question(Request(WHO, READ.action, READ.resource, context), {"all": FULL_ACCESS, "no": denied})
            answers += simulate([question])
    assert [one.allowed for one in answers] == [False, True, True] * 3


def test_a_default_stands_in_for_an_absent_key_and_nothing_for_an_absent_one() -> None:
    condition = {"ForAnyValue:ArnLike": {"ec2:SourceInstanceARN": ["${aws:PrincipalTag/A, 'none'}", "${aws:x}"]}}
    assert resolved({"Condition": condition}, {}) == {
        "Condition": {"ForAnyValue:ArnLike": {"ec2:SourceInstanceARN": ["none", "${aws:x}"]}}
    }


def test_keys_are_told_apart_without_regard_to_case() -> None:
    condition = {"ArnEquals": {"k": "${AWS:principaltag/Mine}"}}
    assert resolved(condition, {"aws:PrincipalTag/Mine": INSTANCE}) == {"ArnEquals": {"k": [INSTANCE]}}


def test_a_wildcard_in_a_value_is_refused() -> None:
    with pytest.raises(ValueError, match="not documented"):
        resolved({"ArnEquals": {"k": "${aws:PrincipalTag/Mine}"}}, {"aws:PrincipalTag/Mine": "*"})


def test_only_arn_conditions_are_touched() -> None:
    condition = {"StringEquals": {"k": "${aws:PrincipalTag/Mine}"}, "ArnEquals": {"k": "arn:aws:iam::1:role/x"}}
    assert resolved(condition, {"aws:PrincipalTag/Mine": "x"}) == {
        **condition,
        "ArnEquals": {"k": ["arn:aws:iam::1:role/x"]},
    }
