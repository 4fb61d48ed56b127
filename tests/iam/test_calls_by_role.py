"""With `RevokeCredentials` = `role`: every AWS call is allowed to its role, the role function's included."""

from collections.abc import Iterator
from typing import Any

import pytest

import isolate
import revoke
from tests.cloud import ACCOUNT, Lab
from tests.counted import Counted
from tests.iam.asked import facts
from tests.iam.people import ACCOUNT as ELSEWHERE
from tests.iam.played import HERE, Played, deployed
from tests.iam.roles import ISOLATOR, RELEASER, arn, policies
from tests.iam.simulator import Policy
from tests.iam.test_calls import judged, unheard
from tests.iam.wire import listening
from tests.measures.test_role_sessions_over import sweep_later
from tests.stack import Stack

REVOKER = "IAMRoleForRevokeFunction"
FUNCTION = "RevokeRoleSessionsFunction"
ROLED = HERE | {"RevokeCredentials": "role"}


@pytest.fixture
def played(stack: Stack, lab: Lab, isolation_profile_arn: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Played]:
    with listening(facts()) as wire:
        done = deployed(stack, lab, wire, isolation_profile_arn, monkeypatch)
        done.arns[FUNCTION] = arn(FUNCTION).replace(f":{ELSEWHERE}:", f":{ACCOUNT}:")
        name = done.arns[FUNCTION].rpartition(":")[2]
        done.set(REVOKE_CREDENTIALS="role", REVOKE_FUNCTION=name)
        lab.cloud.run(name, lambda event, context: _as_revoker(done, event, context))
        _play(done)
        yield done


def _as_revoker(played: Played, event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's
    with played.wire.acting_as(REVOKER):
        return revoke.handler(event, context)


def _play(played: Played) -> None:
    """One is released; of another, terminated, the policy goes once no session of it can live."""
    profile = played.lab.profile()
    released, ended = (played.lab.instance(profile=profile) for _ in range(2))
    for one in (released, ended):
        assert played.isolated(one.id) == "Isolated"
    played.swept(isolate)
    assert played.released(released.id) == "Released"
    ec2 = played.lab.ec2
    ec2.modify_instance_attribute(InstanceId=ended.id, Attribute="disableApiTermination", Value="false")
    ec2.terminate_instances(InstanceIds=[ended.id])
    (case,) = sweep_later(played.stack, 12.0)
    assert case["status"] == "Ended"
    assert played.lab.iam.list_role_policies(RoleName="web-server")["PolicyNames"] == []


def _allowed(role: str, played: Played) -> dict[str, Policy]:
    return policies(role, played.arns, **ROLED)


def test_every_call_is_allowed(played: Played, counted: Counted) -> None:
    granted = {role: _allowed(role, played) for role in (ISOLATOR, RELEASER, REVOKER)}
    answers = judged(played, granted)
    assert [one.reason for one in answers if not one.allowed] == []
    assert unheard(played, REVOKER, granted[REVOKER]) == set()
    assert "iam:GetRolePolicy" in {one.action for heard in played.wire.heard for one in heard.asked}
    counted(f"with RevokeCredentials = role: {len(played.wire.heard)} calls, {len(answers)} distinct questions to IAM")


def test_only_the_role_function_writes_and_deletes_a_role_s_policy(played: Played) -> None:
    writing = {"iam:PutRolePolicy", "iam:DeleteRolePolicy"}
    asked = [(heard.role, one.action) for heard in played.wire.heard for one in heard.asked if one.action in writing]
    assert set(asked) == {(REVOKER, action) for action in writing}
    swapped = {ISOLATOR: _allowed(ISOLATOR, played), RELEASER: _allowed(RELEASER, played), REVOKER: {}}
    denied = {one.reason.partition(" ")[0] for one in judged(played, swapped) if not one.allowed}
    assert denied >= writing
