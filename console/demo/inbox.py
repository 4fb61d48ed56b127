"""What the stack's topic tells people: a queue subscribed to it, as somebody's mailbox would be."""

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from console.demo.world import Cloud


@dataclass(slots=True)
class Inbox:
    """One queue and every message that was taken out of it."""

    sqs: Any
    queue: str
    taken: list[dict[str, Any]] = field(default_factory=list)

    def messages(self) -> list[dict[str, Any]]:
        """All messages that ever arrived, in SNS's envelope."""
        while found := self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", []):
            for message in found:
                self.taken.append(json.loads(message["Body"]))
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return list(self.taken)

    def about(self, instance_id: str) -> list[str]:
        """What happened to the instance, in the words of the messages' attribute `event`, oldest first."""
        told = [message.get("MessageAttributes", {}) for message in self.messages()]
        return [one["event"]["Value"] for one in told if one.get("instance_id", {}).get("Value") == instance_id]


def subscribe(cloud: "Cloud", topic: str) -> Inbox:
    """Make a queue and subscribe it to the topic."""
    sqs = cloud.client("sqs")
    queue = sqs.create_queue(QueueName="quarantag-demo-inbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return Inbox(sqs, queue)
