"""Policy variables in ARN conditions, resolved as IAM resolves them; the simulator takes `${…}` there for a bad ARN."""

import re
from collections.abc import Mapping
from typing import Any

VARIABLE = re.compile(r"\$\{([^}'*?$]+?)(?:\s*,\s*'([^']*)')?\s*}")


def resolved(value: Any, context: Mapping[str, str | list[str]]) -> Any:  # noqa: ANN401 - a policy's JSON
    """Every policy in this JSON value, the variables of its conditions on ARNs replaced by what the request has.

    IAM User Guide, "IAM policy elements: Variables and tags": a variable may stand in any condition with a string or
    an ARN operator. One whose key the request does not have, and that names no default, makes the statement match
    nothing: it stays here as it is, and the simulator finds no ARN in it. Raises ValueError for a value with a
    wildcard: whether it then acts as one is not documented.
    """
    if isinstance(value, list | tuple):
        return [resolved(one, context) for one in value]
    if not isinstance(value, Mapping):
        return value
    return {
        key: _filled(one, {name.lower(): held for name, held in context.items()})
        if key.split(":")[-1].removesuffix("IfExists") in {"ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"}
        else resolved(one, context)
        for key, one in value.items()
    }


def _filled(condition: Any, context: Mapping[str, str | list[str]]) -> Any:  # noqa: ANN401 - a condition's JSON
    """The patterns of one operator, by key; context keys are told apart without regard to case, as IAM does."""
    return {
        key: [VARIABLE.sub(lambda found: _value(found, context), one) for one in _list(patterns)]
        for key, patterns in condition.items()
    }


def _value(found: re.Match[str], context: Mapping[str, str | list[str]]) -> str:
    value = context.get(found[1].strip().lower(), found[2])
    if not isinstance(value, str):  # IAM resolves no variable that is absent or has several values
        return found[0]
    if "*" in value or "?" in value:
        message = f"{found[0]} is {value!r}: what a wildcard in a variable's value means is not documented"
        raise ValueError(message)
    return value


def _list(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]
