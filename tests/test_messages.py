"""Messages that a person can act on: what, why, who, what next, and links of the right partition and Region."""

import json
import re
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from moto.sns.models import sns_backends

from quarantag import announcements
from quarantag.links import links
from quarantag.messages import chat
from quarantag.settings import Revocation
from tests.cloud import ACCOUNT, REGION, Lab
from tests.crash.world import SETTINGS
from tests.stack import Stack, about

FINDING = "a" * 32
WHY = f"command-and-control severity 8.0 Backdoor:EC2/C_CActivity.B finding {FINDING}"
INSTANCE = "i-0123456789abcdef0"
KNOWN = replace(SETTINGS, ledger="quarantag-Ledger-1", log_group="/aws/quarantag/isolate")
CUSTOM: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["version", "source", "content"],
    "properties": {
        "version": {"const": "1.0"},
        "source": {"const": "custom"},
        "id": {"type": "string"},
        "content": {
            "type": "object",
            "additionalProperties": False,
            "required": ["description"],
            "properties": {
                "textType": {"const": "client-markdown"},
                "title": {"type": "string"},
                "description": {"type": "string", "minLength": 1},
                "nextSteps": {"type": "array", "items": {"type": "string"}},
                "keywords": {"type": "array", "items": {"type": "string"}},
            },
        },
        "metadata": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "threadId": {"type": "string"},
                "summary": {"type": "string"},
                "eventType": {"type": "string"},
                "relatedResources": {"type": "array", "items": {"type": "string"}},
                "additionalContext": {"type": "object", "additionalProperties": {"type": "string"}},
            },
        },
    },
}
"""Amazon Q Developer in chat applications Administrator Guide, "Custom notifications", event schema."""
EVERY = (
    announcements.isolated(INSTANCE, WHY, ["note"], "unknown", KNOWN),
    announcements.failed(INSTANCE, WHY, ["eni-1: denied"], KNOWN),
    announcements.not_tagged(INSTANCE, "Isolate", WHY, "no room", KNOWN),
    announcements.released(INSTANCE, ["note"], KNOWN, "arn:aws:iam::123456789012:user/ada"),
    announcements.not_released(INSTANCE, ["sg-1 is gone"], KNOWN),
    announcements.drift(INSTANCE, ["SetInterfaceGroups eni-1"], KNOWN),
    announcements.held(INSTANCE, WHY, KNOWN),
    announcements.held(None, WHY, KNOWN),
    announcements.held_by_ceiling(INSTANCE, "full", KNOWN),
    announcements.review(INSTANCE, WHY, KNOWN),
    announcements.observed(INSTANCE, "would be tagged", KNOWN),
    announcements.tampering(INSTANCE, "the tag was removed", KNOWN),
)


@pytest.mark.parametrize("message", EVERY, ids=lambda one: str(one.subject.split(":")[0]))
def test_each_message_says_what_and_what_next_and_counts_something(message: Any) -> None:  # noqa: ANN401
    assert message.next_steps
    assert message.measured
    assert "Next: " in message.text
    jsonschema.validate(chat(message), CUSTOM)


def test_who_is_said_as_far_as_it_is_known() -> None:
    assert "Who: the severity policy" in announcements.isolated(INSTANCE, WHY, [], "unknown", KNOWN).text
    assert "Who: CloudTrail" in announcements.isolated(INSTANCE, "ticket 42", [], "unknown", KNOWN).text
    assert "Who: arn:aws:iam::1:user/ada" in announcements.released(INSTANCE, [], KNOWN, "arn:aws:iam::1:user/ada").text
    assert "Who: CloudTrail" in announcements.released(INSTANCE, [], KNOWN, "not known").text


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-central-1", "console.aws.amazon.com"),
        ("us-gov-west-1", "console.amazonaws-us-gov.com"),
        ("cn-north-1", "console.amazonaws.cn"),
    ],
)
def test_links_lead_into_the_stacks_partition_and_region(region: str, host: str) -> None:
    found = dict(links(INSTANCE, FINDING, replace(KNOWN, region=region)))
    assert set(found) == {"Instance", "Finding", "Case", "Who did what", "Log"}
    assert all(re.match(rf"https://{re.escape(host)}/\w+/home\?region={region}#", one) for one in found.values())
    assert f"instanceId={INSTANCE}" in found["Instance"]
    assert f"fId={FINDING}" in found["Finding"]
    assert f"pk={INSTANCE}" in found["Case"]
    assert "table=quarantag-Ledger-1" in found["Case"]
    assert found["Log"].endswith("log-group/$252Faws$252Fquarantag$252Fisolate")


def test_no_link_to_what_is_not_known() -> None:
    assert {name for name, _ in links(None, None, SETTINGS)} == set()
    assert {name for name, _ in links(INSTANCE, None, SETTINGS)} == {"Instance", "Who did what"}


def test_one_topic_serves_mail_and_chat(stack: Stack, lab: Lab) -> None:
    """A subscriber by any protocol gets the text, one by HTTPS (as the chat service is) its own schema."""
    instance = lab.instance()
    stack.find(
        about(instance.id, type="Recon:EC2/PortProbeUnprotectedPort", severity=8, service__resourceRole="TARGET")
    )
    (message,) = stack.sqs.receive_message(QueueUrl=stack.queue_url)["Messages"]
    body = json.loads(message["Body"])
    assert body["Message"].startswith(f"{instance.id} was tagged SecurityIsolation=Review")
    assert "Instance: https://console.aws.amazon.com/ec2/home?region=eu-central-1" in body["Message"]
    (sent,) = sns_backends[ACCOUNT][REGION].topics[body["TopicArn"]].sent_notifications
    chatted = json.loads(json.loads(sent[1])["https"])
    jsonschema.validate(chatted, CUSTOM)
    assert chatted["content"]["title"] == body["Subject"]
    assert chatted["metadata"]["threadId"] == instance.id


@pytest.mark.parametrize(
    ("revoked", "said"),
    [
        ("instance", "Sessions that its role issued to it before are denied"),
        ("role", "All sessions that its role issued before are denied"),
        ("none", "Sessions issued before keep their credentials."),
    ],
)
def test_what_happened_to_sessions_is_said_as_the_stack_treats_them(revoked: Revocation, said: str) -> None:
    known = replace(KNOWN, revoke_credentials=revoked)
    assert said in announcements.isolated(INSTANCE, WHY, [], "unknown", known).text
