"""Which instances a GuardDuty finding names, each in its own account and Region; routed on the resource type.

Sources: botocore's guardduty model (`Resource`, `Sequence`, `ResourceV2`), and
https://docs.aws.amazon.com/guardduty/latest/ug/guardduty-attack-sequence-finding-types.html
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from quarantag.document import dig, get, shown, text

INSTANCE_ID = re.compile(r"i-[0-9a-f]{8}(?:[0-9a-f]{9})?")
INSTANCE_ARN = re.compile(
    rf"arn:aws[a-z-]*:ec2:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{{12}}):instance/(?P<id>{INSTANCE_ID.pattern})"
)
ROBBED_SESSION = re.compile(rf"AROA[A-Z0-9]+:(?P<id>{INSTANCE_ID.pattern})")
ACCOUNT = re.compile("[0-9]{12}")
REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-[0-9]{1,2}")
BACKUPS = ("!AMI", "!Snapshot", "!RecoveryPoint")
"""Endings of the finding types that name a backup, for all the `:EC2/` in them."""
GROUPINGS = (
    "autoscalingAutoScalingGroup",
    "iamInstanceProfile",
    "cloudformationStack",
    "ec2LaunchTemplate",
    "ec2Vpc",
    "ec2Image",
)
"""What compromised instances share. `eksCluster` and `ecsCluster` are left out: those list a cluster's workers."""


@dataclass(frozen=True, slots=True)
class NamedInstance:
    """One EC2 instance that a finding names, in its own account and Region.

    `instance_id` is None where the finding names an instance that can't be resolved; `problem` then says why.
    `vpc_id` is the finding's own copy, of its first interface: for explaining offline, never for deciding on AWS.
    """

    instance_id: str | None
    account: str
    region: str
    problem: str = ""
    vpc_id: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """An account and a Region."""

    account: str
    region: str


def named_instances(finding_type: str, sequence: bool, document: object, place: Place) -> tuple[NamedInstance, ...]:  # noqa: FBT001
    """The instances that the finding `document` names, without repeats; `place` is the finding's own.

    For a resource type that is not about an instance these are candidates, for a policy rule that names the type.
    """
    if finding_type.endswith(BACKUPS):
        return ()
    named = _members(finding_type, document, place) if sequence else _subject(document, place)
    return tuple(dict.fromkeys(named))


def _subject(document: object, place: Place) -> Iterator[NamedInstance]:
    resource = get(document, "resource")
    resource_type = text(get(resource, "resourceType"))
    details = get(resource, "instanceDetails")
    seen = get(details, "instanceId")
    robbed = ROBBED_SESSION.fullmatch(text(dig(resource, "accessKeyDetails", "principalId")) or "")
    if resource_type == "AccessKey" and robbed:
        yield NamedInstance(robbed["id"], place.account, place.region)
    elif isinstance(seen, str) and INSTANCE_ID.fullmatch(seen):
        yield NamedInstance(seen, place.account, place.region, vpc_id=_vpc(details))
    elif seen is not None or resource_type == "Instance":
        problem = "names no instance id" if seen is None else f"{shown(seen)} is not an instance id"
        yield NamedInstance(None, place.account, place.region, problem)


def _vpc(details: object) -> str | None:
    interfaces = get(details, "networkInterfaces")
    return text(get(interfaces[0], "vpcId")) if isinstance(interfaces, list) and interfaces else None


def _members(finding_type: str, document: object, place: Place) -> Iterator[NamedInstance]:
    resources = dig(document, "service", "detection", "sequence", "resources")
    entries = resources if isinstance(resources, list) else []
    direct = [named for entry in entries for named in _member(entry, place)]
    known = {named.instance_id for named in direct if named.instance_id}
    shared = [named for entry in entries for named in _sharing(entry, place) if named.instance_id not in known]
    if resources is not None and not isinstance(resources, list):
        direct.append(NamedInstance(None, place.account, place.region, "the list of resources is not a list"))
    elif not direct and not shared and finding_type.startswith("AttackSequence:EC2/"):
        direct.append(NamedInstance(None, place.account, place.region, "names none of its instances"))
    return iter(direct + shared)


def _member(entry: object, place: Place) -> Iterator[NamedInstance]:
    resource_type = text(get(entry, "resourceType"))
    if resource_type is None:
        yield NamedInstance(None, place.account, place.region, f"resource {shown(entry)} has no resource type")
    elif resource_type == "EC2_INSTANCE":
        uid = get(entry, "uid")
        yield resolve(uid if _is_instance(uid) else get(entry, "name"), _claimed(entry), place, shown(uid))


def _sharing(entry: object, place: Place) -> Iterator[NamedInstance]:
    """A VPC's own Region may be absent or `global`: only the account is cross-checked. IAM's has no meaning at all."""
    account, _ = _claimed(entry)
    for grouping in GROUPINGS:
        uids = dig(entry, "data", grouping, "ec2InstanceUids")
        if uids is not None and not isinstance(uids, list):
            yield NamedInstance(None, place.account, place.region, f"{grouping} lists no instance ids")
        region = None if grouping == "iamInstanceProfile" else _regional(entry)
        for uid in uids if isinstance(uids, list) else []:
            yield resolve(uid, (account, region), place, shown(uid))


def _regional(entry: object) -> str | None:
    region = text(get(entry, "region"))
    return region if region and REGION.fullmatch(region) else None


def _claimed(entry: object) -> tuple[str | None, str | None]:
    return account_text(get(entry, "accountId")), text(get(entry, "region"))


def _is_instance(uid: object) -> bool:
    return isinstance(uid, str) and bool(INSTANCE_ID.fullmatch(uid) or INSTANCE_ARN.fullmatch(uid))


def resolve(uid: object, claimed: tuple[str | None, str | None], place: Place, name: str) -> NamedInstance:
    """The instance of an ARN or a bare id, where its resource claims it is, else its ARN, else `place`.

    AWS does not say which of the two a sequence's `uid` is. An ARN that contradicts the claim is not resolved.
    `name` is how a problem calls it.
    """
    account, region = claimed
    if not isinstance(uid, str) or not _is_instance(uid):
        problem = f"{name} is not an instance id or ARN"
        return NamedInstance(None, account or place.account, region or place.region, problem)
    arn = INSTANCE_ARN.fullmatch(uid)
    if arn is None:
        return NamedInstance(uid, account or place.account, region or place.region)
    if account not in {None, arn["account"]} or region not in {None, arn["region"]}:
        problem = (
            f"{arn['id']} is of {arn['account']} {arn['region']} by its ARN but of {account} {region} by its resource"
        )
        return NamedInstance(None, place.account, place.region, problem)
    return NamedInstance(arn["id"], arn["account"], arn["region"])


def account_text(value: object) -> str | None:
    """An account as text; as a JSON number it has lost its leading zeros, which come back. None where it is neither."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 10**12 and value == int(value):
        return f"{int(value):012d}"
    return text(value)


def is_place(account: str, region: str) -> bool:
    """Whether both look like AWS's; in redacted records they do not."""
    return bool(ACCOUNT.fullmatch(account) and REGION.fullmatch(region))
