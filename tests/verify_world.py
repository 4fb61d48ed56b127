"""What AWS answers about an instance that is isolated as docs/verify-in-aws.sh expects, by call; and wrong answers."""

from dataclasses import dataclass
from typing import Any

from tests.fake_aws import World

ID, SIBLING, NAME, STACK = "i-0123456789abcdef0", "i-0123456789abcdef1", "verify", "quarantag"
KMS_KEY = "arn:aws:kms:eu-central-1:123456789012:key/0f"
FORENSICS = "210987654321"
DENIED = {"refused": "AccessDenied: ... with an explicit deny in an identity-based policy"}
PARAMETERS = {
    **dict.fromkeys(("ProtectInstance", "FreezeInterfaces", "DisableMetadataService", "SnapshotVolumes"), "true"),
    "AutoScalingMembers": "standby",
    "ExistingConnections": "nacl",
    "RevokeCredentials": "instance",
    "LockSnapshotsDays": "7",
    "EvidenceKmsKeyArn": KMS_KEY,
    "EvidenceAccountId": FORENSICS,
    "ForensicAccessSource": "",
    "EventBusName": "default",
    "IsolateTagValue": "Isolate",
}


@dataclass(frozen=True, slots=True)
class Check:
    """A function of the script, the parameters that it needs, and answers to its calls that it must not take."""

    call: str
    wrong: tuple[tuple[tuple[str, ...], Any], ...]
    parameters: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return "-".join((self.call.replace(" ", "-"), *(value for _, value in self.parameters)))


def _tags(**tags: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _interface(group: str, **tags: str) -> dict[str, Any]:
    return {"NetworkInterfaceId": f"eni-{group}", "Groups": [{"GroupId": group}], "TagSet": _tags(**tags)}


def _snapshot(number: int, copy_of: str = "", state: str = "completed", key: str = "") -> dict[str, Any]:
    tags = _tags(QuarantagInstance=ID, **({"QuarantagCopyOf": copy_of} if copy_of else {}))
    return {"SnapshotId": f"snap-{number}", "State": state, "Tags": tags, "KmsKeyId": key}


def _disks(*deleted: str) -> dict[str, Any]:
    disks = [{"DeviceName": one, "Ebs": {"DeleteOnTermination": one in deleted}} for one in ("xvda", "xvdb")]
    options = {"HttpEndpoint": "disabled", "HttpTokens": "required", "HttpPutResponseHopLimit": 2}
    return {"Reservations": [{"Instances": [{"BlockDeviceMappings": disks, "MetadataOptions": options}]}]}


def _group(**rules: list[str]) -> dict[str, Any]:
    empty: dict[str, Any] = {"IpPermissions": [], "IpPermissionsEgress": []}
    return {"SecurityGroups": [{"Tags": _tags(QuarantagStack=STACK), **empty, **rules}]}


def _role_policy(**condition: object) -> dict[str, Any]:
    denial = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}
    return {"PolicyDocument": {"Statement": [denial]}}


def _event(status: str, instance_id: str = ID, source: str = "quarantag") -> dict[str, Any]:
    kind = '"detail-type":"Containment Status Change"'
    detail = f'{{"status":"{status}","instance":{{"id":"{instance_id}"}}}}'
    return {"Messages": [{"Body": f'{{{kind},"source":"{source}","detail":{detail}}}'}]}


def _decided(decision: str) -> dict[str, Any]:
    return {"EvaluationResults": [{"EvalDecision": decision}]}


def _value(name: str, value: object) -> tuple[list[str], Any]:
    return [f"--attribute {name}"], {name[0].upper() + name[1:]: {"Value": value}}


def _scaling(*states: str) -> dict[str, Any]:
    return {"AutoScalingGroups": [{"DesiredCapacity": 2, "Instances": [{"LifecycleState": one} for one in states]}]}


def _member(state: str) -> dict[str, Any]:
    return {"AutoScalingInstances": [{"LifecycleState": state, "ProtectedFromScaleIn": False}]}


def _profile(name: str) -> dict[str, Any]:
    arn = f"arn:aws:iam::123456789012:instance-profile/{name}"
    return {"IamInstanceProfileAssociations": [{"State": "associated", "IamInstanceProfile": {"Arn": arn}}]}


def _acl(*numbers: int) -> dict[str, Any]:
    return {"NetworkAcls": [{"Entries": [{"RuleAction": "deny", "RuleNumber": one} for one in (*numbers, 32767)]}]}


