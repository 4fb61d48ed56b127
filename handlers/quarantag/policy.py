"""A severity policy, validated: rules, limits, exemptions, and the policy's own tests.

`load` is the only validator at run time. It does not run the `expect` entries: those are a test of the file, which
`expectations.check` runs at build (no unchecked file reaches the artifact) and in `quarantag policy check`.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from quarantag import matchers, reach, strict
from quarantag.errors import InvalidPolicy
from quarantag.examples import Expectation, expectation, identifier
from quarantag.matching import Match
from quarantag.strict import Field, Path

SECONDS = {"m": 60, "h": 3600, "d": 86400}
TAG_SCOPE = "tag:"
MOST_LIMITS = 20
"""They are counted in one DynamoDB transaction, which takes 100 items."""

RuleAction = Literal["isolate", "review", "ignore"]


@dataclass(frozen=True, slots=True)
class Rule:
    """The first rule whose match holds decides. `beyond_limits`: this rule isolates even where a limit is full."""

    id: str
    match: Match
    action: RuleAction
    beyond_limits: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `maximum` automatic isolations in `window_seconds`, for each value of `by`.

    `by` is `account`, `vpc`, `auto-scaling-group`, or `tag` with `tag_key`.
    """

    maximum: int
    window_seconds: int
    by: str
    tag_key: str | None = None

    @property
    def counts(self) -> str:
        """What it counts, in words: two limits that count the same would share one counter."""
        return f"by {self.scope} in windows of {self.window_seconds // 60} minutes"

    @property
    def scope(self) -> str:
        """`by` as the file has it: `vpc`, `tag:Service`."""
        return f"{self.by}:{self.tag_key}" if self.tag_key else self.by


@dataclass(frozen=True, slots=True)
class Exemption:
    """Instances that are held instead of isolated, through the day `expires` (UTC)."""

    id: str
    match: Match
    reason: str
    owner: str
    expires: date

    def stands(self, now: datetime) -> bool:
        """Whether it has not expired at `now`, which is in UTC."""
        return now.date() <= self.expires


