"""The demo's findings have GuardDuty's shape, name whom they should, and are not samples unless they say so."""

import json
from typing import Any

import jsonschema
import pytest

from console.cloud.local import ROOT
from console.demo import findings
from console.demo.world import Actor, Interface
from quarantag.errors import InvalidFinding
from quarantag.finding import parse

SCHEMA = json.loads((ROOT / "schemas" / "guardduty-finding-event.schema.json").read_text())
ACTORS = [
    Actor(f"worker-{n}", f"i-0123456789abcdef{n}", "arn:p", (Interface(f"eni-{n}", "vpc-1", "subnet-1", ("sg-1",)),))
    for n in (1, 2, 3)
]
PLAYED = {
    "command and control": findings.command_and_control(ACTORS[0]),
    "reverse shell": findings.reverse_shell(ACTORS[0]),
    "brute force": findings.brute_force(ACTORS[0]),
    "sample": findings.sample(ACTORS[0]),
    "attack sequence": findings.attack_sequence(ACTORS),
}


@pytest.mark.parametrize("finding", PLAYED.values(), ids=PLAYED)
def test_event_has_the_documented_shape(finding: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(findings.event(finding))


@pytest.mark.parametrize(
    ("name", "severity", "instances"),
    [
        ("command and control", 8.0, 1),
        ("reverse shell", 8.0, 1),
        ("brute force", 5.0, 1),
        ("sample", 8.0, 1),
        ("attack sequence", 9.0, 3),
    ],
)
def test_finding_names_its_instances(name: str, severity: float, instances: int) -> None:
    parsed = parse(findings.event(PLAYED[name]))
    assert [one.instance_id for one in parsed.instances] == [actor.id for actor in ACTORS[:instances]]
    assert (parsed.severity, parsed.sample, parsed.archived) == (severity, name == "sample", False)


def test_malformed_event_is_no_finding() -> None:
    with pytest.raises(InvalidFinding):
        parse(findings.malformed())
