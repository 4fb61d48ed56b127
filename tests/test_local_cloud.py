"""The local cloud itself: what is deployed runs, AWS's services speak on its bus, nothing listens outside loopback."""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from console.cloud.build import alone, find_sam, is_fresh
from console.cloud.deploy import Deployed, deploy
from console.cloud.local import ON_MOTO, LocalCloud, LocalCloudError, environment, local_cloud
from console.cloud.place import ACCOUNT, REGION
from console.cloud.service_events import put_service_event
from console.cloud.state import ANALYST
from console.cloud.strict_moto import StrictMoto
from tests.cloud import IMAGE, Lab
from tests.processes import listening_addresses, members
from tests.scaling import Scaling

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: []}
  Profile: {Type: AWS::IAM::InstanceProfile, Properties: {Roles: [!Ref Role]}}
  Heard: {Type: AWS::SQS::Queue}
  Failed: {Type: AWS::SQS::Queue}
  Listener:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: listener
      Handler: listener.handler
      Runtime: python3.13
      Timeout: 30 # a cold start on a busy machine takes longer than the default 3 seconds
      Role: !GetAtt Role.Arn
      Environment: {Variables: {HEARD: !Ref Heard}}
      EventInvokeConfig:
        MaximumRetryAttempts: 1
        DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Failed.Arn}}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {source: [aws.tag], detail: {changed-tag-keys: [Control]}}
      Targets: [{Id: listener, Arn: !GetAtt Listener.Arn}]
"""
LISTENER = """
import json, os, boto3
def handler(event, context):
    if event["detail"]["tags"].get("Control") == "fail":
        raise ValueError("told to fail")
    instance = event["resources"][0].rpartition("/")[2]
    found = boto3.client("ec2").describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    body = json.dumps({"event": event, "state": found["State"]["Name"]})
    boto3.client("sqs").send_message(QueueUrl=os.environ["HEARD"], MessageBody=body)
"""


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloud]:
    with local_cloud() as running:
        yield running


@pytest.fixture(scope="module")
def stack(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    artifact = tmp_path_factory.mktemp("artifact")
    (artifact / "listener").mkdir()
    (artifact / "listener" / "listener.py").write_text(LISTENER)
    (artifact / "template.yaml").write_text(TEMPLATE)
    return deploy(cloud, artifact)


def message(cloud: LocalCloud, queue: str, wanted: Callable[[Any], bool]) -> Any:  # noqa: ANN401 - JSON
    """The first message for which `wanted` holds, waited for."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        answer = cloud.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0)
        for body in (json.loads(one["Body"]) for one in answer.get("Messages", [])):
            if wanted(body):
                return body
        time.sleep(0.1)
    pytest.fail("the message did not come")


def launched(cloud: LocalCloud, **arguments: object) -> str:
    made = cloud.client("ec2").run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1, **arguments)
    return str(made["Instances"][0]["InstanceId"])


