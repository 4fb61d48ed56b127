"""Puts the ports together from the environment that template.yaml sets: the only reader of `os.environ`."""

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from aws_lambda_powertools import Logger
from botocore.config import Config
from botocore.session import get_session

from quarantag.aws.addresses import Ec2Addresses
from quarantag.aws.announcer import SnsAnnouncer
from quarantag.aws.auto_scaling import AutoScalingGroups
from quarantag.aws.bus import EventBridgeBus
from quarantag.aws.containments import Ec2Containments, MadeOutside, OwnGroups
from quarantag.aws.evidence import Ec2Evidence
from quarantag.aws.findings import GuardDutyFindings
from quarantag.aws.freeze import Ec2Freeze
from quarantag.aws.instances import Ec2Instances
from quarantag.aws.ledger import DynamoDbLedger
from quarantag.aws.metadata import Ec2Metadata
from quarantag.aws.meter import EmfMeter
from quarantag.aws.network_acl import Ec2NetworkAcls
from quarantag.aws.outbox import DynamoDbOutbox
from quarantag.aws.parameters import settings_of
from quarantag.aws.protection import Ec2Protection
from quarantag.aws.role_policies import IamRolePolicies
from quarantag.aws.role_sessions import CaseWishes, RoleSessions
from quarantag.aws.rules import EventBridgeRules
from quarantag.aws.sessions import InstanceSessions
from quarantag.aws.stacks import CloudFormationStacks
from quarantag.aws.switch import DynamoDbSwitch, FlippedSwitch
from quarantag.aws.table import Table
from quarantag.aws.trail import CloudTrailHistory
from quarantag.digest import Gathering
from quarantag.errors import InvalidPolicy
from quarantag.measures.addresses import DisassociateElasticIps
from quarantag.measures.auto_scaling import KeepFromGroup
from quarantag.measures.evidence import SaveEvidence
from quarantag.measures.freeze import FreezeInterfaces
from quarantag.measures.metadata import DisableMetadataService
from quarantag.measures.network_acl import DenyInNetworkAcls
from quarantag.measures.protection import ProtectInstance
from quarantag.measures.role_sessions import RevokeRoleSessions
from quarantag.measures.sessions import RevokeSessions
from quarantag.metrics import BROKEN_RULES, Measured, Meter
from quarantag.policy import Policy
from quarantag.policy import load as load_policy
from quarantag.ports import Ports
from quarantag.settings import Settings
from quarantag.sweep import Swept
from quarantag.switch import Fixed
from quarantag.takedown import LifePorts

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_BY_PARAMETER = "paused by the stack's parameter Paused"
_EC2 = Config(retries={"mode": "standard", "total_max_attempts": 4}, connect_timeout=3, read_timeout=10)
_ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=3, read_timeout=20)
"""For what would be done twice if it were sent twice."""
_LEDGER = Config(retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=1, read_timeout=3)
"""A ledger out of reach must not hold up the cut."""


class SystemClock:
    """The `Clock` port over the machine's clock."""

    def now(self) -> datetime:
        """Give the time in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class Clients:
    """Makes clients over one session: one at a time, since a session is not safe for threads.

    botocore's own clients, which are those of boto3: importing boto3 besides would only take time.
    """

    def __init__(self, region: str) -> None:
        """Make the session."""
        self._session = get_session()
        self._region = region
        self._lock = Lock()

    def client(self, service: str, config: Config) -> Any:  # noqa: ANN401 - a client's type is its service's
        """Make a client of this service."""
        with self._lock:
            return self._session.create_client(service, region_name=self._region, config=config)


def logger(function: str) -> Logger:
    """Make the structured logger of one function."""
    return Logger(service=f"quarantag-{function}")


def settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the stack's parameters. Raises `InvalidSettings`."""
    return settings_of(environment)


def policy(environment: Mapping[str, str] = os.environ) -> Policy:
    """Load the policy that the stack names from the function's own artifact. Raises `InvalidPolicy`."""
    path = Path(environment["LAMBDA_TASK_ROOT"], "policies", environment["SEVERITY_POLICY"]).with_suffix(".json")
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidPolicy(
            f"policy {path.name} can't be read: {error}; is it in policies/, and was it built?"
        ) from error
    return load_policy(document)


class Wired(NamedTuple):
    """What a function works with."""

    settings: Settings
    ports: Ports
    log: Logger


@cache
def wired(function: str) -> Wired:
    """Wire once for each sandbox, on its first event: a fault of wiring then reaches the queue with its event."""
    of, log = settings(), logger(function)
    return Wired(of, ports(of, log), log)


def seconds_left(context: "LambdaContext") -> Callable[[], float]:
    """Give a clock that says how many seconds the function may still run."""
    return lambda: context.get_remaining_time_in_millis() / 1000


