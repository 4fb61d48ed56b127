"""The whole demo, as a person runs it: the built artifact on the local cloud, judged by what that cloud shows."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from console.cloud.build import find_sam
from console.cloud.local import ROOT, LocalCloudError

COMMAND = [sys.executable, "-c", "from console.command import main; main()", "demo", "--json"]
HOSTILE = {
    "AWS_PROFILE": "of-another-place",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "HTTP_PROXY": "http://127.0.0.1:9",
}
"""What the person who runs it may have set: none of it may matter."""


def run_demo(**environment: str) -> subprocess.CompletedProcess[str]:
    paths = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "handlers")])}
    return subprocess.run(  # noqa: S603 - our own command
        COMMAND, capture_output=True, text=True, check=False, env=os.environ | HOSTILE | paths | environment, cwd="/"
    )


@pytest.fixture(scope="module")
def played() -> subprocess.CompletedProcess[str]:
    """The demo's run and how long it took; skipped where there is no SAM to build with."""
    try:
        find_sam()
    except LocalCloudError as error:
        pytest.skip(str(error))
    return run_demo()


@pytest.fixture(scope="module")
def result(played: subprocess.CompletedProcess[str]) -> Any:  # noqa: ANN401 - JSON
    assert played.stdout, played.stderr
    return json.loads(played.stdout)


def test_every_expectation_holds(played: subprocess.CompletedProcess[str], result: Any) -> None:  # noqa: ANN401
    assert [one for one in result["expectations"] if not one["ok"]] == []
    assert len(result["expectations"]) == 76
    assert result["ok"] is True
    assert (played.returncode, played.stderr) == (0, "")


def test_result_has_the_documented_shape(result: Any) -> None:  # noqa: ANN401
    assert set(result) == {"ok", "expectations", "instances"}
    assert {frozenset(one) for one in result["expectations"]} == {frozenset({"name", "ok", "seen"})}
    assert {frozenset(one) for one in result["instances"]} == {frozenset({"id", "status", "interfaces"})}
    shapes = {frozenset(interface) for one in result["instances"] for interface in one["interfaces"]}
    assert shapes == {frozenset({"id", "groups_before", "groups_after"})}


def test_instances_end_isolated_released_or_untouched(result: Any) -> None:  # noqa: ANN401
    statuses = [one["status"] for one in result["instances"]]
    assert sorted(statuses, key=str) == ["Isolated"] * 4 + [None] * 2 + ["Released"] * 2
    for instance in result["instances"]:
        for interface in instance["interfaces"]:
            same = interface["groups_before"] == interface["groups_after"]
            assert same is (instance["status"] != "Isolated")
            assert len(interface["groups_after"]) == 1 or same
    assert sorted(len(one["interfaces"]) for one in result["instances"]) == [1] * 4 + [2] * 4


def test_released_instances_have_their_two_groups_in_an_order_that_sorting_would_lose(result: Any) -> None:  # noqa: ANN401
    for released in (one for one in result["instances"] if one["status"] == "Released"):
        groups = released["interfaces"][0]["groups_after"]
        assert len(groups) == 2
        assert groups != sorted(groups)


def test_the_member_of_a_group_is_contained_whole_and_its_stolen_credentials_are_denied(result: Any) -> None:  # noqa: ANN401
    names = [one["name"] for one in result["expectations"]]
    for said in (
        "is on standby",
        "stolen from api-1 are denied",
        "of the same role",
        "its snapshot",
        "lists the thief's access key",
        "forensics is told",
        "as it was in all",
    ):
        assert any(said in name for name in names), said


def test_without_sam_it_says_so_in_one_line(tmp_path: Path) -> None:
    """In a copy of the checkout that was never built, on a machine without SAM."""
    for name in ("console", "handlers"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    run = run_demo(PATH=str(tmp_path), PYTHONPATH=os.pathsep.join([str(tmp_path), str(tmp_path / "handlers")]))
    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr == "quarantag demo: sam is neither in .venv-sam nor on PATH: run `make build` first.\n"
