"""`make` builds and checks whatever the person who runs it has set for AWS."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.template import ROOT


@pytest.mark.parametrize("target", ["build", "check"])
def test_sam_sees_nothing_that_is_set_for_aws(target: str, tmp_path: Path) -> None:
    """It would fail on a profile that does not exist here."""
    seen, sam = tmp_path / "seen", tmp_path / "sam"
    sam.write_text(f'#!/bin/sh\nenv > "{seen}"\n')
    sam.chmod(0o755)
    environments = (".venv", ".venv-sam", ".venv-checks", ".cfn-guard")
    made = [f"--old-file={environment}/stamp" for environment in environments]
    command = ["make", "--silent", *made, f"SAM={sam}", f"VENV={tmp_path}", target]
    for tool in ("ruff", "mypy", "cfn-lint", "python"):
        (tmp_path / tool).symlink_to(str(shutil.which("true")))
    hostile = {"AWS_PROFILE": "of-another-place", "AWS_REGION": "nowhere"}
    subprocess.run(command, cwd=ROOT, env=os.environ | hostile, check=True)  # noqa: S603 - our own Makefile
    names = {line.partition("=")[0] for line in seen.read_text(encoding="utf-8").splitlines()}
    assert "PATH" in names
    assert not {name for name in names if name.startswith("AWS_")}
