"""A record decoded only as far as a decision may look: what is unusual in any way is left to `finding.parse`.

Each shape is a msgspec type that takes the usual record of it, and refuses every other with an error: a key in the
other spelling (which `document.get` would honour), a text where a number is usual, a missing part. So whatever is
decoded here, `parse` would read from the very same keys. Wire names: botocore's guardduty model, shape `Finding`.
"""

from collections.abc import Sequence
from types import GenericAlias
from typing import Any, Literal, Protocol

import msgspec
from msgspec import UNSET, UnsetType

from quarantag.finding import DETAIL_TYPE

_Field = tuple[str, Any, bool]
"""Key in camelCase, type, and whether the usual record always has it."""
_BODY_ONLY = ("detail", "detail-type", "findings")
"""Keys that make a document something else than a bare finding."""


class Facts(Protocol):
    """One usual finding; attributes are named as in camelCase records, `None` where there is nothing."""

    id: str
    type: str
    severity: float
    accountId: str  # noqa: N815 (AWS's own names)
    region: str
    title: str | None
    updatedAt: str  # noqa: N815
    resource: Any
    service: Any


class Shape:
    """One way in which findings are written, and how to read a usual one."""

    def __init__(self, kind: Any, body: str | None = None) -> None:  # noqa: ANN401 (a msgspec type)
        self._decoder = msgspec.json.Decoder(kind)
        self._body = body

    def one(self, line: bytes) -> Facts:
        """Decode one record; raises `ValueError` (msgspec's errors are) for what is not usual."""
        decoded = self._decoder.decode(line)
        return decoded if self._body is None else getattr(decoded, self._body)  # type: ignore[no-any-return]

    def all(self, block: bytes) -> Sequence[Facts]:
        """Decode whole lines at once; raises `ValueError` where one of them is not usual."""
        decoded = self._decoder.decode_lines(block)
        return decoded if self._body is None else [getattr(one, self._body) for one in decoded]


def _struct(name: str, fields: Sequence[_Field], *, pascal: bool, more: Sequence[tuple[str, Any]] = ()) -> Any:  # noqa: ANN401
    """A type for these fields in one spelling; a field in the other spelling is refused."""
    wire: dict[str, str] = {}
    needed: list[Any] = []
    optional: list[Any] = []
    for key, kind, always in fields:
        upper = key[:1].upper() + key[1:]
        wire[key], wire[f"other_{key}"] = (upper, key) if pascal else (key, upper)
        if always:
            needed.append((key, kind))
        else:
            optional.append((key, kind | None, None))
        optional.append((f"other_{key}", UnsetType, UNSET))
    for key, kind in more:
        attribute = "only_" + key.replace("-", "_")
        wire[attribute] = key
        optional.append((attribute, kind, UNSET))
    return msgspec.defstruct(name, [*needed, *optional], rename=wire, gc=False, frozen=True)


def _finding(*, pascal: bool) -> Any:  # noqa: ANN401
    def struct(name: str, *fields: _Field) -> Any:  # noqa: ANN401
        return _struct(name, fields, pascal=pascal)

    interface = struct("Interface", ("vpcId", str, False))
    details = struct(
        "Details", ("instanceId", str, False), ("networkInterfaces", GenericAlias(list, (interface,)), False)
    )
    access_key = struct("AccessKey", ("principalId", str, False))
    info = struct("Info", ("sample", bool, False), ("value", str, False))
    resource = struct(
        "Resource",
        ("resourceType", str, False),
        ("instanceDetails", details, False),
        ("accessKeyDetails", access_key, False),
    )
    service = struct(
        "Service",
        ("resourceRole", str, False),
        ("archived", bool, False),
        ("count", int | float, False),
        ("featureName", str, False),
        ("additionalInfo", info, False),
    )
    fields: list[_Field] = [(name, str, True) for name in ("id", "type", "accountId", "region", "updatedAt")]
    fields += [("severity", float, True), ("title", str, False), ("resource", resource, True)]
    fields += [("service", service, True)]
    others = [(key, UnsetType) for key in (*_BODY_ONLY, "Findings", "Detail")]
    return _struct("Finding", fields, pascal=pascal, more=others)


def _event() -> Any:  # noqa: ANN401
    fields = [("detail", _finding(pascal=False)), ("kind", Literal[DETAIL_TYPE])]
    refused = [("findings", UnsetType, UNSET), ("other_findings", UnsetType, UNSET)]
    wire = {"kind": "detail-type", "other_findings": "Findings"}
    return msgspec.defstruct("Event", [*fields, *refused], rename=wire, gc=False, frozen=True)


SHAPES = (Shape(_finding(pascal=False)), Shape(_event(), "detail"), Shape(_finding(pascal=True)))
"""As exported to S3, as EventBridge sends it, as GetFindings answers."""
