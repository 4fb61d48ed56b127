"""Fixtures of the in-process cloud: strict moto with the resources that tests ask for.

`cloud` is the strict moto, `lab` makes VPCs, groups, instances and profiles in it, `ec2` is a plain client,
`ledger_table` is the ledger's table. One account and Region: `ACCOUNT`, `REGION`.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest

from console.cloud.strict_moto import StrictMoto, strict_moto

ACCOUNT = "123456789012"
REGION = "eu-central-1"
STACK = "quarantag"
TABLE = "quarantag-ledger"
IMAGE = "ami-12c6146b"
ISOLATION_PROFILE = "SecurityIsolation-IAMRole-eu-central-1"
SESSION = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
"""One for all tests, so that botocore reads its service models once."""

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}


@dataclass(frozen=True, slots=True)
class Network:
    """One VPC with one subnet and one group that lets everything in, as a careless team would make it."""

    vpc_id: str
    subnet_id: str
    group_id: str


@dataclass(frozen=True, slots=True)
class Launched:
    """One launched instance and its interfaces by device index."""

    id: str
    interface_ids: tuple[str, ...]
    networks: tuple[Network, ...]


@dataclass(slots=True)
class Lab:
    """Makes things in the strict moto. Every method answers what it made; nothing is shared between tests."""

    cloud: StrictMoto
    ec2: Any
    iam: Any
    vpcs: int = field(default=0)

    def vpc(self, *, ipv6: bool = False) -> Network:
        """A VPC, with an IPv6 block if asked for, so that new groups then have an IPv6 egress rule too."""
        self.vpcs += 1
        block = f"10.{self.vpcs}.0.0/16"
        vpc_id = self.ec2.create_vpc(CidrBlock=block, AmazonProvidedIpv6CidrBlock=ipv6)["Vpc"]["VpcId"]
        subnet_id = self.ec2.create_subnet(VpcId=vpc_id, CidrBlock=block)["Subnet"]["SubnetId"]
        group_id = self.group(vpc_id, "web")
        everyone = [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        self.ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=everyone)
        return Network(vpc_id, subnet_id, group_id)

    def group(self, vpc_id: str, name: str) -> str:
        """Id of a new security group with EC2's default rules."""
        answer = self.ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc_id)
        return str(answer["GroupId"])

    def profile(self, name: str = "web-server") -> str:
        """ARN of a new instance profile with a role of the same name."""
        self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
        arn = self.iam.create_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Arn"]
        self.iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
        return str(arn)

    def instance(
        self,
        networks: Sequence[Network] = (),
        *,
        profile: str | None = None,
        tags: Mapping[str, str] | None = None,
        stopped: bool = False,
    ) -> Launched:
        """An instance with one interface per network (a network may be given twice), each in that network's group.

        The first is made at launch, the others are attached afterwards: other VPCs are only possible that way.
        """
        homes = tuple(networks) or (self.vpc(),)
        launch: dict[str, Any] = {"SubnetId": homes[0].subnet_id, "SecurityGroupIds": [homes[0].group_id]}
        if profile:
            launch["IamInstanceProfile"] = {"Arn": profile}
        if tags:
            listed = [{"Key": key, "Value": value} for key, value in tags.items()]
            launch["TagSpecifications"] = [{"ResourceType": "instance", "Tags": listed}]
        made = self.ec2.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1, **launch)["Instances"][0]
        interfaces = [made["NetworkInterfaces"][0]["NetworkInterfaceId"]]
        for index, home in enumerate(homes[1:], start=1):
            interfaces.append(self.attach(made["InstanceId"], home, index))
        if stopped:
            self.ec2.stop_instances(InstanceIds=[made["InstanceId"]])
        return Launched(made["InstanceId"], tuple(interfaces), homes)

    def attach(self, instance_id: str, network: Network, index: int) -> str:
        """Id of a new interface in the network's group, attached to the instance."""
        made = self.ec2.create_network_interface(SubnetId=network.subnet_id, Groups=[network.group_id])
        interface_id = str(made["NetworkInterface"]["NetworkInterfaceId"])
        self.ec2.attach_network_interface(NetworkInterfaceId=interface_id, InstanceId=instance_id, DeviceIndex=index)
        return interface_id

    def describe(self, instance_id: str) -> Any:  # noqa: ANN401
        """The instance as DescribeInstances shows it."""
        return self.ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]

    def tags(self, resource_id: str) -> dict[str, str]:
        """All tags of the resource."""
        found = self.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [resource_id]}])["Tags"]
        return {tag["Key"]: tag["Value"] for tag in found}

    def tag(self, resource_id: str, **tags: str) -> None:
        """Write these tags."""
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        self.ec2.create_tags(Resources=[resource_id], Tags=listed)

    def groups(self, interface_id: str) -> list[str]:
        """Ids of the interface's groups as DescribeNetworkInterfaces shows them."""
        shown = self.ec2.describe_network_interfaces(NetworkInterfaceIds=[interface_id])["NetworkInterfaces"][0]
        return [group["GroupId"] for group in shown["Groups"]]

    def association(self, instance_id: str) -> Any:  # noqa: ANN401
        """The instance's profile association as EC2 shows it, or None."""
        filters = [{"Name": "instance-id", "Values": [instance_id]}]
        found = self.ec2.describe_iam_instance_profile_associations(Filters=filters)
        return next(iter(found["IamInstanceProfileAssociations"]), None)


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[StrictMoto]:
    """The strict moto, empty."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_REGION", REGION)
    for leaked in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_EC2"):
        monkeypatch.delenv(leaked, raising=False)
    with strict_moto() as running:
        yield running


@pytest.fixture
def ec2(cloud: StrictMoto) -> Any:  # noqa: ANN401, ARG001 - the client lives inside the strict moto
    """A plain EC2 client."""
    return SESSION.client("ec2")


@pytest.fixture
def lab(cloud: StrictMoto, ec2: Any) -> Lab:  # noqa: ANN401
    """Makes VPCs, groups, profiles and instances."""
    return Lab(cloud, ec2, SESSION.client("iam"))


@pytest.fixture
def isolation_profile_arn(lab: Lab) -> str:
    """ARN of the stack's isolation profile, created."""
    return lab.profile(ISOLATION_PROFILE)


@pytest.fixture
def ledger_table(cloud: StrictMoto) -> Any:  # noqa: ANN401, ARG001
    """The ledger's table, as template.yaml makes it: a boto3 Table; its name is `TABLE`."""
    dynamodb = SESSION.resource("dynamodb")
    keys = ("pk", "sk", "open_case")
    return dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "open-cases",
                "KeySchema": [{"AttributeName": "open_case", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    )
