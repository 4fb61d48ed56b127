"""Rules, or patterns of theirs, that earlier rules leave nothing known to: the runtime refuses what is sure for all."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from console import finding_types
from console.unwise.unknown_types import patterns, resource_types
from console.unwise.warned import Warned
from quarantag import reach
from quarantag.matching import Globs, Match
from quarantag.policy import Policy, Rule


def shadowed(policy: Policy) -> Iterator[Warned]:
    """Warn of each rule that no known finding type reaches, and of each pattern that earlier rules take whole."""
    for position, rule in enumerate(policy.rules):
        earlier = policy.rules[:position]
        taking = _taking_all_known(rule, earlier)
        if taking:
            who = " and ".join(taking)
            problem = f"rule {rule.id} matches no known finding type that {who} would leave to it"
            yield Warned(("rules", position), f"{problem}: move it above, or leave it out")
            continue
        for at, pattern in enumerate(patterns(rule) if len(patterns(rule)) > 1 else ()):
            taken = reach.taking(_narrowed(rule.match, pattern), [one.match for one in earlier])
            if taken:
                who = " and ".join(earlier[one].id for one in taken)
                problem = f"{pattern!r} is never asked for here, because {who} takes all of it"
                yield Warned(
                    ("rules", position, "match", "type", at), f"{problem}: move this rule above, or leave it out"
                )


def _taking_all_known(rule: Rule, earlier: Sequence[Rule]) -> list[str]:
    """Ids of the earlier rules that take every known type that the rule's patterns fit; none where one is left."""
    known = [one for pattern in patterns(rule) for one in finding_types.like(pattern)]
    wanted = [one for one in known if not set(finding_types.about(one)).isdisjoint(resource_types(rule))]
    if len(patterns(rule)) == 1 and known == list(patterns(rule)):
        return []  # it is that type alone, and the policy would not have loaded
    matches, taking = [one.match for one in earlier], set[int]()
    for finding_type in wanted:
        taken = reach.taking(_narrowed(rule.match, finding_type), matches)
        if not taken:
            return []
        taking.update(taken)
    return [earlier[at].id for at in sorted(taking)]


def _narrowed(match: Match, pattern: str) -> Match:
    sides = ((name, Globs((pattern,)) if name == "type" else wanted) for name, wanted in match.matchers)
    return replace(match, matchers=tuple(sides))
