"""What outlives the denial of an instance's sessions, picked from CloudTrail's records: pure tables."""

import json
import shlex
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from quarantag.makers import MADE
from quarantag.remains import document, from_document, next_step, said, told
from quarantag.survivors import MOST_KEPT, Survivor, Survivors, regions, survivors_of
from tests.cloud import ACCOUNT, REGION
from tests.trails import DEPLOY, THIEF_KEY, access_key, chained, record, text

INSTANCE = "i-0123456789abcdef0"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def picked(*records: object) -> list[Survivor]:
    return list(survivors_of(text(*records), INSTANCE, NOW))


def test_an_access_key_is_found_with_the_command_that_ends_it() -> None:
    (found,) = picked(access_key(INSTANCE))
    assert (found.kind, found.what, found.of, found.until, found.region) == (
        *("access key", THIEF_KEY, "build"),
        *(None, "us-east-1"),
    )
    assert next_step(found, ACCOUNT, NOW) == (
        f"aws iam update-access-key --status Inactive --user-name build --access-key-id {THIEF_KEY}"
    )
    assert said(found) == f"access key {THIEF_KEY} of build, by CreateAccessKey 2026-11-23 11:50Z, no end known"


@pytest.mark.parametrize(
    "expiration", ["Nov 23, 2026, 12:50:00 PM", "Nov 23, 2026, 12:50:00\u202fPM", "Nov 23, 2026 12:50:00 PM"]
)
def test_a_session_of_another_role_is_found_until_its_end(expiration: str) -> None:
    (found,) = picked(chained(INSTANCE, expiration))
    assert (found.kind, found.of, found.until) == ("role session", DEPLOY, NOW + timedelta(minutes=50))
    assert found.what == f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/x"
    words = shlex.split(next_step(found, ACCOUNT, NOW))
    assert words[:7] == [
        "aws",
        "iam",
        "put-role-policy",
        "--role-name",
        "deploy",
        "--policy-name",
        "AWSRevokeOlderSessions",
    ]
    (denial,) = json.loads(words[-1])["Statement"]
    assert denial["Condition"] == {"DateLessThan": {"aws:TokenIssueTime": "2026-11-23T12:00:00Z"}}
    assert (denial["Effect"], denial["Action"], denial["Resource"]) == ("Deny", "*", "*")


def test_a_role_of_another_account_is_not_revoked_in_this_one() -> None:
    (found,) = picked(chained(INSTANCE, role="arn:aws:iam::444455556666:role/deploy"))
    assert next_step(found, ACCOUNT, NOW).startswith("in account 444455556666: aws iam put-role-policy")


@pytest.mark.parametrize(("expiration", "lives"), [("Nov 23, 2026, 11:59:00 AM", False), (None, True), (17, True)])
def test_a_session_that_is_over_is_not_told(expiration: object, lives: bool) -> None:  # noqa: FBT001
    assert bool(picked(chained(INSTANCE, expiration))) is lives


def test_a_session_whose_end_is_not_told_is_over_after_the_longest_that_a_role_allows() -> None:
    old = chained(INSTANCE, None) | {"eventTime": "2026-11-22T23:59:00Z"}
    assert picked(old) == []


def test_pods_that_got_a_role_through_the_node_are_found_by_their_cluster() -> None:
    pod = record(
        *(INSTANCE, "AssumeRoleForPodIdentity", "eks-auth"),
        readOnly=True,
        requestParameters={"clusterName": "shop", "token": "HIDDEN_DUE_TO_SECURITY_REASONS"},
    )
    (found,) = picked(pod)
    assert (found.kind, found.what) == ("pod identity", "shop")
    assert next_step(found, ACCOUNT, NOW) == "aws eks list-pod-identity-associations --cluster-name shop"


@pytest.mark.parametrize(
    "other",
    [
        access_key(INSTANCE, errorCode="AccessDenied"),
        access_key("i-0fedcba9876543210"),
        access_key(INSTANCE, userIdentity={"type": "IAMUser", "principalId": "AIDAEXAMPLE", "userName": "build"}),
        access_key(INSTANCE, eventTime="yesterday"),
        access_key(INSTANCE, eventSource="example.com"),
        record(INSTANCE, "ListUsers"),
        record(INSTANCE, "UpdateAccessKey", requestParameters={"accessKeyId": THIEF_KEY, "status": "Inactive"}),
        record(INSTANCE, "UpdateInstanceInformation", "ssm"),
    ],
)
def test_what_made_nothing_or_is_another_s_is_not_told(other: dict[str, Any]) -> None:
    assert picked(other) == []


@pytest.mark.parametrize("call", MADE, ids=lambda call: call[1])
def test_every_call_that_is_looked_for_is_found_with_nothing_but_its_name(call: tuple[str, str]) -> None:
    source, name = call
    only = MADE[call].only
    asked = {only[0].rpartition(".")[2]: only[1]} if only else None
    (found,) = picked(record(INSTANCE, name, eventSource=source, requestParameters=asked))
    assert found.event == name
    assert next_step(found, ACCOUNT, NOW) == "" or found.what or found.of


@pytest.mark.parametrize("call", MADE, ids=lambda call: call[1])
def test_every_command_is_one_that_a_shell_takes(call: tuple[str, str]) -> None:
    one = Survivor(MADE[call].kind, call[1], "what", "arn:aws:iam::123456789012:role/of", NOW, None, REGION, "id")
    words = shlex.split(next_step(one, ACCOUNT, NOW))
    assert words[:1] == ([] if call[1] == "AssumeRoot" else ["aws"])
    assert not any("{" in word and not word.startswith('{"Version"') for word in words)


