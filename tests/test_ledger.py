"""The ledger over DynamoDB: one holder, one open case, a state before that nothing overwrites, exact counters."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from quarantag.aws.ledger import LEASE, DynamoDbLedger
from quarantag.aws.table import Table
from quarantag.case import Case, InterfaceBefore, ProfileBefore, StateBefore
from quarantag.errors import Conflict, LedgerUnavailable
from quarantag.ports import Entry, Lease, Quota
from tests.cloud import SESSION
from tests.faults import FakeClock

NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
INSTANCE = "i-0123456789abcdef0"
ENI = InterfaceBefore("eni-1", "vpc-1", ("sg-1", "sg-2"))
BEFORE = StateBefore((ENI,), ProfileBefore("arn:aws:iam::111122223333:instance-profile/web", "AIPA1"))
CASE = Case("case-1", INSTANCE, "Isolating", NOW, BEFORE, "why")
CEILING = Quota("stack", NOW.replace(minute=0), 3600, 50)


@pytest.fixture
def ledger(ledger_table: Any) -> DynamoDbLedger:  # noqa: ANN401 - a boto3 resource
    clock = FakeClock(NOW)
    return DynamoDbLedger(Table(SESSION.client("dynamodb"), ledger_table.name, clock), clock, Logger())


def taken(ledger: DynamoDbLedger, instance_id: str = INSTANCE, now: datetime = NOW) -> Lease:
    lease = ledger.acquire(instance_id, "me", now)
    assert lease
    return lease


def test_one_holder_at_a_time(ledger: DynamoDbLedger) -> None:
    lease = taken(ledger)
    assert ledger.acquire(INSTANCE, "another", NOW) is None
    again = ledger.acquire(INSTANCE, "me", NOW)
    assert again, "an answer that was lost, or a crashed invocation that is tried again, has the same holder"
    assert again.generation > lease.generation
    lease = again
    ledger.yield_lease(lease)
    assert ledger.acquire(INSTANCE, "another", NOW)


def test_of_many_at_once_one_has_it(ledger: DynamoDbLedger) -> None:
    with ThreadPoolExecutor(20) as pool:
        leases = list(pool.map(lambda number: ledger.acquire(INSTANCE, str(number), NOW), range(20)))
    assert sum(lease is not None for lease in leases) == 1


def test_an_expired_lease_is_taken_over_with_a_higher_generation(ledger: DynamoDbLedger) -> None:
    first = taken(ledger)
    second = taken(ledger, now=NOW + LEASE + timedelta(seconds=1))
    assert second.generation > first.generation


def test_a_lease_says_that_another_was_there_moments_ago(ledger: DynamoDbLedger) -> None:
    first = taken(ledger)
    assert not first.contended
    ledger.yield_lease(first)
    second = ledger.acquire(INSTANCE, "another", NOW + timedelta(seconds=1))
    assert second
    assert second.contended
    ledger.yield_lease(second)
    assert not taken(ledger, now=NOW + timedelta(minutes=1)).contended


def test_a_case_is_read_back_as_it_was_opened(ledger: DynamoDbLedger) -> None:
    assert ledger.case(INSTANCE) is None
    assert ledger.open_case(CASE, taken(ledger), CEILING) is None
    assert ledger.case(INSTANCE) == CASE
    assert list(ledger.open_instances()) == [INSTANCE]


def test_a_second_case_never_overwrites_the_state_before(ledger: DynamoDbLedger) -> None:
    lease = taken(ledger)
    ledger.open_case(CASE, lease, CEILING)
    with pytest.raises(Conflict):
        ledger.open_case(replace(CASE, id="case-2", before=StateBefore((), None)), lease, CEILING)
    assert ledger.case(INSTANCE) == CASE


def test_a_closed_case_makes_room_and_is_kept(ledger: DynamoDbLedger, ledger_table: Any) -> None:  # noqa: ANN401
    lease = taken(ledger)
    ledger.open_case(CASE, lease, CEILING)
    closed = ledger.set_status(CASE, lease, "Released", NOW)
    assert (closed.open, closed.closed_at) == (False, NOW)
    assert list(ledger.open_instances()) == []
    second = replace(CASE, id="case-2")
    assert ledger.open_case(second, lease, CEILING) is None
    assert ledger.case(INSTANCE) == second
    kept = ledger_table.get_item(Key={"pk": INSTANCE, "sk": "closed#case-1"})["Item"]
    assert kept["interfaces_before"] == {"eni-1": {"vpc_id": "vpc-1", "groups": ["sg-1", "sg-2"]}}


def test_a_holder_that_was_overtaken_writes_nothing(ledger: DynamoDbLedger) -> None:
    stale = taken(ledger)
    fresh = taken(ledger, now=NOW + LEASE + timedelta(seconds=1))
    ledger.open_case(CASE, fresh, CEILING)
    with pytest.raises(Conflict):
        ledger.set_status(CASE, stale, "Released", NOW)
    with pytest.raises(Conflict):
        ledger.add_interface_before(CASE, stale, replace(ENI, id="eni-9"))
    assert ledger.case(INSTANCE) == CASE


def test_an_interface_is_added_once_and_never_overwritten(ledger: DynamoDbLedger) -> None:
    lease = taken(ledger)
    ledger.open_case(CASE, lease, CEILING)
    added = InterfaceBefore("eni-2", "vpc-1", ("sg-3",))
    assert ledger.add_interface_before(CASE, lease, added).before.interfaces == (ENI, added)
    ledger.add_interface_before(CASE, lease, replace(added, groups=("sg-evil",)))
    ledger.add_interface_before(CASE, lease, replace(ENI, groups=("sg-evil",)))
    case = ledger.case(INSTANCE)
    assert case
    assert case.before.interfaces == (ENI, added)


@pytest.mark.parametrize("maximum", [1, 5, 20])
def test_the_ceiling_is_exact_under_fifty_at_once(ledger: DynamoDbLedger, maximum: int) -> None:
    ceiling = replace(CEILING, maximum=maximum)

    def attempt(number: int) -> Quota | None:
        instance_id = f"i-{number:017x}"
        return ledger.open_case(replace(CASE, instance_id=instance_id), taken(ledger, instance_id), ceiling)

    with ThreadPoolExecutor(50) as pool:
        results = list(pool.map(attempt, range(50)))
    assert results.count(None) == maximum
    assert len(list(ledger.open_instances())) == maximum


def test_an_instance_counts_once_and_another_hour_anew(ledger: DynamoDbLedger) -> None:
    quota = replace(CEILING, maximum=1)
    assert [ledger.admit(INSTANCE, [quota]) for _ in range(3)] == [None, None, None]
    assert ledger.admit("i-00000001", [quota]) == quota
    assert ledger.admit("i-00000001", [replace(quota, window_start=NOW.replace(hour=13, minute=0))]) is None


def test_a_full_quota_leaves_the_others_uncounted(ledger: DynamoDbLedger) -> None:
    full, roomy = Quota("vpc vpc-1", NOW, 3600, 1), Quota("account", NOW, 3600, 2)
    ledger.admit("i-00000001", [full])
    assert ledger.admit("i-00000002", [roomy, full]) == full
    assert [ledger.admit(f"i-0000000{number}", [roomy]) for number in (3, 4)] == [None, None]


def test_entries_are_appended_in_order(ledger: DynamoDbLedger, ledger_table: Any) -> None:  # noqa: ANN401
    ledger.record([Entry(INSTANCE, "step", NOW + timedelta(seconds=n), {"n": n}) for n in range(3)])
    items = sorted(ledger_table.scan()["Items"], key=lambda item: str(item["sk"]))
    assert [item["detail"] for item in items] == ['{"n": 0}', '{"n": 1}', '{"n": 2}']


def test_a_ledger_that_is_not_there_is_unavailable(ledger_table: Any) -> None:  # noqa: ANN401, ARG001
    clock = FakeClock(NOW)
    away = DynamoDbLedger(Table(SESSION.client("dynamodb"), "no-such-table", clock), clock, Logger())
    for call in (
        lambda: away.acquire(INSTANCE, "me", NOW),
        lambda: away.case(INSTANCE),
        lambda: away.open_case(CASE, Lease(INSTANCE, 1), CEILING),
        lambda: away.set_status(CASE, Lease(INSTANCE, 1), "Isolated", NOW),
        lambda: away.admit(INSTANCE, [CEILING]),
        lambda: away.record([Entry(INSTANCE, "step", NOW)]),
        lambda: list(away.open_instances()),
    ):
        with pytest.raises(LedgerUnavailable):
            call()
    away.yield_lease(Lease(INSTANCE, 1))
