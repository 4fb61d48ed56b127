"""The finding types that GuardDuty is known to report: `finding_types.json` has them, with their source and its date.

They come from https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-types-active.html: botocore's model of
GuardDuty lists none. `quarantag policy catalogue` shows them and refreshes them.
"""

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from quarantag.matching import Globs
from quarantag.naming import BACKUPS

FILE = Path(__file__).with_suffix(".json")
SEQUENCE = "AttackSequence"
SHORTEST_START = 4
STEM = re.compile("[.!]")
ABOUT: Mapping[str, tuple[str, ...]] = {
    "EC2": ("Instance",),
    "Runtime": ("Instance", "Container", "EKSCluster", "ECSCluster"),
    "IAMUser": ("AccessKey",),
    "S3": ("S3Bucket", "S3Object", "AccessKey"),
    "Kubernetes": ("EKSCluster", "KubernetesCluster"),
    "RDS": ("RDSDBInstance", "RDSLimitlessDB"),
    "Lambda": ("Lambda",),
    "ECS": ("ECSCluster",),
    "Container": ("Container",),
}
"""The resource types of a finding, by what stands between `:` and `/` in its type; the likeliest first."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every known type with its severity in words, where the list comes from, and the day it was read (ISO date)."""

    source: str
    date: str
    types: Mapping[str, str]

    def __str__(self) -> str:
        return f"{len(self.types)} types, read on {self.date}"


@cache
def catalogue() -> Catalogue:
    """The committed catalogue."""
    return read(FILE.read_text(encoding="utf-8"))


def read(text: str) -> Catalogue:
    """Read a catalogue from its JSON text."""
    return Catalogue(**json.loads(text))


def about(finding_type: str) -> tuple[str, ...]:
    """The resource types that such a finding may be about; none where it is not known, or about a backup."""
    if finding_type.startswith(f"{SEQUENCE}:"):
        return (SEQUENCE,)
    return () if finding_type.endswith(BACKUPS) else ABOUT.get(_parts(finding_type)[1], ())


@cache
def like(pattern: str) -> tuple[str, ...]:
    """The known types that the pattern fits."""
    globs = Globs((pattern,))
    return tuple(known for known in catalogue().types if globs.holds(known))


@cache
def instead(pattern: str) -> tuple[str, ...]:
    """Patterns near to one that fits no known type, each of which fits some: the first that is found, or none."""
    several = tuple(part.strip() for part in pattern.replace(",", " ").split())
    if len(several) > 1 and all(map(like, several)):
        return several
    found = next((near for near in _near(pattern) if near != pattern and like(near)), None)
    return (found,) if found else ()


@cache
def nearest(written: str) -> str | None:
    """The known type that is nearest to one that is not known, or None."""
    longer = like(f"{written}*") if len(written) >= SHORTEST_START else ()
    near = longer[0] if longer else _closest(written, catalogue().types)
    if near != written:
        return near
    return next((one for start in _near(written) for one in like(start)), None) if len(near) >= SHORTEST_START else None


def _near(pattern: str) -> Iterator[str]:
    """Ways to mend the pattern: something left out at its end, a misspelt part, a misspelt whole."""
    yield from (f"{pattern}/*", f"{pattern}*", f"*{pattern}")
    purpose, resource, family = _parts(pattern)
    kinds = [_parts(known) for known in catalogue().types]
    purpose = _closest(purpose, {kind[0] for kind in kinds})
    resource = _closest(resource, {kind[1] for kind in kinds})
    kept = purpose + (f":{resource}" if resource else "")
    yield f"{kept}/{family}" if family else kept
    yield f"{kept}/{_closest(family, {kind[2] for kind in kinds if _fit(kind, purpose, resource)})}"
    yield f"{kept}/{_closest(family, {kind[2] for kind in kinds})}"
    yield _closest(pattern, {stem for kind in kinds for stem in (kind[2], STEM.split(kind[2])[0])})
    yield from (_closest(pattern, catalogue().types), pattern.replace(":", "*:", 1))


def _fit(kind: tuple[str, str, str], purpose: str, resource: str) -> bool:
    return Globs((purpose or "*",)).holds(kind[0]) and Globs((resource or "*",)).holds(kind[1])


def _parts(text: str) -> tuple[str, str, str]:
    """Purpose, resource and family of a type or a pattern: `Backdoor:EC2/Spambot`; what is not there is empty."""
    purpose, _, rest = text.partition(":") if ":" in text else ("", "", text) if "/" in text else (text, "", "")
    resource, _, family = rest.partition("/")
    return purpose, resource, family


def _closest(written: str, known: Iterable[str]) -> str:
    """The known word nearest to what is written, with its stars kept; what is written, where none is near."""
    core = written.strip("*")
    by_lower = {word.lower(): word for word in known}
    close = difflib.get_close_matches(core.lower(), by_lower, 1, 0.7) if core else []
    if not close:
        return written
    before, after = "*" * written.startswith("*"), "*" * written.endswith("*")
    return f"{before}{by_lower[close[0]]}{after}"
