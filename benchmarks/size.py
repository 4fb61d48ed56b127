"""The built package of each function, unzipped, beside the naive build; and what it imports."""

import subprocess
import sys
from pathlib import Path

from benchmarks.footprint import FUNCTIONS, built_code
from benchmarks.goals import Goal
from benchmarks.world import ROOT

LIMIT_MB = 6


def package_mb(code: Path) -> float:
    """All files, in MB of 1,000,000 bytes."""
    return sum(path.stat().st_size for path in code.rglob("*") if path.is_file()) / 1e6


def naive_mb() -> float:
    """What `pip install` of the functions' dependencies and boto3 takes, as a build without care would ship it."""
    site = Path(sys.prefix, "lib", f"python{sys.version_info[0]}.{sys.version_info[1]}", "site-packages")
    packages = ("aws_lambda_powertools", "boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3")
    sources = sum(package_mb(site / name) for name in packages)
    bytecode = sum(one.stat().st_size for name in packages for one in (site / name).rglob("*.pyc")) / 1e6
    return sources - bytecode + package_mb(ROOT / "handlers")


def goals() -> list[Goal]:
    """Judge the package of each function; nothing where nothing is built."""
    return [
        Goal.below(f"{name}: package besides the runtime's boto3 (naive: {naive_mb():.0f} MB)", LIMIT_MB, size, "MB")
        for name in FUNCTIONS
        if (code := built_code(name)) is not None
        for size in [round(package_mb(code), 1)]
    ]


def imported(code: Path, function: str) -> frozenset[str]:
    """The modules that are loaded once the function is imported, in a fresh interpreter."""
    script = f"import sys; sys.path.insert(0, {str(code)!r}); import {function}; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-B", "-c", script], capture_output=True, text=True, check=True)  # noqa: S603
    return frozenset(said.stdout.split())
