"""What the demo expects to be known of a theft can fail: each probe against what is nearly right."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from console.cloud.state import STATE
from console.demo import records, theft
from quarantag.aws.bus import EventBridgeBus
from quarantag.remains import document
from quarantag.statuschange import StatusChange
from quarantag.survivors import Survivor, Survivors, survivors_of
from tests.cloud import SESSION, Lab
from tests.crash.world import SETTINGS
from tests.demo import Scene, furnished, holds

NAME = "api-1"
NOW = datetime.now(UTC)


@pytest.fixture
def scene(lab: Lab, isolation_profile_arn: str, ledger_table: Any) -> Scene:  # noqa: ANN401, ARG001
    return furnished(lab, isolation_profile_arn)


def robbed(scene: Scene) -> tuple[Survivor, ...]:
    """Rob the instance; what CloudTrail then has of it."""
    theft.steal(scene.world, NAME)
    texts = [json.dumps(one) for one in STATE.trail]
    return tuple(survivors_of(texts, scene.world.actors[NAME].id, NOW))


@pytest.mark.parametrize(
    ("wrong", "good"),
    [({}, True), ({0: {"what": "AKIAANOTHER"}}, False), ({1: {"of": "arn:aws:iam::123456789012:role/other"}}, False)],
)
def test_the_case_must_list_the_very_key_and_the_other_role(
    scene: Scene,
    ledger_table: Any,  # noqa: ANN401
    wrong: dict[int, dict[str, Any]],
    good: bool,  # noqa: FBT001
) -> None:
    found = [replace(one, **wrong.get(number, {})) for number, one in enumerate(robbed(scene))]
    case = {"pk": scene.world.actors[NAME].id, "sk": "case"}
    probe = theft.listed(scene.world, NAME)
    for kept, holding in ((None, False), (found[:1], False), (found, good)):
        text = {} if kept is None else {"survivors": json.dumps(document(Survivors(NOW, tuple(kept))))}
        ledger_table.put_item(Item=case | text)
        assert holds(probe) is holding


def test_another_instance_is_not_robbed(scene: Scene) -> None:
    robbed(scene)
    texts = [json.dumps(one) for one in STATE.trail]
    assert list(survivors_of(texts, scene.world.actors["api-2"].id, NOW)) == []


@pytest.mark.parametrize(
    ("wrong", "good"), [({}, True), ({"status": "Failed"}, False), ({"case_id": 7}, False), ({"more": 1}, False)]
)
def test_forensics_must_be_told_of_this_status_in_the_published_shape(
    scene: Scene,
    wrong: dict[str, Any],
    good: bool,  # noqa: FBT001
) -> None:
    probe = records.handed_off(scene.world, NAME, "Isolated")
    bus = EventBridgeBus(lambda: SESSION.client("events"), "default")
    other, own = (scene.world.actors[name].id for name in ("shop", NAME))
    told = StatusChange(other, "Isolated", "verified", NOW, None, None, ()).detail(SETTINGS)
    bus.send(told)
    assert not holds(probe)
    bus.send({**told, "instance": {**told["instance"], "id": own}, **wrong})
    assert holds(probe) is good
