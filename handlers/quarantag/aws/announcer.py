"""The `Announcer` port over the stack's SNS topic."""

import json
from typing import TYPE_CHECKING

from quarantag.aws import faults
from quarantag.messages import Announcement, chat

if TYPE_CHECKING:
    from types_boto3_sns import SNSClient

_SUBJECT_LIMIT = 100


class SnsAnnouncer:
    """Publishes to one topic: the text for people, the chat's schema for HTTPS subscribers, the detail for filters.

    Amazon Q Developer in chat applications subscribes by HTTPS, so the one topic serves mail and chat.
    """

    def __init__(self, client: "SNSClient", topic_arn: str) -> None:
        self._client = client
        self._topic_arn = topic_arn

    def announce(self, announcement: Announcement) -> None:
        """`Publish`; an SNS subject is one line of ASCII, less than 100 characters (SNS API Reference, Publish).

        With `MessageStructure` `json` each protocol gets its own text.
        """
        detail = {name: value for name, value in announcement.detail.items() if value}
        text = f"{announcement.text}\n\n{json.dumps(detail, sort_keys=True)}"
        with faults.translated("announce"):
            self._client.publish(
                TopicArn=self._topic_arn,
                Subject=announcement.subject.encode("ascii", "replace").decode()[: _SUBJECT_LIMIT - 1],
                Message=json.dumps({"default": text, "https": json.dumps(chat(announcement))}),
                MessageStructure="json",
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value} for name, value in detail.items()
                },
            )
