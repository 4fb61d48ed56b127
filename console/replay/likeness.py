"""Which findings a policy can not tell apart: their key, derived from the matchers that the policy writes.

Two usual findings with the same key get the same decision, whatever else they say: everything that `parse` and
`decide` may look at is in the key, is refused as unusual, or is something that no matcher of the policies looks at. A
matcher that this module does not know makes every finding unusual. `tests/test_replay_likeness.py` compares.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterator

from console.replay.engine import MOMENT, Question, moment_at
from console.replay.facts import Facts
from quarantag.finding import HIGHEST_COUNT, SAMPLE_TITLE
from quarantag.matching import OneOf, Range, TagGlobs, Wanted
from quarantag.naming import INSTANCE_ID

ALWAYS = {"severity", "type", "resource_type", "resource_role", "feature", "sequence"}
"""Matchers whose sight is part of every key; a sequence is told by type and resource type, and never remembered."""
WITH_SESSION = ":i-"
"""What the principal of a role's session on an instance has in it (`naming.ROBBED_SESSION`)."""

Extra = Callable[[Facts, str | None], Hashable]
"""What else the key holds; from the finding, and the id of the instance that it names."""


def vpc_of(facts: Facts) -> str | None:
    """The VPC as the record writes it."""
    details = facts.resource.instanceDetails
    interfaces = details.networkInterfaces if details else None
    return interfaces[0].vpcId if interfaces else None


class Likeness:
    """Gives the key of a usual finding."""

    def __init__(self, question: Question) -> None:
        wanted = list(_matchers(question))
        self._released = question.released
        self._hours: set[str] = set()
        self._blind = bool({name for name, _ in wanted} - ALWAYS - set(EXTRAS) - {"instance_tags"})
        self._extras: list[Extra] = [
            make([one for name, one in wanted if name == extra])
            for extra, make in EXTRAS.items()
            if any(name == extra for name, _ in wanted)
        ]
        if any(name == "instance_tags" for name, _ in wanted):
            self._extras.append(_tags(question, [one for name, one in wanted if name == "instance_tags"]))
        ends = sorted({one.expires.isoformat() for policy in question.policies for one in policy.exemptions})
        if ends:
            self._extras.append(lambda facts, _: bisect_left(ends, facts.updatedAt[:10]))

    def key(self, facts: Facts) -> tuple[Hashable, ...] | None:
        """The finding's key; None where it is unusual, so that only `parse` can say what it is."""
        resource, service, details = facts.resource, facts.service, facts.resource.instanceDetails
        seen = details.instanceId if details else None
        if (
            self._blind
            or not (facts.id.strip() and facts.accountId.strip() and facts.region.strip())
            or (seen is not None and not INSTANCE_ID.fullmatch(seen))
            or seen in self._released
            or not self._dated(facts.updatedAt)
            or (facts.title and SAMPLE_TITLE in facts.title)
            or (service.additionalInfo and _may_be_sample(service.additionalInfo))
            or (resource.accessKeyDetails and WITH_SESSION in (resource.accessKeyDetails.principalId or ""))
        ):
            return None
        key = (
            facts.type,
            facts.severity,
            resource.resourceType,
            seen is None,
            service.resourceRole,
            service.archived,
            service.featureName,
        )
        return (*key, *[extra(facts, seen) for extra in self._extras]) if self._extras else key

    def _dated(self, written: str) -> bool:
        if not MOMENT.fullmatch(written):
            return False
        hour = written[:13]
        if hour not in self._hours:
            if moment_at(written) is None:
                return False
            self._hours.add(hour)
        return True


def _matchers(question: Question) -> Iterator[tuple[str, Wanted]]:
    for policy in question.policies:
        for match in (*(rule.match for rule in policy.rules), *(one.match for one in policy.exemptions)):
            yield from match.matchers


def _may_be_sample(info: object) -> bool:
    """Whether the flag is set, or its JSON text may hold one: without these letters or an escape it can't."""
    value = getattr(info, "value", None)
    return bool(getattr(info, "sample", None)) or (value is not None and ("ample" in value or "\\" in value))


def _one_of(see: Callable[[Facts, str | None], str | None]) -> Callable[[list[Wanted]], Extra]:
    """Only the values that are asked for differ from each other."""

    def make(wanted: list[Wanted]) -> Extra:
        if not all(isinstance(one, OneOf) for one in wanted):
            return see
        values = {value for one in wanted if isinstance(one, OneOf) for value in one.values}

        def extra(facts: Facts, seen: str | None) -> str | None:
            value = (see(facts, seen) or "").strip()
            return value if value in values else None

        return extra

    return make


def _count(wanted: list[Wanted]) -> Extra:
    """Only between which bounds the count lies; one that is no whole number from 1 counts as `parse` says."""
    bounds = sorted({bound for one in wanted if isinstance(one, Range) for bound in (one.at_least, one.below) if bound})

    def extra(facts: Facts, _: str | None) -> Hashable:
        count = facts.service.count
        return bisect_right(bounds, min(count, HIGHEST_COUNT)) if type(count) is int and count > 0 else str(count)

    return extra


def _tags(question: Question, wanted: list[Wanted]) -> Extra:
    """Only the values of the tags that are asked for."""
    keys = sorted({key for one in wanted if isinstance(one, TagGlobs) for key, _ in one.tags})
    known = {one: tuple(tags.get(key) for key in keys) for one, tags in question.tags.items()}
    return lambda _, seen: known.get(seen or "")


EXTRAS: dict[str, Callable[[list[Wanted]], Extra]] = {
    "account": _one_of(lambda facts, _: facts.accountId),
    "region": _one_of(lambda facts, _: facts.region),
    "vpc": _one_of(lambda facts, _: vpc_of(facts)),
    "instance_id": _one_of(lambda _, seen: seen),
    "count": _count,
}
