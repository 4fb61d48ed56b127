"""A policy's own tests, as its `expect` list writes them: an example of a finding, and what must follow."""

from dataclasses import dataclass

from quarantag import matchers, strict
from quarantag.errors import InvalidPolicy
from quarantag.strict import Field, Path


@dataclass(frozen=True, slots=True)
class Example:
    """The finding of an expectation; what it does not say is as in a plain finding about one instance."""

    type: str
    severity: float
    resource_type: str | None = None
    resource_role: str | None = None
    count: int | None = None
    feature: str | None = None
    sequence: bool | None = None
    account: str | None = None
    region: str | None = None
    vpc: str | None = None
    instance_id: str | None = None
    instance_tags: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    """A test of the policy: what it must decide about an example, and by which rule (None: by no rule)."""

    example: Example
    action: str
    rule: str | None


identifier = strict.shaped("[a-z0-9][a-z0-9-]{0,62}", "command-and-control: small letters, digits and hyphens")
EXAMPLE = {
    "type": Field(strict.text, '"Backdoor:EC2/C&CActivity.B"'),
    "severity": Field(matchers.severity, "8.0"),
    "resource_type": Field(matchers.resource_type),
    "resource_role": Field(matchers.role),
    "count": Field(matchers.count),
    "feature": Field(strict.text),
    "sequence": Field(strict.boolean),
    "account": Field(matchers.account),
    "region": Field(matchers.region),
    "vpc": Field(matchers.vpc),
    "instance_id": Field(matchers.instance_id),
    "instance_tags": Field(matchers.tags(strict.text)),
}


def _example(value: object, path: Path) -> Example:
    return Example(**strict.record(value, path, EXAMPLE))


EXPECTATION = {
    "finding": Field(_example, '{type: "Backdoor:EC2/C&CActivity.B", severity: 8.0}'),
    "action": Field(strict.word("isolate", "review", "hold", "ignore"), "review"),
    "rule": Field(lambda value, path: None if value is None else identifier(value, path)),
}


def expectation(value: object, path: Path) -> Expectation:
    """Read one entry of `expect`."""
    given = strict.record(value, path, EXPECTATION)
    if given["rule"] is None and given["action"] != "ignore":
        raise InvalidPolicy(f"`rule` is missing: write the id of the rule that must {given['action']} it", path)
    return Expectation(given["finding"], given["action"], given["rule"])
