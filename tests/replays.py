"""Replays for tests: typed as a user types them, or decided in process from texts."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from console import policy_file
from console.command import app
from console.replay.deciding import Decider
from console.replay.engine import Question
from console.replay.tally import Part
from quarantag.policy import Policy
from tests.findings import document

ROOT = Path(__file__).parents[1]
DEFAULT, STRICT = ROOT / "policies" / "default.yaml", ROOT / "policies" / "strict.yaml"
BEGAN = datetime(2026, 12, 1, tzinfo=UTC)


def typed(*words: object) -> Result:
    """`quarantag policy replay …`."""
    return CliRunner().invoke(app, ["policy", "replay", *map(str, words)], env={"COLUMNS": "120"})


def answered(*words: object) -> dict[str, Any]:
    """Its JSON answer."""
    result = typed(*words, "--json")
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def written(folder: Path, findings: Iterable[Mapping[str, Any]], name: str = "findings.jsonl") -> Path:
    """A file with a finding in each line."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(one) + "\n" for one in findings), encoding="utf-8")
    return file


def at(moment: str, instance: str = "i-0aaaaaaaaaaaaaaa1", **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """A finding that default.yaml isolates for, of this moment of 2026-11-01 and instance."""
    changed = {"updatedAt": f"2026-11-01T{moment}Z", "resource__instanceDetails__instanceId": instance}
    return document(**{"id": f"f-{moment}-{instance}", **changed, **changes})


def instance(number: int) -> str:
    """The id of one of many instances."""
    return f"i-{number:017x}"


def loaded(text: str) -> Policy:
    """The policy of this YAML text, without its expectations run."""
    from quarantag import policy  # noqa: PLC0415 (the name is taken by nothing else here)

    return policy.load(policy_file.parse(text, "test").document)


def counted(question: Question, *lines: bytes) -> Part:
    """What is counted of these lines."""
    part = Part()
    Decider(question).lines(part, b"".join(line + b"\n" for line in lines), "test")
    return part
