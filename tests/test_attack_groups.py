"""What an attack review found about isolation groups and the ledger: each is a test that failed before its fix."""

from typing import Any

import pytest
from aws_lambda_powertools import Logger
from botocore.exceptions import ClientError

from quarantag.aws.ledger import DynamoDbLedger
from quarantag.aws.reading import permission_of
from quarantag.aws.table import Table
from quarantag.errors import Conflict, LedgerUnavailable
from quarantag.instance import Rule
from tests.cloud import SESSION, STACK, Lab
from tests.faults import FakeClock
from tests.stack import KEY, Stack, is_cut
from tests.test_ledger import CASE, CEILING, INSTANCE, NOW


def test_a_group_of_others_with_our_tag_is_not_ours(stack: Stack, lab: Lab) -> None:
    vpc = lab.vpc()
    fleet, bad = lab.instance([vpc]), lab.instance([vpc])
    lab.tag(vpc.group_id, QuarantagStack=STACK)

    stack.tag_and_isolate(bad.id)

    (web,) = lab.ec2.describe_security_groups(GroupIds=[vpc.group_id])["SecurityGroups"]
    assert web["IpPermissions"], "the fleet keeps its network"
    assert lab.groups(fleet.interface_ids[0]) == [vpc.group_id]
    assert lab.groups(bad.interface_ids[0]) != [vpc.group_id]
    case: Any = stack.case(bad.id)
    assert case["interfaces_before"][bad.interface_ids[0]]["groups"] == [vpc.group_id]


def test_a_namesake_in_another_case_is_a_namesake(stack: Stack, lab: Lab) -> None:
    vpc = lab.vpc()
    lab.group(vpc.vpc_id, "securityisolation-SECURITYGROUP")
    instance = lab.instance([vpc])
    assert stack.tag_and_isolate(instance.id)["status"] == "Isolated"
    assert stack.isolation_group(vpc.vpc_id)["GroupName"] == "SecurityIsolation-SecurityGroup-2"


@pytest.mark.parametrize("protocol", ["icmp", "icmpv6"])
def test_a_rule_for_every_icmp_type_is_revoked_with_its_ports(protocol: str) -> None:
    permission = permission_of(Rule("ingress", protocol, -1, -1, "ipv4", "0.0.0.0/0"))
    assert (permission["FromPort"], permission["ToPort"]) == (-1, -1)


@pytest.mark.parametrize("protocol", ["-1", "47"])
def test_a_rule_of_a_protocol_without_ports_is_revoked_without(protocol: str) -> None:
    assert "FromPort" not in permission_of(Rule("egress", protocol, -1, -1, "ipv4", "0.0.0.0/0"))


def test_one_rule_that_is_refused_leaves_no_other_on_the_group(stack: Stack, lab: Lab) -> None:
    vpc = lab.vpc()
    stack.tag_and_isolate(lab.instance([vpc]).id)
    group_id = stack.isolation_group(vpc.vpc_id)["GroupId"]
    for port in (22, 3389):
        peer = [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        lab.ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=peer)
    lab.cloud.refuse("RevokeSecurityGroupIngress", group_id, "InvalidParameterValue", times=2)
    second = lab.instance([vpc], tags={KEY: "Isolate"})
    assert stack.reconcile(second.id).status == "Isolated"
    assert is_cut(stack, second.interface_ids[0], vpc.vpc_id)


class Busy:
    """DynamoDB whose transactions always meet another."""

    def __init__(self, real: Any) -> None:  # noqa: ANN401
        self.real = real

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self.real, name)

    def transact_write_items(self, **_: object) -> None:
        reasons = [{"Code": "None"}, {"Code": "TransactionConflict"}]
        answer: Any = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
        raise ClientError(answer, "TransactWriteItems")


def test_a_busy_ledger_is_not_an_unreachable_one(ledger_table: Any) -> None:  # noqa: ANN401
    clock = FakeClock(NOW)
    busy: Any = Busy(SESSION.client("dynamodb"))
    ledger = DynamoDbLedger(Table(busy, ledger_table.name, clock), clock, Logger())
    lease = ledger.acquire(INSTANCE, "me", NOW)
    assert lease
    with pytest.raises(Conflict) as raised:
        ledger.open_case(CASE, lease, CEILING)
    assert not isinstance(raised.value, LedgerUnavailable)
