"""The stack's own life: what CloudFormation asks before it changes or deletes the stack, and what is answered.

Two custom resources of one function (AWS CloudFormation User Guide, "Custom resource request and response
reference"). `StackDeletion` depends on all other resources, so that it is deleted first: it may refuse while the stack
is whole. All that uses the control tag depends on `StackChange`, so that it is updated first.
docs/decisions/stack-life.md says why there are two.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from quarantag.errors import InvalidEvent

DELETION, CHANGE = "Custom::QuarantagDeletion", "Custom::QuarantagChange"
GUARDED = (
    *("IsolationTagKey", "IsolateTagValue", "ReviewTagValue", "ReleaseTagValue"),
    *("IsolationRoleName", "IsolationSecurityGroupName", "RevocableRolePath"),
)
"""Parameters that say what a containment is and how it is found again: properties of `StackChange`, by these names."""
_MOST_NAMED = 20
_MOST_BYTES = 4096
"""Of the whole answer (User Guide, "Custom resource response objects")."""
_MOST_OF_REASON = 2500
_ADDRESSES = ("https://", "http://")  # the latter's is the local cloud
Work = Literal["nothing", "may it change", "take down"]
_WHILE: dict[Work, frozenset[str]] = {
    "nothing": frozenset(),
    "may it change": frozenset({"UPDATE_IN_PROGRESS"}),
    "take down": frozenset({"DELETE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"}),
}


@dataclass(frozen=True, slots=True)
class LifeRequest:
    """One request of CloudFormation; properties are text, as CloudFormation sends them."""

    kind: str
    resource: str
    logical_id: str
    stack_id: str
    request_id: str
    answer_url: str
    physical_id: str
    properties: Mapping[str, str]
    before: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Contained:
    """Instances that need the stack: with an open case, tagged to be isolated, cut while the ledger was away."""

    cases: frozenset[str] = frozenset()
    tagged: frozenset[str] = frozenset()
    cut: frozenset[str] = frozenset()


def parse(event: Mapping[str, Any]) -> LifeRequest:
    """The request in an event. Raises `InvalidEvent` where it is none: nobody could be answered then."""
    try:
        if not event["ResponseURL"].startswith(_ADDRESSES):
            raise InvalidEvent(f"not a request of CloudFormation, its answer goes to {event['ResponseURL'][:200]}")
        return LifeRequest(
            kind=event["RequestType"],
            resource=event["ResourceType"],
            logical_id=event["LogicalResourceId"],
            stack_id=event["StackId"],
            request_id=event["RequestId"],
            answer_url=event["ResponseURL"],
            physical_id=event.get("PhysicalResourceId") or _physical_id(event),
            properties=event.get("ResourceProperties", {}),
            before=event.get("OldResourceProperties", {}),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise InvalidEvent(f"not a request of CloudFormation, it lacks {error}: {str(event)[:200]}") from error


def wish(request: LifeRequest) -> Work:
    """What the request may ask for, by itself: what asks for nothing needs no answer of AWS, and never fails."""
    if (request.kind, request.resource) == ("Delete", DELETION):
        return "take down"
    if (request.kind, request.resource) == ("Update", CHANGE) and changed(request):
        return "may it change"
    return "nothing"


def work(request: LifeRequest, stack_status: str) -> Work:
    """What it does ask for, by what the stack is doing.

    A custom resource is deleted too where an update takes it out of the template or is rolled back, and updated back
    by a rollback, which must pass: then there is nothing to do.
    """
    wished = wish(request)
    return wished if stack_status in _WHILE[wished] else "nothing"


def changed(request: LifeRequest) -> tuple[str, ...]:
    """Names of the guarded parameters that the update would change."""
    return tuple(name for name in GUARDED if request.properties.get(name, "") != request.before.get(name, ""))


def why_not_changed(names: Collection[str], contained: Contained, before: Mapping[str, str]) -> str:
    """Why these parameters stay while instances are contained, and what to do; "" where none is."""
    said = _needing(contained)
    if not said:
        return ""
    key, release = before.get("IsolationTagKey", ""), before.get("ReleaseTagValue", "")
    what = f"{', '.join(names)} can't change while instances are contained, nothing was changed. {said}"
    return f"{what} {_what_to_do(key, release)} Then update the stack again."


def why_not_deleted(contained: Contained, in_use: Mapping[str, Collection[str]], key: str, release: str) -> str:
    """Why the stack stays, and what to do; "" where nothing needs it. `in_use`: who has which isolation group."""
    said = _needing(contained)
    used = [f"{group} is used by {_named(users)}." for group, users in sorted(in_use.items()) if users]
    if not said and not used:
        return ""
    reasons = ("Instances are contained: the stack stays and goes on working.", said, *used)
    todo = _what_to_do(key, release) if said else "Take these out of the isolation group."
    return " ".join(one for one in (*reasons, todo, "Then delete the stack again.") if one)


def answer(request: LifeRequest, reason: str) -> bytes:
    """The body of the answer: `FAILED` with a reason, `SUCCESS` without one. Its size is within AWS's limit."""
    said = {
        "Status": "FAILED" if reason else "SUCCESS",
        "Reason": reason[:_MOST_OF_REASON] or "done",
        "PhysicalResourceId": request.physical_id,
        "StackId": request.stack_id,
        "RequestId": request.request_id,
        "LogicalResourceId": request.logical_id,
    }
    body = json.dumps(said).encode()
    while len(body) > _MOST_BYTES:
        said["Reason"] = said["Reason"][: len(said["Reason"]) // 2]
        body = json.dumps(said).encode()
    return body


def _physical_id(event: Mapping[str, Any]) -> str:
    """One for each resource of each stack, the same in every answer."""
    return f"{event['StackId'].rpartition('/')[2]}-{event['LogicalResourceId']}"


def _needing(contained: Contained) -> str:
    said = {
        "With an open case": contained.cases,
        "Tagged to be isolated": contained.tagged - contained.cases,
        "Cut while the ledger was away": contained.cut - contained.cases - contained.tagged,
    }
    return " ".join(f"{what}: {_named(ids)}." for what, ids in said.items() if ids)


def _named(ids: Collection[str]) -> str:
    first = sorted(ids)[:_MOST_NAMED]
    return ", ".join(first) + (f" and {len(ids) - len(first)} more" if len(ids) > len(first) else "")


def _what_to_do(key: str, release: str) -> str:
    command = f"aws ec2 create-tags --tags Key={key},Value={release} --resources i-..."
    return f"Release each ({command}) and wait for {key}Status = Released; the case of one that ended closes by itself."
