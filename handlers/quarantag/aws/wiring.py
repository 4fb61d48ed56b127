"""Puts the ports together from the environment that template.yaml sets: the only reader of `os.environ`."""

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from aws_lambda_powertools import Logger

from quarantag.aws.announcer import SnsAnnouncer
from quarantag.aws.bus import EventBridgeBus
from quarantag.aws.clients import LEDGER, LOOK, Clients
from quarantag.aws.findings import GuardDutyFindings
from quarantag.aws.instances import Ec2Instances
from quarantag.aws.ledger import DynamoDbLedger
from quarantag.aws.meter import EmfMeter
from quarantag.aws.outbox import DynamoDbOutbox
from quarantag.aws.parameters import settings_of
from quarantag.aws.rules import EventBridgeRules
from quarantag.aws.survivors import CloudTrailSessions
from quarantag.aws.switch import DynamoDbSwitch
from quarantag.aws.table import Table
from quarantag.aws.trail import CloudTrailHistory
from quarantag.digest import Gathering
from quarantag.errors import InvalidPolicy
from quarantag.measures import Measure
from quarantag.metrics import BROKEN_RULES, Measured, Meter
from quarantag.ports import Ports
from quarantag.settings import Settings
from quarantag.sweep import Swept
from quarantag.switch import BY_PARAMETER, Fixed

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


class SystemClock:
    """The `Clock` port over the machine's clock."""

    def now(self) -> datetime:
        """Give the time in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class Base(NamedTuple):
    """What every port stands on."""

    settings: Settings
    clients: Clients
    table: Table
    clock: SystemClock
    environment: Mapping[str, str]


Measuring = Callable[[Base], Iterable[Measure[Any]]]


def logger(function: str) -> Logger:
    """Make the structured logger of one function."""
    return Logger(service=f"quarantag-{function}")


def settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the stack's parameters. Raises `InvalidSettings`."""
    return settings_of(environment)


def policy_document(environment: Mapping[str, str] = os.environ) -> object:
    """Read the policy that the stack names from the function's own artifact, unchecked. Raises `InvalidPolicy`."""
    path = Path(environment["LAMBDA_TASK_ROOT"], "policies", environment["SEVERITY_POLICY"]).with_suffix(".json")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidPolicy(
            f"policy {path.name} can't be read: {error}; is it in policies/, and was it built?"
        ) from error


class Wired(NamedTuple):
    """What a function works with."""

    settings: Settings
    ports: Ports
    log: Logger


def no_measures(_: Base) -> Iterable[Measure[Any]]:
    """Make none: the function takes nothing of an instance."""
    return ()


class Measures(Iterable[Measure[Any]]):
    """Every measure, made once one is asked for: reading their modules is a tenth of a start, and no cut needs them."""

    def __init__(self, made: Base) -> None:
        """Make none yet."""
        self._base = made
        self._lock = Lock()
        self._measures: tuple[Measure[Any], ...] = ()

    def __iter__(self) -> Iterator[Measure[Any]]:
        """Make them, once."""
        with self._lock:
            if not self._measures:
                from quarantag.aws.measuring import measures  # noqa: PLC0415 - read no sooner than here

                self._measures = measures(self._base)
        return iter(self._measures)


@cache
def wired(function: str, measuring: Measuring = no_measures) -> Wired:
    """Wire once for each sandbox, on its first event: a fault of wiring then reaches the queue with its event."""
    made, log = base(), logger(function)
    return Wired(made.settings, ports(made, log, measuring), log)


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
    rules = EventBridgeRules(Clients(of.region, _models()).later("events"))
    broken = rules.broken(event.get("rules", ()))
    meter.measure([Measured(BROKEN_RULES, len(broken))])
    for problem in broken:
        log.error("a rule of the stack does not work", extra={"problem": problem})


def base(environment: Mapping[str, str] = os.environ) -> Base:
    """Make the session and the ledger's table. Raises `InvalidSettings`."""
    of, clock = settings(environment), SystemClock()
    clients = Clients(of.region, _models(environment))
    table = Table(clients.client("dynamodb", LEDGER), environment["LEDGER_TABLE"], clock)
    return Base(of, clients, table, clock, environment)


def _models(environment: Mapping[str, str] = os.environ) -> str:
    """The folder of botocore's data in the artifact, "" where it is not run from one."""
    name = environment.get("SERVICE_MODELS", "")
    return str(Path(environment["LAMBDA_TASK_ROOT"], name)) if name else ""


def ports(made: Base, log: Logger, measuring: Measuring = no_measures) -> Ports:
    """Make every port, over one session."""
    of, clients, table, clock, environment = made
    meter = EmfMeter(of.stack)
    topic = SnsAnnouncer(clients.client("sns"), environment["NOTIFICATIONS_TOPIC_ARN"])
    return Ports(
        instances=Ec2Instances(clients.client("ec2"), clients.later("iam"), of),
        ledger=DynamoDbLedger(table, clock, log),
        clock=clock,
        announcer=Gathering(topic.announce, DynamoDbOutbox(table, clock, log), clock, meter, of),
        trail=CloudTrailHistory(clients.later("cloudtrail"), of),
        findings=GuardDutyFindings(clients.later("guardduty")),
        bus=EventBridgeBus(clients.later("events"), environment["EVENT_BUS_NAME"]),
        measures=measuring(made),
        history=CloudTrailSessions(lambda region: clients.client("cloudtrail", LOOK, region), clock),
        meter=meter,
        switch=Fixed(BY_PARAMETER) if environment.get("PAUSED") == "true" else DynamoDbSwitch(table),
    )
