"""Findings for the replay's benchmark: made from the documented shape, about 3 KB each, the same ones at every run.

Types and severities are spread as in a large organization with every protection plan on: three of five findings
are about instances, and about one in eight of default.yaml's decisions isolates. What no decision looks at
(addresses, hosts, tags, the title's detail) makes up the size, as in real ones.
"""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

SEED = 4
DAYS = 90
ACCOUNTS = 40
INSTANCES = 20_000
REGIONS = ("eu-central-1", "eu-west-1", "us-east-1", "us-west-2", "ap-southeast-2")
FIRST = datetime(2026, 8, 1, tzinfo=UTC)
KINDS: tuple[tuple[int, str, float, str, str], ...] = (
    (14, "Recon:EC2/PortProbeUnprotectedPort", 2.0, "Instance", "TARGET"),
    (8, "UnauthorizedAccess:EC2/SSHBruteForce", 2.0, "Instance", "TARGET"),
    (6, "UnauthorizedAccess:EC2/RDPBruteForce", 5.0, "Instance", "TARGET"),
    (6, "Behavior:EC2/NetworkPortUnusual", 5.0, "Instance", "ACTOR"),
    (4, "DefenseEvasion:Runtime/FilelessExecution", 5.0, "Instance", ""),
    (3, "UnauthorizedAccess:EC2/TorRelay", 8.0, "Instance", "ACTOR"),
    (3, "Impact:EC2/AbusedDomainRequest.Reputation", 5.0, "Instance", "ACTOR"),
    (2, "Trojan:EC2/DNSDataExfiltration", 8.0, "Instance", "TARGET"),
    (3, "CryptoCurrency:EC2/BitcoinTool.B!DNS", 8.0, "Instance", "TARGET"),
    (3, "Backdoor:EC2/C&CActivity.B!DNS", 8.0, "Instance", "TARGET"),
    (2, "Execution:Runtime/ReverseShell", 8.0, "Instance", ""),
    (2, "Execution:Runtime/NewBinaryExecuted", 5.0, "Instance", ""),
    (2, "Backdoor:EC2/DenialOfService.Dns", 8.0, "Instance", "ACTOR"),
    (10, "Discovery:IAMUser/AnomalousBehavior", 2.0, "AccessKey", "TARGET"),
    (5, "Persistence:IAMUser/AnomalousBehavior", 5.0, "AccessKey", "TARGET"),
    (8, "Policy:IAMUser/RootCredentialUsage", 2.0, "AccessKey", "TARGET"),
    (5, "Discovery:S3/AnomalousBehavior", 2.0, "S3Bucket", "TARGET"),
    (5, "Policy:S3/BucketPublicAccessGranted", 8.0, "S3Bucket", "TARGET"),
    (5, "Discovery:Kubernetes/SuccessfulAnonymousAccess", 5.0, "EKSCluster", "TARGET"),
    (4, "CredentialAccess:RDS/AnomalousBehavior.SuccessfulLogin", 5.0, "RDSDBInstance", "TARGET"),
)
"""Weight, type, severity, resource type and role."""


