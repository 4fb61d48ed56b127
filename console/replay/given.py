"""What a replay is given beside findings: the policies, instances' tags, and releases; each mistake is one line."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from console.policy_file import RefusedFile, UnreadableFile, load_checked
from console.policy_file import read as read_yaml
from console.replay.engine import Question, curves, moment_at

_SINCE = re.compile(r"([1-9][0-9]{0,3})([dh])")
_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1)}


class BadRequest(Exception):
    """A replay that can't be run; its text is one line: what, where, what to do."""


@dataclass(frozen=True, slots=True)
class Request:
    """A replay as it was asked for. `since` is like 90d or 12h; `jobs` 0 takes every processor."""

    paths: tuple[Path, ...]
    policy: Path
    against: Path | None = None
    html: Path | None = None
    tags: Path | None = None
    released: Path | None = None
    jobs: int = 0
    live: bool = False
    since: str = "90d"
    region: str | None = None
    profile: str | None = None
    act_on_samples: bool = False


def question(request: Request, began: datetime) -> Question:
    """What is asked of every finding; raises `BadRequest`."""
    try:
        policy = load_checked(request.policy)
        other = load_checked(request.against) if request.against else None
    except (RefusedFile, UnreadableFile) as error:
        raise BadRequest(str(error)) from error
    return Question(
        policy,
        began,
        other,
        tags=_tags(request.tags) if request.tags else {},
        released=_released(request.released) if request.released else {},
        act_on_samples=request.act_on_samples,
        curves=curves(policy) if request.html else (),
    )


def since(text: str, now: datetime) -> datetime:
    """The moment that is so long ago; raises `BadRequest`."""
    written = _SINCE.fullmatch(text)
    if not written:
        raise BadRequest(f"--since {text}: write it like 90d or 12h")
    return now.astimezone(UTC) - int(written[1]) * _UNITS[written[2]]


def _tags(path: Path) -> dict[str, dict[str, str]]:
    """`{"i-…": {"Team": "payments"}}`, or the answer of `aws ec2 describe-tags`, as JSON or YAML."""
    document = _mapping(path)
    if isinstance(document.get("Tags"), list):
        return _described(path, document["Tags"])
    for instance_id, tags in document.items():
        if not isinstance(tags, Mapping) or not all(isinstance(value, str) for value in tags.values()):
            raise BadRequest(f"{path}: {instance_id}: write its tags as {{Key: value}}, values in quotes")
    return {str(one): dict(tags) for one, tags in document.items() if isinstance(tags, Mapping)}


def _described(path: Path, listed: object) -> dict[str, dict[str, str]]:
    tags: dict[str, dict[str, str]] = {}
    for one in listed if isinstance(listed, list) else []:
        parts = [one.get(key) if isinstance(one, Mapping) else None for key in ("ResourceId", "Key", "Value")]
        if not all(isinstance(part, str) for part in parts):
            raise BadRequest(f"{path}: Tags: an entry without ResourceId, Key and Value: as describe-tags answers")
        instance_id, key, value = map(str, parts)
        tags.setdefault(instance_id, {})[key] = value
    return tags


def _released(path: Path) -> dict[str, datetime]:
    """`{"i-…": "2026-11-01T10:00:00Z"}`: when an instance was last released."""
    found: dict[str, datetime] = {}
    for instance_id, written in _mapping(path).items():
        moment = moment_at(written)
        if moment is None:
            raise BadRequest(f"{path}: {instance_id}: write when it was released like 2026-11-01T10:00:00Z, in quotes")
        found[str(instance_id)] = moment
    return found


def _mapping(path: Path) -> Mapping[object, object]:
    try:
        document = json.loads(path.read_bytes()) if path.suffix == ".json" else read_yaml(path).document
    except (RefusedFile, UnreadableFile) as error:
        raise BadRequest(str(error).replace("name a YAML policy file", "name a YAML or JSON file")) from error
    except OSError as error:
        raise BadRequest(f"{path}: can't be read: {error.strerror}: name a YAML or JSON file") from error
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"{path}: not JSON: {' '.join(str(error).split())}") from error
    if not isinstance(document, Mapping):
        raise BadRequest(f"{path}: not a mapping: write `i-0123456789abcdef0: …` for each instance")
    return document
