"""Whether earlier rules leave nothing for a later one: said only where it is sure.

What a rule matches is a box, with a side for each matcher. An earlier rule that takes some of it leaves what fails one
of its matchers: a smaller box for each. The rule can never be hit if the earlier rules that remain take each of these.
"""

from collections.abc import Mapping, Sequence

from quarantag.matching import Flag, Globs, Match, OneOf, Range, Wanted

MOST_LOOKS = 2000
"""Earlier rules that are held against parts of one, before it is taken as reachable: a cold start must stay fast."""
WHOLE: Mapping[str, Wanted] = {"severity": Range(0), "count": Range(1), "type": Globs(("*",))}
"""All that a finding may show, where it always shows something: a rule without the matcher matches this."""

Box = Mapping[str, Wanted]


def taking(match: Match, earlier: Sequence[Match]) -> tuple[int, ...]:
    """Positions of those earlier matches that together surely take all that this one matches; none where it is open."""
    box = dict(match.matchers)
    touching = [(at, left) for at, other in enumerate(earlier) if (left := _left(box, other)) is not None]
    alone = next((at for at, left in touching if not left), None)
    if alone is not None:
        return (alone,)
    needed = [at for at, _ in touching]
    if not _taken(box, [earlier[at] for at in needed]):
        return ()
    for at in tuple(needed):
        fewer = [other for other in needed if other != at]
        needed = fewer if _taken(box, [earlier[other] for other in fewer]) else needed
    return tuple(needed)


def _taken(box: Box, earlier: Sequence[Match]) -> bool:
    """Whether every part of the box is taken; parts are looked at one by one, so that an open one ends the search."""
    waiting, looks = [(box, 0)], 0
    while waiting:
        part, at = waiting.pop()
        left = None
        while left is None:
            if at == len(earlier) or looks == MOST_LOOKS:
                return False
            left = _left(part, earlier[at])
            at, looks = at + 1, looks + 1
        waiting.extend((smaller, at) for smaller in left)
    return True


def _left(box: Box, other: Match) -> list[Box] | None:
    """What the other leaves of the box; None where it surely takes nothing, or that is not plain."""
    left: list[Box] = []
    for name, wanted in other.matchers:
        mine = box.get(name) or WHOLE.get(name)
        for piece in _outside(mine, wanted):
            if piece is None or piece == mine:
                return None
            left.append({**box, name: piece})
    return left


def _outside(mine: Wanted | None, theirs: Wanted) -> Sequence[Wanted | None]:
    """The parts of mine (None: anything) that theirs does not surely take; mine itself where that is not plain."""
    if isinstance(mine, Range) and isinstance(theirs, Range):
        return _beside(mine, theirs)
    if isinstance(mine, OneOf) and isinstance(theirs, OneOf):
        values = tuple(value for value in mine.values if value not in theirs.values)
        return (OneOf(values),) if values else ()
    if isinstance(mine, Globs) and isinstance(theirs, Globs):
        patterns = tuple(pattern for pattern in mine.patterns if not theirs.holds(pattern))
        return (Globs(patterns),) if patterns else ()
    if mine is None and isinstance(theirs, Flag):
        return (Flag(not theirs.value),)
    return () if mine is not None and theirs.covers(mine) else (mine,)


def _beside(mine: Range, theirs: Range) -> list[Range]:
    least, beside = mine.at_least or 0, []
    if theirs.at_least is not None and theirs.at_least > least:
        below = theirs.at_least if mine.below is None else min(mine.below, theirs.at_least)
        beside.append(Range(mine.at_least, below))
    if theirs.below is not None and (mine.below is None or theirs.below < mine.below):
        beside.append(Range(max(least, theirs.below), mine.below))
    return beside
