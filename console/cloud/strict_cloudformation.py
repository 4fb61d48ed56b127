"""Corrections of ministack's CloudFormation, version 1.5.33.

A resource that can't be deleted keeps what it depends on. Where A refers to B, A is deleted before B (Template
Reference, "DependsOn attribute"): while A is there, B stays too. ministack goes on with B: a stack whose first resource
refuses to go would lose all the others.

A stack that is made again has names of its own: a generated name has "a unique ID" (Template Reference, "Name type").
ministack makes it of the stack's name, so the new stack would take over what the old one retained.

Both are shown by tests/test_artifact_life.py.
"""

import hashlib
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import handlers, provisioners, stacks

SUFFIX = 13  # characters of a generated name
KEPT: dict[str, dict[str, Any]] = {}
"""By stack: what a failed resource depends on, out of the stack's record while its deletion goes on."""

delete_stack, delete_resource = stacks._delete_stack_async, stacks._delete_resource  # noqa: SLF001 - no other way in
physical_name = provisioners._physical_name  # noqa: SLF001


def install() -> None:
    """Put the corrections in place, for as long as the process lives."""
    stacks._delete_resource = delete_or_keep  # noqa: SLF001
    stacks._delete_stack_async = handlers._delete_stack_async = delete_what_may_go  # noqa: SLF001
    provisioners._physical_name = name_once  # noqa: SLF001


def record_of(stack: str) -> dict[str, Any]:
    """What ministack knows of the stack."""
    record: dict[str, Any] = cloudformation._stacks.get(stack) or {}  # noqa: SLF001
    return record


def delete_or_keep(kind: str, physical_id: str, properties: Any, stack: str, logical_id: str) -> None:  # noqa: ANN401
    """Delete the resource; where that fails, set aside what it depends on."""
    deleted = False
    try:
        delete_resource(kind, physical_id, properties, stack, logical_id)
        deleted = True
    finally:
        record = record_of(stack)
        if not deleted and record.get("StackStatus") == "DELETE_IN_PROGRESS":
            set_aside(stack, record, logical_id)


def set_aside(stack: str, record: dict[str, Any], logical_id: str) -> None:
    """Move what the resource depends on, directly or through others, out of the stack's record."""
    resources, template = record["_resources"], record.get("_template") or {}
    needed = stacks._with_dependencies([logical_id], template.get("Resources", {}), set(resources))  # noqa: SLF001
    for name in needed - {logical_id}:
        KEPT.setdefault(stack, {})[name] = resources.pop(name)


async def delete_what_may_go(stack: str, stack_id: str, *how: Any, **named: Any) -> None:  # noqa: ANN401
    """Delete the stack, then put back into its record what was kept."""
    try:
        await delete_stack(stack, stack_id, *how, **named)
    finally:
        record_of(stack).setdefault("_resources", {}).update(KEPT.pop(stack, {}))


def name_once(stack: str, logical_id: str, **how: Any) -> str:  # noqa: ANN401
    """The same name, but for its last characters: they come of the stack's id, too."""
    name: str = physical_name(stack, logical_id, **how)
    own = hashlib.sha256(f"{name}:{record_of(stack).get('StackId')}".encode()).hexdigest()[:SUFFIX]
    return name[:-SUFFIX] + (own if how.get("lowercase") else own.upper())
