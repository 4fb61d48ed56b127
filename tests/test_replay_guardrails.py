"""Limits, the sweep's second look, exemptions and releases, in event time, whatever the order of files."""

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.replays import DEFAULT, answered, at, instance, written

ISOLATING = """
version: 1
limits: [LIMITS]
exemptions: [EXEMPTIONS]
rules:
  - {id: beyond, match: {severity: {at_least: 9}}, then: isolate, beyond_limits: true}
  - {id: high, match: {severity: {at_least: 7}}, then: isolate}
expect:
  - {finding: {type: "A:B", severity: 9}, action: isolate, rule: beyond}
  - {finding: {type: "A:B", severity: 7}, action: isolate, rule: high}
  - {finding: {type: "A:B", severity: 5}, action: ignore}
"""


def policy(folder: Path, limits: str = "", exemptions: str = "") -> Path:
    file = folder / "policy.yaml"
    file.write_text(ISOLATING.replace("LIMITS", limits).replace("EXEMPTIONS", exemptions))
    return file


def when(answer: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Which instance was isolated at what time, in order."""
    return [(one["instance_id"][-1], one["isolated_at"][11:16]) for one in answer["instances"]]


def test_a_limit_holds_and_the_next_window_has_room_again(tmp_path: Path) -> None:
    findings = [at(f"10:0{number}:00", instance(number)) for number in range(4)] + [at("12:30:00", instance(9))]
    answer = answered(written(tmp_path, findings), "--policy", policy(tmp_path, "{max: 2, per: 1h, by: account}"))
    assert when(answer) == [("0", "10:00"), ("1", "10:01"), ("2", "11:00"), ("3", "11:00"), ("9", "12:30")]
    assert answer["decisions"] == {"isolate": 3, "review": 0, "hold": 2, "ignore": 0}
    assert [one["held_since"] for one in answer["instances"]][2:4] == ["2026-11-01T10:02:00Z", "2026-11-01T10:03:00Z"]
    assert answer["held_instances"] == []
    assert answer["limits"] == [
        {
            "account": "111122223333",
            "region": "eu-central-1",
            "limit": "2 in 60 minutes for account",
            "full_windows": 1,
            "held_decisions": 2,
            "held_instances": 2,
            "first_full": "2026-11-01T10:00:00Z",
        }
    ]
    assert answer["busiest_hour"] == {"hour": "2026-11-01T10:00:00Z", "isolated": 2, "decisions": 4}


def test_what_is_held_at_the_last_finding_stays_held(tmp_path: Path) -> None:
    findings = [at(f"10:0{number}:00", instance(number)) for number in range(3)]
    answer = answered(written(tmp_path, findings), "--policy", policy(tmp_path, "{max: 2, per: 1h, by: account}"))
    assert [one["instance_id"] for one in answer["held_instances"]] == [instance(2)]
    assert answer["held_instances"][0]["isolated_at"] is None
    assert answer["held_instances"][0]["held_by"] == "2 in 60 minutes for account"


def test_an_instance_is_isolated_once_and_counts_once(tmp_path: Path) -> None:
    findings = [at(f"10:0{number}:00", instance(number % 2)) for number in range(8)]
    answer = answered(written(tmp_path, findings), "--policy", policy(tmp_path, "{max: 2, per: 1h, by: account}"))
    assert when(answer) == [("0", "10:00"), ("1", "10:01")]
    assert answer["decisions"]["isolate"] == 8


def test_each_account_and_region_counts_for_itself(tmp_path: Path) -> None:
    places = [("111122223333", "eu-central-1"), ("111122223333", "us-east-1"), ("444455556666", "us-east-1")]
    findings = [
        at("10:00:00", instance(n), accountId=account, region=region) for n, (account, region) in enumerate(places)
    ]
    answer = answered(written(tmp_path, findings), "--policy", policy(tmp_path, "{max: 1, per: 1h, by: account}"))
    assert (len(answer["instances"]), answer["limits"]) == (3, [])


def test_beyond_limits_isolates_at_once_and_fills_no_limit(tmp_path: Path) -> None:
    findings = [at("10:00:00", instance(0)), at("10:01:00", instance(1)), at("10:02:00", instance(1), severity=9)]
    findings += [at("10:03:00", instance(2), severity=9)]
    answer = answered(written(tmp_path, findings), "--policy", policy(tmp_path, "{max: 1, per: 1h, by: account}"))
    assert when(answer) == [("0", "10:00"), ("1", "10:02"), ("2", "10:03")]
    assert [one["rule"] for one in answer["instances"]] == ["high", "beyond", "beyond"]


def test_limits_by_vpc_group_and_tag_take_vpcs_from_findings_and_tags_from_the_file(tmp_path: Path) -> None:
    tags = tmp_path / "tags.yaml"
    group = "aws:autoscaling:groupName"
    tags.write_text("".join(f"{instance(n)}: {{'{group}': web, Service: 'shop{n}'}}\n" for n in range(3)))
    file = written(tmp_path, [at(f"10:0{n}:00", instance(n)) for n in range(4)])
    by_group = policy(tmp_path, "{max: 1, per: 1h, by: auto-scaling-group}")
    assert when(answered(file, "--policy", by_group, "--tags", tags)) == [("0", "10:00"), ("3", "10:03")]
    assert len(answered(file, "--policy", by_group)["instances"]) == 4
    by_vpc = policy(tmp_path, "{max: 3, per: 1d, by: vpc}")
    assert [one["limit"] for one in answered(file, "--policy", by_vpc)["limits"]] == [
        "3 in 1440 minutes for vpc vpc-0aaa1"
    ]
    by_tag = policy(tmp_path, '{max: 1, per: 1h, by: "tag:Service"}')
    assert len(answered(file, "--policy", by_tag, "--tags", tags)["instances"]) == 4


def test_tags_may_be_what_describe_tags_answers(tmp_path: Path) -> None:
    tags = tmp_path / "tags.json"
    one = '{"ResourceId": "%s", "Key": "aws:autoscaling:groupName", "Value": "web"}'
    tags.write_text('{"Tags": [' + ", ".join(one % instance(n) for n in range(2)) + "]}")
    file = written(tmp_path, [at(f"10:0{n}:00", instance(n)) for n in range(2)])
    by_group = policy(tmp_path, "{max: 1, per: 1h, by: auto-scaling-group}")
    assert when(answered(file, "--policy", by_group, "--tags", tags)) == [("0", "10:00")]


def test_an_exemption_holds_through_its_last_day_by_the_findings_own_time(tmp_path: Path) -> None:
    exempt = f"{{id: e, match: {{instance_id: [{instance(1)}]}}, reason: r, owner: o, expires: 2026-11-01}}"
    findings = [at("23:59:59.999", instance(1)), {**at("x", instance(1)), "updatedAt": "2026-11-02T00:00:00Z"}]
    answer = answered(written(tmp_path, findings), "--policy", policy(tmp_path, "", exempt))
    assert answer["decisions"] == {"isolate": 1, "review": 0, "hold": 1, "ignore": 0}
    assert answer["instances"][0]["isolated_at"] == "2026-11-02T00:00:00Z"


def test_after_a_release_only_newer_activity_isolates_again(tmp_path: Path) -> None:
    released = tmp_path / "released.yaml"
    released.write_text(f'{instance(1)}: "2026-11-01T11:00:00Z"\n')
    findings = [
        at("10:00:00", instance(1)),
        at("12:00:00", instance(1), service__eventLastSeen="2026-11-01T10:59:00Z"),
        at("13:00:00", instance(1), service__eventLastSeen="2026-11-01T12:59:00Z"),
    ]
    answer = answered(written(tmp_path, findings), "--policy", policy(tmp_path), "--released", released)
    assert when(answer) == [("1", "10:00"), ("1", "13:00")]
    assert answer["decisions"] == {"isolate": 2, "review": 0, "hold": 1, "ignore": 0}


def test_a_finding_without_a_time_comes_last_and_says_so(tmp_path: Path) -> None:
    gone = {"createdAt": ..., "service__eventLastSeen": ..., "updatedAt": "soon"}
    findings = [at("x", instance(1), **gone), at("10:00:00", instance(2))]
    answer = answered(written(tmp_path, findings), "--policy", policy(tmp_path))
    assert [(one["instance_id"], one["isolated_at"]) for one in answer["instances"]] == [
        (instance(2), "2026-11-01T10:00:00Z"),
        (instance(1), None),
    ]
    assert answer["period"]["undated"] == 1


@pytest.mark.parametrize("seed", range(3))
def test_order_and_files_do_not_matter(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)  # noqa: S311
    findings = [at(f"{10 + n % 5}:{n % 60:02}:00", instance(n % 23), severity=(7, 8, 9)[n % 3]) for n in range(90)]
    limits = policy(tmp_path, "{max: 2, per: 1h, by: account}, {max: 3, per: 3h, by: vpc}")
    straight = answered(written(tmp_path / "one", findings), "--policy", limits)
    chance.shuffle(findings)
    for number in range(3):
        written(tmp_path / "many", findings[number::3], f"{number}.jsonl")
    mixed = answered(tmp_path / "many", "--policy", limits)
    assert {**stable(mixed)} == {**stable(straight)}
    assert straight["decisions"]["hold"] > 10


def stable(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer without the places of files."""
    found = {name: answer[name] for name in ("decisions", "limits", "busiest_hour")}
    for name in ("instances", "held_instances"):
        found[name] = [{key: value for key, value in one.items() if key != "place"} for one in answer[name]]
    return found


def test_the_shipped_default_holds_at_its_own_limit(tmp_path: Path) -> None:
    findings = [at(f"10:{number:02}:00", instance(number)) for number in range(12)]
    answer = answered(written(tmp_path, findings), "--policy", DEFAULT)
    assert (len(answer["instances"]), len(answer["held_instances"])) == (10, 2)


def test_a_time_that_has_no_next_window_is_no_time(tmp_path: Path) -> None:
    findings = [at("9999-12-31T23:30:00Z", instance(number)) for number in range(12)]
    answer = answered(written(tmp_path, findings), "--policy", DEFAULT)
    assert not answer["period"]["last"].startswith("9999")
    assert len(answer["held_instances"]) == 2
