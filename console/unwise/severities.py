"""Severities that fall through to ignore: between or above those that rules take, or high ones that none takes.

Asked for every known finding type about an instance, in each role that it may have: what no rule can take is a gap.
Scale: https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-severity.html (1.0 to 10.0, high from 7.0).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from console import finding_types
from console.unwise.warned import Warned
from quarantag.matching import INSTANCE_TYPES, Match, Range, Wanted
from quarantag.policy import Policy, Rule

LOWEST, HIGH, HIGHEST = 1.0, 7.0, 10.0
ROLES: dict[str, tuple[str | None, ...]] = {"Instance": ("ACTOR", "TARGET", None), "AttackSequence": (None,)}
MOST_NAMED = 3
EVERYWHERE = Range(LOWEST)

Span = tuple[float, float]
"""Severities from the first, below the second; above `HIGHEST` stands for: and more."""


def gaps(policy: Policy) -> Iterator[Warned]:
    """Warn of each span of severities in which findings about instances are ignored, for all that rules look at."""
    falling: dict[Span, list[str]] = defaultdict(list)
    for finding_type, seen in _kinds():
        for span in _uncovered(policy.rules, dict(seen)):
            if finding_type not in falling[span]:
                falling[span].append(finding_type)
    told: list[Span] = []
    for span, types in sorted(falling.items(), key=lambda gap: -len(gap[1])):
        if len(told) < MOST_NAMED and not any(wider[0] <= span[0] and span[1] <= wider[1] for wider in told):
            told.append(span)
            yield Warned(_place(policy, span), _message(span, types))


@cache
def _kinds() -> tuple[tuple[str, tuple[tuple[str, object], ...]], ...]:
    """Each known type about an instance, with what the matchers would see of such a finding."""
    return tuple(
        (known, (("type", known), ("resource_type", about), ("resource_role", role), ("sequence", about != "Instance")))
        for known in finding_types.catalogue().types
        for about in finding_types.about(known)
        if about in INSTANCE_TYPES
        for role in ROLES[about]
    )


def _uncovered(rules: Sequence[Rule], seen: Mapping[str, object]) -> list[Span]:
    """The spans that no rule can take, and that lie above one that a rule takes, or in what is high."""
    taken = sorted(_span(wanted) for rule in rules if (wanted := _severity(rule.match, seen)) is not None)
    found, reached = [], None
    for least, below in taken:
        if reached is not None and least > reached:
            found.append((reached, least))
        reached = below if reached is None else max(reached, below)
    if reached is None or reached <= HIGHEST:
        found.append((HIGH if reached is None else reached, HIGHEST + 1))
    first = min((least for least, _ in taken), default=HIGHEST)
    return found if first <= HIGH or not taken else [*found, (HIGH, first)]


def _severity(match: Match, seen: Mapping[str, object]) -> Wanted | None:
    """The severities in which the match may hold for what is seen; None where it can't, or asks for something rare.

    A rule that also asks for something else of the finding or the instance, as a tag, counts where it names severities.
    """
    wanted = dict(match.matchers)
    if any(not side.holds(seen[name]) for name, side in wanted.items() if name in seen):
        return None
    severity = wanted.pop("severity", None)
    return severity or (EVERYWHERE if wanted.keys() <= seen.keys() else None)


def _span(wanted: Wanted) -> Span:
    if not isinstance(wanted, Range):
        return LOWEST, HIGHEST + 1
    return wanted.at_least or LOWEST, HIGHEST + 1 if wanted.below is None else wanted.below


def _place(policy: Policy, span: Span) -> tuple[str | int, ...]:
    """The severity of the rule that ends where the gap begins, or begins where it ends."""
    bounds = [dict(rule.match.matchers).get("severity") for rule in policy.rules]
    ranges = [(at, bound) for at, bound in enumerate(bounds) if isinstance(bound, Range)]
    beside = [at for at, bound in ranges if bound.below == span[0]] + [
        at for at, bound in ranges if bound.at_least == span[1]
    ]
    return ("rules", beside[0], "match", "severity") if beside else ("rules",)


def _message(span: Span, types: Sequence[str]) -> str:
    least, below = span
    which = f"{least:g} and more" if below > HIGHEST else f"from {least:g}, below {below:g},"
    bounds = f"at_least: {least:g}" + ("" if below > HIGHEST else f", below: {below:g}")
    named = f"{types[0]} and {len(types) - 1} other known types" if len(types) > 1 else types[0]
    rule = f"{{id: gap, match: {{severity: {{{bounds}}}}}, then: review}}"
    return (
        f"findings of severity {which} fall through all rules and are ignored, for {named} on instances: "
        f"widen a rule, or add `{rule}` at the end"
    )
