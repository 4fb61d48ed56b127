"""One finding is followed through the logs of all three functions by its id, and its case by the case's."""

from typing import Any

import pytest

from tests.cloud import Lab
from tests.stack import KEY, Stack, about
from tests.template import source

FINDING = "d4b040365221be2b54a6264dc9a4bc64"


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """What the functions logged since the last call."""
    found = [vars(record) for record in caplog.records if record.name.startswith("quarantag")]
    caplog.clear()
    assert found
    return found


def test_every_line_names_the_finding_and_once_there_is_one_the_case(
    stack: Stack, lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    instance = lab.instance(profile=lab.profile())
    stack.find(about(instance.id, id=FINDING))
    assert {line["finding_id"] for line in lines(caplog)} == {FINDING}
    case_id = stack.isolate(instance.id)["case_id"]
    logged = lines(caplog)
    assert {line["finding_id"] for line in logged} == {FINDING}
    opened = next(at for at, line in enumerate(logged) if line.get("entry", {}).get("kind") == "case-opened")
    assert {line["case_id"] for line in logged[opened:]} == {case_id}
    stack.tag_and_release(instance.id)
    assert {(line["finding_id"], line["case_id"]) for line in lines(caplog)} == {(FINDING, case_id)}


def test_without_a_finding_the_case_is_what_connects(stack: Stack, lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    instance = lab.instance()
    lab.tag(instance.id, **{KEY: "Isolate"})
    case_id = stack.isolate(instance.id)["case_id"]
    logged = lines(caplog)
    assert {line["finding_id"] for line in logged} == {None}
    assert case_id in {line["case_id"] for line in logged}


def test_tracing_is_off_unless_it_is_asked_for() -> None:
    assert source()["Globals"]["Function"]["Tracing"] == {"Fn::If": ["Traced", "Active", "PassThrough"]}
    assert source()["Conditions"]["Traced"] == {"Fn::Equals": [{"Ref": "Tracing"}, "true"]}
    assert source()["Resources"]["Trace"]["Condition"] == "Traced"
