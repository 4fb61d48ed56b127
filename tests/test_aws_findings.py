"""The adapter over GuardDuty: what is asked and what is answered, over a real client whose wire is stubbed."""

from datetime import UTC, datetime
from typing import Any, cast

import boto3
import pytest
from botocore.stub import Stubber

from quarantag.aws.findings import GuardDutyFindings
from quarantag.errors import Retryable, Terminal

SINCE = datetime(2026, 11, 23, tzinfo=UTC)
CRITERIA = {
    "Criterion": {
        "updatedAt": {"GreaterThanOrEqual": int(SINCE.timestamp() * 1000)},
        "service.archived": {"Equals": ["false"]},
    }
}
LISTING = {
    "DetectorId": "d1",
    "FindingCriteria": CRITERIA,
    "SortCriteria": {"AttributeName": "updatedAt", "OrderBy": "ASC"},
}


def finding(number: int) -> dict[str, object]:
    required = ("AccountId", "Arn", "CreatedAt", "Region", "SchemaVersion", "Type", "UpdatedAt")
    return {"Id": f"f{number}", "Resource": {}, "Severity": 8.0, **dict.fromkeys(required, "x")}


@pytest.fixture
def stub() -> Stubber:
    client = boto3.client("guardduty", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")
    return Stubber(client)


def findings_of(stub: Stubber) -> GuardDutyFindings:
    return GuardDutyFindings(cast("Any", lambda: stub.client))


def test_every_page_is_read_fifty_at_a_time_in_the_listed_order(stub: Stubber) -> None:
    ids = [f"f{number}" for number in range(60)]
    stub.add_response("list_detectors", {"DetectorIds": ["d1"]}, {})
    stub.add_response("list_findings", {"FindingIds": ids[:50], "NextToken": "more"}, LISTING)
    shuffled = [finding(number) for number in reversed(range(50))]
    stub.add_response("get_findings", {"Findings": shuffled}, {"DetectorId": "d1", "FindingIds": ids[:50]})
    stub.add_response("list_findings", {"FindingIds": ids[50:]}, {**LISTING, "NextToken": "more"})
    rest = [finding(number) for number in range(50, 60)]
    stub.add_response("get_findings", {"Findings": rest}, {"DetectorId": "d1", "FindingIds": ids[50:]})
    with stub:
        found = [one["Id"] for one in findings_of(stub).updated_since(SINCE)]
    assert found == ids
    stub.assert_no_pending_responses()


def test_where_guardduty_is_off_there_is_nothing(stub: Stubber) -> None:
    for _ in range(2):
        stub.add_response("list_detectors", {"DetectorIds": []}, {})
    with stub:
        findings = findings_of(stub)
        assert list(findings.updated_since(SINCE)) == []
        assert list(findings.by_id(["f1"])) == []


def test_held_findings_that_are_gone_are_left_out(stub: Stubber) -> None:
    stub.add_response("list_detectors", {"DetectorIds": ["d1"]}, {})
    stub.add_response("get_findings", {"Findings": [finding(2)]}, {"DetectorId": "d1", "FindingIds": ["f1", "f2"]})
    with stub:
        assert [one["Id"] for one in findings_of(stub).by_id(["f1", "f2"])] == ["f2"]


def test_nothing_held_asks_nothing(stub: Stubber) -> None:
    with stub:
        assert list(findings_of(stub).by_id([])) == []


@pytest.mark.parametrize(
    ("code", "status", "meaning"),
    [("InternalServerErrorException", 500, Retryable), ("AccessDeniedException", 403, Terminal)],
)
def test_its_faults_are_ours(stub: Stubber, code: str, status: int, meaning: type[Exception]) -> None:
    stub.add_client_error("list_detectors", code, "why", status)
    with stub, pytest.raises(meaning):
        list(findings_of(stub).updated_since(SINCE))
