"""`quarantag policy check FILE…`: the very checks and messages of the build, all of them at once; and warnings."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from console.policy_differs import Difference, difference
from console.policy_file import PolicyFile, RefusedFile, UnreadableFile, read
from console.policy_warnings import warnings
from quarantag import expectations, policy
from quarantag.errors import InvalidPolicy
from quarantag.policy import Policy

GOOD, REFUSED, UNREADABLE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong or unwise: where, `file:line:column`, and one line of text; of an expectation, how."""

    level: Literal["error", "warning"]
    where: str
    message: str
    difference: Difference | None = None

    @property
    def line(self) -> int:
        """The line in the file, from 1."""
        return int(self.where.split(":")[-2])

    def as_document(self) -> dict[str, object]:
        """As `--json` has it."""
        file, line, column = self.where.rsplit(":", 2)
        found = {"level": self.level, "file": file, "line": int(line), "column": int(column), "message": self.message}
        return {**found, **asdict(self.difference)} if self.difference else found


@dataclass(frozen=True, slots=True)
class Checked:
    """What is found in one file; `unreadable` says why it can't be read, `loaded` is None where it is no policy."""

    path: Path
    loaded: Policy | None = None
    problems: tuple[Problem, ...] = ()
    unreadable: str = ""

    def level(self, level: str) -> list[Problem]:
        """The problems of this level, in the order of the file."""
        return [problem for problem in self.problems if problem.level == level]

    def code(self, *, strict: bool) -> int:
        """The exit code for this file alone."""
        if self.unreadable:
            return UNREADABLE
        return REFUSED if self.level("error") or (strict and self.problems) else GOOD


def check(paths: Sequence[Path], *, as_json: bool, strict: bool = False) -> int:
    """Check every file and report on each; answers the exit code of the worst. `strict` refuses what is warned of."""
    results = [checked(path) for path in paths]
    if as_json:
        files = [_document(result, strict=strict) for result in results]
        sys.stdout.write(json.dumps({"ok": all(file["ok"] for file in files), "files": files}) + "\n")
    else:
        from console.policy_problems import show  # noqa: PLC0415 (lazy: `--json` does not pay for rich)

        show(results, strict=strict)
    return max(result.code(strict=strict) for result in results)


def checked(path: Path) -> Checked:
    """Read the file and find all that is wrong with it, and all that is unwise."""
    try:
        source = read(path)
    except RefusedFile as refused:
        return Checked(path, None, (Problem("error", refused.where, str(refused.error)),))
    except UnreadableFile as error:
        return Checked(path, unreadable=str(error))
    try:
        loaded = policy.load(source.document)
    except InvalidPolicy as refused:
        problems = (Problem("error", source.where(one.path), str(one)) for one in refused.all)
        return Checked(path, None, tuple(sorted(problems, key=lambda one: one.line)))
    found = (*_failing(source, loaded), *_unwise(source, loaded))
    return Checked(path, loaded, tuple(sorted(found, key=lambda one: (one.level != "error", one.line))))


def _failing(source: PolicyFile, loaded: Policy) -> Iterator[Problem]:
    try:
        expectations.check(loaded)
    except InvalidPolicy as refused:
        for one in refused.all:
            yield Problem("error", source.where(one.path), str(one), difference(loaded, one.path))


def _unwise(source: PolicyFile, loaded: Policy) -> Iterator[Problem]:
    for warned in warnings(loaded, datetime.now(UTC).date()):
        yield Problem("warning", source.where(warned.path), str(warned))


def _document(result: Checked, *, strict: bool) -> dict[str, Any]:
    errors = (
        [result.unreadable] if result.unreadable else [f"{one.where}: {one.message}" for one in result.level("error")]
    )
    found: dict[str, Any] = {"file": str(result.path), "ok": result.code(strict=strict) == GOOD}
    if errors:
        found["error"] = errors[0]
    if result.loaded:
        found |= {
            "rules": len(result.loaded.rules),
            "expectations": len(result.loaded.expectations),
            "hash": result.loaded.hash,
        }
        found["warnings"] = [f"{one.where}: warning: {one.message}" for one in result.level("warning")]
    return {**found, "problems": [problem.as_document() for problem in result.problems]}
