"""A GuardDuty finding, parsed: which instances it names, how bad it is, and whether it may act at all.

Field names: botocore's guardduty model, shape `Finding`; the event around one:
https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings_eventbridge.html
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from quarantag.document import dig, get, shown, text
from quarantag.errors import InvalidFinding
from quarantag.naming import NamedInstance, Place, account_text, named_instances

__all__ = ["Finding", "NamedInstance", "parse"]

DETAIL_TYPE = "GuardDuty Finding"
SEQUENCE_TYPE = "AttackSequence:"
SEQUENCE_RESOURCE = "AttackSequence"
SAMPLE_TITLE = "[SAMPLE]"
HIGHEST_SEVERITY = 10
HIGHEST_COUNT = 2**31 - 1
NUMBER = re.compile(r"[0-9]{1,2}(?:\.[0-9]{1,9})?")
BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Finding:
    """The parts of a finding that a decision may rest on. Times are timezone-aware UTC."""

    id: str
    type: str
    severity: float
    account: str
    region: str
    resource_type: str | None
    resource_role: str | None
    instances: tuple[NamedInstance, ...]
    sample: bool
    archived: bool
    count: int
    feature: str | None
    sequence: bool
    last_seen: datetime | None
    title: str = ""


def parse(document: Mapping[str, object]) -> Finding:
    """Parse an EventBridge event, an exported finding (camelCase) or one of GetFindings' (PascalCase).

    Unknown keys are ignored; what a decision rests on must be there and make sense. Raises `InvalidFinding` only.
    An account or Region that is no AWS one (a redacted record) is kept: it is compared, and matches no stack's.
    """
    body = _whole(_body(document))
    place = Place(_account(body), _needed(body, "region"))
    finding_type = _needed(body, "type")
    resource_type = text(dig(body, "resource", "resourceType"))
    sequence = finding_type.startswith(SEQUENCE_TYPE) or resource_type == SEQUENCE_RESOURCE
    title = text(get(body, "title")) or ""
    service = get(body, "service")
    return Finding(
        id=_needed(body, "id"),
        type=finding_type,
        severity=_severity(get(body, "severity")),
        account=place.account,
        region=place.region,
        resource_type=resource_type or (SEQUENCE_RESOURCE if sequence else None),
        resource_role=(text(get(service, "resourceRole")) or "").upper() or None,
        instances=named_instances(finding_type, sequence, body, place),
        sample=title.startswith(SAMPLE_TITLE) or _says_sample(get(service, "additionalInfo")),
        archived=_archived(get(service, "archived")),
        count=_count(get(service, "count")),
        feature=text(get(service, "featureName")),
        sequence=sequence,
        last_seen=_time(get(service, "eventLastSeen")),
        title=title,
    )


def _body(document: object) -> Mapping[str, object]:
    if not isinstance(document, Mapping):
        raise InvalidFinding(f"not a GuardDuty finding but {shown(document)}: give one JSON object")
    if isinstance(get(document, "findings"), list):
        raise InvalidFinding("a list of findings, not a finding: give one entry of Findings")
    detail_type = document.get("detail-type")
    if detail_type is not None and detail_type != DETAIL_TYPE:
        raise InvalidFinding(f"an event of detail-type {shown(detail_type)}, not '{DETAIL_TYPE}'")
    if "detail" not in document and detail_type is None:
        return document
    detail = document.get("detail")
    if not isinstance(detail, Mapping):
        raise InvalidFinding(f"detail is {shown(detail)}: a GuardDuty event has one finding there")
    return detail


def _whole(body: Mapping[str, object]) -> Mapping[str, object]:
    for part in ("resource", "service"):
        if not isinstance(get(body, part), Mapping | None):
            raise InvalidFinding(f"{part} is {shown(get(body, part))}: a GuardDuty finding has an object there")
    return body


def _needed(body: Mapping[str, object], key: str) -> str:
    value = text(get(body, key))
    if value is None:
        raise InvalidFinding(f"{key} is {_absent(get(body, key))}: a GuardDuty finding has a text there")
    return value


def _account(body: Mapping[str, object]) -> str:
    account = account_text(get(body, "accountId"))
    if account is None:
        raise InvalidFinding(
            f"accountId is {_absent(get(body, 'accountId'))}: a GuardDuty finding has its account there, 12 digits"
        )
    return account


def _absent(value: object) -> str:
    return "missing" if value is None else shown(value)


def _severity(value: object) -> float:
    number = float(value) if isinstance(value, str) and NUMBER.fullmatch(value.strip()) else value
    if isinstance(number, int | float) and not isinstance(number, bool) and 0 < number <= HIGHEST_SEVERITY:
        return float(number)
    raise InvalidFinding(f"severity is {_absent(value)}: a GuardDuty severity is a number above 0 up to 10")


def _archived(value: object) -> bool:
    archived = BOOLEANS.get(value.strip().lower()) if isinstance(value, str) else value
    if archived is None and value is None:
        return False
    if not isinstance(archived, bool):
        raise InvalidFinding(f"service.archived is {shown(value)}: it must be true or false")
    return archived


def _says_sample(info: object) -> bool:
    """The flag is a boolean in events and exports, and inside the JSON text `Value` in GetFindings' answers."""
    flag = get(info, "sample")
    if flag is True or (isinstance(flag, str) and flag.lower() == "true"):
        return True
    value = get(info, "value")
    try:
        inner = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return False
    return get(inner, "sample") is True


def _count(value: object) -> int:
    number = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10 else value  # noqa: PLR2004
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        return 1
    return min(number, HIGHEST_COUNT)


def _time(value: object) -> datetime | None:
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else value
        if not isinstance(time, datetime):
            return None
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
