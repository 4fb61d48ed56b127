"""Who may release: CloudTrail's records parsed, and the judgement of the last write of the control tag."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from quarantag.authority import judge_writer
from quarantag.ports import TagWrite
from quarantag.settings import Settings
from quarantag.tagwrite import is_tag_write, release_writes, tag_write_of, tag_writes

INSTANCE = "i-0123456789abcdef0"
KEY = "SecurityIsolation"
ROLE = "arn:aws:iam::111122223333:role/Releaser"
SESSION = "arn:aws:sts::111122223333:assumed-role/Releaser/alice"
SETTINGS = Settings("111122223333", "eu-central-1", "", release_principals=(ROLE,))
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
WRITE = TagWrite(INSTANCE, "Release", NOW, SESSION, ROLE)


def record(name: str = "CreateTags", tags: Any = None, **changes: object) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """CloudTrail's record of a call that tags the instance with the release value."""
    return {
        "eventName": name,
        "eventTime": "2026-11-23T12:00:00Z",
        "userIdentity": {"type": "AssumedRole", "arn": SESSION, "sessionContext": {"sessionIssuer": {"arn": ROLE}}},
        "requestParameters": {
            "resourcesSet": {"items": [{"resourceId": "i-00000001"}, {"resourceId": INSTANCE}]},
            "tagSet": {"items": [{"key": KEY, "value": "Release"}] if tags is None else tags},
        },
        **changes,
    }


def test_a_record_tells_who_wrote_which_value() -> None:
    assert tag_write_of(record(), INSTANCE, KEY) == WRITE


def test_an_instances_own_session_is_known_by_its_name() -> None:
    own = f"arn:aws:sts::111122223333:assumed-role/web/{INSTANCE}"
    write = tag_write_of(record(userIdentity={"type": "AssumedRole", "arn": own}), INSTANCE, KEY)
    assert write
    assert write.session_instance == INSTANCE


@pytest.mark.parametrize(
    "other",
    [
        record(errorCode="Client.UnauthorizedOperation"),
        record(tags=[{"key": "Name", "value": "Release"}]),
        record(tags=[{"key": KEY.lower(), "value": "Release"}]),
        record(requestParameters={"resourcesSet": {"items": [{"resourceId": "i-00000002"}]}, "tagSet": {"items": []}}),
        record(requestParameters=None),
        record(tags=[]),
    ],
    ids=["refused", "another key", "a twin", "another instance", "no parameters", "no tags"],
)
def test_what_wrote_no_control_tag_tells_nothing(other: dict[str, Any]) -> None:
    assert tag_write_of(other, INSTANCE, KEY) is None


@pytest.mark.parametrize("tags", [[{"key": KEY}], []], ids=["this key", "every key"])
def test_a_removal_is_a_write_of_nothing(tags: list[dict[str, str]]) -> None:
    write = tag_write_of(record("DeleteTags", tags), INSTANCE, KEY)
    assert write
    assert write.value == ""


def test_cloudtrails_own_event_gives_a_write_for_each_instance() -> None:
    event = {"detail-type": "AWS API Call via CloudTrail", "detail": record()}
    assert is_tag_write(event)
    assert [write.instance_id for write in tag_writes(event, SETTINGS)] == ["i-00000001", INSTANCE]


@pytest.mark.parametrize(
    "event",
    [
        {"detail": record(tags=[{"key": KEY, "value": "Isolate"}])},
        {"detail": record("DeleteTags")},
        {"detail": None},
        {"detail": {"requestParameters": {"resourcesSet": {"items": ["i-1"]}}}},
        {},
    ],
)
def test_an_event_of_something_else_asks_for_nothing(event: dict[str, Any]) -> None:
    assert release_writes(event, SETTINGS) == ()


@pytest.mark.parametrize(
    ("principals", "write", "contained", "action"),
    [
        ((ROLE,), WRITE, False, "go"),
        (("arn:aws:sts::111122223333:assumed-role/Releaser/*",), WRITE, False, "go"),
        (("arn:aws:iam::111122223333:role/Releas*",), WRITE, False, "go"),
        (("*",), None, False, "go"),
        (("*",), WRITE, False, "go"),
        (("*",), replace(WRITE, value="Isolate"), False, "go"),
        ((ROLE,), None, False, "wait"),
        ((ROLE,), replace(WRITE, value="Isolate"), False, "wait"),
        ((ROLE,), replace(WRITE, principal="arn:aws:iam::111122223333:user/mallory", issuer=None), False, "refuse"),
        (("arn:aws:iam::111122223333:role/releaser",), WRITE, False, "refuse"),
        ((ROLE,), WRITE, True, "refuse"),
        (("*",), WRITE, True, "refuse"),
    ],
)
def test_the_last_write_is_judged(
    principals: tuple[str, ...], write: TagWrite | None, action: str, *, contained: bool
) -> None:
    settings = replace(SETTINGS, release_principals=principals)
    assert judge_writer(write, settings, contained=contained).action == action