def test_tag_change_reaches_the_function_as_aws_sends_it(cloud: LocalCloud, stack: Deployed) -> None:
    instance = launched(cloud)
    cloud.client("ec2").create_tags(Resources=[instance], Tags=[{"Key": "Control", "Value": "yes"}])
    heard = message(cloud, stack.resources["Heard"], lambda body: instance in body["event"]["resources"][0])
    event = heard["event"]
    assert heard["state"] == "running"
    assert (event["source"], event["detail-type"]) == ("aws.tag", "Tag Change on Resource")
    assert (event["account"], event["region"], event["version"]) == (ACCOUNT, REGION, "0")
    assert event["resources"] == [f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{instance}"]
    assert event["detail"] == {
        "changed-tag-keys": ["Control"],
        "tags": {"Control": "yes"},
        "service": "ec2",
        "resource-type": "instance",
        "version": 1,
    }


def test_function_that_a_rule_started_is_retried_and_its_event_kept(cloud: LocalCloud, stack: Deployed) -> None:
    instance = launched(cloud)
    cloud.client("ec2").create_tags(Resources=[instance], Tags=[{"Key": "Control", "Value": "fail"}])
    kept = message(cloud, stack.resources["Failed"], lambda _: True)
    assert instance in kept["requestPayload"]["resources"][0]
    assert kept["responsePayload"]["errorMessage"] == "told to fail"


def test_functions_find_on_moto_what_moto_plays(cloud: LocalCloud, tmp_path: Path) -> None:
    given = environment(tmp_path, 1, cloud.ec2_endpoint)
    for service in ON_MOTO:
        service_id = cloud.client(service).meta.service_model.service_id
        assert given[f"AWS_ENDPOINT_URL_{service_id.replace(' ', '_').upper()}"] == cloud.ec2_endpoint


def test_standby_leaves_the_load_balancer_as_in_process(cloud: LocalCloud) -> None:
    lab = Lab(StrictMoto(), cloud.client("ec2"), cloud.client("iam"))
    scaling = Scaling(lab, cloud.client("autoscaling"), cloud.client("elbv2"), lab.vpc())
    one, other = scaling.group()
    scaling.api.enter_standby(AutoScalingGroupName="web", InstanceIds=[one], ShouldDecrementDesiredCapacity=False)
    (replacement,) = set(scaling.members()) - {one, other}
    assert (scaling.state(one), scaling.targets()) == ("Standby", {other, replacement})


def test_history_tells_who_tagged_and_guardduty_is_off(cloud: LocalCloud) -> None:
    instance = launched(cloud)
    cloud.client("ec2").create_tags(Resources=[instance], Tags=[{"Key": "Told", "Value": "yes"}])
    wanted = {"AttributeKey": "ResourceName", "AttributeValue": instance}
    (found,) = cloud.client("cloudtrail").lookup_events(LookupAttributes=[wanted])["Events"]
    assert json.loads(found["CloudTrailEvent"])["userIdentity"]["arn"] == ANALYST
    assert cloud.client("guardduty").list_detectors()["DetectorIds"] == []


def test_only_aws_itself_may_use_its_sources(cloud: LocalCloud) -> None:
    entry = {"Source": "aws.guardduty", "DetailType": "GuardDuty Finding", "Detail": "{}"}
    answer = cloud.client("events").put_events(Entries=[entry])
    assert answer["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"
    put_service_event(cloud.aws_endpoint, {"source": "aws.guardduty", "detail-type": "x", "detail": {}})


def test_instance_takes_the_profile_of_the_stack(cloud: LocalCloud, stack: Deployed) -> None:
    name = stack.resources["Profile"].rpartition("/")[2]
    instance = launched(cloud, IamInstanceProfile={"Name": name})
    described = cloud.client("ec2").describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    assert described["IamInstanceProfile"]["Arn"] == f"arn:aws:iam::{ACCOUNT}:instance-profile/{name}"


@pytest.mark.usefixtures("stack")
def test_nothing_listens_outside_loopback(cloud: LocalCloud) -> None:
    if not Path("/proc/net/tcp").exists():
        pytest.skip("this system has no /proc/net: which addresses are listened on can't be read")
    addresses = listening_addresses(members(cloud.group))
    assert {address.is_loopback for address, _ in addresses} == {True}
    ports = {port for _, port in addresses}
    assert {int(one.rpartition(":")[2]) for one in (cloud.aws_endpoint, cloud.ec2_endpoint)} <= ports


def test_stack_that_cannot_be_created_says_why(cloud: LocalCloud, tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text("Resources: {Wrong: {Type: AWS::Nowhere::Thing}}")
    with pytest.raises(LocalCloudError, match="Nowhere") as raised:
        deploy(cloud, tmp_path, name="wrong")
    assert "\n" not in str(raised.value)


def test_only_one_process_at_a_time_looks_and_builds(tmp_path: Path) -> None:
    lock = tmp_path / "made" / "lock"
    with alone(lock), lock.open("w") as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with lock.open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_artifact_is_fresh_until_a_source_is_newer(tmp_path: Path) -> None:
    source, built = tmp_path / "source.py", tmp_path / "template.yaml"
    source.touch()
    assert not is_fresh(built, [source])
    built.touch()
    assert is_fresh(built, [source])
    later = built.stat().st_mtime + 1
    source.write_text("changed")
    os.utime(source, (later, later))
    assert not is_fresh(built, [source])


def test_missing_sam_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LocalCloudError, match="make build"):
        find_sam(tmp_path)
