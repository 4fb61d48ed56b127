"""Crash anywhere with every measure on: same end, and a release gives back all of it. See tests/crash."""

from dataclasses import replace
from functools import partial

import pytest

from tests.crash.crew import run
from tests.crash.matrix import DIRECTIONS, Direction, cells
from tests.crash.scenarios import Scenario, auto_scaling_member, one_interface, two_vpcs
from tests.crash.world import SETTINGS
from tests.measures.around import ALL_ON, EVERY, HANDED_OVER
from tests.measures.evidence_world import save_evidence
from tests.measures.members import keep_from_group

WITH_ACCESS = replace(SETTINGS, forensic_access_source="10.0.0.0/8")
KEPT_HERE = replace(ALL_ON, lock_snapshots_days=0, evidence_kms_key_arn="", evidence_account_id="")
"""Every measure, with the evidence neither locked nor copied nor shared: two other scenarios have that."""
SCENARIOS = (
    Scenario("two VPCs, responders' access", two_vpcs, settings=WITH_ACCESS),
    Scenario("1 interface, every measure", one_interface, measures=EVERY, settings=ALL_ON),
    Scenario(
        "Auto Scaling member, every measure, by the sweep",
        auto_scaling_member,
        by_sweep=True,
        measures=EVERY,
        settings=KEPT_HERE,
    ),
    Scenario("member that can't go on standby", one_interface, measures=(partial(keep_from_group, standby=False),)),
    Scenario("member in a warm pool", one_interface, measures=(partial(keep_from_group, state="Warmed:Running"),)),
)
AT_LENGTH = (
    Scenario(
        "evidence copied, locked and shared, by the sweep",
        one_interface,
        by_sweep=True,
        measures=(save_evidence,),
        settings=HANDED_OVER,
    ),
    Scenario("robbed of its credentials", one_interface, robbed=True),
    Scenario(
        "1 interface, all sessions of the role",
        one_interface,
        measures=EVERY,
        settings=replace(KEPT_HERE, revoke_credentials="role"),
    ),
    Scenario("robbed of its credentials, by the sweep", one_interface, by_sweep=True, robbed=True),
)
"""Played by `make soak`: the model, the pairs and the scenarios above have each half of them."""


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_cell_ends_as_it_must(scenario: Scenario, direction: Direction) -> None:
    every_cell_ends_as_it_must(scenario, direction)


def every_cell_ends_as_it_must(scenario: Scenario, direction: Direction) -> None:
    """Play every fault of every call."""
    results = list(run(list(cells(scenario, direction))))
    assert [f"{result.cell}: {'; '.join(result.problems)}" for result in results if result.problems] == []