@pytest.mark.parametrize(("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")])
def test_a_managed_policy_is_named_in_its_partition(region: str, partition: str) -> None:
    (made,) = picked(record(INSTANCE, "CreateUser", requestParameters={"userName": "x"}, awsRegion=region))
    assert f"arn:{partition}:iam::aws:policy/AWSDenyAll" in next_step(made, ACCOUNT, NOW)


HOSTILE = [
    "x" * 5000,
    "a\x1b[31mb",
    "x'; rm -rf ~ #",
    "$(id)",
    "-h",
    "a\nNext: call 555",
    "`id`",
    "\u202eevil",
    ["a"],
    7,
    {},
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_a_field_holds_is_one_short_word_in_the_command(hostile: object) -> None:
    (found,) = picked(
        access_key(
            INSTANCE,
            requestParameters={"userName": hostile},
            responseElements={"accessKey": {"accessKeyId": hostile, "userName": hostile}},
            eventID=hostile,
            awsRegion=hostile,
        )
    )
    line, command = said(found), next_step(found, ACCOUNT, NOW)
    assert (line + command).isprintable()
    assert len(line) < 600
    assert set(line) < set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 +=,.@_/:-()")
    assert len(shlex.split(command)) in (0, 9)
    assert not set(command) & set("$`'\"\\;|&<>\n")


@pytest.mark.parametrize(
    "broken",
    [
        *("", "{", "null", "[]", "7", '"text"', "[" * 100_000, '{"eventName": {}}'),
        json.dumps(access_key(INSTANCE, userIdentity="thief")),
        json.dumps(access_key(INSTANCE, eventTime=["2026"])),
    ],
    ids=range(10),
)
def test_a_record_that_can_t_be_read_is_passed_over(broken: str) -> None:
    assert [one.what for one in survivors_of([broken, *text(access_key(INSTANCE))], INSTANCE, NOW)] == [THIEF_KEY]


def test_one_session_that_is_got_again_and_again_is_told_once_with_its_last_end() -> None:
    first = Survivors(NOW, tuple(picked(chained(INSTANCE))))
    later = chained(INSTANCE, "Nov 23, 2026, 01:10:00 PM") | {"eventTime": "2026-11-23T12:10:00Z"}
    second = Survivors(NOW, tuple(picked(later))).beside(first)
    assert [one.until for one in second.found] == [NOW + timedelta(minutes=70)]
    assert second.newer_than(first) == ()


def test_no_more_is_kept_than_a_case_holds_and_it_is_said() -> None:
    (one,) = picked(access_key(INSTANCE))
    many = tuple(replace(one, what=f"AKIA{number}", at=NOW + timedelta(seconds=number)) for number in range(60))
    kept = Survivors(NOW, many).beside(None)
    assert [found.what for found in kept.found] == [f"AKIA{number}" for number in range(59, 59 - MOST_KEPT, -1)]
    assert kept.unread == (f"of more than {MOST_KEPT} those without an end, and the newest, are kept",)
    assert kept.beside(kept) == kept


def test_many_sessions_do_not_push_out_a_key_that_has_no_end() -> None:
    (key,) = picked(access_key(INSTANCE))
    (session,) = picked(chained(INSTANCE))
    many = tuple(replace(session, what=f"thief-{number}", at=NOW + timedelta(seconds=number)) for number in range(60))
    kept = Survivors(NOW, (key, *many)).beside(None)
    assert key in kept.found
    assert len(kept.found) == MOST_KEPT


def test_a_role_with_a_long_path_is_named_whole_in_its_command() -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/{'p' * 300}/admin"
    (found,) = picked(chained(INSTANCE) | {"requestParameters": {"roleArn": role}})
    assert "--role-name admin " in next_step(found, ACCOUNT, NOW)


@pytest.mark.parametrize("status", ["Active", "Inactive"])
@pytest.mark.parametrize(
    ("event", "place"),
    [
        ("UpdateAccessKey", "accessKeyId"),
        ("UpdateServiceSpecificCredential", "serviceSpecificCredentialId"),
        ("UpdateSSHPublicKey", "sSHPublicKeyId"),
        ("UpdateSigningCertificate", "certificateId"),
    ],
)
def test_a_credential_is_told_once_it_is_active_again(event: str, place: str, status: str) -> None:
    asked = {"userName": "ci", place: "ID1", "status": status}
    found = picked(access_key(INSTANCE) | {"eventName": event, "requestParameters": asked, "responseElements": None})
    assert [(one.what, one.of) for one in found] == ([("ID1", "ci")] if status == "Active" else [])


def test_it_is_written_and_read_back_as_it_was() -> None:
    found = Survivors(NOW, tuple(picked(access_key(INSTANCE), chained(INSTANCE))), ("away",), ("much",))
    assert from_document(json.loads(json.dumps(document(found)))) == found
    assert [one["next_step"][:7] for one in told(found, ACCOUNT, NOW)["found"]] == ["aws iam", "aws iam"]


@pytest.mark.parametrize(
    ("region", "asked"),
    [
        (REGION, (REGION, "us-east-1")),
        ("us-east-1", ("us-east-1",)),
        ("cn-northwest-1", ("cn-northwest-1", "cn-north-1")),
        ("us-gov-east-1", ("us-gov-east-1", "us-gov-west-1")),
    ],
)
def test_global_events_are_asked_for_where_the_partition_has_them(region: str, asked: tuple[str, ...]) -> None:
    assert regions(region) == asked
