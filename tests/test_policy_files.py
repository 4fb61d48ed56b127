"""A case is a file: the valid ones are accepted by schema and build, the others refused where their first line says."""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from console.policy_file import RefusedFile, load_checked, read
from quarantag import policy
from quarantag.errors import InvalidPolicy

HERE = Path(__file__).parent
SHIPPED = HERE.parent / "policies"
VALID = [*sorted((HERE / "policies" / "valid").glob("*.yaml")), *sorted(SHIPPED.glob("*.yaml"))]
INVALID = sorted((HERE / "policies" / "invalid").glob("*.yaml"))
SCHEMA = json.loads((HERE.parent / "schemas" / "severity-policy.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)


def stem(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("path", VALID, ids=stem)
def test_a_valid_file_is_accepted_by_the_schema_and_by_the_build(path: Path) -> None:
    assert load_checked(path).rules
    assert [error.message for error in VALIDATOR.iter_errors(read(path).document)] == []


@pytest.mark.parametrize("path", INVALID, ids=stem)
def test_an_invalid_file_is_refused_at_its_place_with_what_to_write_instead(path: Path) -> None:
    where, message = re.fullmatch(r"# at (\d+:\d+): (.*)", path.read_text().splitlines()[0]).groups()  # type: ignore[union-attr]
    with pytest.raises(RefusedFile) as refused:
        load_checked(path)
    assert str(refused.value).startswith(f"{path}:{where}: {message}")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("path", [path for path in INVALID if "# the schema refuses it" in path.read_text()], ids=stem)
def test_what_the_schema_can_express_it_refuses(path: Path) -> None:
    assert not VALIDATOR.is_valid(read(path).document)


@pytest.mark.parametrize(
    "path", [path for path in INVALID if "# the schema never sees it" not in path.read_text()], ids=stem
)
def test_load_refuses_by_itself_all_but_failing_expectations(path: Path) -> None:
    """And with the same words: `sam build` and the functions say what an editor's reader was told."""
    document = read(path).document
    if "so does load" in path.read_text():
        assert policy.load(document).rules
    else:
        message = path.read_text().splitlines()[0].split(": ", 1)[1]
        with pytest.raises(InvalidPolicy) as refused:
            policy.load(document)
        assert str(refused.value).startswith(message)


def test_every_part_of_the_schema_is_described_for_editors() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert undescribed(SCHEMA, "schema") == []


def undescribed(schema: object, place: str) -> list[str]:
    """Places of property schemas without title, description or examples; a reference has its target's."""
    if not isinstance(schema, dict):
        return []
    parts = {**schema.get("properties", {}), **schema.get("$defs", {})}
    bare = [
        f"{place}.{name}"
        for name, part in parts.items()
        if "$ref" not in part and not {"title", "description", "examples"} <= part.keys()
    ]
    return bare + [found for name, part in parts.items() for found in undescribed(part, f"{place}.{name}")]
