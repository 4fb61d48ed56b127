"""`python -m console.compile_policies SOURCE_DIR TARGET_DIR`: check every policy file and write it as canonical JSON.

`sam build` runs it, so that a function's artifact holds checked policies only, and reads no YAML.
"""

import sys
from pathlib import Path

from console.policy_file import PolicyFile, RefusedFile, UnreadableFile, check, read
from quarantag.policy import canonical

USAGE = "usage: python -m console.compile_policies SOURCE_DIR TARGET_DIR"


def main(arguments: list[str]) -> int:
    """Compile `SOURCE_DIR/*.yaml` to `TARGET_DIR/<name>.json`: all of them, or none. Answers the exit code."""
    if len(arguments) != 2:  # noqa: PLR2004 (the two directories)
        return _fail(USAGE, 2)
    source, target = map(Path, arguments)
    paths = sorted(source.glob("*.yaml"))
    if not paths:
        return _fail(f"{source}: no *.yaml here: name the directory of the policy files", 2)
    try:
        files = {path.stem: _checked(path) for path in paths}
    except (RefusedFile, UnreadableFile) as error:
        return _fail(str(error), 1)
    target.mkdir(parents=True, exist_ok=True)
    for name, file in files.items():
        (target / f"{name}.json").write_text(canonical(file.document) + "\n", encoding="utf-8")
    return 0


def _checked(path: Path) -> PolicyFile:
    file = read(path)
    check(file)
    return file


def _fail(line: str, code: int) -> int:
    sys.stderr.write(f"{line}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
