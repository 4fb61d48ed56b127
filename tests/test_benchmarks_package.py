"""What a cold start reads does not grow unnoticed: modules that a function imports, and bytes of its package."""

import pytest

from benchmarks.footprint import FUNCTIONS, Function, built_code
from benchmarks.size import LIMIT_MB, imported, package_mb
from tests.template import ROOT

MOST_MODULES = 480
"""Those of the interpreter, botocore and Powertools; a tenth more would be another library."""


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_more_modules_are_imported(function: str) -> None:
    modules = imported(ROOT / "handlers", function)
    assert len(modules) <= MOST_MODULES
    assert not modules & {"boto3", "s3transfer", "yaml", "jsonschema"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_package_stays_small(function: Function) -> None:
    code = built_code(function)
    if code is None:
        pytest.skip("nothing is built: `make build`")
    assert 1 < package_mb(code) < LIMIT_MB
