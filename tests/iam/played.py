"""What the end-to-end tests play, with the wire listened to; a scenario that does not end as it must shows nothing."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

import isolate
import release
import tag_finding
from quarantag.errors import LedgerUnavailable
from tests.cloud import ACCOUNT, REGION, Lab
from tests.iam.roles import DEPLOYED, ISOLATOR, RELEASER, TAGGER, policies
from tests.iam.simulator import Policy, Question, Request
from tests.iam.wire import Heard, Wire
from tests.measures.test_addresses import elastic_ip
from tests.scaling import Scaling, scaling_of
from tests.stack import KEY, Stack, about, forget_wiring
from tests.template import Template

ROLES = {isolate: ISOLATOR, release: RELEASER, tag_finding: TAGGER}
EVERYTHING = {
    "PROTECT_INSTANCE": "true",
    "FREEZE_INTERFACES": "true",
    "DISABLE_METADATA_SERVICE": "true",
    "DISASSOCIATE_ELASTIC_IPS": "true",
    "EXISTING_CONNECTIONS": "nacl",
    "AUTO_SCALING_MEMBERS": "standby",
    "REVOKE_CREDENTIALS": "instance",
}
HERE = {"AWS::AccountId": ACCOUNT, "AWS::Region": REGION, "ExistingConnections": "nacl"}
KEY_POLICY = Template(**DEPLOYED | HERE).properties("NotificationsKey")["KeyPolicy"]


@dataclass(slots=True)
class Played:
    """The stack whose functions are listened to."""

    stack: Stack
    lab: Lab
    wire: Wire
    scaling: Scaling
    arns: dict[str, str]
    monkeypatch: pytest.MonkeyPatch

    def isolated(self, instance_id: str) -> str:
        """Tag it, and have the isolator handle the event: the status."""
        self.wire.role = ISOLATOR
        return str(self.stack.tag_and_isolate(instance_id)["status"])

    def released(self, instance_id: str) -> str:
        """Tag it, and have the releaser handle the event: the status."""
        self.wire.role = RELEASER
        return str(self.stack.tag_and_release(instance_id)["status"])

    def swept(self, function: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - a handler module
        """One sweep of the function."""
        self.wire.role = ROLES[function]
        return self.stack.sweep(function)

    def found(self, instance_id: str, **changes: object) -> str:
        """What the tagger decides about a finding."""
        self.wire.role = TAGGER
        return str(self.stack.find(about(instance_id, **changes))[0]["action"])

    def set(self, **environment: str) -> None:
        """Deploy with other parameters."""
        for name, value in environment.items():
            self.monkeypatch.setenv(name, value)
        forget_wiring()

    def granted(self, role: str) -> dict[str, Policy]:
        """The role's policies, deployed as this stack is."""
        return policies(role, self.arns, **HERE)


def question(heard: Heard, number: int, identity: dict[str, Policy]) -> Question:
    """One of the questions of a call, for the role that made it."""
    asked = heard.asked[number]
    principal = f"arn:aws:sts::{ACCOUNT}:assumed-role/{heard.role}/one"
    request = Request(principal, asked.action, asked.resource, asked.context, ACCOUNT)
    return Question(request, identity, resource=KEY_POLICY if asked.action.startswith("kms:") else None)


def deployed(stack: Stack, lab: Lab, wire: Wire, isolation_profile: str, monkeypatch: pytest.MonkeyPatch) -> Played:
    """The stack with every measure on, and the ARNs of what it has."""
    policy = Template(**{"AWS::Region": REGION}).properties("DenyContainedSessions")["PolicyDocument"]
    made = lab.iam.create_policy(PolicyName="deny-contained-sessions", PolicyDocument=json.dumps(policy))["Policy"]
    role = lab.iam.get_instance_profile(InstanceProfileName=isolation_profile.rpartition("/")[2])["InstanceProfile"]
    arns = {
        "ContainmentLedger": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/quarantag-ledger",
        "Notifications": f"arn:aws:sns:{REGION}:{ACCOUNT}:notifications",
        "RootInstanceProfile": isolation_profile,
        "EC2IsolationRole": role["Roles"][0]["Arn"],
        "DenyContainedSessions": made["Arn"],
    }
    played = Played(stack, lab, wire, scaling_of(lab), arns, monkeypatch)
    played.set(**EVERYTHING, SESSIONS_POLICY_ARN=made["Arn"])
    return played


def play(played: Played) -> None:
    """Every scenario, each on instances of its own."""
    for scenario in (
        *(_every_measure, _drift, _lost_events, _missed_findings, _ended, _no_profile, _stopped, _namesake),
        *(_members_that_cannot_stand_by, _findings, _limits, _who_released, _observe, _ledger_outage),
    ):
        scenario(played)


def _every_measure(played: Played) -> None:
    member, _ = played.scaling.group()
    played.lab.ec2.associate_iam_instance_profile(
        InstanceId=member, IamInstanceProfile={"Arn": played.lab.profile("every")}
    )
    interface = played.lab.describe(member)["NetworkInterfaces"][0]["NetworkInterfaceId"]
    played.lab.attach(member, played.lab.vpc(ipv6=True), 1)
    elastic_ip(played.lab, interface)
    assert played.isolated(member) == "Isolated"
    assert played.swept(isolate)[0]["status"] == "Isolated"
    played.scaling.api.set_instance_health(InstanceId=member, HealthStatus="Unhealthy")
    assert played.released(member) == "Released"


