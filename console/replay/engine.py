"""What policies decide about one record, by the functions' own engine; offline, as `policy explain` does.

A policy may be asked as it is, beside another (`--against`), and with its isolating rules beginning at other
severities (the threshold curves): all are answered together, as one `Verdicts`.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

from quarantag.decision import Circumstances, Decision, decide
from quarantag.document import dig, get
from quarantag.finding import Finding, NamedInstance
from quarantag.instance import Instance
from quarantag.matching import Match, Range, Wanted
from quarantag.policy import Policy, Rule

EARLIEST = datetime(2017, 1, 1, tzinfo=UTC)
"""GuardDuty began in November 2017: what claims to be older does not say when it was."""
LATEST = datetime(9999, 1, 1, tzinfo=UTC)
"""Nor does what lies so far ahead that no window of a limit could follow: Python's calendar ends with that year."""
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?Z")
"""How GuardDuty writes a time (https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Finding.html)."""
EVERY_RULE = ""
"""The curve on which all isolating rules move together."""


class Verdict(NamedTuple):
    """One decision without whom it is about."""

    action: str
    rule: str | None
    reason: str


class Verdicts(NamedTuple):
    """What is decided about one instance of one finding: by the policy, by the other one, and at other thresholds.

    `reach[n]` is the highest severity threshold at which curve `n` still isolates: `inf` where any does, 0 where none.
    """

    verdict: Verdict
    other: Verdict | None
    reach: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """A threshold that is moved: of one isolating rule, or (`EVERY_RULE`) of all; the policies at both its ends."""

    rule: str
    lowest: Policy
    highest: Policy


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of every record; it goes to every process. `began` is the moment that stands in for an unknown."""

    policy: Policy
    began: datetime
    other: Policy | None = None
    tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    released: Mapping[str, datetime] = field(default_factory=dict)
    act_on_samples: bool = False
    curves: tuple[Curve, ...] = ()

    @property
    def policies(self) -> tuple[Policy, ...]:
        """The policies that are asked."""
        return (self.policy, self.other) if self.other else (self.policy,)

    def circumstances(self, named: NamedInstance, moment: datetime | None) -> Circumstances:
        """As the stack of the instance's own account and Region would have seen it: running, with the known tags."""
        instance_id = named.instance_id
        known = Instance(instance_id, "running", named.vpc_id, self.tags.get(instance_id, {})) if instance_id else None
        now = moment or self.began
        released = self.released.get(instance_id or "")
        return Circumstances(
            named.account,
            named.region,
            now,
            self.act_on_samples,
            exempt_key=None,
            instance=known,
            released_at=released if released and released <= now else None,
        )

    def answers(self, finding: Finding, moment: datetime | None) -> dict[Decision, Verdicts]:
        """Decide about every instance that the finding names, or once about a finding that names none."""
        found: dict[Decision, Verdicts] = {}
        for named in finding.instances or (None,):
            where = self.circumstances(named or NamedInstance(None, finding.account, finding.region), moment)
            decided = partial(decide, finding, named, circumstances=where)
            own, other = decided(self.policy), decided(self.other) if self.other else None
            reach = tuple(_reach(finding, curve, decided) for curve in self.curves)
            found.setdefault(own, Verdicts(_verdict(own), _verdict(other) if other else None, reach))
        return found


def _verdict(decision: Decision) -> Verdict:
    return Verdict(decision.action, decision.rule, decision.reason)


def _reach(finding: Finding, curve: Curve, decided: Callable[[Policy], Decision]) -> float:
    """A moved `at_least` either holds for this finding's severity or does not: both are asked, so all steps are."""
    if decided(curve.highest).action == "isolate":
        return math.inf
    return finding.severity if decided(curve.lowest).action == "isolate" else 0.0


def curves(policy: Policy) -> tuple[Curve, ...]:
    """The curves of this policy: all its isolating rules together, then each alone."""
    isolating = [rule.id for rule in policy.rules if rule.action == "isolate"]
    sets = [(EVERY_RULE, isolating), *((one, [one]) for one in isolating)]
    return tuple(Curve(name, _moved(policy, moved, None), _without(policy, moved)) for name, moved in sets)


def at_threshold(policy: Policy, moved: Sequence[str], at_least: float) -> Policy:
    """The policy with these rules beginning at this severity, whatever they said."""
    return _moved(policy, moved, at_least)


def threshold(rule: Rule) -> float | None:
    """The severity at which the rule begins, None where it takes any."""
    wanted = dict(rule.match.matchers).get("severity")
    return wanted.at_least if isinstance(wanted, Range) else None


def _moved(policy: Policy, moved: Sequence[str], at_least: float | None) -> Policy:
    return replace(policy, rules=tuple(_beginning(r, at_least) if r.id in moved else r for r in policy.rules))


def _beginning(rule: Rule, at_least: float | None) -> Rule:
    matchers = dict[str, Wanted](rule.match.matchers)
    given = matchers.get("severity")
    matchers["severity"] = Range(at_least, given.below if isinstance(given, Range) else None)
    return replace(rule, match=Match(tuple(matchers.items())))


def _without(policy: Policy, moved: Sequence[str]) -> Policy:
    return replace(policy, rules=tuple(rule for rule in policy.rules if rule.id not in moved))


def moment_of(document: object) -> datetime | None:
    """When the finding's event was sent: `updatedAt`, else `eventLastSeen`, else `createdAt`; None where none says."""
    body = get(document, "detail") or document
    written = (get(body, "updatedAt"), dig(body, "service", "eventLastSeen"), get(body, "createdAt"))
    return next((moment for one in written if (moment := moment_at(one))), None)


def moment_at(written: object) -> datetime | None:
    """The moment where it is written as GuardDuty writes one, or with an offset; None where it makes no sense."""
    try:
        moment = datetime.fromisoformat(written) if isinstance(written, str) else written
        if not isinstance(moment, datetime):
            return None
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if EARLIEST <= moment < LATEST else None
