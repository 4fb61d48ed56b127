"""The counting of round trips, on shapes whose depth is known."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from benchmarks.wire import Call, Wire, listening
from console.cloud.strict_moto import strict_moto

Ask = Callable[[], None]


@pytest.fixture
def wire() -> Iterator[Wire]:
    with mock_aws(), listening() as heard:
        yield heard


@pytest.fixture
def ask(wire: Wire) -> Ask:  # noqa: ARG001 - the client must be made while the wire listens
    client = boto3.Session("test", "test", region_name="eu-central-1").client("sts")

    def once() -> None:
        client.get_caller_identity()

    return once


def together(*branches: Ask) -> Ask:
    def run() -> None:
        with ThreadPoolExecutor() as pool:
            calls = [pool.submit(branch) for branch in branches]
        for call in calls:
            call.result()

    return run


def rounds(wire: Wire, *shape: Ask) -> list[int]:
    """The round of each call, where these are done one after the other."""
    with wire.recorded() as calls:
        for one in shape:
            one()
    return [call.round for call in calls]


def test_calls_one_after_the_other(wire: Wire, ask: Ask) -> None:
    assert rounds(wire, ask, ask, ask) == [1, 2, 3]


def test_two_at_once_and_then_one_are_two_deep(wire: Wire, ask: Ask) -> None:
    assert rounds(wire, together(ask, ask), ask) == [1, 1, 2]


def test_the_longer_of_two_branches_counts(wire: Wire, ask: Ask) -> None:
    def twice() -> None:
        ask()
        ask()

    assert rounds(wire, together(twice, ask), ask) == [1, 1, 2, 3]


def test_work_between_calls_is_no_round_trip(wire: Wire, ask: Ask) -> None:
    def late() -> None:
        time.sleep(0.02)
        ask()

    assert rounds(wire, together(ask, late)) == [1, 1]


def test_each_attempt_is_a_round_trip() -> None:
    with strict_moto() as cloud, listening() as wire:
        trying_again = Config(retries={"mode": "standard", "total_max_attempts": 2})
        ec2 = boto3.Session("test", "test", region_name="eu-central-1").client("ec2", config=trying_again)
        vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        cloud.refuse("DescribeVpcs", vpc_id, "RequestLimitExceeded", times=1)
        with wire.recorded() as calls:
            ec2.describe_vpcs(VpcIds=[vpc_id])
    assert calls == [Call(1, "DescribeVpcs", ok=False), Call(2, "DescribeVpcs", ok=True)]


def test_a_wire_that_does_not_record_holds_nothing(wire: Wire, ask: Ask) -> None:
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(timeout=10)
    assert not asking.is_alive()
    assert rounds(wire) == []


def test_clients_made_later_pass_at_once() -> None:
    with mock_aws():
        with listening() as wire:
            pass
        client = boto3.Session("test", "test", region_name="eu-central-1").client("sts")
        with wire.recorded() as calls:
            client.get_caller_identity()
    assert calls == []
