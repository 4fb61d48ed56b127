"""What a replay found, as one JSON document: the stable interface, and what the tables and the report show."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from console.replay.engine import Verdict
from console.replay.guardrails import Contained, Outcome
from console.replay.run import Replayed, shown_place
from console.replay.tally import ACTIONS, UNDATED, Kind, Part

Document = dict[str, Any]


def summary(replayed: Replayed, names: Mapping[str, str | None]) -> Document:
    """The document without the lists that may be long (`changes`, `rejections`); `names` are the policies' files.

    `decisions` and all counts are after limits: what a limit held counts as `hold`.
    """
    question, part = replayed.question, replayed.part
    own = settled(part, replayed.outcome, other=False)
    document: Document = {
        "findings": part.findings,
        "rejected": len(replayed.rejections),
        "decisions": decisions(own),
        "instances": [contained(one) for one in replayed.outcome.contained],
        "held_instances": [contained(one) for one in replayed.outcome.waiting],
        "limits": limits(replayed.outcome),
        "period": period(part),
        "busiest_hour": busiest(replayed.outcome, part),
        "by_rule": by_rule(own),
        "by_type": by_type(own),
        "policy": {"file": names["policy"], "hash": question.policy.hash},
    }
    if question.other:
        document["against"] = _against(replayed, names["against"], question.other.hash)
    return document


def _against(replayed: Replayed, name: str | None, policy_hash: str) -> Document:
    other = settled(replayed.part, replayed.other, other=True)
    before = {one.noted.who for one in replayed.other.contained}
    after = {one.noted.who for one in replayed.outcome.contained}
    return {
        "file": name,
        "hash": policy_hash,
        "decisions": decisions(other),
        "instances": len(before),
        "instances_only_before": sorted(str(one[0]) for one in before - after),
        "instances_only_after": sorted(str(one[0]) for one in after - before),
        "changed": len(replayed.changes),
        "moves": moves(replayed.part),
    }


def settled(part: Part, outcome: Outcome, *, other: bool) -> Counter[tuple[Kind, Verdict]]:
    """How often each kind was decided how, after limits."""
    counts: Counter[tuple[Kind, Verdict]] = Counter()
    for kind, number in part.kinds.items():
        verdict = kind.verdicts.other if other else kind.verdicts.verdict
        if verdict:
            counts[(kind, verdict)] += number
    for (_, kind, verdict), number in outcome.held.items():
        counts[(kind, verdict)] -= number
        counts[(kind, verdict._replace(action="hold", reason="A limit is reached"))] += number
    return +counts


def decisions(counts: Mapping[tuple[Kind, Verdict], int]) -> dict[str, int]:
    """Decisions by action."""
    found = dict.fromkeys(ACTIONS, 0)
    for (_, verdict), number in counts.items():
        found[verdict.action] += number
    return found


def by_rule(counts: Mapping[tuple[Kind, Verdict], int]) -> list[Document]:
    """Decisions by rule and action, the most frequent first; no rule is null."""
    found: Counter[tuple[str | None, str]] = Counter()
    for (_, verdict), number in counts.items():
        found[(verdict.rule, verdict.action)] += number
    return [{"rule": rule, "action": action, "decisions": number} for (rule, action), number in found.most_common()]


def by_type(counts: Mapping[tuple[Kind, Verdict], int]) -> list[Document]:
    """Decisions by type, each with its actions, the most frequent first."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for (kind, verdict), number in counts.items():
        found[kind.type][verdict.action] += number
    ordered = sorted(found.items(), key=lambda one: (-one[1].total(), one[0]))
    return [{"type": name, **{action: counted[action] for action in ACTIONS}} for name, counted in ordered]


def contained(one: Contained) -> Document:
    """One instance that would have been isolated, or was held to the end (`isolated_at` null)."""
    instance_id, account, region = one.noted.who
    return {
        "instance_id": instance_id,
        "account": account,
        "region": region,
        "isolated_at": f"{one.at:%Y-%m-%dT%H:%M:%SZ}" if one.at else None,
        "rule": one.verdict.rule,
        "type": one.noted.kind.type,
        "severity": one.noted.kind.severity,
        "finding_id": one.noted.finding_id,
        "place": shown_place(one.noted.place),
        "held_since": f"{one.held_since:%Y-%m-%dT%H:%M:%SZ}" if one.held_since else None,
        "held_by": one.held_by or None,
    }


def limits(outcome: Outcome) -> list[Document]:
    """Each limit that held something, with what and in how many of its windows; the busiest first."""
    used = sorted(outcome.limits.values(), key=lambda one: (-one.decisions, one.account, one.region, one.limit))
    return [
        {
            "account": one.account,
            "region": one.region,
            "limit": one.limit,
            "full_windows": len(one.windows),
            "held_decisions": one.decisions,
            "held_instances": len(one.instances),
            "first_full": f"{min(one.windows):%Y-%m-%dT%H:%M:%SZ}",
        }
        for one in used
    ]


def period(part: Part) -> Document:
    """The first and the last hour with a finding, and how many do not say when they were."""
    hours = sorted(hour for hour in part.hours if hour != UNDATED)
    undated = sum(part.hours.get(UNDATED, ()))
    return {
        "first": _hour(hours[0]) if hours else None,
        "last": _hour(hours[-1]) if hours else None,
        "undated": undated,
    }


def busiest(outcome: Outcome, part: Part) -> Document | None:
    """The hour in which the most instances would have been isolated, else the one with the most decisions."""
    isolated = Counter(f"{one.at:%Y-%m-%dT%H}" for one in outcome.contained if one.at)
    dated = {hour: sum(counts) for hour, counts in part.hours.items() if hour != UNDATED}
    hour = _most(isolated) or _most(dated)
    return {"hour": _hour(hour), "isolated": isolated[hour], "decisions": dated.get(hour, 0)} if hour else None


def _most(counts: Mapping[str, int]) -> str | None:
    return min(counts, key=lambda hour: (-counts[hour], hour), default=None)


def _hour(hour: str) -> str:
    return f"{hour}:00:00Z"


def moves(part: Part) -> list[Document]:
    """How many decisions went from which action and rule to which, before limits; the most frequent first."""
    found: Counter[tuple[str, str | None, str, str | None]] = Counter()
    for kind, number in part.kinds.items():
        after, before, _ = kind.verdicts
        if before and before.action != after.action:
            found[(before.action, before.rule, after.action, after.rule)] += number
    names = ("before", "rule_before", "after", "rule_after")
    return [{**dict(zip(names, move, strict=True)), "decisions": number} for move, number in found.most_common()]


def as_json(document: Document, lists: Mapping[str, Iterable[str]]) -> Iterable[str]:
    """The document with its long lists, piece by piece, so that they are never held."""
    yield json.dumps(document)[:-1]
    for name, entries in lists.items():
        yield f', "{name}": ['
        for number, entry in enumerate(entries):
            yield (", " if number else "") + entry
        yield "]"
    yield "}\n"
