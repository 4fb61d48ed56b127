"""Correction of ministack: a resource that can't be deleted keeps what it depends on.

Where A refers to B, A is deleted before B (Template Reference, "DependsOn attribute"): while A is there, B stays too.
ministack 1.5.33 goes on with B: a stack whose first resource refuses to go would lose all the others.
"""

from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import handlers, stacks

KEPT: dict[str, dict[str, Any]] = {}
"""By stack: what a failed resource depends on, out of the stack's record while its deletion goes on."""

delete_stack, delete_resource = stacks._delete_stack_async, stacks._delete_resource  # noqa: SLF001 - no other way in


def install() -> None:
    """Put the correction in place, for as long as the process lives."""
    stacks._delete_resource = delete_or_keep  # noqa: SLF001
    stacks._delete_stack_async = handlers._delete_stack_async = delete_what_may_go  # noqa: SLF001


def delete_or_keep(kind: str, physical_id: str, properties: Any, stack: str, logical_id: str) -> None:  # noqa: ANN401
    """Delete the resource; where that fails, set aside what it depends on."""
    deleted = False
    try:
        delete_resource(kind, physical_id, properties, stack, logical_id)
        deleted = True
    finally:
        record = cloudformation._stacks.get(stack) or {}  # noqa: SLF001
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
        record = cloudformation._stacks.get(stack) or {}  # noqa: SLF001
        record.setdefault("_resources", {}).update(KEPT.pop(stack, {}))
