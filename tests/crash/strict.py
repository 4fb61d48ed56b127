"""A site over the strict moto: the real adapters, with a clock that a test can move."""

from dataclasses import replace
from typing import Any

from aws_lambda_powertools import Logger

from quarantag.aws.attributes import unmarshalled
from quarantag.aws.instances import Ec2Instances
from quarantag.aws.items import case_of
from quarantag.aws.ledger import DynamoDbLedger
from quarantag.aws.table import Table
from quarantag.case import Case
from quarantag.ports import Ports
from tests.cloud import SESSION, TABLE, Lab
from tests.crash.books import Mailbox, Silence, Workflows
from tests.crash.site import Site
from tests.crash.world import SETTINGS
from tests.faults import FakeClock


def strict_site(lab: Lab, ledger_table: Any, isolation_profile_arn: str) -> Site:  # noqa: ANN401 - a boto3 resource
    """The real adapters over the running strict moto."""
    settings = replace(SETTINGS, isolation_profile_arn=isolation_profile_arn)
    clock, mailbox, iam = FakeClock(), Mailbox(), SESSION.client("iam")
    table = Table(SESSION.client("dynamodb"), ledger_table.name, clock)
    instances = Ec2Instances(lab.ec2, lambda: iam, settings)
    ledger = DynamoDbLedger(table, clock, Logger(service="test"))
    return Site(
        builder=lab,
        ports=Ports(instances, ledger, clock, mailbox, Silence(), Silence(), Workflows()),
        clock=clock,
        mailbox=mailbox,
        settings=settings,
        opened=_opened,
        tag=lambda instance_id, value: lab.tag(instance_id, **{settings.tag_key: value}),
    )


def _opened(instance_id: str) -> list[Case]:
    """Every case that the table holds: the latest, and each closed one."""
    dynamodb = SESSION.client("dynamodb")
    items = [unmarshalled(item) for item in dynamodb.scan(TableName=TABLE)["Items"]]
    cases = {item["case_id"]: case_of(item) for item in items if item["pk"] == instance_id and "case_id" in item}
    return list(cases.values())