def _interfaces(*of: dict[str, Any]) -> dict[str, Any]:
    return {"NetworkInterfaces": list(of)}


_TAGGED = _interface("sg-1", KEY="Isolate")
_BOTH = {"Messages": [*_event("Isolated")["Messages"], *_event("Released", SIBLING)["Messages"]]}
_SNAPSHOTS = [_snapshot(1), _snapshot(2), _snapshot(3, "snap-1", key=KMS_KEY), _snapshot(4, "snap-2", key=KMS_KEY)]
_LOCKS = [{"LockState": "governance", "LockDuration": 7}] * 2
_OTHER_KIND, _FEWER_DAYS = "ContextKeyValues=Another", "ContextKeyValues=8"


_RIGHT: World = [
    (["create-tags"], {}),
    (["describe-tags"], {"Tags": [{"Value": "Isolated: verified"}]}),
    (["describe-network-interfaces"], _interfaces(_TAGGED, _TAGGED)),
    (["describe-security-groups"], _group()),
    (["describe-iam-instance-profile-associations"], _profile("isolation")),
    _value("disableApiTermination", value=True),
    _value("disableApiStop", value=True),
    _value("instanceInitiatedShutdownBehavior", "stop"),
    (["describe-instances"], _disks()),
    (["describe-auto-scaling-instances"], _member("Standby")),
    (["describe-auto-scaling-groups"], _scaling("Standby", "InService", "InService")),
    (["describe-addresses"], {"Addresses": []}),
    (["describe-network-acls"], _acl(1, 2)),
    (["describe-snapshots"], {"Snapshots": _SNAPSHOTS}),
    (["describe-locked-snapshots"], {"Snapshots": _LOCKS}),
    (["describe-snapshot-attribute"], {"CreateVolumePermissions": [{"UserId": FORENSICS}]}),
    (["get-role "], {"Role": {"Arn": "arn:aws:iam::123456789012:role/isolator"}}),
    (["simulate-principal-policy", "Containment Status Change"], _decided("allowed")),
    (["simulate-principal-policy"], _decided("implicitDeny")),
    (["receive-message"], _BOTH),
    (["get-metric-statistics"], {"Datapoints": [{"Sum": 1.0}]}),
    (["list-access-keys"], {"AccessKeyMetadata": [{"AccessKeyId": "AKIAMADE"}]}),
    (["get-item"], {"Item": {"survivors": {"S": '"AKIAMADE"'}}}),
    (["list-role-tags"], {"Tags": _tags(QuarantagContained1=f"arn:aws:ec2:x:1:instance/{ID}")}),
    (["list-attached-role-policies"], {"AttachedPolicies": [{"PolicyName": "quarantag-DenyContainedSessions-X"}]}),
    (["list-role-policies"], {"PolicyNames": ["verify", f"Quarantag-{STACK}-{ID}"]}),
    (["get-role-policy"], _role_policy(DateLessThan={"aws:TokenIssueTime": "2026-11-23T12:00:00Z"})),
]


def world(**parameters: str) -> World:
    """Everything as it must be, with these parameters of the stack instead."""
    given = [{"ParameterKey": key, "ParameterValue": one} for key, one in (PARAMETERS | parameters).items()]
    older = (PARAMETERS | parameters)["RevokeCredentials"] == "role"
    return [
        (["STOLEN"], DENIED),
        (["SIBLING"], DENIED if older else {}),
        (["describe-stacks"], {"Stacks": [{"Parameters": given}]}),
        (["TellWorkflows"], {"StackResourceDetail": {"PhysicalResourceId": "arn:aws:iam::1:policy/tell"}}),
        (["describe-stack-resource"], {"StackResourceDetail": {"PhysicalResourceId": "isolation"}}),
        *_RIGHT,
    ]


