"""Every public finding of the shared corpus, as published and with its sample flag cleared.

What is expected follows from the index alone: resource type, role, severity, archived and sample flags.
"""

import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from console.policy_explain import answer
from console.policy_file import load_checked
from quarantag.errors import InvalidFinding
from quarantag.finding import parse
from tests.counted import Counted

ROOT = Path(__file__).parents[1]
CORPUS = Path(os.environ.get("QUARANTAG_FINDINGS") or ROOT.parent / "shared" / "findings")
INDEX = CORPUS / "index.jsonl"
ROWS = [json.loads(line) for line in INDEX.read_text().splitlines()] if INDEX.is_file() else []
FINDINGS = [row for row in ROWS if row["shape"] != "tag-event"]
TAG_EVENTS = [row for row in ROWS if row["shape"] == "tag-event"]
POLICIES = {name: load_checked(ROOT / "policies" / f"{name}.yaml") for name in ("default", "strict", "observe")}
INSTANCE_ID = re.compile(r"(?:arn:aws:ec2:[^:]+:[0-9]{12}:instance/)?(i-[0-9a-f]{8}(?:[0-9a-f]{9})?)")
SAMPLE_KEYS = {"additionalInfo", "AdditionalInfo", "title", "Title"}
COMMANDED = ("Backdoor:", "CryptoCurrency:", "Trojan:", "Execution:Runtime/", "Impact:Runtime/")

WITHOUT_ID = {
    "author_synthetic/bermudd95-aws-cloudtrail-guardduty-incident-response__01__unauthorizedaccess-iamuser-unusualbehavior.json"
}
SAMPLE_UNKNOWN_TO_THE_INDEX = {"secmon-lab-warren__04__policy-s3-bucketblockpublicaccessdisabled.json"}
"""Its flag stands as `Sample` in a PascalCase `AdditionalInfo` that its publisher has reshaped."""

pytestmark = pytest.mark.skipif(not ROWS, reason="no public findings here: set QUARANTAG_FINDINGS to their directory")


def name(row: dict[str, Any]) -> str:
    return str(row["file"])


def published(row: dict[str, Any]) -> Any:  # noqa: ANN401
    return json.loads((CORPUS / row["file"]).read_text())


def unsampled(value: Any) -> Any:  # noqa: ANN401
    """The document without the places where a sample says that it is one."""
    if isinstance(value, dict):
        return {key: unsampled(inner) for key, inner in value.items() if key not in SAMPLE_KEYS}
    return [unsampled(inner) for inner in value] if isinstance(value, list) else value


def usable(row: dict[str, Any]) -> bool:
    """Whether the record has what a decision rests on: an id, an account, a Region and a severity that is a number."""
    number = re.fullmatch(r"[0-9.]+", str(row["severity"]))
    return row["account"] is not None and row["region"] is not None and bool(number) and row["file"] not in WITHOUT_ID


def archived(row: dict[str, Any]) -> bool:
    return str(row["archived"]).lower() == "true"


def sampled(row: dict[str, Any]) -> bool:
    return bool(row["sample"]) or row["file"] in SAMPLE_UNKNOWN_TO_THE_INDEX


def acts(row: dict[str, Any]) -> bool:
    """Whether an unsampled record acts by default.yaml: about instances, not archived, of medium severity or more."""
    about = row["resourceType"] == "Instance" or bool(row["instance_ids"] and row["resourceType"] == "AttackSequence")
    return about and not archived(row) and float(row["severity"]) >= 4


def expected(row: dict[str, Any], *, sample: bool) -> list[tuple[str | None, str]]:
    """The instances and actions that default.yaml must answer, worked out without it."""
    if row["resourceType"] not in {"Instance", "AttackSequence"} or not (row["instance_ids"] or acts(row)):
        return [(None, "ignore")]
    found = [INSTANCE_ID.fullmatch(written) for written in row["instance_ids"] or [""]]
    ids = [match[1] if match else None for match in found]
    if sample or not acts(row):
        return [(instance, "ignore") for instance in ids]
    severity = float(row["severity"])
    isolated = severity >= 9 or (severity >= 7 and row["type"].startswith(COMMANDED))
    return [(instance, ("isolate" if isolated else "review") if instance else "hold") for instance in ids]


def answered(document: Any, policy: str = "default") -> list[tuple[str | None, str]]:  # noqa: ANN401
    explanations = answer(parse(document), POLICIES[policy], {})
    return [(explanation.decision.instance_id, explanation.decision.action) for explanation in explanations]


@pytest.mark.parametrize("row", FINDINGS, ids=name)
def test_as_published_and_unsampled_each_does_what_its_index_says(row: dict[str, Any]) -> None:
    document = published(row)
    if not usable(row):
        with pytest.raises(InvalidFinding):
            parse(document)
        return
    assert answered(document) == expected(row, sample=sampled(row))
    assert answered(unsampled(document)) == expected(row, sample=False)


@pytest.mark.parametrize("row", [row for row in FINDINGS if usable(row)], ids=name)
def test_parsed_as_the_index_says(row: dict[str, Any]) -> None:
    parsed = parse(published(row))
    fields = (parsed.type, parsed.resource_type, parsed.resource_role)
    assert fields == (row["type"], row["resourceType"], row["resourceRole"])
    assert (parsed.severity, parsed.sample, parsed.archived) == (float(row["severity"]), sampled(row), archived(row))
    assert (parsed.account, parsed.region) == (str(row["account"]), row["region"])


@pytest.mark.parametrize("row", [row for row in FINDINGS if usable(row)], ids=name)
def test_the_other_policies_keep_their_promise(row: dict[str, Any]) -> None:
    document = unsampled(published(row))
    assert "isolate" not in {action for _, action in answered(document, "observe")}
    if acts(row):
        assert "ignore" not in {action for _, action in answered(document, "strict")}
        assert "ignore" not in {action for _, action in answered(document, "observe")}


@pytest.mark.parametrize("row", TAG_EVENTS, ids=name)
def test_a_tag_event_is_no_finding(row: dict[str, Any]) -> None:
    with pytest.raises(InvalidFinding, match="Tag Change on Resource"):
        parse(published(row))


def test_how_many_files_there_are(counted: Counted) -> None:
    files = sorted(path.relative_to(CORPUS).as_posix() for path in CORPUS.rglob("*.json"))
    assert files == sorted(name(row) for row in ROWS)
    parsed = [row for row in FINDINGS if usable(row)]
    actions = Counter(action for row in parsed for _, action in answered(unsampled(published(row))))
    refused = f"{len(FINDINGS) - len(parsed)} findings and {len(TAG_EVENTS)} tag events refused, 0 skipped"
    numbers = f"{len(files)} files: {len(parsed)} parsed, {refused}; unsampled: {dict(sorted(actions.items()))}"
    counted(f"public findings: {numbers}")
