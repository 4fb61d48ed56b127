"""`quarantag policy check FILE…`: the very checks and messages of the build; and warnings."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from console.policy_file import RefusedFile, UnreadableFile, read
from console.policy_file import check as validate
from console.policy_warnings import warnings

GOOD, REFUSED, UNREADABLE = 0, 1, 2


def check(paths: Sequence[Path], *, as_json: bool) -> int:
    """Check every file and report on each; answers the exit code of the worst, whatever is warned of."""
    results = [(path, *_check(path)) for path in paths]
    if as_json:
        files = [{"file": str(path), "ok": code == GOOD, **found} for path, code, found in results]
        sys.stdout.write(json.dumps({"ok": all(file["ok"] for file in files), "files": files}) + "\n")
    for path, code, found in results:
        if code == GOOD and not as_json:
            tested = f"{found['rules']} rules, {found['expectations']} expectations"
            sys.stdout.write(f"{path}: good: {tested}, hash {str(found['hash'])[:12]}\n")
            sys.stderr.writelines(f"{warning}\n" for warning in found["warnings"])
        elif code != GOOD:
            sys.stderr.write(f"{found['error']}\n")
    return max(code for _, code, _ in results)


def _check(path: Path) -> tuple[int, dict[str, Any]]:
    try:
        source = read(path)
        loaded = validate(source)
    except RefusedFile as error:
        return REFUSED, {"error": str(error)}
    except UnreadableFile as error:
        return UNREADABLE, {"error": str(error)}
    return GOOD, {
        "rules": len(loaded.rules),
        "expectations": len(loaded.expectations),
        "hash": loaded.hash,
        "warnings": [f"{source.where(warning.path)}: warning: {warning}" for warning in warnings(loaded)],
    }
