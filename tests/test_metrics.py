"""Metrics: written when it happens and once, documented, and each that an alarm or the dashboard names exists."""

import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import isolate
import release
import tag_finding
from quarantag.metrics import EVERY, FINDINGS_DECIDED, NAMESPACE, TIME_TO_CONTAIN
from tests.cloud import STACK, Lab
from tests.stack import KEY, Stack, about, tag_change
from tests.template import Template

PAGE = (Path(__file__).parents[1] / "docs" / "metrics.md").read_text(encoding="utf-8")
TEMPLATE = Template()
FUNCTIONS = {"tag_finding", "isolate", "release"}
ACTIONS = {"isolate", "hold", "review", "ignore"}
UNWATCHED = {"Isolated", "Released", "Held", "Review", "Observed", "FindingsDecided", "TimeToTag", "OpenCases"}
"""What is no alarm by itself: it is as asked, or a message asks a person already."""


def written(capsys: pytest.CaptureFixture[str]) -> Iterator[tuple[str, str, float]]:
    """Name, own dimension's value and value of each metric in the log since the last call, as CloudWatch reads it."""
    for line in capsys.readouterr().out.splitlines():
        document = json.loads(line) if line.startswith("{") else {}
        for directive in document.get("_aws", {}).get("CloudWatchMetrics", []):
            assert (directive["Namespace"], document["Stack"]) == (NAMESPACE, STACK)
            (names,) = directive["Dimensions"]
            (metric,) = directive["Metrics"]
            (value,) = document[metric["Name"]]
            known = next(one for one in EVERY if one.name == metric["Name"])
            assert (metric["Unit"], set(names)) == (known.unit, {"Stack", known.dimension} - {""})
            yield metric["Name"], document.get(known.dimension, ""), value


def counts(capsys: pytest.CaptureFixture[str]) -> dict[str, float]:
    """Sums by name, and own dimension's value."""
    sums: dict[str, float] = {}
    for name, about_what, value in written(capsys):
        key = f"{name} {about_what}".strip()
        sums[key] = sums.get(key, 0) + value
    return {key: value for key, value in sums.items() if not key.startswith(("Time", "SweepDuration"))}


