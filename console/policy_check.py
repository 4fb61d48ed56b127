"""`quarantag policy check FILE…`: the very checks of the build, with the very messages of `policy.load`."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from console.policy_file import RefusedFile, UnreadableFile, load_checked

GOOD, REFUSED, UNREADABLE = 0, 1, 2


def check(paths: Sequence[Path], *, as_json: bool) -> int:
    """Check every file and report on each; answers the exit code of the worst."""
    results = [(path, *_check(path)) for path in paths]
    if as_json:
        files = [{"file": str(path), "ok": code == GOOD, **found} for path, code, found in results]
        sys.stdout.write(json.dumps({"ok": all(code == GOOD for _, code, _ in results), "files": files}) + "\n")
    for path, code, found in results:
        if code == GOOD and not as_json:
            tested = f"{found['rules']} rules, {found['expectations']} expectations"
            sys.stdout.write(f"{path}: good: {tested}, hash {str(found['hash'])[:12]}\n")
        elif code != GOOD:
            sys.stderr.write(f"{found['error']}\n")
    return max(code for _, code, _ in results)


def _check(path: Path) -> tuple[int, dict[str, object]]:
    try:
        loaded = load_checked(path)
    except RefusedFile as error:
        return REFUSED, {"error": str(error)}
    except UnreadableFile as error:
        return UNREADABLE, {"error": str(error)}
    return GOOD, {"rules": len(loaded.rules), "expectations": len(loaded.expectations), "hash": loaded.hash}
