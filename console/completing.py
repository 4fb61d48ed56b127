"""What a shell's Tab offers: policy files and findings' files, here and one folder below. No AWS is asked."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

POLICIES = (".yaml", ".yml")
FINDINGS = (".json",)
MOST = 100


def policies(incomplete: str) -> list[str]:
    """Policy files whose path begins with what is typed."""
    return list(islice(_files(incomplete, POLICIES), MOST))


def findings(incomplete: str) -> list[str]:
    """Files that may hold one finding, and `-` for stdin."""
    return ["-"] if incomplete == "-" else list(islice(_files(incomplete, FINDINGS), MOST))


def _files(incomplete: str, endings: tuple[str, ...]) -> Iterator[str]:
    """Paths as they would be typed; hidden folders are left out."""
    typed = incomplete.rpartition("/")[0] + "/" if "/" in incomplete else ""
    folder = Path(typed or ".")
    for pattern in ("*", "*/*"):
        for found in sorted(folder.glob(pattern)):
            path = typed + found.relative_to(folder).as_posix()
            hidden = any(part.startswith(".") for part in found.relative_to(folder).parts)
            if path.startswith(incomplete) and found.suffix in endings and not hidden:
                yield path