def test_a_finding_an_isolation_and_a_release_are_counted_once(
    stack: Stack, lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    instance = lab.instance(profile=lab.profile())
    stack.find(about(instance.id))
    assert counts(capsys) == {"FindingsDecided isolate": 1}
    stack.isolate(instance.id)
    stack.isolate(instance.id)
    assert counts(capsys) == {"Isolated": 1}
    stack.sweep(isolate)
    assert counts(capsys) == {"Unfinished isolate": 0, "OpenCases": 1, "BrokenRules": 0}
    stack.tag_and_release(instance.id)
    stack.release(instance.id)
    assert counts(capsys) == {"Released": 1}
    stack.sweep(release)
    stack.sweep(tag_finding)
    assert counts(capsys) == {"Unfinished release": 0, "Unfinished tag_finding": 0, "Paused": 0}


def test_the_time_to_contain_starts_at_the_event(stack: Stack, lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    instance = lab.instance()
    lab.tag(instance.id, **{KEY: "Isolate"})
    event = tag_change(instance.id, lab.tags(instance.id))
    event["time"] = (datetime.now(UTC) - timedelta(seconds=100)).isoformat(timespec="seconds").replace("+00:00", "Z")
    isolate.handler(event, stack.context())
    times = [value for name, _, value in written(capsys) if name == TIME_TO_CONTAIN.name]
    assert len(times) == 1
    assert 100_000 <= times[0] < 130_000


def test_the_time_to_contain_of_a_lost_event_starts_at_the_case(
    stack: Stack, lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    lab.instance(tags={KEY: "Isolate"})
    stack.sweep(isolate)
    times = [value for name, _, value in written(capsys) if name == TIME_TO_CONTAIN.name]
    assert len(times) == 1
    assert 0 <= times[0] < 60_000


def test_drift_tampering_and_a_full_ceiling_are_counted(
    stack: Stack, lab: Lab, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_CONTAINMENTS_PER_HOUR", "1")
    instance = lab.instance()
    stack.tag_and_isolate(instance.id)
    counts(capsys)
    lab.ec2.modify_network_interface_attribute(
        NetworkInterfaceId=instance.interface_ids[0], Groups=[instance.networks[0].group_id]
    )
    stack.isolate(instance.id)
    assert counts(capsys) == {"DriftRepaired": 1}
    lab.ec2.delete_tags(Resources=[instance.id], Tags=[{"Key": KEY}])
    isolate.handler(tag_change(instance.id, {}), stack.context())
    assert counts(capsys) == {"Tampering": 1}
    stack.tag_and_isolate(lab.instance().id)
    assert counts(capsys) == {"Held": 1, "LimitReached": 1}


def test_every_metric_is_documented_as_it_is() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (?:`(\w+)`)? ?\| (.*) \|$", PAGE, re.MULTILINE)
    assert rows == [(one.name, one.unit, one.dimension, one.meaning) for one in EVERY]


def test_every_alarm_watches_a_metric_that_is_written() -> None:
    watched = set()
    for alarm in TEMPLATE.of_type("AWS::CloudWatch::Alarm").values():
        if alarm["Namespace"] == NAMESPACE:
            (metric,) = (one for one in EVERY if one.name == alarm["MetricName"])
            given = {one["Name"]: one["Value"] for one in alarm["Dimensions"]}
            assert given.pop("Stack") == "quarantag"
            assert set(given) == {metric.dimension} - {""}
            assert set(given.values()) <= FUNCTIONS
            watched.add((metric.name, given.get("Function", "")))
    assert {name for name, _ in watched} == {one.name for one in EVERY} - UNWATCHED
    for metric in EVERY:
        if metric.dimension == "Function":
            assert {function for name, function in watched if name == metric.name} == FUNCTIONS


def test_a_sweep_that_does_not_end_is_an_alarm() -> None:
    found = [one for one in TEMPLATE.of_type("AWS::CloudWatch::Alarm").values() if one["MetricName"] == "SweepDuration"]
    assert [(one["TreatMissingData"], one["ComparisonOperator"]) for one in found] == [
        ("breaching", "LessThanThreshold")
    ] * 3


def test_the_threshold_is_the_parameter_in_milliseconds() -> None:
    assert Template(ContainWithinSeconds="7").properties("SlowContainmentAlarm")["Threshold"] == "7000"


def graphs(metrics: list[list[Any]]) -> Iterator[list[str]]:
    """CloudWatch's short forms written out: `.` repeats the value above, `...` all but the last ones.

    Source: CloudWatch API Reference, "Dashboard body structure and syntax".
    """
    above: list[str] = []
    for row in metrics:
        values = [one for one in row if isinstance(one, str)]
        if values[0] == "...":
            own = values[1:]
            values = above[: len(above) - len(own)] + own
        above = [above[at] if value == "." else value for at, value in enumerate(values)]
        yield above


def test_the_dashboard_shows_metrics_that_are_written() -> None:
    (dashboard,) = TEMPLATE.of_type("AWS::CloudWatch::Dashboard").values()
    widgets = json.loads(dashboard["DashboardBody"])["widgets"]
    shown = [one for widget in widgets for one in graphs(widget["properties"].get("metrics", []))]
    ours = [one for one in shown if one[0] == NAMESPACE]
    assert {one[1] for one in ours} == {one.name for one in EVERY}
    for _, name, *dimensions in ours:
        (metric,) = (one for one in EVERY if one.name == name)
        assert dimensions[:2] == ["Stack", "quarantag"]
        assert dimensions[2:3] == ([metric.dimension] if metric.dimension else [])
    assert {one[-1] for one in ours if one[1] == FINDINGS_DECIDED.name} == ACTIONS
    assert {(one[0], one[1]) for one in shown if one[0] != NAMESPACE} == {
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage"),
        *(("AWS/Lambda", name) for name in ("Errors", "Throttles", "Duration")),
    }
    (log,) = (widget["properties"] for widget in widgets if widget["type"] == "log")
    assert "SOURCE '<IsolationLog>' | SOURCE '<ReleaseLog>'" in log["query"]
    assert {one["properties"]["region"] for one in widgets} == {"cn-north-1"}


def test_what_the_dashboards_query_asks_for_is_in_the_log(
    stack: Stack, lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    stack.tag_and_isolate(lab.instance().id)
    audited = [vars(record)["entry"] for record in caplog.records if record.message == "audit"]
    assert {"case-opened", "status"} <= {one["kind"] for one in audited}
    assert all({"instance_id", "kind", "detail"} <= set(one) for one in audited)
