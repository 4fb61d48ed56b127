"""Records become counts: usual ones by what was decided about their like, all others by `parse` and `decide` alone."""

import json
from collections.abc import Hashable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import cast

from console.replay.engine import Question, Verdicts, moment_of
from console.replay.facts import SHAPES, Facts
from console.replay.likeness import Likeness, vpc_of
from console.replay.tally import PLACE, UNDATED, Kind, Noted, Part, Place, Rejection
from quarantag.document import get
from quarantag.errors import InvalidFinding
from quarantag.finding import parse

MOST_REMEMBERED = 50_000
DEEPEST = 3
"""Lists in lists of records that are looked into."""
_HOUR = len("2026-11-01T10")


class _Like:
    """What was decided about one finding, for all that are like it; `count` since it was last added to a part."""

    __slots__ = ("about", "action", "count", "kind", "noted")

    def __init__(self, kind: Kind, *, about: bool) -> None:
        self.kind = kind
        self.about = about
        self.count = 0
        self.action = PLACE[kind.verdicts.verdict.action]
        self.noted = is_noted(kind.verdicts)


def is_noted(verdicts: Verdicts) -> bool:
    """Whether each such decision is listed, and not only counted."""
    verdict, other, reach = verdicts
    differs = other is not None and (other.action == "isolate" or other.action != verdict.action)
    return verdict.action == "isolate" or differs or any(reach)


class Decider:
    """Decides about records, and remembers what is decided about their like; one for each process."""

    def __init__(self, question: Question) -> None:
        self._question = question
        self._key = Likeness(question).key
        self._known: dict[tuple[Hashable, ...], _Like] = {}
        self._shape = SHAPES[0]

    def lines(self, part: Part, block: bytes, name: str) -> None:
        """Decide about whole lines of JSON, each of one record or of several; blank ones are passed over."""
        lines: list[bytes] = []
        number = part.lines
        for facts in self._decoded(block):
            number += 1
            key = self._key(facts) if facts else None
            like = self._known.get(key) if key else None
            if facts and like:
                self._count(part, like, facts, name, number)
            else:
                lines = lines or block.split(b"\n")
                self._line(part, lines[number - part.lines - 1], (name, number, ""), key)
        part.lines = number
        self._settle(part)

    def document(self, part: Part, value: object, name: str) -> None:
        """Decide about the records of one decoded JSON document."""
        for inside, record in records(value):
            self._record(part, record, (name, 0, inside))

    def _decoded(self, block: bytes) -> Sequence[Facts | None]:
        """The usual finding of each line, None for a line of something else."""
        try:
            if not block.isascii():
                block.decode()  # what a shape skips it does not check
            found = self._shape.all(block)
            if len(found) == block.count(b"\n") + (not block.endswith(b"\n")):
                return found
        except (ValueError, RecursionError):
            pass
        return [self._usual(line) for line in block.removesuffix(b"\n").split(b"\n")]

    def _usual(self, line: bytes) -> Facts | None:
        for shape in (self._shape, *SHAPES):
            try:
                line.decode()
                facts = shape.one(line)
            except (ValueError, RecursionError):
                continue
            self._shape = shape
            return facts
        return None

    def _count(self, part: Part, like: _Like, facts: Facts, name: str, number: int) -> None:
        part.findings += 1
        like.count += 1
        written = facts.updatedAt
        part.hour(written[:_HOUR])[like.action] += 1
        if like.noted:
            details = facts.resource.instanceDetails
            seen = details.instanceId if like.about else None
            vpc = vpc_of(facts) if seen else None
            who = (seen, facts.accountId.strip(), facts.region.strip())
            part.note(Noted(written, facts.id.strip(), who, (vpc or "").strip() or None, like.kind, (name, number, "")))

    def _line(self, part: Part, line: bytes, place: Place, key: tuple[Hashable, ...] | None) -> None:
        if not line.strip():
            return
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            part.rejections.append(Rejection(place, not_json(error)))
            return
        for inside, record in records(value):
            self._record(part, record, (*place[:2], inside), key)

    def _record(self, part: Part, record: object, place: Place, key: tuple[Hashable, ...] | None = None) -> None:
        try:
            finding = parse(cast("Mapping[str, object]", record))  # it refuses what is none
        except InvalidFinding as refused:
            part.rejections.append(Rejection(place, str(refused)))
            return
        moment = moment_of(record)
        part.findings += 1
        vpcs = {(one.instance_id, one.account, one.region): one.vpc_id for one in finding.instances}
        answers = self._question.answers(finding, moment)
        for decision, verdicts in answers.items():
            who = (decision.instance_id, decision.account, decision.region)
            kind = Kind(finding.type, finding.severity, verdicts)
            part.kinds[kind] += 1
            part.hour(moment.strftime("%Y-%m-%dT%H") if moment else UNDATED)[PLACE[decision.action]] += 1
            if is_noted(verdicts):
                part.note(Noted(_written(moment), finding.id, who, vpcs.get(who), kind, place))
            if key and len(answers) == 1 and not finding.sequence:
                self._remember(part, key, _Like(kind, about=decision.instance_id is not None))

    def _remember(self, part: Part, key: tuple[Hashable, ...], like: _Like) -> None:
        if len(self._known) >= MOST_REMEMBERED:
            self._settle(part)
            self._known.clear()
        self._known[key] = like

    def _settle(self, part: Part) -> None:
        for like in self._known.values():
            if like.count:
                part.kinds[like.kind] += like.count
                like.count = 0


def records(value: object, depth: int = 0) -> Iterator[tuple[str, object]]:
    """The records in a JSON value, each with where in it: one, a list of them, or what GetFindings answers."""
    held = get(value, "findings") if isinstance(value, Mapping) else value
    if not isinstance(held, list) or depth > DEEPEST:
        yield "", value
        return
    for number, one in enumerate(held):
        yield from ((f"[{number}]{inside}", record) for inside, record in records(one, depth + 1))


def not_json(error: Exception) -> str:
    """Why a text is not JSON, in one line."""
    return f"not JSON: {' '.join(str(error).split())}"


def _written(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if moment else ""
