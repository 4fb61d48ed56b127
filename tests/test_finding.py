"""The parser: three shapes of one finding, tolerant of what does not matter, strict about what a decision rests on."""

from datetime import UTC, datetime
from typing import Any

import pytest

from quarantag.errors import InvalidFinding
from quarantag.finding import parse
from tests.findings import ACCOUNT, INSTANCE, REGION, document, finding, fixture


@pytest.mark.parametrize("shape", ["event", "export", "api"])
def test_the_three_shapes_of_one_finding_parse_alike(shape: str) -> None:
    parsed = parse(fixture(f"backdoor.{shape}.json"))
    assert (parsed.id, parsed.type) == ("3ab1c0de3ab1c0de3ab1c0de3ab1c0de", "Backdoor:EC2/C&CActivity.B")
    assert (parsed.severity, parsed.count, parsed.feature) == (8.0, 3, "FlowLogs")
    assert (parsed.resource_type, parsed.resource_role) == ("Instance", "ACTOR")
    assert (parsed.sample, parsed.archived, parsed.sequence) == (False, False, False)
    assert parsed.last_seen == datetime(2026, 11, 1, 9, 55, tzinfo=UTC)
    assert [named.instance_id for named in parsed.instances] == [INSTANCE]


def test_the_findings_own_account_and_region_count_not_the_envelopes() -> None:
    parsed = parse(fixture("backdoor.event.json"))
    assert (parsed.account, parsed.region) == (ACCOUNT, REGION)
    assert [(named.account, named.region) for named in parsed.instances] == [(ACCOUNT, REGION)]


def test_pascal_keys_inside_an_event_are_read() -> None:
    envelope = {"detail-type": "GuardDuty Finding", "detail": fixture("backdoor.api.json")}
    assert parse(envelope).account == ACCOUNT


@pytest.mark.parametrize(("given", "severity"), [(9, 9.0), (8.9, 8.9), ("8.0", 8.0), (10, 10.0), (0.5, 0.5)])
def test_a_number_is_a_severity(given: object, severity: float) -> None:
    assert finding(severity=given).severity == severity


@pytest.mark.parametrize(
    "given",
    ["HIGH", "MEDIUM", "", "8,0", "1e1", "nan", None, True, [], {}, 0, -1, 10.1, 10**400, float("nan"), float("inf")],
)
def test_anything_else_is_not_a_severity(given: object) -> None:
    with pytest.raises(InvalidFinding, match="severity"):
        finding(severity=given)


@pytest.mark.parametrize("key", ["id", "type", "severity", "accountId", "region"])
@pytest.mark.parametrize("missing", [..., None, "", "  ", [], {}])
def test_what_a_decision_rests_on_must_be_there(key: str, missing: object) -> None:
    with pytest.raises(InvalidFinding, match=key):
        finding(**{key: missing})


@pytest.mark.parametrize(
    ("given", "archived"), [(True, True), ("true", True), ("TRUE", True), ("false", False), (None, False)]
)
def test_archived_as_aws_and_others_write_it(given: object, archived: bool) -> None:  # noqa: FBT001
    assert finding(service__archived=given).archived is archived


@pytest.mark.parametrize("given", ["yes", 1, [], "archived"])
def test_an_archived_flag_that_could_mean_anything_is_refused(given: object) -> None:
    with pytest.raises(InvalidFinding, match="archived"):
        finding(service__archived=given)


@pytest.mark.parametrize(
    "changes",
    [
        {"service__additionalInfo": {"sample": True}},
        {"service__additionalInfo": {"sample": "true"}},
        {"service__additionalInfo": {"value": '{"sample":true}', "type": "default"}},
        {"service__additionalInfo": {"Value": '{"threatName":"x","sample":true}', "Type": "default"}},
        {"service__additionalInfo": {"value": {"sample": True}}},
        {"title": "[SAMPLE] The instance talks."},
    ],
)
def test_a_sample_is_known_wherever_its_flag_stands(changes: dict[str, Any]) -> None:
    assert finding(**changes).sample


@pytest.mark.parametrize(
    "info", [None, {}, [], "x", {"value": "{"}, {"value": "[" * 99999}, {"value": '{"sample":false}'}]
)
def test_a_real_finding_is_no_sample(info: object) -> None:
    assert not finding(service__additionalInfo=info).sample


@pytest.mark.parametrize("name", ["sample.event.json", "sample.api.json"])
def test_the_sample_fixtures_are_samples(name: str) -> None:
    assert parse(fixture(name)).sample


def test_an_account_that_lost_its_leading_zeros_as_a_number_gets_them_back() -> None:
    assert finding(accountId=1111194).account == "000001111194"


@pytest.mark.parametrize("given", ["1234567891234", "id", "123456789"])
def test_a_redacted_account_is_kept_as_it_stands_and_matches_no_stacks(given: str) -> None:
    assert finding(accountId=given).account == given


@pytest.mark.parametrize("given", [True, 1.5, -1, 10**12, 10**60, ["111122223333"]])
def test_what_can_not_be_an_account_is_refused(given: object) -> None:
    with pytest.raises(InvalidFinding, match="accountId"):
        finding(accountId=given)


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ("2025-02-25 20:40:06.000000000", datetime(2025, 2, 25, 20, 40, 6, tzinfo=UTC)),
        ("2025-02-25T21:40:06+01:00", datetime(2025, 2, 25, 20, 40, 6, tzinfo=UTC)),
        ("yesterday", None),
        ("0001-01-01T00:00:00+23:00", None),
        (1740515000, None),
        (None, None),
    ],
)
def test_the_last_activity_is_in_utc_or_unknown(given: object, seen: datetime | None) -> None:
    assert finding(service__eventLastSeen=given).last_seen == seen


@pytest.mark.parametrize(
    ("given", "count"), [(7, 7), ("7", 7), (0, 1), (-3, 1), (None, 1), (True, 1), ("x", 1), (10**40, 2**31 - 1)]
)
def test_a_count_is_at_least_one(given: object, count: int) -> None:
    assert finding(service__count=given).count == count


def test_a_finding_without_service_and_resource_parses() -> None:
    parsed = parse(document(service=..., resource=...))
    assert (parsed.resource_type, parsed.instances, parsed.last_seen) == (None, (), None)


@pytest.mark.parametrize("part", ["resource", "service"])
def test_a_part_that_is_no_object_is_refused(part: str) -> None:
    with pytest.raises(InvalidFinding, match=part):
        finding(**{part: ["Instance"]})


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ([], "not a GuardDuty finding"),
        ({"detail-type": "Tag Change on Resource", "detail": {}}, "Tag Change on Resource"),
        ({"detail-type": "GuardDuty Finding", "detail": []}, "detail is a list"),
        ({"detail-type": "GuardDuty Finding"}, "detail is None"),
        ({"Findings": []}, "one entry of Findings"),
    ],
)
def test_other_documents_are_refused_by_name(given: Any, problem: str) -> None:  # noqa: ANN401
    with pytest.raises(InvalidFinding, match=problem):
        parse(given)
