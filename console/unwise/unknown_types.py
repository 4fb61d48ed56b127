"""Finding types that GuardDuty is not known to report, and those that a rule can't match for their resource type."""

from collections.abc import Iterator

from console import finding_types
from console.unwise.warned import Warned
from quarantag.matching import Globs, OneOf
from quarantag.policy import Policy, Rule


def unknown(policy: Policy) -> Iterator[Warned]:
    """Warn of each type, in a rule or an expectation, that fits no known finding type."""
    for position, rule in enumerate(policy.rules):
        for at, pattern in enumerate(patterns(rule)):
            place = place_of(rule, position, at)
            fitting = finding_types.like(pattern)
            if not fitting:
                yield Warned(place, f"no known finding type is like {pattern!r}: {_hint(pattern)}")
            elif not any(_within(rule, known) for known in fitting):
                yield Warned(place, _elsewhere(pattern, fitting))
    for position, expected in enumerate(policy.expectations):
        written = expected.example.type
        if written not in finding_types.catalogue().types:
            near = finding_types.nearest(written)
            hint = f'did you mean "{near}"?' if near else _listed()
            yield Warned(("expect", position, "finding", "type"), f"{written!r} is no known finding type: {hint}")


def patterns(rule: Rule) -> tuple[str, ...]:
    """The patterns of finding types that the rule names, or none."""
    wanted = dict(rule.match.matchers).get("type")
    return wanted.patterns if isinstance(wanted, Globs) else ()


def place_of(rule: Rule, position: int, at: int) -> tuple[str | int, ...]:
    """The place of one of its patterns, which may be written as a list or alone."""
    return ("rules", position, "match", "type", *((at,) if len(patterns(rule)) > 1 else ()))


def resource_types(rule: Rule) -> tuple[str, ...]:
    """The resource types that the rule looks at."""
    wanted = dict(rule.match.matchers).get("resource_type")
    return wanted.values if isinstance(wanted, OneOf) else ()


def _hint(written: str) -> str:
    instead = finding_types.instead(written)
    if len(instead) > 1:
        quoted = ", ".join(f'"{one}"' for one in instead)
        return f"several are a list, write [{quoted}]"
    return f'did you mean "{instead[0]}"?' if instead else _listed()


def _listed() -> str:
    return f"`quarantag policy catalogue` lists the {finding_types.catalogue()}"


def _within(rule: Rule, finding_type: str) -> bool:
    """Whether the rule looks at what such a finding is about; True where that is not known."""
    about = finding_types.about(finding_type)
    return not about or not set(about).isdisjoint(resource_types(rule))


def _elsewhere(pattern: str, fitting: tuple[str, ...]) -> str:
    wanted = finding_types.about(fitting[0])[0]
    return (
        f"findings like {pattern!r} are about another resource type, {wanted}, so this rule never matches them: "
        f"write `resource_type: {wanted}` into its match"
    )
