"""Holds a status change to its published schema."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import jsonschema

from tests.template import ROOT


@cache
def _validator() -> jsonschema.Draft202012Validator:
    schema = json.loads((ROOT / "schemas/containment-status-change-event.schema.json").read_text())
    detail = {"$schema": schema["$schema"], "$defs": schema["$defs"], **schema["properties"]["detail"]}
    return jsonschema.Draft202012Validator(detail, format_checker=jsonschema.FormatChecker())


def validate_status_change(detail: Mapping[str, Any]) -> None:
    """Raise where the detail does not fit, or is not JSON."""
    _validator().validate(json.loads(json.dumps(detail)))
