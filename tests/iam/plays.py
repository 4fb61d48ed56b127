"""What the end-to-end tests play, with the wire listened to; a scenario that does not end as it must shows nothing."""

import pytest

import isolate
import release
import tag_finding
from quarantag.errors import LedgerUnavailable
from tests.cloud import ACCOUNT
from tests.iam.played import EVERYTHING, Played
from tests.iam.roles import RELEASER
from tests.measures.test_addresses import elastic_ip
from tests.stack import DEFAULTS, KEY, about


def play(played: Played) -> None:
    """Every scenario, each on instances of its own."""
    for scenario in (
        *(_every_measure, _drift, _lost_events, _missed_findings, _ended, _no_profile, _stopped, _namesake),
        *(_members_that_cannot_stand_by, _findings, _limits, _who_released, _observe, _ledger_outage, _responders),
    ):
        scenario(played)
        played.set(**{name: DEFAULTS.get(name, "") for name in EVERYTHING} | {"LOCK_SNAPSHOTS_DAYS": "0"})


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
    played.set(AUTO_SCALING_MEMBERS="standby")
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


def _responders(played: Played) -> None:
    played.set(FORENSIC_ACCESS_SOURCE="203.0.113.0/24")
    instance = played.lab.instance()
    assert played.isolated(instance.id) == "Isolated"
    assert played.stack.isolation_group(instance.networks[0].vpc_id)["IpPermissions"]
    played.set(FORENSIC_ACCESS_SOURCE="")


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
