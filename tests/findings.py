"""Findings for tests: the fixtures, written from the documented shape, and variations of a plain one."""

import copy
import json
from pathlib import Path
from typing import Any

from quarantag.finding import Finding, parse

FIXTURES = Path(__file__).parent / "fixtures" / "findings"
INSTANCE = "i-0aaaaaaaaaaaaaaa1"
ACCOUNT, REGION = "111122223333", "eu-central-1"


def fixture(name: str) -> dict[str, Any]:
    """The fixture's document."""
    document: dict[str, Any] = json.loads((FIXTURES / name).read_text())
    return document


def document(**changes: object) -> dict[str, Any]:
    """A plain finding in camelCase, with changes by path: `service__archived=True`; `...` takes a key away."""
    changed = copy.deepcopy(fixture("backdoor.export.json"))
    for path, value in changes.items():
        *parents, key = path.split("__")
        place = changed
        for parent in parents:
            place = place.setdefault(parent, {})
        if value is ...:
            del place[key]
        else:
            place[key] = value
    return changed


def finding(**changes: object) -> Finding:
    """The same, parsed."""
    return parse(document(**changes))


def sequence(*resources: object, **changes: object) -> Finding:
    """An attack sequence over these resources."""
    kind = {"type": "AttackSequence:EC2/CompromisedInstanceGroup", "resource": {"resourceType": "AttackSequence"}}
    return finding(**{**kind, "service__detection": {"sequence": {"resources": list(resources)}}, **changes})