def _no_profile(played: Played) -> None:
    instance = played.lab.instance()
    assert played.isolated(instance.id) == "Isolated"
    assert played.released(instance.id) == "Released"


def _stopped(played: Played) -> None:
    instance = played.lab.instance(profile=played.lab.profile("stopped"), stopped=True)
    assert played.isolated(instance.id) == "Isolated"
    assert played.released(instance.id) == "Released"


def _members_that_cannot_stand_by(played: Played) -> None:
    for group, denied in (("detached", ("EnterStandby",)), ("suspended", ("EnterStandby", "DetachInstances"))):
        member, _ = played.scaling.group(group)
        played.scaling.api.set_instance_protection(
            AutoScalingGroupName=group, InstanceIds=[member], ProtectedFromScaleIn=True
        )
        for action in denied:
            played.lab.cloud.refuse(action, group, "AccessDenied")
        assert played.isolated(member) == "Isolated"
        assert played.released(member) == "Released"


def _findings(played: Played) -> None:
    instance = played.lab.instance()
    assert played.found(instance.id, type="UnauthorizedAccess:EC2/MaliciousIPCaller.Custom", severity=5) == "review"
    assert played.found(instance.id, id="f2") == "isolate"
    assert played.found(instance.id, id="f3") == "isolate"
    assert played.found(instance.id, id="f4", severity=1, type="Recon:EC2/Portscan") == "ignore"


def _limits(played: Played) -> None:
    held = [played.found(played.lab.instance().id, id=f"limit-{number}") for number in range(12)]
    assert held[-1] == "hold"
    played.set(MAX_CONTAINMENTS_PER_HOUR="1")
    assert played.isolated(played.lab.instance().id) == "Held"
    played.set(MAX_CONTAINMENTS_PER_HOUR="50")


def _drift(played: Played) -> None:
    instance = played.lab.instance(profile=played.lab.profile("drift"))
    played.isolated(instance.id)
    network = instance.networks[0]
    group = played.stack.isolation_group(network.vpc_id)["GroupId"]
    everyone = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    played.lab.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=everyone)
    played.lab.ec2.modify_network_interface_attribute(
        NetworkInterfaceId=instance.interface_ids[0], Groups=[network.group_id]
    )
    played.lab.ec2.delete_tags(Resources=[instance.id], Tags=[{"Key": KEY}])
    played.swept(isolate)
    assert played.lab.groups(instance.interface_ids[0]) == [group]
    assert not played.stack.isolation_group(network.vpc_id)["IpPermissions"]
    assert played.released(instance.id) == "Released"


def _lost_events(played: Played) -> None:
    instance = played.lab.instance(tags={KEY: "Isolate"})
    played.swept(isolate)
    assert played.stack.case(instance.id)["status"] == "Isolated"  # type: ignore[index]
    played.lab.tag(instance.id, **{KEY: "Release"})
    played.swept(release)
    assert played.stack.case(instance.id)["status"] == "Released"  # type: ignore[index]


def _namesake(played: Played) -> None:
    network = played.lab.vpc()
    played.lab.group(network.vpc_id, "SecurityIsolation-SecurityGroup")
    assert played.isolated(played.lab.instance([network]).id) == "Isolated"


def _who_released(played: Played) -> None:
    instance = played.lab.instance()
    played.isolated(instance.id)
    played.set(RELEASE_PRINCIPALS=f"arn:aws:iam::{ACCOUNT}:role/Releasers")
    played.wire.role = RELEASER
    played.lab.cloud.call_as(f"arn:aws:sts::{ACCOUNT}:assumed-role/Releasers/one")
    played.lab.tag(instance.id, **{KEY: "Release"})
    assert played.stack.release(instance.id)["status"] == "Released"
    played.set(RELEASE_PRINCIPALS="*")


def _observe(played: Played) -> None:
    played.set(MODE="observe")
    instance = played.lab.instance(profile=played.lab.profile("observed"))
    played.found(instance.id, id="observed")
    played.isolated(instance.id)
    assert played.stack.case(instance.id) is None
    played.set(MODE="enforce")


def _ledger_outage(played: Played) -> None:
    """The cut, its case once the ledger is back, and the release."""
    instance = played.lab.instance([played.lab.vpc()] * 2, profile=played.lab.profile("outage"))
    played.wire.down = frozenset({"dynamodb"})
    with pytest.raises(LedgerUnavailable):
        played.isolated(instance.id)
    played.wire.down = frozenset()
    assert played.isolated(instance.id) == "Isolated"
    assert played.released(instance.id) == "Released"


def _missed_findings(played: Played) -> None:
    """GuardDuty's answers are given by the wire: moto knows no findings."""
    instance = played.lab.instance()
    document = about(instance.id, id="missed")
    played.wire.answers = {
        "guardduty:ListDetectors": {"DetectorIds": ["d1"]},
        "guardduty:ListFindings": {"FindingIds": ["missed"]},
        "guardduty:GetFindings": {
            "Findings": [{"Id": "missed", **{k[0].upper() + k[1:]: v for k, v in document.items()}}]
        },
    }
    played.swept(tag_finding)
    played.wire.answers = {}


def _ended(played: Played) -> None:
    instance = played.lab.instance()
    played.isolated(instance.id)
    played.lab.ec2.modify_instance_attribute(InstanceId=instance.id, Attribute="disableApiTermination", Value="false")
    played.lab.ec2.terminate_instances(InstanceIds=[instance.id])
    played.swept(release)
    assert played.stack.case(instance.id)["status"] == "Ended"  # type: ignore[index]