CHECKS = (
    Check(
        "isolate",
        (
            (("describe-tags",), {"Tags": [{"Value": "Isolating: verified"}]}),
            (("describe-tags",), {"Tags": [{"Value": "Failed: eni-1"}]}),
        ),
    ),
    Check(
        "check_cut",
        (
            (("describe-network-interfaces",), _interfaces(_interface("sg-1"), _interface("sg-2"))),
            (("describe-security-groups",), {"SecurityGroups": [{"Tags": _tags(QuarantagStack="another")}]}),
            (("describe-security-groups",), _group(IpPermissions=["one"])),
            (("describe-security-groups",), _group(IpPermissionsEgress=["one"])),
            (("describe-iam-instance-profile-associations",), _profile("web")),
        ),
    ),
    Check(
        "check_supporting",
        (
            (("describe-auto-scaling-instances",), _member("InService")),
            (("describe-auto-scaling-groups",), _scaling("Standby", "InService")),
            (("disableApiTermination",), {"DisableApiTermination": {"Value": False}}),
            (("disableApiStop",), {"DisableApiStop": {"Value": False}}),
            (("instanceInitiated",), {"InstanceInitiatedShutdownBehavior": {"Value": "terminate"}}),
            (("describe-instances",), _disks("xvdb")),
            (("describe-network-interfaces",), _interfaces(_TAGGED, _interface("sg-1"))),
            (("describe-addresses",), {"Addresses": [{"AllocationId": "eipalloc-1"}]}),
            (("describe-network-acls",), _acl(1)),
        ),
    ),
    Check(
        "check_evidence there",
        (
            (("describe-snapshots",), {"Snapshots": _SNAPSHOTS[1:]}),
            (("describe-snapshots",), {"Snapshots": [*_SNAPSHOTS, _snapshot(5)]}),
        ),
    ),
    Check(
        "check_handed_over",
        (
            (("describe-locked-snapshots",), {"Snapshots": _LOCKS[1:]}),
            (("describe-locked-snapshots",), {"Snapshots": [{"LockState": "governance", "LockDuration": 1}] * 2}),
            (("describe-locked-snapshots",), {"Snapshots": [{"LockState": "expired", "LockDuration": 7}] * 2}),
            (("simulate-principal-policy", _FEWER_DAYS), _decided("allowed")),
            (("describe-snapshots",), {"Snapshots": _SNAPSHOTS[:3]}),
            (("describe-snapshots",), {"Snapshots": [*_SNAPSHOTS, _SNAPSHOTS[3]]}),
            (("describe-snapshots",), {"Snapshots": [*_SNAPSHOTS[:3], _snapshot(4, "snap-2", "pending", KMS_KEY)]}),
            (("describe-snapshots",), {"Snapshots": [*_SNAPSHOTS[:3], _snapshot(4, "snap-2", key="aws/ebs")]}),
            (("describe-snapshot-attribute",), {"CreateVolumePermissions": [{"UserId": "999999999999"}]}),
            (("describe-snapshot-attribute",), {"CreateVolumePermissions": [{"UserId": FORENSICS}, {"UserId": "9"}]}),
        ),
    ),
    Check(
        "check_bus",
        (
            (("simulate-principal-policy", "Containment Status Change"), _decided("implicitDeny")),
            (("simulate-principal-policy", _OTHER_KIND), _decided("allowed")),
            (("simulate-principal-policy",), _decided("allowed")),
        ),
    ),
    Check(
        "check_event Isolated",
        (
            (("receive-message",), _event("Released")),
            (("receive-message",), _event("Isolated", SIBLING)),
            (("receive-message",), _event("Isolated", source="another")),
        ),
    ),
    Check("check_survivors", ((("get-item",), {"Item": {"survivors": {"S": '"AKIA"'}}}), (("list-access-keys",), {}))),
    Check("check_metric Isolated", ((("get-metric-statistics",), {"Datapoints": []}),)),
    Check(
        "check_sessions",
        (
            (("list-role-tags",), {"Tags": _tags(QuarantagContained1=f"arn:aws:ec2:x:1:instance/{SIBLING}")}),
            (("list-attached-role-policies",), {"AttachedPolicies": [{"PolicyName": "AmazonSSMManagedInstanceCore"}]}),
            (("STOLEN", "list-buckets"), {}),
            (("STOLEN", "list-tables"), {}),
            (("STOLEN",), {"refused": "AccessDenied: no identity-based policy allows it"}),
            (("SIBLING",), DENIED),
        ),
    ),
    Check(
        "check_sessions",
        (
            (("list-role-policies",), {"PolicyNames": ["verify"]}),
            (("list-role-policies",), {"PolicyNames": ["verify", f"Quarantag-{STACK}-{SIBLING}"]}),
            (("get-role-policy",), _role_policy(DateGreaterThan={"aws:TokenIssueTime": "2026-11-23T12:00:00Z"})),
            (("STOLEN",), {}),
            (("SIBLING",), {}),
        ),
        (("RevokeCredentials", "role"),),
    ),
)
