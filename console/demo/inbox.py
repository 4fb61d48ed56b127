"""What the stack tells people and workflows: queues that its topic, and a rule of the event bus, send to."""

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
        """All that ever arrived: messages in SNS's envelope, or events as EventBridge sends them."""
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
    inbox, arn = _queue(cloud, "quarantag-demo-inbox")
    cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return inbox


def workflows(cloud: "Cloud") -> Inbox:
    """Make a queue that a rule sends what forensics is told to, as docs/forensics.md has it."""
    inbox, arn = _queue(cloud, "quarantag-demo-forensics")
    pattern = {"source": ["quarantag"], "detail-type": ["Containment Status Change"]}
    events = cloud.client("events")
    events.put_rule(Name="quarantag-demo-forensics", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="quarantag-demo-forensics", Targets=[{"Id": "Forensics", "Arn": arn}])
    return inbox


def _queue(cloud: "Cloud", name: str) -> tuple[Inbox, str]:
    sqs = cloud.client("sqs")
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return Inbox(sqs, queue), arn