def answer(done: Swept, log: Logger, meter: Meter) -> dict[str, Any]:
    """Log each outcome and answer them all; raises the fault that a person must look at, once all had their turn."""
    for outcome in done.outcomes:
        log.info("reconciled", extra=asdict(outcome))
    meter.measure(done.measured)
    if done.fault:
        raise done.fault
    return {"cases": [asdict(outcome) for outcome in done.outcomes]}


def watch_rules(event: Mapping[str, Any], of: Settings, log: Logger, meter: Meter) -> None:
    """Measure, and log, which of the rules that the sweep's event names do not work any more."""
    rules = EventBridgeRules(cache(lambda: Clients(of.region).client("events", _EC2)))
    broken = rules.broken(event.get("rules", ()))
    meter.measure([Measured(BROKEN_RULES, len(broken))])
    for problem in broken:
        log.error("a rule of the stack does not work", extra={"problem": problem})


def ports(of: Settings, log: Logger, environment: Mapping[str, str] = os.environ) -> Ports:
    """Make every port, over one session."""
    meter = EmfMeter(of.stack)
    session = Clients(of.region)
    clock = SystemClock()
    ec2 = session.client("ec2", config=_EC2)
    iam = cache(lambda: session.client("iam", config=_EC2))
    table = Table(session.client("dynamodb", config=_LEDGER), environment["LEDGER_TABLE"], clock)
    topic = SnsAnnouncer(session.client("sns", config=_EC2), environment["NOTIFICATIONS_TOPIC_ARN"])
    return Ports(
        instances=Ec2Instances(ec2, iam, of),
        ledger=DynamoDbLedger(table, clock, log),
        clock=clock,
        announcer=Gathering(topic.announce, DynamoDbOutbox(table, clock, log), clock, meter, of),
        trail=CloudTrailHistory(cache(lambda: session.client("cloudtrail", config=_EC2)), of),
        findings=GuardDutyFindings(cache(lambda: session.client("guardduty", config=_EC2))),
        bus=EventBridgeBus(cache(lambda: session.client("events", config=_EC2)), environment["EVENT_BUS_NAME"]),
        measures=(
            ProtectInstance(Ec2Protection(ec2)),
            FreezeInterfaces(Ec2Freeze(ec2, of)),
            DisableMetadataService(Ec2Metadata(ec2)),
            DisassociateElasticIps(Ec2Addresses(ec2)),
            DenyInNetworkAcls(Ec2NetworkAcls(ec2)),
            KeepFromGroup(AutoScalingGroups(cache(lambda: session.client("autoscaling", config=_EC2)), ec2)),
            SaveEvidence(Ec2Evidence(ec2, cache(lambda: session.client("ec2", config=_ONCE)), clock, of)),
            *_revocations((session, ec2, iam), table, of, environment),
        ),
        meter=meter,
        switch=Fixed(_BY_PARAMETER) if environment.get("PAUSED") == "true" else DynamoDbSwitch(table),
    )


def _revocations(
    clients: tuple[Clients, Any, Any], table: Table, of: Settings, environment: Mapping[str, str]
) -> tuple[RevokeSessions, RevokeRoleSessions]:
    """The two ways of denying sessions, over the session, EC2 and IAM."""
    session, ec2, iam = clients
    invoked = (cache(lambda: session.client("lambda", config=_EC2)), environment.get("REVOKE_FUNCTION", ""))
    of_instance = InstanceSessions(iam, table, environment.get("SESSIONS_POLICY_ARN", ""), of.region)
    return RevokeSessions(of_instance), RevokeRoleSessions(RoleSessions(ec2, iam, invoked, table, of))


@cache
def revoking() -> tuple[CaseWishes, IamRolePolicies, Logger]:
    """What the role function works with, once for each sandbox."""
    of, log = settings(), logger("revoke")
    session = Clients(of.region)
    table = Table(session.client("dynamodb", config=_LEDGER), os.environ["LEDGER_TABLE"], SystemClock())
    return CaseWishes(table), IamRolePolicies(cache(lambda: session.client("iam", config=_EC2)), of.stack), log


@cache
def living() -> tuple[LifePorts, Settings]:
    """What the stack's own function works with, once for each sandbox."""
    of, log, clock = settings(), logger("stack"), SystemClock()
    session = Clients(of.region)
    ec2, iam = session.client("ec2", config=_EC2), session.client("iam", config=_EC2)
    groups = OwnGroups(ec2, of.stack)
    table = Table(session.client("dynamodb", config=_EC2), os.environ["LEDGER_TABLE"], clock)
    made = LifePorts(
        stacks=CloudFormationStacks(session.client("cloudformation", config=_EC2)),
        containments=Ec2Containments(ec2, DynamoDbLedger(table, clock, log), groups),
        leftovers=MadeOutside(ec2, iam, groups, os.environ["SESSIONS_POLICY_ARN"], of.region),
        pausing=FlippedSwitch(table, clock),
        clock=clock,
        log=log.info,
    )
    return made, of