@dataclass(frozen=True, slots=True)
class Policy:
    """A validated policy. `hash` is the SHA-256, in hex, of the document as canonical JSON; `version` its format's."""

    version: int
    hash: str
    rules: tuple[Rule, ...]
    limits: tuple[Limit, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    description: str = ""

    def rule(self, rule_id: str | None) -> Rule | None:
        """The rule with this id, as a decision names it."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)


RULE = {
    "id": Field(identifier, "what-it-catches"),
    "description": Field(strict.text, default=""),
    "match": Field(matchers.rule_match, "{severity: {at_least: 7.0}}"),
    "then": Field(strict.word("isolate", "review", "ignore"), "review"),
    "beyond_limits": Field(strict.boolean, default=False),
}
LIMIT = {
    "max": Field(strict.number(1, 1000, whole=True), "10"),
    "per": Field(strict.shaped("[1-9][0-9]{0,2}[mhd]", "1h, 30m or 1d"), "1h"),
    "by": Field(
        strict.shaped("account|vpc|auto-scaling-group|tag:.{1,128}", "account, vpc, auto-scaling-group or tag:Service"),
        "account",
    ),
}
EXEMPTION = {
    "id": Field(identifier, "what-it-spares"),
    "match": Field(matchers.exemption_match, "{instance_id: [i-0123456789abcdef0]}"),
    "reason": Field(strict.text, "why it must not be isolated"),
    "owner": Field(strict.text, "who answers for it"),
    "expires": Field(strict.day, "2027-01-31"),
}


def load(document: object) -> Policy:
    """Validate a policy document: JSON values, as YAML or JSON files hold them.

    Raises `InvalidPolicy` with the place and what to write instead: unknown keys, bad values, repeated ids, limits
    that count the same, rules that no finding can reach, exemptions that lack a reason, an owner or an end, or rest
    on what an attacker can write. It knows no stack: of the guarded tags, `decide` honours only the stack's own.
    """
    given = strict.record(document, (), POLICY)
    strict.Refusals(
        (*_distinct(given["limits"]), *_coherent(given["rules"], given["exemptions"], given["expect"]))
    ).end()
    return Policy(
        version=given["version"],
        hash=hashlib.sha256(canonical(document).encode()).hexdigest(),
        rules=given["rules"],
        limits=given["limits"],
        exemptions=given["exemptions"],
        expectations=given["expect"],
        description=given["description"],
    )


def canonical(document: object) -> str:
    """The document as canonical JSON: sorted keys, no spaces, ASCII."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _version(value: object, path: Path) -> int:
    if isinstance(value, bool) or value != 1:
        raise InvalidPolicy("this release reads version 1 of the format: write `version: 1`", path)
    return 1


def _rule(value: object, path: Path) -> Rule:
    given = strict.record(value, path, RULE)
    if given["beyond_limits"] and given["then"] != "isolate":
        problem = "only isolations are limited: leave it out, or write `then: isolate`"
        raise InvalidPolicy(problem, (*path, "beyond_limits"))
    return Rule(given["id"], given["match"], given["then"], given["beyond_limits"], given["description"])


def _limit(value: object, path: Path) -> Limit:
    given = strict.record(value, path, LIMIT)
    seconds = int(given["per"][:-1]) * SECONDS[given["per"][-1]]
    scope, _, tag_key = given["by"].partition(":")
    return Limit(given["max"], seconds, scope, tag_key or None)


def _distinct(limits: Sequence[Limit]) -> Iterator[InvalidPolicy]:
    """Refuse limits that are too many or share a counter: DynamoDB refuses a transaction that writes one item twice.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
    """
    if len(limits) > MOST_LIMITS:
        yield InvalidPolicy(f"{len(limits)} limits: write at most {MOST_LIMITS}", ("limits",))
    first: dict[str, int] = {}
    for position, limit in enumerate(limits):
        other = first.setdefault(limit.counts, position)
        if other != position:
            least = min(limit.maximum, limits[other].maximum)
            problem = f"limits[{other}] counts the same, {limit.counts}: write one limit of the two, `max: {least}`"
            yield InvalidPolicy(problem, ("limits", position))


def _exemption(value: object, path: Path) -> Exemption:
    return Exemption(**strict.record(value, path, EXEMPTION))


POLICY = {
    "version": Field(_version, "1"),
    "description": Field(strict.text, default=""),
    "limits": Field(strict.listed(_limit), default=()),
    "exemptions": Field(strict.listed(_exemption), default=()),
    "rules": Field(strict.listed(_rule), "[{id: …, match: {…}, then: …}]"),
    "expect": Field(strict.listed(expectation), default=()),
}


def _coherent(
    rules: Sequence[Rule], exemptions: Sequence[Exemption], expectations: Sequence[Expectation]
) -> Iterator[InvalidPolicy]:
    if not rules:
        yield InvalidPolicy("no rule would ignore every finding: write at least one", ("rules",))
        return
    yield from _unique("rules", rules)
    yield from _unique("exemptions", exemptions)
    yield from _unreachable(rules)
    yield from _unknown("expect", expectations, rules)


def _unique(section: str, entries: Sequence[Rule] | Sequence[Exemption]) -> Iterator[InvalidPolicy]:
    ids = [entry.id for entry in entries]
    for position, entry_id in enumerate(ids):
        if entry_id in ids[:position]:
            yield InvalidPolicy(f"the id {entry_id} is taken: give this one another", (section, position, "id"))


def _unreachable(rules: Sequence[Rule]) -> Iterator[InvalidPolicy]:
    for position, rule in enumerate(rules):
        taking = [rules[at].id for at in reach.taking(rule.match, [earlier.match for earlier in rules[:position]])]
        if taking:
            *most, last = taking
            who, takes, them = (
                (f"{', '.join(most)} and {last} together", "match", "them") if most else (last, "matches", last)
            )
            problem = f"rule {rule.id} can never be hit, because {who} {takes} all that it matches"
            narrow = "one of them" if most else "that one"
            yield InvalidPolicy(f"{problem}: move it above {them}, or narrow {narrow}", ("rules", position))


def _unknown(section: str, expectations: Sequence[Expectation], rules: Sequence[Rule]) -> Iterator[InvalidPolicy]:
    ids = [rule.id for rule in rules]
    for position, expected in enumerate(expectations):
        if expected.rule and expected.rule not in ids:
            hint = strict.suggestion(expected.rule, ids)
            yield InvalidPolicy(f"there is no rule {expected.rule}: {hint}", (section, position, "rule"))
