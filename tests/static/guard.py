"""cfn-guard with AWS's own rules, those of Control Tower's proactive controls, over the template as it is deployed.

Both come in the npm package that package-lock.json here names; `make check` installs it in `.cfn-guard`, by hash.
"""

import json
import platform
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.static.found import Found
from tests.template import ROOT

PACKAGE = ROOT / ".cfn-guard/node_modules/@cdklabs/cdk-validator-cfnguard"
_RAN = {0: "nothing failed", 19: "a rule failed"}


def found(stack: str, template: Mapping[str, Any]) -> Iterator[Found]:
    """What breaks a rule, a finding for each resource. Raises RuntimeError where cfn-guard could not do its work."""
    for report in _run(template):
        for rule in (one["Rule"] for one in report["not_compliant"]):
            places = set(re.findall(r"/Resources/(\w+)", json.dumps(rule)))
            yield from (Found("cfn-guard", stack, rule["name"], place) for place in sorted(places or {"?"}))


def rules_passed(template: Mapping[str, Any]) -> set[str]:
    """The rules that have something to look at in the template, and like it."""
    return {name for report in _run(template) for name in report["compliant"]}


def _run(template: Mapping[str, Any]) -> list[dict[str, Any]]:
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as data:
        json.dump(template, data)
        data.flush()
        shown = ("--show-summary", "none", "--output-format", "json", "--structured")
        rules = PACKAGE / "rules/control-tower"
        command = [str(program()), "validate", "--data", data.name, "--rules", str(rules), *shown]
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)  # noqa: S603 - our own
    if ran.returncode not in _RAN:
        raise RuntimeError(f"cfn-guard failed: {ran.stderr.strip()[-1000:]}")
    reports: list[dict[str, Any]] = json.loads(ran.stdout)
    return reports


def program() -> Path:
    """The cfn-guard of this machine. Raises RuntimeError where the package has none, or is not installed."""
    system = {"Darwin": "macos", "Linux": "ubuntu"}.get(platform.system(), platform.system())
    machine = {"arm64": "aarch64", "AMD64": "x86_64"}.get(platform.machine(), platform.machine())
    path = PACKAGE / "bin" / system / machine / "cfn-guard"
    if not path.is_file():
        raise RuntimeError(f"No cfn-guard for {system} on {machine}. Run: make check")
    return path
