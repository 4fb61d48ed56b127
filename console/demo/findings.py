"""The findings that the demo plays, in the shape that GuardDuty documents for EventBridge.

Sources: GuardDuty user guide, "Processing GuardDuty findings with EventBridge", "Attack sequence finding types" and
"Sample findings"; botocore's guardduty model for the names.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from console.cloud.place import ACCOUNT, REGION
from console.demo.world import Actor

DETAIL_TYPE = "GuardDuty Finding"


def command_and_control(actor: Actor) -> dict[str, Any]:
    """Severity 8: the instance talks to a known command-and-control server."""
    title = f"Command and control server domain name queried by EC2 instance {actor.id}."
    return about_instance("Backdoor:EC2/C&CActivity.B", 8, actor, title, role="ACTOR")


def reverse_shell(actor: Actor) -> dict[str, Any]:
    """Severity 8: somebody has a shell on the instance, and so whatever its role may do."""
    title = f"A reverse shell was executed on EC2 instance {actor.id}."
    return about_instance("Execution:Runtime/ReverseShell", 8.0, actor, title, role="TARGET")


def brute_force(actor: Actor) -> dict[str, Any]:
    """Severity 5: somebody tries passwords on the instance."""
    title = f"{actor.id} is under SSH brute force attack."
    return about_instance("UnauthorizedAccess:EC2/SSHBruteForce", 5.0, actor, title, role="TARGET")


def sample(actor: Actor) -> dict[str, Any]:
    """Severity 8, but a sample, here even on an instance that exists."""
    found = about_instance("Trojan:EC2/DNSDataExfiltration", 8.0, actor, "[SAMPLE] Data exfiltration.", role="ACTOR")
    found["service"]["additionalInfo"] = {"sample": True, "type": "default", "value": json.dumps({"sample": True})}
    return found


def attack_sequence(actors: Sequence[Actor]) -> dict[str, Any]:
    """Severity 9: several instances of one group are compromised; only the sequence's resources name them."""
    found = _finding("AttackSequence:EC2/CompromisedInstanceGroup", 9, "Potential compromise of a group of instances.")
    found["resource"] = {"resourceType": "AttackSequence"}
    resources = [_sequence_resource(actor) for actor in actors]
    uids = [one["uid"] for one in resources]
    signal = {"uid": uuid.uuid4().hex, "type": "FINDING", "name": "Execution:Runtime/NewBinaryExecuted"}
    sequence = {
        "uid": found["id"],
        "description": "Several instances ran the same malware within minutes.",
        "resources": resources,
        "signals": [signal | {"severity": 5.0, "count": len(uids), "resourceUids": uids}],
    }
    found["service"] |= {"featureName": "Correlation", "detection": {"sequence": sequence}}
    return found


def malformed() -> dict[str, Any]:
    """A whole event whose finding names no account and whose severity is no number."""
    detail = {"id": "not-a-finding", "type": "Backdoor:EC2/C&CActivity.B", "severity": "HIGH"}
    return event(detail)


def event(detail: Mapping[str, Any]) -> dict[str, Any]:
    """EventBridge's envelope around a finding."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": DETAIL_TYPE,
        "source": "aws.guardduty",
        "account": ACCOUNT,
        "time": _now(),
        "region": REGION,
        "resources": [],
        "detail": dict(detail),
    }


def about_instance(finding_type: str, severity: float, actor: Actor, title: str, *, role: str) -> dict[str, Any]:
    """A finding whose resource is one instance."""
    found = _finding(finding_type, severity, title)
    interfaces = [
        {"networkInterfaceId": one.id, "vpcId": one.vpc_id, "subnetId": one.subnet_id, "ipv6Addresses": []}
        for one in actor.interfaces
    ]
    found["resource"] = {
        "resourceType": "Instance",
        "instanceDetails": {
            "instanceId": actor.id,
            "instanceType": "m5.large",
            "instanceState": "running",
            "availabilityZone": f"{REGION}a",
            "iamInstanceProfile": {"arn": actor.profile_arn, "id": "AIPAEXAMPLEEXAMPLEEXA"},
            "networkInterfaces": interfaces,
            "tags": [{"key": "Name", "value": actor.name}],
        },
    }
    found["service"]["resourceRole"] = role
    return found


def _finding(finding_type: str, severity: float, title: str) -> dict[str, Any]:
    finding_id, now = uuid.uuid4().hex, _now()
    detector = "12abc34d567e8fa901bc2d34e56789f0"
    return {
        "schemaVersion": "2.0",
        "accountId": ACCOUNT,
        "region": REGION,
        "partition": "aws",
        "id": finding_id,
        "arn": f"arn:aws:guardduty:{REGION}:{ACCOUNT}:detector/{detector}/finding/{finding_id}",
        "type": finding_type,
        "severity": severity,
        "title": title,
        "description": title,
        "createdAt": now,
        "updatedAt": now,
        "service": {
            "serviceName": "guardduty",
            "detectorId": detector,
            "eventFirstSeen": now,
            "eventLastSeen": now,
            "archived": False,
            "count": 1,
            "additionalInfo": {"type": "default", "value": "{}"},
        },
    }


def _sequence_resource(actor: Actor) -> dict[str, Any]:
    interfaces = [one.id for one in actor.interfaces]
    place = {"availabilityZone": f"{REGION}a", "instanceState": "running", "ec2NetworkInterfaceUids": interfaces}
    return {
        "uid": f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{actor.id}",
        "name": actor.id,
        "accountId": ACCOUNT,
        "resourceType": "EC2_INSTANCE",
        "region": REGION,
        "service": "ec2",
        "cloudPartition": "aws",
        "data": {"ec2Instance": place},
    }


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
