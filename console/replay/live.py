"""What a live replay reads of AWS: GuardDuty's findings, and the tags that instances carry now. It changes nothing.

With the replay's findings adapter of the functions: unarchived findings only, since an archived one never acts.
GuardDuty keeps findings for 90 days. One account and Region: those of the credentials; an administrator account's
answers hold its members' findings, but EC2 tells the tags of its own instances only.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

import boto3
from botocore.config import Config

from console.replay.engine import Question
from quarantag.aws import faults
from quarantag.aws.findings import GuardDutyFindings
from quarantag.errors import Terminal

_PATIENT = Config(retries={"mode": "adaptive", "total_max_attempts": 8}, connect_timeout=5, read_timeout=60)


class Account:
    """An account and Region, by the credentials at hand; raises `Retryable` or `Terminal`, each one line."""

    def __init__(self, region: str | None, profile: str | None) -> None:
        with faults.translated("find AWS"):
            session = boto3.Session(region_name=region, profile_name=profile)
            if session.get_credentials() is None:
                raise Terminal("no AWS credentials: sign in, and name your profile by --profile or AWS_PROFILE")
            self._guardduty = session.client("guardduty", config=_PATIENT)
            self._ec2 = session.client("ec2", config=_PATIENT)

    def findings(self, since: datetime) -> Iterator[Mapping[str, object]]:
        """Unarchived findings that were updated since, page by page (`ListFindings`, `GetFindings`)."""
        return GuardDutyFindings(lambda: self._guardduty).updated_since(since)

    def tags(self) -> dict[str, dict[str, str]]:
        """The tags of every instance that EC2 still knows (`DescribeTags`)."""
        found: dict[str, dict[str, str]] = {}
        with faults.translated("read the instances' tags"):
            pages = self._ec2.get_paginator("describe_tags").paginate(
                Filters=[{"Name": "resource-type", "Values": ["instance"]}], PaginationConfig={"PageSize": 1000}
            )
            for page in pages:
                for tag in page["Tags"]:
                    found.setdefault(tag["ResourceId"], {})[tag["Key"]] = tag["Value"]
        return found


def with_tags(question: Question, account: Account) -> Question:
    """The same question, with live tags; those of a file stand above them."""
    live = account.tags()
    return replace(
        question, tags={one: live.get(one, {}) | dict(question.tags.get(one, {})) for one in {*live, *question.tags}}
    )
