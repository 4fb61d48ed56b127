"""A stand-in for the AWS CLI: answers a call with the document that a world gives it, by `--query`, as text.

A world is a list of [words, answer]: the first whose words are all in the call answers it. The call begins with the
access key of the environment, if any. An answer `{"refused": TEXT}` is an error. How values are written as text: AWS
CLI User Guide, "Text output format".
"""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jmespath  # type: ignore[import-untyped]

World = list[tuple[list[str], Any]]


def text(value: Any) -> list[str]:  # noqa: ANN401 - any JSON
    """The lines of a value: a row for the scalars of a list, then those of the lists in it."""
    if isinstance(value, dict):
        value = [value[key] for key in sorted(value)]
    if not isinstance(value, list):
        return [str(value)]
    scalars = [str(one) for one in value if not isinstance(one, list | dict)]
    rows = ["\t".join(scalars)] if scalars else []
    return rows + [line for one in value if isinstance(one, list | dict) for line in text(one)]


def main(words: Sequence[str]) -> int:
    """Answer one call."""
    world: World = json.loads(Path(os.environ["FAKE_WORLD"]).read_text(encoding="utf-8"))
    call = " ".join((os.environ.get("AWS_ACCESS_KEY_ID", ""), *words))
    answer = next((one for needed, one in world if all(word in call for word in needed)), {"refused": f"no: {call}"})
    if isinstance(answer, dict) and "refused" in answer:
        sys.stderr.write(f"{answer['refused']}\n")
        return 254
    query = words[words.index("--query") + 1] if "--query" in words else "@"
    sys.stdout.writelines(f"{line}\n" for line in text(jmespath.search(query, answer)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
