"""What a policy's matchers want, what they see, and whether one contains another.

A matcher is a wanted value with `holds(seen)` and `covers(other)`; `SEES` says what each name looks at.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from quarantag.finding import Finding
from quarantag.instance import Instance
from quarantag.naming import NamedInstance

INSTANCE_TYPES = ("Instance", "AttackSequence")
"""The resource types of findings that are about instances: what a rule matches that names no other."""


@dataclass(frozen=True, slots=True)
class Subject:
    """All that a matcher may look at: the finding, the instance that it names, and that instance as it is now."""

    finding: Finding
    named: NamedInstance | None = None
    instance: Instance | None = None


class Wanted(Protocol):
    """One matcher of a rule."""

    def holds(self, seen: object) -> bool:
        """Whether what is seen is what is wanted."""

    def covers(self, other: "Wanted") -> bool:
        """Whether this surely holds wherever `other` holds; False where that is not plain."""


@dataclass(frozen=True, slots=True)
class Range:
    """A number, from `at_least`, below `below`."""

    at_least: float | None = None
    below: float | None = None

    def holds(self, seen: object) -> bool:
        """Whether the number lies in the range."""
        if not isinstance(seen, int | float):
            return False
        return (self.at_least is None or seen >= self.at_least) and (self.below is None or seen < self.below)

    def covers(self, other: Wanted) -> bool:
        """Whether the other range lies in this one."""
        if not isinstance(other, Range):
            return False
        low = self.at_least is None or (other.at_least is not None and self.at_least <= other.at_least)
        return low and (self.below is None or (other.below is not None and other.below <= self.below))

    def __str__(self) -> str:
        low = "" if self.at_least is None else f"at least {self.at_least:g}"
        high = "" if self.below is None else f"below {self.below:g}"
        return " and ".join(part for part in (low, high) if part)


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of these values, exactly."""

    values: tuple[str, ...]

    def holds(self, seen: object) -> bool:
        """Whether the value is one of them."""
        return seen in self.values

    def covers(self, other: Wanted) -> bool:
        """Whether the other's values are all among these."""
        return isinstance(other, OneOf) and set(other.values) <= set(self.values)

    def __str__(self) -> str:
        return " or ".join(self.values)


@dataclass(frozen=True, slots=True)
class Flag:
    """Yes or no."""

    value: bool

    def holds(self, seen: object) -> bool:
        """Whether it is so."""
        return seen is self.value

    def covers(self, other: Wanted) -> bool:
        """Whether the other wants the same."""
        return isinstance(other, Flag) and other.value is self.value

    def __str__(self) -> str:
        return str(self.value).lower()


def _fits(pattern: str, seen: str) -> bool:
    """`*` is any text, `?` any one character but a `*` (so that a pattern never covers a wider one); case counts.

    Only the last `*` is ever tried again, so the steps are at most the product of the lengths: an attacker who writes
    the text burns no time with it, as with a regular expression.
    """
    place = at = resume = 0
    star = -1
    while at < len(seen):
        wanted = pattern[place : place + 1]
        if wanted == "*":
            star, resume, place = place, at, place + 1
        elif wanted == seen[at] or (wanted == "?" and seen[at] != "*"):
            place, at = place + 1, at + 1
        elif star < 0:
            return False
        else:
            resume += 1
            place, at = star + 1, resume
    return not pattern[place:].strip("*")


@dataclass(frozen=True, slots=True)
class Globs:
    """A text like one of these patterns."""

    patterns: tuple[str, ...]

    def holds(self, seen: object) -> bool:
        """Whether one of the patterns fits the whole text."""
        return isinstance(seen, str) and any(_fits(pattern, seen) for pattern in self.patterns)

    def covers(self, other: Wanted) -> bool:
        """Whether each of the other's patterns, read as a text, fits one of these: then so does all that it fits."""
        return isinstance(other, Globs) and all(self.holds(pattern) for pattern in other.patterns)

    def __str__(self) -> str:
        return " or ".join(self.patterns)


@dataclass(frozen=True, slots=True)
class TagGlobs:
    """Live tags, each with a value like one of its patterns."""

    tags: tuple[tuple[str, Globs], ...]

    def holds(self, seen: object) -> bool:
        """Whether every tag is there and fits; an absent tag fits nothing, not even `*`."""
        return isinstance(seen, Mapping) and all(globs.holds(seen.get(key)) for key, globs in self.tags)

    def covers(self, other: Wanted) -> bool:
        """Whether the other asks for all of these tags, as narrowly."""
        if not isinstance(other, TagGlobs):
            return False
        theirs = dict(other.tags)
        return all(key in theirs and globs.covers(theirs[key]) for key, globs in self.tags)

    def __str__(self) -> str:
        return " and ".join(f"{key}={globs}" for key, globs in self.tags)


SEES: Mapping[str, Callable[[Subject], object]] = {
    "severity": lambda subject: subject.finding.severity,
    "type": lambda subject: subject.finding.type,
    "resource_type": lambda subject: subject.finding.resource_type,
    "resource_role": lambda subject: subject.finding.resource_role,
    "account": lambda subject: subject.named.account if subject.named else subject.finding.account,
    "region": lambda subject: subject.named.region if subject.named else subject.finding.region,
    "vpc": lambda subject: subject.instance.vpc_id if subject.instance else None,
    "instance_id": lambda subject: subject.named.instance_id if subject.named else None,
    "instance_tags": lambda subject: subject.instance.tags if subject.instance else {},
    "kubernetes_worker": lambda subject: subject.instance.cluster is not None if subject.instance else None,
    "feature": lambda subject: subject.finding.feature,
    "count": lambda subject: subject.finding.count,
    "sequence": lambda subject: subject.finding.sequence,
}


@dataclass(frozen=True, slots=True)
class Check:
    """One matcher of one rule, tried on one subject: what it wanted, what it saw, whether it held."""

    matcher: str
    wanted: Wanted
    saw: object
    held: bool


@dataclass(frozen=True, slots=True)
class Match:
    """Matchers that must all hold, by name."""

    matchers: tuple[tuple[str, Wanted], ...]

    def checks(self, subject: Subject) -> tuple[Check, ...]:
        """Try every matcher on the subject, in order."""
        seen = [(name, wanted, SEES[name](subject)) for name, wanted in self.matchers]
        return tuple(Check(name, wanted, saw, wanted.holds(saw)) for name, wanted, saw in seen)

    def holds(self, subject: Subject) -> bool:
        """Whether every matcher holds."""
        return all(wanted.holds(SEES[name](subject)) for name, wanted in self.matchers)

    def covers(self, other: "Match") -> bool:
        """Whether this surely holds wherever `other` holds; False where that is not plain."""
        theirs = dict(other.matchers)
        return all(name in theirs and wanted.covers(theirs[name]) for name, wanted in self.matchers)
