"""The mutation check: isolating rules that could be deleted, and no expectation would end differently."""

from collections.abc import Iterator
from dataclasses import replace

from console.unwise.warned import Warned
from quarantag import expectations
from quarantag.policy import Policy, Rule


def unproven(policy: Policy) -> Iterator[Warned]:
    """Warn of each isolating rule without which every expectation would still have the same outcome.

    Only those that name the rule can change: the first match decides. `beyond_limits` is part of the outcome.
    """
    for position, rule in enumerate(policy.rules):
        if rule.action != "isolate":
            continue
        without = replace(policy, rules=(*policy.rules[:position], *policy.rules[position + 1 :]))
        named = [one for one in policy.expectations if one.rule == rule.id and one.action == "isolate"]
        stand_ins = [without.rule(expectations.decided(without, one).rule) for one in named]
        if named and all(_alike(rule, other) for other in stand_ins):
            who = " and ".join(sorted({other.id for other in stand_ins if other}))
            problem = f"rule {rule.id} could be deleted and every expectation would still isolate, by {who}"
            yield Warned(
                ("rules", position), f"{problem}: expect a finding that only {rule.id} isolates, or leave it out"
            )


def _alike(rule: Rule, other: Rule | None) -> bool:
    return other is not None and (other.action, other.beyond_limits) == (rule.action, rule.beyond_limits)
