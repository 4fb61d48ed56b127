"""The interfaces of an isolated instance carry the control tag's key, and lose it with the release."""

import pytest

from tests.cloud import Lab
from tests.stack import KEY, Stack, forget_wiring


@pytest.fixture
def freezing(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    monkeypatch.setenv("FREEZE_INTERFACES", "true")
    forget_wiring()
    return stack


def test_each_interface_carries_the_key_until_the_release(freezing: Stack, lab: Lab) -> None:
    vpc = lab.vpc()
    instance = lab.instance([vpc, vpc])
    lab.tag(instance.interface_ids[0], Name="front")

    freezing.tag_and_isolate(instance.id)
    assert [lab.tags(one).get(KEY) for one in instance.interface_ids] == ["Isolate", "Isolate"]

    freezing.tag_and_release(instance.id)
    assert [lab.tags(one) for one in instance.interface_ids] == [{"Name": "front"}, {}]


def test_one_attached_since_is_frozen_and_thawed_too(freezing: Stack, lab: Lab) -> None:
    vpc = lab.vpc()
    instance = lab.instance([vpc])
    freezing.tag_and_isolate(instance.id)
    added = lab.attach(instance.id, vpc, 1)

    freezing.isolate(instance.id)
    assert lab.tags(added)[KEY] == "Isolate"

    freezing.tag_and_release(instance.id)
    assert KEY not in lab.tags(added)


def test_one_that_carried_the_key_before_keeps_it(freezing: Stack, lab: Lab) -> None:
    instance = lab.instance()
    (interface,) = instance.interface_ids
    lab.tag(interface, **{KEY: "watched"})
    freezing.tag_and_isolate(instance.id)
    freezing.tag_and_release(instance.id)
    assert lab.tags(interface)[KEY] == "watched"
