"""How much of AWS's request budgets a stack uses: an hour of findings against token buckets, second by second.

EC2's buckets are one for each API, account and Region ("Request throttling for the Amazon EC2 API", Amazon EC2
Developer Guide); so are CloudTrail's two LookupEvents a second (CloudTrail API Reference) and EventBridge's PutEvents,
of which the smallest Region's are taken ("Amazon EventBridge quotas"). Accounts share only the central bus's.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from benchmarks.cost import work
from benchmarks.throttling import CHANGES, DESCRIBES

HOUR = 3600
FINDINGS = 10_000
ACCOUNTS = 1_000
CEILING = 50
"""MaxContainmentsPerHour's default."""
_OTHERS = {"LookupEvents": (2, 2), "PutEvents": (400, 400)}
_EC2_CHANGES = {
    *("CreateSecurityGroup", "CreateSnapshots", "CreateTags", "ModifyInstanceAttribute"),
    *("ModifyNetworkInterfaceAttribute", "ReplaceIamInstanceProfileAssociation", "RevokeSecurityGroupEgress"),
}
SWEEPS = ("an idle sweep of tag_finding", "an idle sweep of isolate", "an idle sweep of release")


@dataclass(frozen=True, slots=True)
class Used:
    """One API's budget in an hour: calls, the share of what refills its bucket, and how many were throttled."""

    api: str
    calls: int
    share: Fraction
    throttled: int


def bucket(api: str) -> tuple[int, int] | None:
    """The API's tokens, and tokens a second; None where AWS publishes none."""
    if api in _OTHERS:
        return _OTHERS[api]
    if api in _EC2_CHANGES:
        return CHANGES
    return DESCRIBES if api.startswith("Describe") and "AutoScaling" not in api else None


def hour(findings: int, containments: int) -> list[Used]:
    """One account's hour: the findings spread evenly, the first of them isolate, with all that the sweeps ask."""
    second: dict[str, Counter[int]] = {}
    for at, names in _happening(findings, containments):
        for api, calls in _together(names).items():
            second.setdefault(api, Counter())[at] += calls
    used = [_used(api, asked, tokens) for api, asked in second.items() if (tokens := bucket(api))]
    return sorted(used, key=lambda one: (-one.share, one.api))


def at_once() -> tuple[int, str]:
    """How many containments fit into one second before a call of EC2 is throttled, and of which API."""
    asked = _together(("a finding that isolates", "a containment, the VPC's first, every default measure"))
    ec2 = {api: calls for api, calls in asked.items() if api not in _OTHERS}
    return min((found[0] // calls, api) for api, calls in ec2.items() if (found := bucket(api)))


def _happening(findings: int, containments: int) -> Iterator[tuple[int, tuple[str, ...]]]:
    for number in range(findings):
        isolates = number * containments // findings != (number + 1) * containments // findings
        contains = ("a finding that isolates", "a containment, the VPC's first, every default measure")
        yield number * HOUR // findings, contains if isolates else ("a finding that is ignored",)
    for at in range(0, HOUR, 300):
        yield at, SWEEPS


def _together(names: tuple[str, ...]) -> Mapping[str, int]:
    return sum((Counter(work(name).calls) for name in names), Counter())


def _used(api: str, asked: Counter[int], tokens: tuple[int, int]) -> Used:
    size, refill = tokens
    left, last, throttled = size, 0, 0
    for at in sorted(asked):
        left = min(size, left + (at - last) * refill)
        taken = min(left, asked[at])
        left, last, throttled = left - taken, at, throttled + asked[at] - taken
    calls = sum(asked.values())
    return Used(api, calls, Fraction(calls, refill * HOUR), throttled)
