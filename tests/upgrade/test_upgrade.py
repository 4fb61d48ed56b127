"""Today's code goes on from what each version left behind, today's own included."""

import json
import os
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

import isolate
import release
from quarantag.aws import wiring
from quarantag.aws.outbox import DynamoDbOutbox
from tests.cloud import Lab
from tests.faults import FakeClock
from tests.stack import KEY, Stack, forget_wiring, tag_change
from tests.stacklives import DENYING
from tests.template import ROOT
from tests.upgrade.scenes import SCENES
from tests.upgrade.stage import PROFILE, Look, Stage

HERE = Path(__file__).parent
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
RECORDINGS = sorted(path for path in HERE.glob("*/*.json"))
BY_DEFAULT = {
    "PROTECT_INSTANCE": "true",
    "FREEZE_INTERFACES": "true",
    "SNAPSHOT_VOLUMES": "true",
    "REVOKE_CREDENTIALS": "instance",
    "AUTO_SCALING_MEMBERS": "standby",
}
Set = Callable[[], Stage]


@pytest.fixture
def begun(stack: Stack, lab: Lab, isolation_profile_arn: str, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A stage on which nothing happened yet, with the measures that template.yaml has on."""
    policy = lab.iam.create_policy(PolicyName="deny-contained", PolicyDocument=json.dumps(DENYING))["Policy"]["Arn"]
    for name, value in {**BY_DEFAULT, "SESSIONS_POLICY_ARN": policy}.items():
        monkeypatch.setenv(name, value)
    forget_wiring()
    launched = lab.instance([lab.vpc(), lab.vpc()], profile=lab.profile(PROFILE))
    return Stage(stack, lab, policy, isolation_profile_arn, launched)


def named(path: Path) -> str:
    return f"{path.parent.name}-{path.stem}"


def of(*scenes: str) -> pytest.MarkDecorator:
    """The recordings of these scenes, of every version."""
    found = [path for path in RECORDINGS if path.stem in scenes]
    return pytest.mark.parametrize("recording", found, ids=named)


def goes_on(stage: Stage, value: str) -> str:
    """What becomes of the instance once it is tagged with this and the events came; then both functions sweep."""
    stage.lab.tag(stage.launched.id, **{KEY: value})
    function = release if value == "Release" else isolate
    function.handler(tag_change(stage.launched.id, stage.lab.tags(stage.launched.id)), stage.stack.context())
    for one in (isolate, release):
        stage.stack.sweep(one)
    return stage.status()


def untouched(look: Look) -> Look:
    """What a release leaves: an emptied tag says that a case had the groups."""
    frozen = {name: {key: value for key, value in tags.items() if value} for name, tags in look["frozen"].items()}
    return {**look, "frozen": frozen}


@pytest.mark.parametrize("scene", SCENES)
def test_it_is_recorded(begun: Stage, scene: str) -> None:
    """A release without its recording could not be upgraded from by a tested way."""
    if os.environ.get("QUARANTAG_RECORD"):
        SCENES[scene](begun)
        (HERE / VERSION).mkdir(exist_ok=True)
        (HERE / VERSION / f"{scene}.json").write_text(begun.recorded(), encoding="utf-8")
    assert (HERE / VERSION / f"{scene}.json").is_file()


@of("isolated")
def test_who_is_isolated_stays_so_and_gets_back_what_was(begun: Stage, recording: Path) -> None:
    before = begun.look()
    look = begun.restore(recording.read_text(encoding="utf-8"))
    stage = begun
    assert stage.look() == look
    for function in (isolate, release):
        stage.stack.sweep(function)
    assert (stage.look(), stage.status()) == (look, "Isolated")
    assert not stage.stack.entries(stage.launched.id, "drift")
    assert goes_on(stage, "Release") == "Released"
    assert untouched(stage.look()) == before


@of("isolating", "cut_without_a_ledger")
def test_a_half_done_isolation_is_finished_and_gives_back_what_was(begun: Stage, recording: Path) -> None:
    before = begun.look()
    begun.restore(recording.read_text(encoding="utf-8"))
    begun.stack.sweep(isolate)
    assert begun.status() == "Isolated"
    assert goes_on(begun, "Release") == "Released"
    assert untouched(begun.look()) == before


@of("releasing")
def test_a_half_done_release_is_finished(begun: Stage, recording: Path) -> None:
    before = begun.look()
    begun.restore(recording.read_text(encoding="utf-8"))
    begun.stack.sweep(release)
    assert begun.status() == "Released"
    assert untouched(begun.look()) == before


@of("released")
def test_a_closed_case_stays_and_the_next_is_another(begun: Stage, recording: Path) -> None:
    before = begun.look()
    begun.restore(recording.read_text(encoding="utf-8"))
    closed = begun.stack.case(begun.launched.id)
    for function in (isolate, release):
        begun.stack.sweep(function)
    assert (untouched(begun.look()), begun.stack.case(begun.launched.id)) == (before, closed)
    assert goes_on(begun, "Isolate") == "Isolated"
    kept = [item for item in begun.stack.items() if item["sk"].startswith("closed#")]
    assert closed is not None
    assert [item["case_id"] for item in kept] == [closed["case_id"]]
    assert goes_on(begun, "Release") == "Released"
    assert untouched(begun.look()) == before


@of("remembered")
def test_what_was_remembered_is_read(begun: Stage, recording: Path) -> None:
    begun.restore(recording.read_text(encoding="utf-8"))
    ports = begun.stack.ports()
    assert list(ports.ledger.held()) == [(begun.launched.id, "finding-1")]
    assert list(ports.ledger.undecided()) == ["finding-2"]
    assert ports.ledger.told("told-1")
    assert ports.ledger.cursor("isolate") == begun.launched.id
    assert "alice" in ports.switch.paused()
    outbox = DynamoDbOutbox(wiring.base().table, FakeClock(), wiring.logger("test"))
    assert [(one.event, one.text) for one in outbox.waiting()] == [("held", "Held: a person decides")]
