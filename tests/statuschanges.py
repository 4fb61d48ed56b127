"""Holds a status change to its published schema, and gets what workflows are told."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import jsonschema

from tests.cloud import ACCOUNT, REGION, SESSION
from tests.template import ROOT


@cache
def _validator() -> jsonschema.Draft202012Validator:
    schema = json.loads((ROOT / "schemas/containment-status-change-event.schema.json").read_text())
    detail = {"$schema": schema["$schema"], "$defs": schema["$defs"], **schema["properties"]["detail"]}
    return jsonschema.Draft202012Validator(detail, format_checker=jsonschema.FormatChecker())


def validate_status_change(detail: Mapping[str, Any]) -> None:
    """Raise where the detail does not fit, or is not JSON."""
    _validator().validate(json.loads(json.dumps(detail)))


def workflows(sqs: Any) -> str:  # noqa: ANN401 - a boto3 client
    """URL of a queue that gets what workflows are told, by a rule as docs/forensics.md shows it."""
    url = str(sqs.create_queue(QueueName="workflows")["QueueUrl"])
    events = SESSION.client("events")
    pattern = {"source": ["quarantag"], "detail-type": ["Containment Status Change"]}
    events.put_rule(Name="workflows", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="workflows", Targets=[{"Id": "1", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:workflows"}])
    return url
