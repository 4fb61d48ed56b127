"""What `policy check` warns of: unknown types, gaps, shadows, idle limits, ended exemptions, rules without proof."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from console import finding_types
from console.unwise import exemptions, limits, severities, shadows, unknown_types, unproven
from console.unwise.warned import Warned
from quarantag import policy
from quarantag.policy import Policy

Warner = Callable[[Policy], Iterator[Warned]]
HIGH: dict[str, Any] = {"severity": {"at_least": 7.0}}
SPAMBOT = "Backdoor:EC2/Spambot"
KEYS = "UnauthorizedAccess:IAMUser/*"


def loaded(*rules: tuple[dict[str, Any], str], **more: object) -> Policy:
    written = [{"id": f"r{at}", "match": match, "then": then} for at, (match, then) in enumerate(rules)]
    return policy.load({"version": 1, "rules": written, **more})


def said(warner: Warner, policy: Policy) -> list[str]:
    return [str(warned) for warned in warner(policy)]


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("Backdor:*", 'did you mean "Backdoor:*"?'),
        ("backdoor:*", 'did you mean "Backdoor:*"?'),
        ("Backdoor:EC2", 'did you mean "Backdoor:EC2/*"?'),
        ("Backdoor:EC2/C&CActivity", 'did you mean "Backdoor:EC2/C&CActivity*"?'),
        ("Crypto:*", 'did you mean "Crypto*:*"?'),
        ("CryptoCurrency:Ec2/*", 'did you mean "CryptoCurrency:EC2/*"?'),
        ("*InstanceCredentialExfltration*", 'did you mean "*InstanceCredentialExfiltration*"?'),
        ("Backdoor:*, Trojan:*", 'several are a list, write ["Backdoor:*", "Trojan:*"]'),
        ("Zzz:*", "`quarantag policy catalogue` lists the "),
    ],
)
def test_a_pattern_that_fits_no_known_type_is_told_with_the_nearest_that_does(written: str, instead: str) -> None:
    (told,) = said(unknown_types.unknown, loaded(({"type": written}, "review")))
    assert told.startswith(f"rules[0].match.type: no known finding type is like {written!r}: {instead}")
    assert all(map(finding_types.like, finding_types.instead(written)))


def test_it_is_told_at_its_place_in_a_list() -> None:
    (warned,) = unknown_types.unknown(loaded(({"type": ["Backdoor:*", "Trjan:*"]}, "review")))
    assert warned.path == ("rules", 0, "match", "type", 1)


def test_a_rule_that_looks_at_another_resource_is_told() -> None:
    (told,) = said(unknown_types.unknown, loaded(({"type": KEYS}, "review")))
    assert "about another resource type, AccessKey" in told
    assert told.endswith("write `resource_type: AccessKey` into its match")
    assert said(unknown_types.unknown, loaded(({"type": KEYS, "resource_type": "AccessKey"}, "review"))) == []
    assert said(unknown_types.unknown, loaded(({"type": "UnauthorizedAccess:*"}, "review"))) == []


def test_an_expectation_of_an_unknown_type_is_told() -> None:
    expect = [{"finding": {"type": "Backdor:EC2/Spambot", "severity": 8.0}, "action": "ignore"}]
    (told,) = said(unknown_types.unknown, loaded((HIGH, "review"), expect=expect))
    assert (
        told == f"expect[0].finding.type: 'Backdor:EC2/Spambot' is no known finding type: did you mean \"{SPAMBOT}\"?"
    )


@pytest.mark.parametrize(
    ("rules", "told", "place"),
    [
        (
            [(HIGH, "isolate"), ({"severity": {"at_least": 4.0, "below": 6.9}}, "review")],
            "findings of severity from 6.9, below 7, fall through",
            ("rules", 1, "match", "severity"),
        ),
        ([({"severity": {"at_least": 4.0, "below": 7.0}}, "review")], "severity 7 and more fall through", None),
        ([({"severity": {"at_least": 9.0}}, "isolate")], "severity from 7, below 9, fall through", None),
        ([({**HIGH, "type": "Backdoor:*"}, "isolate")], "severity 7 and more fall through", ("rules",)),
        ([({**HIGH, "resource_role": "ACTOR"}, "isolate")], "severity 7 and more fall through", ("rules",)),
        ([(HIGH, "review"), ({"severity": {"below": 4.0}, "vpc": "vpc-0a1"}, "ignore")], "from 4, below 7,", None),
    ],
)
def test_a_gap_is_named(
    rules: list[tuple[dict[str, Any], str]], told: str, place: tuple[str | int, ...] | None
) -> None:
    (warned,) = severities.gaps(loaded(*rules))
    assert told in warned.message
    assert place in {None, warned.path}


@pytest.mark.parametrize(
    "rules",
    [
        [(HIGH, "isolate")],
        [(HIGH, "isolate"), ({"severity": {"at_least": 4.0, "below": 7.0}}, "review")],
        [(HIGH, "isolate"), ({"count": {"at_least": 100}}, "review")],
        [({"severity": {"below": 7.0}}, "ignore"), ({**HIGH, "account": "111122223333"}, "isolate")],
        [({"resource_role": ["ACTOR", "TARGET"]}, "review"), (HIGH, "review")],
        [({"sequence": True}, "isolate"), ({"sequence": False, **HIGH}, "review")],
    ],
)
def test_where_nothing_falls_through_nothing_is_said(rules: list[tuple[dict[str, Any], str]]) -> None:
    assert said(severities.gaps, loaded(*rules)) == []


def test_a_rule_that_no_known_type_reaches_is_told() -> None:
    families = ({"type": ["Backdoor:EC2/*"]}, "isolate"), ({"type": "Backdoor:Runtime/*"}, "isolate")
    (told,) = said(shadows.shadowed, loaded(*families, ({"type": "Backdoor:*"}, "review")))
    assert told.startswith("rules[2]: rule r2 matches no known finding type that r0 and r1 would leave to it")
    assert said(shadows.shadowed, loaded(families[0], ({"type": "Backdoor:*"}, "review"))) == []


def test_a_pattern_that_is_never_asked_for_is_told() -> None:
    rules = ({"type": "Backdoor:*"}, "isolate"), ({"type": ["Trojan:*", "Backdoor:EC2/*"], **HIGH}, "review")
    (warned,) = shadows.shadowed(loaded(*rules))
    assert warned.path == ("rules", 1, "match", "type", 1)
    assert warned.message.startswith("'Backdoor:EC2/*' is never asked for here, because r0 takes all of it")


def limit(most: int, per: str, by: str = "account") -> dict[str, Any]:
    return {"max": most, "per": per, "by": by}


@pytest.mark.parametrize(
    ("written", "idle"),
    [
        ([limit(10, "1h"), limit(10, "30m")], [1]),
        ([limit(2, "1h"), limit(48, "1d")], [1]),
        ([limit(2, "1h"), limit(47, "1d")], []),
        ([limit(10, "1h"), limit(10, "1h", "vpc")], [1]),
        ([limit(10, "1h"), limit(9, "1h", "vpc")], []),
        ([limit(10, "1h", "vpc"), limit(20, "1h", "account")], []),
        ([limit(3, "40m"), limit(9, "1h")], [1]),
        ([limit(3, "40m"), limit(8, "1h")], []),
        ([limit(5, "1h", "tag:A"), limit(5, "30m", "tag:B")], []),
    ],
)
def test_a_limit_that_another_one_reaches_first_is_told(written: list[dict[str, Any]], idle: list[int]) -> None:
    assert [warned.path[1] for warned in limits.idle(loaded((HIGH, "isolate"), limits=written))] == idle


def test_limits_without_anything_to_count_are_told_once() -> None:
    two = [limit(10, "1h"), limit(2, "1d")]
    assert said(limits.idle, loaded((HIGH, "review"), limits=two)) == [
        "limits: no rule isolates, so that nothing is counted: leave the limits out"
    ]
    beyond = policy.load(
        {"version": 1, "limits": two, "rules": [{"id": "r0", "match": HIGH, "then": "isolate", "beyond_limits": True}]}
    )
    assert "every isolating rule says `beyond_limits: true`" in said(limits.idle, beyond)[0]


@pytest.mark.parametrize(
    ("today", "told"),
    [
        (date(2026, 12, 1), "erp expired on 2026-11-30 and exempts nothing any more"),
        (date(2026, 11, 30), "erp expires today, on 2026-11-30"),
        (date(2026, 11, 29), "erp expires in 1 day, on 2026-11-30"),
        (date(2026, 10, 31), "erp expires in 30 days, on 2026-11-30"),
        (date(2026, 10, 30), None),
    ],
)
def test_an_exemption_that_ends_is_told(today: date, told: str | None) -> None:
    erp = {"id": "erp", "match": {"account": "111122223333"}, "reason": "r", "owner": "me", "expires": "2026-11-30"}
    found = [warned.message for warned in exemptions.ending(loaded((HIGH, "isolate"), exemptions=[erp]), today)]
    assert found == ([f"{told}: ask me, then leave it out or write a later day"] if told else [])


def hit(severity: float, rule: str) -> dict[str, Any]:
    return {"finding": {"type": SPAMBOT, "severity": severity}, "action": "isolate", "rule": rule}


def test_an_isolating_rule_that_no_expectation_needs_is_told() -> None:
    rules = ({"severity": {"at_least": 9.0}}, "isolate"), (HIGH, "isolate")
    (told,) = said(unproven.unproven, loaded(*rules, expect=[hit(9.5, "r0"), hit(8.0, "r1")]))
    assert told.startswith("rules[0]: rule r0 could be deleted and every expectation would still isolate, by r1")


def test_one_that_goes_beyond_limits_is_needed_for_that() -> None:
    critical = {"id": "r0", "match": {"severity": {"at_least": 9.0}}, "then": "isolate", "beyond_limits": True}
    rules = [critical, {"id": "r1", "match": HIGH, "then": "isolate"}]
    expect = [hit(9.5, "r0"), hit(8.0, "r1")]
    assert said(unproven.unproven, policy.load({"version": 1, "rules": rules, "expect": expect})) == []
