"""`python -m console.policy_reference`: write the tables of docs/policies.md anew from the policy's schema.

The schema is what editors show; so the reference says the same words, and a new matcher can't be left out of it.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

Schema = Mapping[str, Any]

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "policies.md"
SCHEMA = ROOT / "schemas" / "severity-policy.schema.json"
COMMAND = "python -m console.policy_reference"
TABLES = {
    "file": (),
    "rule": ("$defs", "rule"),
    "matchers": ("$defs", "match"),
    "limit": ("$defs", "limit"),
    "exemption": ("$defs", "exemption"),
    "expectation": ("$defs", "expectation"),
    "finding": ("$defs", "example"),
}
"""Each table's name, as its markers in the document have it, and where its object stands in the schema."""
LONGEST_EXAMPLE = 70
MARKED = re.compile(r"(<!-- begin (\S+)[^\n]*-->\n).*?(<!-- end \2 -->)", re.DOTALL)


class NoSuchTable(Exception):
    """The document marks a table that this module does not make; its text says which are made."""


def regenerated(document: str, schema: Schema) -> str:
    """The document with every marked table made anew from the schema; raises `NoSuchTable`."""

    def filled(marked: re.Match[str]) -> str:
        begin, name, end = marked.groups()
        if name not in TABLES:
            raise NoSuchTable(f"there is no table {name}: mark one of {', '.join(TABLES)}")
        return f"{begin}{table(schema, name)}{end}"

    return MARKED.sub(filled, document)


def table(schema: Schema, name: str) -> str:
    """The Markdown table of one object of the schema: a row for each key."""
    described = schema
    for key in TABLES[name]:
        described = described[key]
    required = described.get("required", ())
    rows = [_row(schema, key, part, needed=key in required) for key, part in described["properties"].items()]
    return "\n".join(["| key | what it is | example |", "|---|---|---|", *rows, ""])


def examples(key: str, part: Schema) -> Iterator[str]:
    """The examples of one key, each as a line of YAML; those too long for a table are left out."""
    for example in part.get("examples", ()):
        text = yaml.safe_dump({key: example}, default_flow_style=True, sort_keys=False, width=1000)
        line = text.strip().removeprefix("{").removesuffix("}")
        if len(line) <= LONGEST_EXAMPLE:
            yield line


def _row(schema: Schema, key: str, part: Schema, *, needed: bool) -> str:
    whole = _resolved(schema, part)
    words = _words(schema, whole)
    meaning = whole["description"] + (f" One of {', '.join(f'`{word}`' for word in words)}." if words else "")
    shown = "<br>".join(f"`{line}`" for line in examples(key, whole))
    cells = [f"`{key}`" + (" (required)" if needed else ""), meaning, shown]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _resolved(schema: Schema, part: Schema) -> dict[str, Any]:
    """The part with what it refers to; its own words come first."""
    return {**schema["$defs"].get(part.get("$ref", "").rpartition("/")[2], {}), **part}


def _words(schema: Schema, part: Schema) -> list[str]:
    """The words that the key may have, where the schema lists them, also for one of several values."""
    choices = [part, *(_resolved(schema, choice) for choice in part.get("anyOf", ()))]
    return [word for choice in choices for word in choice.get("enum", ())]


def main() -> int:
    """Rewrite the reference; answers the exit code: 0, or 1 with one line on stderr."""
    try:
        fresh = regenerated(REFERENCE.read_text(encoding="utf-8"), json.loads(SCHEMA.read_text(encoding="utf-8")))
    except NoSuchTable as error:
        sys.stderr.write(f"{REFERENCE}: {error}\n")
        return 1
    REFERENCE.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
