"""The `Findings` port over GuardDuty, of this account and Region."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from quarantag.aws import faults

if TYPE_CHECKING:
    from types_boto3_guardduty import GuardDutyClient

_MOST_AT_ONCE = 50
"""Of `GetFindings` (GuardDuty API Reference)."""


class GuardDutyFindings:
    """`ListFindings` and `GetFindings`; a Region has one detector, or none where GuardDuty is off."""

    def __init__(self, client: "Callable[[], GuardDutyClient]") -> None:
        self._client = client

    def updated_since(self, since: datetime) -> Iterator[Mapping[str, object]]:
        """Unarchived findings, oldest update first. `updatedAt` is compared in milliseconds since 1970."""
        with faults.translated("list the findings"):
            for detector in self._detectors():
                pages = (
                    self._client()
                    .get_paginator("list_findings")
                    .paginate(
                        DetectorId=detector,
                        FindingCriteria={
                            "Criterion": {
                                "updatedAt": {"GreaterThanOrEqual": int(since.timestamp() * 1000)},
                                "service.archived": {"Equals": ["false"]},
                            }
                        },
                        SortCriteria={"AttributeName": "updatedAt", "OrderBy": "ASC"},
                    )
                )
                yield from self._read(detector, (one for page in pages for one in page["FindingIds"]))

    def by_id(self, finding_ids: Sequence[str]) -> Iterator[Mapping[str, object]]:
        """Those of these findings that GuardDuty still keeps (90 days)."""
        if not finding_ids:
            return
        with faults.translated("read the held findings"):
            for detector in self._detectors():
                yield from self._read(detector, iter(finding_ids))

    def _detectors(self) -> list[str]:
        return self._client().list_detectors()["DetectorIds"]

    def _read(self, detector: str, ids: Iterator[str]) -> Iterator[Mapping[str, object]]:
        while batch := list(islice(ids, _MOST_AT_ONCE)):
            found = self._client().get_findings(DetectorId=detector, FindingIds=batch)["Findings"]
            by_id = {one["Id"]: cast("dict[str, Any]", one) for one in found}
            yield from (by_id[finding_id] for finding_id in batch if finding_id in by_id)
