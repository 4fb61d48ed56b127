"""`quarantag policy new` and `policy schema`: what a policy is written from, and what an editor checks it with."""

import os
import sys
from pathlib import Path

STARTER = Path(__file__).with_name("policy_starter.yaml")
SCHEMA = Path(__file__).parents[1] / "schemas" / "severity-policy.schema.json"
GOOD, UNUSABLE = 0, 2


def new(file: Path | None) -> int:
    """Write the starter to a new file, or print it; answers the exit code: 0, or 2 with one line on stderr."""
    if file is None:
        sys.stdout.write(starter(Path("policies")))
        return GOOD
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(starter(file.parent))
    except FileExistsError:
        return _unusable(f"{file}: is there already, and is left as it is: name another file")
    except OSError as error:
        return _unusable(f"{file}: can't be written: {error.strerror}: name a file in a folder that is there")
    sys.stdout.write(f"{file}: written; edit it, then: quarantag policy check {file}\n")
    return GOOD


def starter(folder: Path) -> str:
    """The starter's text for a file in this folder: its first line leads an editor to the schema."""
    to_schema = Path(os.path.relpath(SCHEMA, folder.resolve() if folder.exists() else SCHEMA.parents[1] / folder))
    return STARTER.read_text(encoding="utf-8").replace("SCHEMA", to_schema.as_posix(), 1)


def schema() -> int:
    """Print the JSON Schema of policy files; answers the exit code."""
    try:
        sys.stdout.write(SCHEMA.read_text(encoding="utf-8"))
    except OSError as error:
        return _unusable(f"{SCHEMA}: can't be read: {error.strerror}: run quarantag from a checkout")
    return GOOD


def _unusable(line: str) -> int:
    sys.stderr.write(f"{line}\n")
    return UNUSABLE
