"""Rules that match by tags, which an attacker may write, and spare what a rule below acts on."""

from collections.abc import Iterator, Sequence

from console.unwise.warned import Warned
from quarantag.matching import Flag, Match, OneOf, Range, TagGlobs, Wanted
from quarantag.policy import Policy, Rule

STRICTNESS = {"ignore": 0, "review": 1, "isolate": 2}
SPARED = {"ignore": "ignored", "review": "only reviewed"}
WRITABLE = ("instance_tags", "kubernetes_worker")
"""The matchers that look at what whoever may tag the instance can write."""
EXEMPTION = "`exemptions: [{{id: {id}, match: {{instance_id: [i-…]}}, reason: …, owner: …, expires: …}}]`"


def spared(policy: Policy) -> Iterator[Warned]:
    """Warn of each rule that matches by tags and is less strict than one below that it takes something from."""
    for position, rule in enumerate(policy.rules):
        tagged = next((matcher for matcher in rule.match.matchers if matcher[0] in WRITABLE), None)
        stricter = _stricter(rule, policy.rules[position + 1 :]) if tagged else None
        if tagged and stricter:
            yield Warned(("rules", position, "match", tagged[0]), _sparing(rule, tagged[1], stricter))


def _stricter(rule: Rule, below: Sequence[Rule]) -> Rule | None:
    """The strictest rule below that would act on something that this one takes, and more strictly."""
    taken = [
        other
        for other in below
        if STRICTNESS[other.action] > STRICTNESS[rule.action] and not _apart(rule.match, other.match)
    ]
    return max(taken, key=lambda other: STRICTNESS[other.action], default=None)


def _sparing(rule: Rule, wanted: Wanted, stricter: Rule) -> str:
    isolates = stricter.action == "isolate"
    otherwise = f"rule {stricter.id} {'isolates' if isolates else 'asks a human'}"
    instead = f"write an exemption instead, {EXEMPTION.format(id=rule.id)}"
    by_id = isolates and isinstance(wanted, TagGlobs)
    return (
        f"whoever may tag the instance, an attacker too, can {_written(wanted)} and is then {SPARED[rule.action]} "
        f"where {otherwise}: {instead if by_id else 'match by instance_id or vpc instead'}"
    )


def _written(wanted: Wanted) -> str:
    """What has to be done to the tags so that the matcher holds."""
    if isinstance(wanted, TagGlobs):
        keys = [repr(key) for key, _ in wanted.tags]
        return f"write the tag{'s' if len(keys) > 1 else ''} {' and '.join(keys)}"
    worker = isinstance(wanted, Flag) and wanted.value
    return f"{'write' if worker else 'delete'} the tags of a Kubernetes worker"


def _apart(first: Match, second: Match) -> bool:
    """Whether surely nothing fits both; False where that is not plain."""
    theirs = {name: wanted for name, wanted in second.matchers if name not in WRITABLE}
    return any(name in theirs and _disjoint(wanted, theirs[name]) for name, wanted in first.matchers)


def _disjoint(first: Wanted, second: Wanted) -> bool:
    if isinstance(first, Range) and isinstance(second, Range):
        return _below(first, second) or _below(second, first)
    if isinstance(first, OneOf) and isinstance(second, OneOf):
        return set(first.values).isdisjoint(second.values)
    return isinstance(first, Flag) and isinstance(second, Flag) and first != second


def _below(first: Range, second: Range) -> bool:
    return first.below is not None and second.at_least is not None and first.below <= second.at_least
