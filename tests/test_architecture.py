"""The architecture of DESIGN.md holds in every source file; and each check of it finds what it is for."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

import pytest

from tests import architecture
from tests.architecture import BESIDE_ENTRIES, CHECKS, ENTRIES, ORCHESTRATES, ROOT, Source, sources

Check = Callable[[Source], Iterator[str]]
CORE, ADAPTER = "handlers/quarantag/plan.py", "handlers/quarantag/aws/instances.py"
LONG = "def long():\n" + "    x = 1\n" * 30
BAD: tuple[tuple[Check, str, str], ...] = (
    *(
        (architecture.pure_modules_import_the_standard_library_and_each_other, path, code)
        for path, code in (
            (CORE, "import boto3"),
            (CORE, "from botocore.exceptions import ClientError"),
            (CORE, "from quarantag.aws.instances import Ec2Instances"),
            (CORE, "from quarantag import aws"),
            (CORE, "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import aws_lambda_powertools"),
            (CORE, "import jsonschema"),
            (CORE, "import os"),
            (CORE, "import logging"),
            (CORE, "from time import sleep"),
            (CORE, "from .aws import instances"),
            ("handlers/quarantag/steps/network.py", "import console"),
        )
    ),
    (architecture.pure_modules_ask_the_clock_port, CORE, "from datetime import datetime\ndatetime.now()"),
    (architecture.pure_modules_ask_the_clock_port, CORE, "import datetime\nnow = datetime.datetime.now"),
    (architecture.pure_modules_ask_the_clock_port, CORE, "def f(time):\n    time.sleep(1)"),
    (architecture.pure_modules_ask_the_clock_port, CORE, "print('x')"),
    (architecture.pure_modules_ask_the_clock_port, CORE, "text = open('x').read()"),
    (architecture.what_decides_takes_no_port, CORE, "from quarantag.ports import Ports"),
    (architecture.what_decides_takes_no_port, "handlers/quarantag/authority.py", "from quarantag.ports import Trail"),
    (architecture.what_decides_takes_no_port, "handlers/quarantag/restoration.py", "import quarantag.releasing"),
    (architecture.what_decides_takes_no_port, "handlers/quarantag/steps/network.py", "from quarantag import record"),
    (architecture.only_aws_imports_the_sdk, CORE, "import boto3"),
    (architecture.only_aws_imports_the_sdk, "handlers/isolate.py", "from botocore import config"),
    (architecture.only_aws_imports_the_sdk, "console/operate.py", "import boto3"),
    (architecture.only_wiring_reads_the_environment, ADAPTER, "import os\nos.environ['X']"),
    (architecture.only_wiring_reads_the_environment, "handlers/isolate.py", "import os\nos.getenv('X')"),
    (architecture.only_wiring_reads_the_environment, ADAPTER, "from os import environ"),
    (architecture.budgets_are_kept, CORE, LONG),
    (architecture.budgets_are_kept, CORE, f"class A:\n    async {LONG}".replace("\n    x", "\n        x")),
    (architecture.budgets_are_kept, CORE, "x = 1\n" * 251),
    (architecture.budgets_are_kept, "handlers/isolate.py", "x = 1\n" * 61),
    (architecture.nothing_is_patched, "tests/test_x.py", "from unittest import mock"),
    (architecture.nothing_is_patched, "tests/test_x.py", "import unittest.mock"),
    (architecture.nothing_is_patched, "tests/test_x.py", "from unittest.mock import patch"),
    (architecture.nothing_is_patched, "tests/test_x.py", "def test(monkeypatch):\n    monkeypatch.setattr(a, 'b', 1)"),
    (architecture.nothing_is_patched, "console/x.py", "def f(patcher):\n    patcher.setattr(a, 'b', 1)"),
    (architecture.nothing_is_caught_broadly, "console/cloud/x.py", "try:\n    f()\nexcept Exception:\n    raise"),
    (architecture.nothing_is_caught_broadly, CORE, "try:\n    f()\nexcept:\n    pass"),
    (architecture.nothing_is_caught_broadly, CORE, "try:\n    f()\nexcept (OSError, BaseException):\n    pass"),
    (architecture.modules_are_named_by_what_they_do, "console/utils.py", ""),
    (architecture.modules_are_named_by_what_they_do, "handlers/quarantag/common/tags.py", ""),
    (architecture.the_code_root_holds_entry_files, "handlers/__init__.py", ""),
    (architecture.the_code_root_holds_entry_files, "handlers/settings.py", ""),
)
GOOD: tuple[tuple[Check, str, str], ...] = (
    (
        architecture.pure_modules_import_the_standard_library_and_each_other,
        CORE,
        "import re\nfrom concurrent.futures import Executor\nfrom quarantag.case import Case",
    ),
    (architecture.pure_modules_import_the_standard_library_and_each_other, ADAPTER, "import boto3"),
    (architecture.pure_modules_ask_the_clock_port, CORE, "def f(clock):\n    return clock.now()"),
    (architecture.what_decides_takes_no_port, CORE, "from quarantag.ports import TagWrite"),
    (architecture.what_decides_takes_no_port, "handlers/quarantag/sweep.py", "from quarantag.ports import Ledger"),
    (
        architecture.what_decides_takes_no_port,
        "handlers/quarantag/steps/network.py",
        "from quarantag.ports import Ports",
    ),
    (architecture.only_aws_imports_the_sdk, ADAPTER, "import boto3"),
    (architecture.only_aws_imports_the_sdk, "console/operate_aws.py", "import boto3"),
    (architecture.only_wiring_reads_the_environment, "handlers/quarantag/aws/wiring.py", "import os\nos.environ['X']"),
    (architecture.budgets_are_kept, CORE, LONG.removesuffix("    x = 1\n")),
    (architecture.nothing_is_patched, "tests/test_x.py", "def test(monkeypatch):\n    monkeypatch.setenv('A', '1')"),
    (architecture.nothing_is_patched, "console/cloud/x.py", "from unittest import mock"),
    (architecture.nothing_is_caught_broadly, CORE, "try:\n    f()\nexcept ValueError:\n    pass"),
    (architecture.modules_are_named_by_what_they_do, CORE, ""),
    (architecture.the_code_root_holds_entry_files, "handlers/release.py", ""),
)


def name(value: object) -> str | None:
    return getattr(value, "__name__", None)


@pytest.mark.parametrize("check", CHECKS, ids=name)
def test_holds_everywhere(check: Check) -> None:
    wrong = [f"{source.path}:{problem}" for source in sources() for problem in check(source)]
    assert wrong == []


@pytest.mark.parametrize(("check", "path", "code"), BAD, ids=name)
def test_finds_what_is_wrong(check: Check, path: str, code: str) -> None:
    assert list(check(Source(PurePosixPath(path), code)))


@pytest.mark.parametrize(("check", "path", "code"), GOOD, ids=name)
def test_lets_pass_what_is_right(check: Check, path: str, code: str) -> None:
    assert list(check(Source(PurePosixPath(path), code))) == []


def test_every_check_is_itself_checked() -> None:
    assert {check for check, _, _ in BAD} == {check for check, _, _ in GOOD} == set(CHECKS)


def test_all_of_the_code_is_looked_at() -> None:
    seen = {str(source.path) for source in sources()}
    assert {CORE, ADAPTER, "handlers/release.py", "console/command.py", "tests/test_architecture.py"} <= seen


def test_the_code_root_holds_what_runs_in_lambda_or_builds_it() -> None:
    listed = subprocess.run(["git", "ls-files", "handlers"], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607
    files = [PurePosixPath(line).relative_to("handlers") for line in listed.stdout.splitlines()]
    assert {path.parts[0] for path in files} <= ENTRIES | BESIDE_ENTRIES
    assert [path for path in files if len(path.parts) > 1 and path.suffix != ".py"] == []


def test_what_orchestrates_is_there() -> None:
    """Else a renamed module would be checked as one that only decides, or not at all."""
    core = {path.stem for path in (ROOT / "handlers" / "quarantag").glob("*.py")}
    assert core >= ORCHESTRATES
    assert {"authority", "limits", "plan", "restoration", "tagwrite"} <= core - ORCHESTRATES
