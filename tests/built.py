"""The built artifact, for tests that run it; without `sam` they are skipped, and say so."""

from pathlib import Path

import pytest

from console.cloud.build import built_artifact
from console.cloud.local import LocalCloudError


def built_or_skipped() -> Path:
    """Give the build, made anew only where a source is newer."""
    try:
        return built_artifact()
    except LocalCloudError as error:
        if "sam is neither" in str(error):
            pytest.skip(str(error))
        raise
