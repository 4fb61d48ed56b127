"""What survives, end to end in process: looked up after the isolation and for an hour more, recorded and told once."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import jsonschema
import pytest
from referencing.jsonschema import SchemaRegistry

import isolate
from console.cloud.state import STATE
from quarantag.aws.survivors import CloudTrailSessions
from quarantag.errors import QuarantagError, Retryable, Terminal
from quarantag.survivors import Records
from tests.cloud import SESSION, Lab
from tests.faults import FakeClock
from tests.stack import KEY, Stack
from tests.template import ROOT
from tests.trails import THIEF_KEY, access_key, chained, text

SOON = "Jan 01, 2099, 01:00:00 AM"
TOLD = "Outlives the isolation"
DENIED = Terminal("AccessDeniedException: not authorized to perform cloudtrail:LookupEvents")


def happened(*records: dict[str, Any], **changed: object) -> None:
    """CloudTrail shows these calls, made a minute ago."""
    now = (datetime.now(UTC) - timedelta(minutes=1)).isoformat(timespec="seconds")
    STATE.trail.extend(one | {"eventTime": now} | changed for one in records)


def kept(stack: Stack, instance_id: str) -> dict[str, Any]:
    """The attribute of the case, held to its schema."""
    case = stack.case(instance_id) or {}
    schema = json.loads((ROOT / "schemas/case.schema.json").read_text())
    found: dict[str, Any] = json.loads(case["survivors"])
    part = {"$schema": schema["$schema"], "$defs": schema["$defs"], **schema["$defs"]["survivors"]}
    jsonschema.Draft202012Validator(part, registry=SchemaRegistry()).validate(found)
    return found


def test_what_its_sessions_made_is_in_the_case_in_the_audit_and_told(stack: Stack, lab: Lab) -> None:
    instance = lab.instance(profile=lab.profile())
    happened(access_key(instance.id), chained(instance.id, SOON), access_key("i-0fedcba9876543210"))
    assert stack.tag_and_isolate(instance.id)["status"] == "Isolated"

    found = {one["event"]: one for one in kept(stack, instance.id)["found"]}
    assert (found["CreateAccessKey"]["what"], found["CreateAccessKey"]["region"]) == (THIEF_KEY, "us-east-1")
    assert set(found) == {"CreateAccessKey", "AssumeRole"}
    assert {one["event_id"] for one in stack.entries(instance.id, "survivor")} == {
        one["event_id"] for one in found.values()
    }
    subjects = [subject.partition(":")[0] for subject in stack.announced()]
    assert subjects == ["Isolated", TOLD]
    details = stack.sent()
    assert [one["survivors"] and len(one["survivors"]["found"]) for one in details] == [None, 2]
    assert "update-access-key" in str(details[-1]["survivors"])


def test_what_cloudtrail_shows_late_is_told_once_by_the_sweep(stack: Stack, lab: Lab) -> None:
    instance = lab.instance(profile=lab.profile())
    stack.tag_and_isolate(instance.id)
    assert kept(stack, instance.id)["found"] == []
    stack.announced()

    happened(access_key(instance.id))
    stack.sweep(isolate)
    assert [one["what"] for one in kept(stack, instance.id)["found"]] == [THIEF_KEY]
    assert [subject.partition(":")[0] for subject in stack.announced()] == [TOLD]
    before = stack.case(instance.id)
    stack.sweep(isolate)
    assert stack.announced() == []
    assert {**(stack.case(instance.id) or {}), "generation": 0} == {**(before or {}), "generation": 0}


def test_a_release_keeps_what_was_found(stack: Stack, lab: Lab) -> None:
    instance = lab.instance(profile=lab.profile())
    happened(access_key(instance.id))
    stack.tag_and_isolate(instance.id)
    found = kept(stack, instance.id)
    assert stack.tag_and_release(instance.id)["status"] == "Released"
    assert kept(stack, instance.id) == found
    closed = next(item for item in stack.items() if item["sk"].startswith("closed#"))
    assert json.loads(closed["survivors"]) == found


@dataclass(slots=True)
class History:
    """The port: what each Region answers, and when it was asked for what."""

    answers: dict[str, Records | QuarantagError] = field(default_factory=dict)
    asked: list[tuple[str, datetime | None]] = field(default_factory=list)

    def records(self, instance_id: str, region: str, since: datetime | None) -> Records:  # noqa: ARG002 - the port's shape
        self.asked.append((region, since))
        answer = self.answers.get(region, Records())
        if isinstance(answer, QuarantagError):
            raise answer
        return answer


@pytest.mark.parametrize("fault", [DENIED, Retryable("ThrottlingException: Rate exceeded")])
def test_a_fault_of_one_region_stops_nothing_and_hides_nothing_of_the_other(
    stack: Stack, lab: Lab, fault: QuarantagError
) -> None:
    instance = lab.instance(profile=lab.profile(), tags={KEY: "Isolate"})
    living = text(chained(instance.id, SOON) | {"eventTime": datetime.now(UTC).isoformat()})
    history = History({"us-east-1": fault, "eu-central-1": Records(tuple(living), "only the newest were read")})
    assert stack.reconcile(instance.id, history=history).status == "Isolated"
    found = kept(stack, instance.id)
    assert [one["kind"] for one in found["found"]] == ["role session"]
    assert found["problems"] == [f"us-east-1 could not be looked up: {fault}"]
    assert found["unread"] == ["eu-central-1: only the newest were read"]
    assert len(stack.entries(instance.id, "survivors-not-known")) == 1

    stack.reconcile(instance.id, history=history, wanted=None)
    assert len(stack.entries(instance.id, "survivors-not-known")) == 1, "said once, until it changes"
    assert {since for _, since in history.asked} == {None}, "after a fault all is read again"


def test_it_is_looked_for_during_the_first_hour_only_and_not_where_nothing_is_isolated(stack: Stack, lab: Lab) -> None:
    instance = lab.instance(profile=lab.profile(), tags={KEY: "Isolate"})
    history, clock = History(), FakeClock()
    began = clock.now()
    for minutes, looks in ((0, 2), (30, 4), (61, 4)):
        clock.time = began + timedelta(minutes=minutes)
        stack.reconcile(instance.id, history=history, clock=clock, wanted=None)
        assert len(history.asked) == looks
    assert [since for _, since in history.asked[:2]] == [None, None]
    assert all(since and since <= began - timedelta(minutes=59) for _, since in history.asked[2:])

    untouched = lab.instance(tags={KEY: "Review"})
    stack.reconcile(untouched.id, history=history, wanted=None)
    assert len(history.asked) == 4


class Pages:
    """A client of one Region: so many pages of one event each."""

    def __init__(self, pages: Sequence[dict[str, Any]]) -> None:
        self.pages = list(pages)
        self.asked: list[dict[str, Any]] = []

    def lookup_events(self, **asked: Any) -> dict[str, Any]:  # noqa: ANN401 - the client's
        self.asked.append(asked)
        number = int(asked.get("NextToken", 0))
        more = {"NextToken": str(number + 1)} if number + 1 < len(self.pages) else {}
        return {"Events": [self.pages[number]]} | more


def looked_up(pages: Sequence[dict[str, Any]]) -> tuple[Records, Pages, FakeClock]:
    client, clock = Pages(pages), FakeClock()
    sessions = CloudTrailSessions(lambda _region: client, clock)  # type: ignore[arg-type,return-value]
    return sessions.records("i-0123456789abcdef0", "us-east-1", None), client, clock


def test_pages_are_read_one_after_another_at_the_rate_that_cloudtrail_allows() -> None:
    found, client, clock = looked_up([{"CloudTrailEvent": f'{{"eventID": "{number}"}}'} for number in range(3)])
    assert (len(found.texts), found.unread, len(client.asked)) == (3, "", 3)
    assert clock.slept >= 1.0
    assert client.asked[0]["LookupAttributes"] == [
        {"AttributeKey": "Username", "AttributeValue": "i-0123456789abcdef0"}
    ]


def test_a_flood_of_calls_is_read_to_a_bound_and_said() -> None:
    at = datetime(2026, 11, 23, 12, tzinfo=UTC)
    found, client, _ = looked_up([{"CloudTrailEvent": "{}", "EventTime": at - timedelta(hours=n)} for n in range(50)])
    assert len(client.asked) == 10
    assert found.unread == "only the newest 10 events were read, back to 2026-11-23 03:00Z"


def test_the_local_cloud_s_history_has_a_page_of_fifty_and_its_own_region_only(lab: Lab) -> None:
    instance = lab.instance()
    happened(*(access_key(instance.id) for _ in range(60)))
    client = {name: SESSION.client("cloudtrail", region_name=name) for name in ("us-east-1", "eu-central-1")}
    sessions = CloudTrailSessions(client.__getitem__, FakeClock())
    assert len(sessions.records(instance.id, "us-east-1", None).texts) == 60
    assert sessions.records(instance.id, "eu-central-1", None) == Records()
    assert sessions.records(instance.id, "us-east-1", datetime.now(UTC) + timedelta(hours=1)) == Records()


def test_the_local_cloud_records_what_a_session_makes(lab: Lab) -> None:
    instance = lab.instance(profile=lab.profile("web"))
    lab.iam.create_user(UserName="build")
    sts = SESSION.client("sts")
    role = lab.iam.get_instance_profile(InstanceProfileName="web")["InstanceProfile"]["Roles"][0]["Arn"]
    stolen = sts.assume_role(RoleArn=role, RoleSessionName=instance.id)["Credentials"]
    keys = {"aws_access_key_id": stolen["AccessKeyId"], "aws_secret_access_key": stolen["SecretAccessKey"]}
    thief: dict[str, Any] = {"aws_session_token": stolen["SessionToken"], **keys}
    made = SESSION.client("iam", **thief).create_access_key(UserName="build")["AccessKey"]["AccessKeyId"]
    SESSION.client("sts", **thief).assume_role(RoleArn=role, RoleSessionName="again")
    recorded = [(one["eventName"], one["userIdentity"]["type"]) for one in STATE.trail if one["eventSource"][0] in "is"]
    assert recorded == [("AssumeRole", "IAMUser"), ("CreateAccessKey", "AssumedRole"), ("AssumeRole", "AssumedRole")]
    sessions = CloudTrailSessions(lambda name: SESSION.client("cloudtrail", region_name=name), FakeClock())
    (found,) = sessions.records(instance.id, "us-east-1", None).texts
    assert json.loads(found)["responseElements"]["accessKey"]["accessKeyId"] == made
