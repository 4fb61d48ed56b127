"""Two accounts and two Regions of an organization, each with its stack, on one local cloud (emulator).

The EC2 that moto plays is one account's, the member's: the others' functions must never come to it, and do not.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from samtranslator.yaml_helper import yaml_parse

from console.cloud.build import built_artifact
from console.cloud.deploy import copy_instance_profiles, copy_policies, create_stack, package
from console.cloud.local import LocalCloud, local_cloud
from console.cloud.place import ACCOUNT, REGION
from tests.cloud import IMAGE
from tests.findings import document
from tests.length import soak_only

pytestmark = soak_only

ADMINISTRATOR, OTHER_REGION = "999988887777", "eu-west-1"
PLACES = [(account, region) for account in (ACCOUNT, ADMINISTRATOR) for region in (REGION, OTHER_REGION)]
MEMBER = (ACCOUNT, REGION)
KEY = "SecurityIsolation"
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Place(LocalCloud):
    """The local cloud as an account sees it in a Region."""

    account: str
    at: str

    @property
    def region(self) -> str:
        """Its Region."""
        return self.at

    @property
    def bucket(self) -> str:
        """Names of buckets are one for all accounts."""
        return f"quarantag-{self.account}-{self.at}"

    @property
    def stack(self) -> str:
        """Named as StackSets do; AWS ends the names of what a stack makes at random, ministack by the stack's name."""
        return f"StackSet-quarantag-{PLACES.index((self.account, self.at))}"

    def client(self, service: str) -> Any:  # noqa: ANN401 - a boto3 client
        """A client with a 12-digit access key, which ministack takes for the account id."""
        if (self.account, self.region) == MEMBER:
            return super(Place, self).client(service)
        session = boto3.Session(self.account, "local", region_name=self.region)
        make: Callable[..., Any] = session.client
        return make(service, endpoint_url=self.aws_endpoint, config=Config(proxies={}))

    def resources(self) -> dict[str, str]:
        """Physical ids of the stack's resources, by logical id."""
        listed = self.client("cloudformation").describe_stack_resources(StackName=self.stack)["StackResources"]
        return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in listed}

    def items(self) -> list[dict[str, Any]]:
        """Everything in the stack's ledger."""
        found = self.client("dynamodb").scan(TableName=self.resources()["ContainmentLedger"])["Items"]
        return [{key: next(iter(value.values())) for key, value in one.items()} for one in found]

    def hears(self, finding: dict[str, Any]) -> str:
        """What is decided where EventBridge starts the function, once GuardDuty put the finding on this bus."""
        event = {"source": "aws.guardduty", "detail-type": "GuardDuty Finding", "detail": finding}
        answer = self.client("lambda").invoke(
            FunctionName=self.resources()["TagFindingFunction"],
            Payload=json.dumps(
                {"version": "0", "id": "e-1", "account": self.account, "region": self.region, "resources": []} | event
            ),
        )
        return str(json.load(answer["Payload"])["decisions"][0]["action"])


@pytest.fixture(scope="module")
def places() -> Iterator[dict[tuple[str, str], Place]]:
    """The four places, each with its stack."""
    with local_cloud() as cloud:
        found = {at: Place(cloud.aws_endpoint, cloud.ec2_endpoint, cloud.servers, *at) for at in PLACES}
        for place in found.values():
            template = yaml_parse((built_artifact() / "template.yaml").read_text(encoding="utf-8"))
            package(place, built_artifact(), template)
            create_stack(place, template, place.stack)
        member = found[MEMBER]
        listed = member.client("cloudformation").describe_stack_resources(StackName=member.stack)
        made = listed["StackResources"]
        copy_instance_profiles(cloud, [one for one in made if one["ResourceType"] == "AWS::IAM::InstanceProfile"])
        copy_policies(cloud, [one for one in made if one["ResourceType"] == "AWS::IAM::ManagedPolicy"])
        yield found


def test_no_two_stacks_of_an_account_or_a_region_clash(places: dict[tuple[str, str], Place]) -> None:
    """IAM is one for all Regions of an account: its names are what could clash."""
    for account in (ACCOUNT, ADMINISTRATOR):
        named = [
            {name: one for name, one in places[account, region].resources().items() if "Role" in name}
            for region in (REGION, OTHER_REGION)
        ]
        assert set(named[0]) == set(named[1])
        assert not set(named[0].values()) & set(named[1].values())
    assert all(len(place.resources()) == len(places[MEMBER].resources()) for place in places.values())


def launched(place: Place) -> str:
    """An instance of the member."""
    made = place.client("ec2").run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1)
    return str(made["Instances"][0]["InstanceId"])


def tags(place: Place, instance: str) -> dict[str, str]:
    """The instance's tags."""
    (found,) = place.client("ec2").describe_instances(InstanceIds=[instance])["Reservations"]
    return {one["Key"]: one["Value"] for one in found["Instances"][0].get("Tags", [])}


def test_a_finding_on_both_buses_is_acted_on_once_in_the_member(places: dict[tuple[str, str], Place]) -> None:
    member, instance = places[MEMBER], launched(places[MEMBER])
    about = {"accountId": ACCOUNT, "region": REGION, "resource__instanceDetails__instanceId": instance}
    finding = document(**about, type="Backdoor:EC2/C&CActivity.B", severity=8)
    assert {at: place.hears(finding) for at, place in places.items()} == dict.fromkeys(PLACES, "ignore") | {
        MEMBER: "isolate"
    }
    deadline = time.monotonic() + PATIENCE
    while not tags(member, instance).get(f"{KEY}Status", "").startswith("Isolated") and time.monotonic() < deadline:
        time.sleep(0.2)
    assert tags(member, instance)[KEY] == "Isolate"
    assert tags(member, instance)[f"{KEY}Status"].startswith("Isolated")
    assert [one["sk"] for one in member.items() if one["pk"] == instance].count("case") == 1
    for at, place in places.items():
        assert at == MEMBER or [one for one in place.items() if one["pk"] == instance] == []
