"""The matchers that a policy file may write, by name, and how each is read. A new one goes here and in `SEES`."""

from collections.abc import Mapping
from typing import Any

from quarantag.errors import InvalidPolicy
from quarantag.matching import INSTANCE_TYPES, Flag, Globs, Match, OneOf, Range, TagGlobs, Wanted
from quarantag.naming import INSTANCE_ID, REGION
from quarantag.strict import Field, Path, Reader, any_of, boolean, keyed, number, record, shaped, text, word

RESOURCE_TYPES = (
    "Instance",
    "AttackSequence",
    "AccessKey",
    "S3Bucket",
    "S3Object",
    "EKSCluster",
    "KubernetesCluster",
    "ECSCluster",
    "Container",
    "RDSDBInstance",
    "RDSLimitlessDB",
    "Lambda",
)
"""Those of https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-summary.html and `AttackSequence`."""
HIGHEST_COUNT = 2**31 - 1

account = shaped("[0-9]{12}", '"123456789012", in quotes')
region = shaped(REGION.pattern, "us-east-1")
vpc = shaped("vpc-[0-9a-f]+", "vpc-0123456789abcdef0")
instance_id = shaped(INSTANCE_ID.pattern, "i-0123456789abcdef0")
role = word("TARGET", "ACTOR")
resource_type = word(*RESOURCE_TYPES)
severity = number(0, 10)
count = number(1, HIGHEST_COUNT, whole=True)
type_pattern = shaped(".*[:*].*", '"Backdoor:*"')
tag_key = shaped("(?!aws:).{1,128}", "Environment")


def _range(least: str, **fields: Reader) -> Reader:
    def read(value: object, path: Path) -> Range:
        if isinstance(value, int | float) and not isinstance(value, bool):
            raise InvalidPolicy(f"a bare number: write `{path[-1]}: {{at_least: {value}}}`", path)
        if isinstance(value, str | bool | None):
            raise InvalidPolicy(f"no range of numbers: write it like `{path[-1]}: {{at_least: {least}}}`", path)
        given = record(value, path, {name: Field(field) for name, field in fields.items()})
        if not any(bound is not None for bound in given.values()):
            raise InvalidPolicy(f"no bound: write {' or '.join(fields)}", path)
        wanted = Range(**given)
        if wanted.at_least is not None and wanted.below is not None and wanted.at_least >= wanted.below:
            raise InvalidPolicy("no number is in this range: write a `below` greater than `at_least`", path)
        return wanted

    return read


def _one_of(read: Reader) -> Reader:
    return lambda value, path: OneOf(any_of(read)(value, path))


def _globs(read: Reader) -> Reader:
    return lambda value, path: Globs(any_of(read)(value, path))


def tags(read_value: Reader) -> Reader:
    """A reader of a mapping of tag keys, at least one, to what `read_value` makes of their values."""

    def read(value: object, path: Path) -> tuple[tuple[str, Any], ...]:
        given = keyed(value, path)
        if not given:
            raise InvalidPolicy("no tag: write `Key: pattern`", path)
        return tuple((tag_key(key, (*path, key)), read_value(wanted, (*path, key))) for key, wanted in given.items())

    return read


def _tag_globs(value: object, path: Path) -> TagGlobs:
    return TagGlobs(tags(_globs(text))(value, path))


def _flag(value: object, path: Path) -> Flag:
    return Flag(boolean(value, path))


MATCHERS: Mapping[str, Field] = {
    "severity": Field(_range("7.0", at_least=severity, below=severity)),
    "type": Field(_globs(type_pattern)),
    "resource_type": Field(_one_of(resource_type)),
    "resource_role": Field(_one_of(role)),
    "account": Field(_one_of(account)),
    "region": Field(_one_of(region)),
    "vpc": Field(_one_of(vpc)),
    "instance_id": Field(_one_of(instance_id)),
    "instance_tags": Field(_tag_globs),
    "kubernetes_worker": Field(_flag),
    "feature": Field(_globs(text)),
    "count": Field(_range("100", at_least=count)),
    "sequence": Field(_flag),
}
EXEMPTION_MATCHERS = ("instance_id", "vpc", "account", "instance_tags")
GUARDED = "Exempt"
"""The ending of every stack's guarded tag: the rest is the stack's `IsolationTagKey`, which no policy file knows."""


def rule_match(value: object, path: Path) -> Match:
    """A rule's matchers; where no resource type is named, those of findings about instances."""
    wanted = _matchers(value, path, MATCHERS)
    return Match((("resource_type", OneOf(INSTANCE_TYPES)), *wanted) if "resource_type" not in dict(wanted) else wanted)


def exemption_match(value: object, path: Path) -> Match:
    """An exemption's matchers: nothing that the instance's owner, or its attacker, can write."""
    allowed = {name: MATCHERS[name] for name in EXEMPTION_MATCHERS}
    for name in keyed(value, path):
        if name in MATCHERS and name not in allowed:
            instead = f"match by {', '.join(EXEMPTION_MATCHERS)}, or write a rule with `then: review`"
            raise InvalidPolicy(f"an exemption can't rest on {name}: {instead}", (*path, name))
    match = Match(_matchers(value, path, allowed))
    for name, wanted in match.matchers:
        if isinstance(wanted, TagGlobs):
            _guarded(wanted, (*path, name))
    return match


def _guarded(wanted: TagGlobs, path: Path) -> None:
    for key, _ in wanted.tags:
        if not key.endswith(GUARDED):
            problem = f"whoever may tag the instance can write the tag {key!r}"
            guarded = f"<IsolationTagKey>{GUARDED} such as SecurityIsolation{GUARDED}"
            raise InvalidPolicy(f"{problem}: exempt by the guarded tag, {guarded}, or by instance_id", (*path, key))
    if len(wanted.tags) > 1:
        raise InvalidPolicy("no stack has two guarded tags: write an exemption for each", path)


def _matchers(value: object, path: Path, table: Mapping[str, Field]) -> tuple[tuple[str, Wanted], ...]:
    given = record(value, path, table)
    wanted = tuple((name, matcher) for name, matcher in given.items() if matcher is not None)
    if not wanted:
        raise InvalidPolicy("an empty match would hold for everything: name a matcher", path)
    return wanted
