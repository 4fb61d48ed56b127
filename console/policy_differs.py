"""Where an expectation and the policy part: what was wanted, what came, and which matcher made it so."""

from dataclasses import dataclass

from console.screen_words import seen
from quarantag import expectations
from quarantag.decision import Attempt, Explanation
from quarantag.examples import Expectation
from quarantag.matching import Check
from quarantag.policy import Policy


@dataclass(frozen=True, slots=True)
class Difference:
    """A failed expectation: action and rule as wanted and as got, and why, in one line."""

    wanted: str
    got: str
    why: str


def difference(policy: Policy, path: tuple[str | int, ...]) -> Difference | None:
    """How the expectation at this place of the document fails; None where the place is of something else."""
    if len(path) != 2 or path[0] != "expect":  # noqa: PLR2004 (the section and the position in it)
        return None
    expected = policy.expectations[int(path[1])]
    explanation = expectations.explained(policy, expected)
    decision = explanation.decision
    got = expectations.words(decision.action, decision.rule)
    return Difference(expectations.words(expected.action, expected.rule), got, _why(expected, explanation))


def _why(expected: Expectation, explanation: Explanation) -> str:
    """The trace's reason: what the wanted rule missed, or what took the finding before it."""
    tried = {attempt.rule.id: attempt for attempt in explanation.attempts}
    wanted = tried.get(expected.rule or "")
    last = explanation.attempts[-1] if explanation.attempts else None
    if wanted and not wanted.held:
        missed = " and ".join(_check(check) for check in wanted.checks if not check.held)
        return f"rule {wanted.rule.id} does not match: {missed}"
    if wanted is None and last and last.held:
        before = f", before {expected.rule} is asked" if expected.rule else ""
        return f"rule {last.rule.id} matches first{before}: {_held(last)}"
    return explanation.decision.reason


def _held(attempt: Attempt) -> str:
    return ", ".join(_check(check) for check in attempt.checks)


def _check(check: Check) -> str:
    return f"{check.matcher} wants {check.wanted} and saw {seen(check.saw)}"
