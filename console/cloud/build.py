"""The built artifact that is deployed: `sam build` runs only where its output is missing, or older than a source."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from console.cloud.local import ROOT, LocalCloudError

ARTIFACT = ROOT / ".aws-sam" / "build"
SOURCES = (
    *("template.yaml", "handlers", "policies", "requirements/build.txt"),
    *("console/compile_policies.py", "console/policy_file.py", "console/cut_models.py"),
)


def built_artifact() -> Path:
    """The directory with the built template.yaml and the functions' code; LocalCloudError where it can't be made."""
    with alone(ARTIFACT.with_name("lock")):
        if not is_fresh(ARTIFACT / "template.yaml", _sources()):
            run_build(find_sam())
    return ARTIFACT


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Wait until no other process is in here with this lock: two builds at once would break each other's output."""
    lock.parent.mkdir(exist_ok=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def is_fresh(template: Path, sources: Iterable[Path]) -> bool:
    """Whether the built template exists and no source is newer."""
    return template.exists() and all(one.stat().st_mtime <= template.stat().st_mtime for one in sources)


def _sources() -> Iterator[Path]:
    for name in SOURCES:
        path = ROOT / name
        found = path.rglob("*") if path.is_dir() else [path]
        yield from (one for one in found if one.is_file() and "__pycache__" not in one.parts)


def find_sam(root: Path = ROOT) -> str:
    """Path of the SAM command line: this checkout's own, else the one on PATH; LocalCloudError where there is none."""
    own = root / ".venv-sam" / "bin" / "sam"
    found = str(own) if own.exists() else shutil.which("sam")
    if found is None:
        raise LocalCloudError("sam is neither in .venv-sam nor on PATH: run `make build` first.")
    return found


def run_build(sam: str) -> None:
    """Run `sam build`, which needs nothing of AWS; LocalCloudError with its last line of output where it fails."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {"SAM_CLI_TELEMETRY": "0", "PYTHON": sys.executable}
    run = subprocess.run(  # noqa: S603 - the SAM command line
        [sam, "build"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if run.returncode:
        last = (run.stderr.strip() or run.stdout.strip() or "no output").splitlines()[-1]
        raise LocalCloudError(f"`sam build` failed: {last} (run `make build` to see all of it)")
