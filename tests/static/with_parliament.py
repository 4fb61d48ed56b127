"""Run by `.venv-checks`: policy documents by name on standard input, what parliament finds on standard output."""

import json
import sys
from collections.abc import Iterator
from typing import Any

import parliament


def findings(policies: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """The policy, the issue, and the action or the detail that it is about."""
    for name, document in policies.items():
        for one in parliament.analyze_policy_string(json.dumps(document)).findings:
            details = one.detail if isinstance(one.detail, list) else [one.detail]
            for detail in details:
                yield name, one.issue, detail["action"] if isinstance(detail, dict) else str(detail)


if __name__ == "__main__":
    json.dump(list(findings(json.load(sys.stdin))), sys.stdout)
