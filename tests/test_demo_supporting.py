"""What the demo expects of the supporting measures can fail: each probe against a world that is nearly right."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from console.demo import supporting
from console.demo.screen import field_by_field
from console.demo.whole import whole
from tests.cloud import ACCOUNT, REGION, SESSION, Lab
from tests.demo import DENIAL, Scene, furnished, holds

SLOT = f"QuarantagContained3-{REGION}"


@pytest.fixture
def scene(lab: Lab, isolation_profile_arn: str, ledger_table: Any) -> Scene:  # noqa: ANN401, ARG001
    return furnished(lab, isolation_profile_arn)


def id_of(scene: Scene, name: str = "api-1") -> str:
    return scene.world.actors[name].id


def standby(scene: Scene, *, decrement: bool = False) -> None:
    SESSION.client("autoscaling").enter_standby(
        AutoScalingGroupName="api", InstanceIds=[id_of(scene)], ShouldDecrementDesiredCapacity=decrement
    )


def replace() -> None:
    """Launch what the group lacks, as Auto Scaling does by itself."""
    SESSION.client("autoscaling").set_desired_capacity(AutoScalingGroupName="api", DesiredCapacity=2)
    assert len(SESSION.client("autoscaling").describe_auto_scaling_instances()["AutoScalingInstances"]) == 3


def protect(scene: Scene, *but: str) -> None:
    """Everything that protects, but these attributes."""
    wanted = {
        "disableApiTermination": "true",
        "disableApiStop": "true",
        "instanceInitiatedShutdownBehavior": "stop",
    }
    for attribute, value in wanted.items():
        if attribute not in but:
            scene.lab.ec2.modify_instance_attribute(InstanceId=id_of(scene), Attribute=attribute, Value=value)
    devices = {"/dev/sda1", "/dev/sdf"} - set(but)
    kept = [{"DeviceName": one, "Ebs": {"DeleteOnTermination": False}} for one in sorted(devices)]
    scene.lab.ec2.modify_instance_attribute(InstanceId=id_of(scene), BlockDeviceMappings=kept)


def case(table: Any, scene: Scene) -> None:  # noqa: ANN401 - a boto3 table
    table.put_item(Item={"pk": id_of(scene), "sk": "case", "case_id": "c-1"})


def snapshot(scene: Scene, *, case_id: str = "c-1", but: int = 0, times: int = 1) -> None:
    """Snapshots of all volumes but so many."""
    by_instance = [{"Name": "attachment.instance-id", "Values": [id_of(scene)]}]
    for one in scene.lab.ec2.describe_volumes(Filters=by_instance)["Volumes"][but:] * times:
        tags = [{"Key": "QuarantagCase", "Value": case_id}]
        tagged = [{"ResourceType": "snapshot", "Tags": tags}]
        scene.lab.ec2.create_snapshot(VolumeId=one["VolumeId"], TagSpecifications=tagged)


def mark(scene: Scene, name: str = "api-1", key: str = SLOT) -> None:
    arn = f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{id_of(scene, name)}"
    SESSION.client("iam").tag_role(RoleName="api-server", Tags=[{"Key": key, "Value": arn}])


def attach(scene: Scene) -> None:
    policy = scene.world.stack.resources["DenyContainedSessions"]
    SESSION.client("iam").attach_role_policy(RoleName="api-server", PolicyArn=policy)


def test_replaced_needs_standby_and_others_in_service(scene: Scene) -> None:
    probe = supporting.replaced(scene.world, "api-1", 2)
    assert supporting.desired(scene.world, "api-1") == 2
    assert not holds(probe)
    standby(scene)
    replace()
    assert holds(probe)
    assert not holds(supporting.replaced(scene.world, "api-2", 2))
    assert not holds(supporting.replaced(scene.world, "api-1", 3))
    assert not holds(supporting.replaced(scene.world, "shop", 2))


def test_replaced_needs_the_desired_capacity_that_was(scene: Scene) -> None:
    standby(scene, decrement=True)
    assert not holds(supporting.replaced(scene.world, "api-1", 2))


def test_served_is_what_the_load_balancer_has(scene: Scene) -> None:
    ever, never = (supporting.served(scene.world, "api-1", ever=one) for one in (True, False))
    assert (holds(ever), holds(never)) == (True, False)
    standby(scene)
    assert (holds(ever), holds(never)) == (False, True)


@pytest.mark.parametrize(
    "but", [None, "disableApiTermination", "disableApiStop", "instanceInitiatedShutdownBehavior", "/dev/sdf"]
)
def test_protected_needs_everything(scene: Scene, but: str | None) -> None:
    assert not holds(supporting.protected(scene.world, "api-1"))
    protect(scene, *([but] if but else []))
    assert holds(supporting.protected(scene.world, "api-1")) is (but is None)


def test_frozen_needs_every_interface(scene: Scene) -> None:
    for interface in scene.world.actors["api-1"].interfaces:
        assert not holds(supporting.frozen(scene.world, "api-1"))
        scene.lab.tag(interface.id, SecurityIsolation="Isolate")
    assert holds(supporting.frozen(scene.world, "api-1"))


@pytest.mark.parametrize(
    ("make", "saved"),
    [
        (lambda _: None, False),
        (snapshot, True),
        (lambda scene: snapshot(scene, but=1), False),
        (lambda scene: snapshot(scene, case_id="another"), False),
        (lambda scene: snapshot(scene, times=2), False),
    ],
    ids=["none", "all", "one missing", "another case's", "twice"],
)
def test_saved_needs_one_snapshot_of_each_volume(
    scene: Scene,
    ledger_table: Any,  # noqa: ANN401
    make: Callable[[Scene], object],
    saved: bool,  # noqa: FBT001
) -> None:
    assert not holds(supporting.saved(scene.world, "api-1"))
    case(ledger_table, scene)
    make(scene)
    assert holds(supporting.saved(scene.world, "api-1")) is saved


def test_denied_needs_the_policy_and_the_tag_of_this_instance(scene: Scene) -> None:
    probe = supporting.denied(scene.world, "api-1")
    attach(scene)
    assert not holds(probe)
    mark(scene, "api-2")
    assert not holds(probe)
    mark(scene, key="QuarantagContained9")
    assert not holds(probe)
    mark(scene)
    assert holds(probe)
    SESSION.client("iam").detach_role_policy(
        RoleName="api-server", PolicyArn=scene.world.stack.resources["DenyContainedSessions"]
    )
    assert not holds(probe)


@pytest.mark.parametrize(
    "wrong",
    [
        {"Effect": "Allow"},
        {"Action": "s3:*"},
        {"Resource": "arn:aws:s3:::orders"},
        {"Condition": {"ArnNotEquals": DENIAL["Statement"][2]["Condition"]["ArnEquals"]}},
        {"Condition": DENIAL["Statement"][2]["Condition"] | {"Bool": {"aws:SecureTransport": "false"}}},
        {"Condition": {"ArnEquals": {"aws:SourceArn": f"${{aws:PrincipalTag/{SLOT}}}"}}},
    ],
    ids=["allows", "some actions", "some resources", "another operator", "a second condition", "another key"],
)
def test_denied_takes_nothing_less_for_a_denial_of_everything(scene: Scene, wrong: dict[str, Any]) -> None:
    document = DENIAL | {"Statement": [DENIAL["Statement"][2] | wrong]}
    iam = SESSION.client("iam")
    arn = iam.create_policy(PolicyName="less", PolicyDocument=json.dumps(document))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="api-server", PolicyArn=arn)
    mark(scene)
    assert not holds(supporting.denied(scene.world, "api-1"))
    attach(scene)
    assert holds(supporting.denied(scene.world, "api-1"))


def test_spared_needs_the_denial_attached_its_own_policies_and_no_tag(scene: Scene) -> None:
    probe = supporting.spared(scene.world, "api-2")
    mark(scene)
    assert not holds(probe)
    attach(scene)
    assert holds(probe)
    assert not holds(supporting.spared(scene.world, "api-1"))
    SESSION.client("iam").delete_role_policy(RoleName="api-server", PolicyName="read-orders")
    assert not holds(probe)


@pytest.mark.parametrize(
    "change",
    [
        protect,
        standby,
        attach,
        mark,
        lambda scene: scene.cut("api-1", 1),
        lambda scene: scene.lab.tag(scene.world.actors["api-1"].interfaces[1].id, SecurityIsolation="Isolate"),
        lambda scene: scene.world.attach("api-1"),
        lambda scene: SESSION.client("autoscaling").set_instance_protection(
            AutoScalingGroupName="api", InstanceIds=[id_of(scene)], ProtectedFromScaleIn=True
        ),
    ],
    ids=["protection", "standby", "policy", "tag", "cut", "interface's tag", "interface", "scale-in"],
)
def test_same_notices_every_change(scene: Scene, change: Callable[[Scene], object]) -> None:
    before = whole(scene.world, "api-1")
    assert holds(supporting.same(scene.world, "api-1", before))
    change(scene)
    assert not holds(supporting.same(scene.world, "api-1", before))


def test_table_shows_every_field_at_every_moment(scene: Scene) -> None:
    before = whole(scene.world, "api-1")
    scene.cut("api-1")
    attach(scene)
    mark(scene)
    console = Console(record=True, width=80)
    console.print(field_by_field({"before": before, "isolated": whole(scene.world, "api-1"), "now": before}))
    lines = [" ".join(line.split()) for line in console.export_text().splitlines()]
    assert any(
        line.split()[3:] == [line.split()[3], "isolation", line.split()[3]] for line in lines if "1: groups" in line
    )
    assert "its sessions not denied denied everything not denied" in lines
    assert "stop protection off off off" in lines
