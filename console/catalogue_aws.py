"""The finding types that GuardDuty reported in an account and Region: the catalogue's one look at AWS. Changes nothing.

https://docs.aws.amazon.com/guardduty/latest/APIReference/API_GetFindingsStatistics.html
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import boto3

from quarantag.aws import faults
from quarantag.errors import Terminal

if TYPE_CHECKING:
    from types_boto3_guardduty import GuardDutyClient
    from types_boto3_guardduty.literals import OrderByType

MOST_ANSWERED = 100
"""`MaxResults` of the call, which has no pages: so the rarest types are asked for as well as the commonest."""
ORDERS: "tuple[OrderByType, ...]" = ("ASC", "DESC")


def account(region: str | None, profile: str | None) -> "Callable[[], frozenset[str]]":
    """What asks the account of these credentials; raises `Retryable` or `Terminal` when called."""

    def ask() -> frozenset[str]:
        with faults.translated("find AWS"):
            session = boto3.Session(region_name=region, profile_name=profile)
            if session.get_credentials() is None:
                raise Terminal("no AWS credentials: sign in, and name your profile by --profile or AWS_PROFILE")
            return seen(session.client("guardduty"))

    return ask


def seen(client: "GuardDutyClient") -> frozenset[str]:
    """The types of the findings that GuardDuty keeps (90 days)."""
    found: set[str] = set()
    with faults.translated("ask GuardDuty which finding types it reported"):
        for detector in client.list_detectors()["DetectorIds"]:
            for order in ORDERS:
                answer = client.get_findings_statistics(
                    DetectorId=detector, GroupBy="FINDING_TYPE", OrderBy=order, MaxResults=MOST_ANSWERED
                )
                groups = answer["FindingStatistics"].get("GroupedByFindingType", [])
                found.update(one["FindingType"] for one in groups if "FindingType" in one)
    return frozenset(found)