def write(path: Path, number: int) -> None:
    """Write so many findings, as lines of JSON in the shape of GuardDuty's export to S3."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(lines(number))


def lines(number: int, seed: int = SEED) -> Iterator[str]:
    """So many findings, each a line; a kind's finding is made once, and what differs is set into its text."""
    chance = random.Random(seed)  # noqa: S311 (not for secrets: the same findings at every run)
    templates = [_template(*kind[1:]) for kind in KINDS]
    chosen = chance.choices(templates, weights=[kind[0] for kind in KINDS], k=number)
    for template in chosen:
        moment = FIRST + timedelta(seconds=chance.randrange(DAYS * 86_400))
        instance = chance.randrange(INSTANCES)
        yield template % {
            "id": f"{chance.getrandbits(128):032x}",
            "account": f"{111_122_223_333 + instance % ACCOUNTS * 7:012d}",
            "region": REGIONS[instance // ACCOUNTS % len(REGIONS)],
            "instance": f"i-{0x0A00000000000000 + instance * 0x9E3779B1:017x}",
            "vpc": f"vpc-{instance % 400:08x}",
            "count": chance.choice((1, 1, 2, 3, 7, 40, 250)),
            "moment": f"{moment:%Y-%m-%dT%H:%M:%S}.{chance.randrange(1000):03d}Z",
            "address": f"198.51.100.{chance.randrange(256)}",
        }


def _template(kind: str, severity: float, resource_type: str, role: str) -> str:
    document: dict[str, Any] = {
        "schemaVersion": "2.0",
        "accountId": "@account",
        "region": "@region",
        "partition": "aws",
        "id": "@id",
        "arn": "arn:aws:guardduty:@region:@account:detector/12abc34d567e8fa901bc2d34e56789f0/finding/@id",
        "type": kind,
        "resource": {"resourceType": resource_type, **_resource(resource_type)},
        "service": _service(role),
        "severity": severity,
        "createdAt": "@moment",
        "updatedAt": "@moment",
        "title": f"{kind}: unusual activity that involves @address.",
        "description": f"{resource_type} @instance in @account communicates with @address in a way that is not usual "
        "for it. This may mean that somebody has control of it; look at what else it did in the hours before.",
    }
    text = json.dumps(document, separators=(",", ":")).replace("%", "%%").replace('"@count"', "%(count)d")
    for name in ("account", "region", "id", "moment", "address", "instance", "vpc"):
        text = text.replace(f"@{name}", f"%({name})s")
    return text + "\n"


def _resource(resource_type: str) -> dict[str, Any]:
    if resource_type == "AccessKey":
        user = {"accessKeyId": "AKIAIOSFODNN7EXAMPLE", "principalId": "AIDACKCEVSQ6C2EXAMPLE", "userName": "deploy"}
        return {"accessKeyDetails": {**user, "userType": "IAMUser"}}
    if resource_type != "Instance":
        return {f"{resource_type[:1].lower()}{resource_type[1:]}Details": {"name": "orders", "tags": _tags(20)}}
    interface = {
        "ipv6Addresses": [],
        "networkInterfaceId": "eni-0bfb6b8b2ce0a4d1c",
        "privateDnsName": "ip-10-0-0-1.internal",
        "privateIpAddress": "10.0.0.1",
        "privateIpAddresses": [{"privateDnsName": "ip-10-0-0-1.internal", "privateIpAddress": "10.0.0.1"}],
        "publicDnsName": "ec2-203-0-113-9.compute.amazonaws.com",
        "publicIp": "203.0.113.9",
        "securityGroups": [{"groupId": f"sg-0{number:016x}", "groupName": f"group-{number}"} for number in range(3)],
        "subnetId": "subnet-0a1b2c3d4e5f60718",
        "vpcId": "@vpc",
    }
    profile = {"arn": "arn:aws:iam::@account:instance-profile/app", "id": "AIPACKCEVSQ6C2EXAMPLE"}
    image = {"imageDescription": "Amazon Linux 2023 AMI", "imageId": "ami-0a1b2c3d4e5f60718"}
    details = {"availabilityZone": "eu-central-1a", "iamInstanceProfile": profile, **image, "instanceId": "@instance"}
    more = {"instanceState": "running", "instanceType": "m7i.large", "launchTime": "2026-05-02T02:02:02Z"}
    return {"instanceDetails": {**details, **more, "networkInterfaces": [interface], "tags": _tags(11)}}


def _tags(number: int) -> list[dict[str, str]]:
    return [{"key": f"team-tag-{one}", "value": f"value of tag number {one}"} for one in range(number)]


def _service(role: str) -> dict[str, Any]:
    place = {"city": {"cityName": "Sydney"}, "country": {"countryName": "Australia"}}
    network = {"organization": {"asn": "64500", "asnOrg": "Example", "isp": "Example", "org": "Example"}}
    remote = {**place, "geoLocation": {"lat": -33.8591, "lon": 151.2002}, "ipAddressV4": "@address", **network}
    port = {
        "localPortDetails": {"port": 22, "portName": "SSH"},
        "remotePortDetails": {"port": 40_000, "portName": "Unknown"},
    }
    action = {"connectionDirection": "INBOUND", "protocol": "TCP", "blocked": False, "remoteIpDetails": remote, **port}
    return {
        "serviceName": "guardduty",
        "detectorId": "12abc34d567e8fa901bc2d34e56789f0",
        "action": {"actionType": "NETWORK_CONNECTION", "networkConnectionAction": action},
        **({"resourceRole": role} if role else {}),
        "additionalInfo": {
            "threatListName": "ProofPoint",
            "value": '{"threatListName":"ProofPoint"}',
            "type": "default",
        },
        "evidence": {
            "threatIntelligenceDetails": [
                {"threatListName": "ProofPoint", "threatNames": [f"name {one}" for one in range(12)]}
            ]
        },
        "eventFirstSeen": "@moment",
        "eventLastSeen": "@moment",
        "archived": False,
        "count": "@count",
        "featureName": "FlowLogs",
    }
