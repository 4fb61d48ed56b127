"""The instance is kept, and a release gives back exactly what protected it before."""

from typing import Any

import pytest

from tests.cloud import Lab
from tests.stack import Stack, forget_wiring


@pytest.fixture
def protecting(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    monkeypatch.setenv("PROTECT_INSTANCE", "true")
    forget_wiring()
    return stack


def protection(lab: Lab, instance_id: str) -> dict[str, Any]:
    """What EC2 says protects the instance."""

    def read(name: str) -> Any:  # noqa: ANN401
        return lab.ec2.describe_instance_attribute(InstanceId=instance_id, Attribute=name)

    devices = lab.describe(instance_id)["BlockDeviceMappings"]
    return {
        "termination": read("disableApiTermination")["DisableApiTermination"]["Value"],
        "stop": read("disableApiStop")["DisableApiStop"]["Value"],
        "shutdown": read("instanceInitiatedShutdownBehavior")["InstanceInitiatedShutdownBehavior"]["Value"],
        "deleted": {one["DeviceName"]: one["Ebs"]["DeleteOnTermination"] for one in devices},
    }


def test_an_isolated_instance_is_protected_and_gets_back_what_it_had(protecting: Stack, lab: Lab) -> None:
    instance = lab.instance(profile=lab.profile())
    before = protection(lab, instance.id)
    assert True in before["deleted"].values()

    assert protecting.tag_and_isolate(instance.id)["status"] == "Isolated"

    kept = protection(lab, instance.id)
    assert (kept["termination"], kept["stop"], kept["shutdown"]) == (True, True, "stop")
    assert set(kept["deleted"].values()) == {False}
    assert protecting.tag_and_release(instance.id)["status"] == "Released"
    assert protection(lab, instance.id) == before


def test_what_was_protected_before_stays_so(protecting: Stack, lab: Lab) -> None:
    instance = lab.instance()
    lab.ec2.modify_instance_attribute(InstanceId=instance.id, DisableApiTermination={"Value": True})
    before = protection(lab, instance.id)

    protecting.tag_and_isolate(instance.id)
    protecting.tag_and_release(instance.id)

    assert protection(lab, instance.id) == before


def test_protection_taken_off_is_drift(protecting: Stack, lab: Lab) -> None:
    instance = lab.instance()
    protecting.tag_and_isolate(instance.id)
    protecting.announced()
    lab.ec2.modify_instance_attribute(InstanceId=instance.id, DisableApiTermination={"Value": False})

    protecting.isolate(instance.id)

    assert protection(lab, instance.id)["termination"] is True
    (subject,) = protecting.announced()
    assert subject.startswith("Drift repaired")


def test_without_the_parameter_nothing_is_changed(stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    before = protection(lab, instance.id)
    stack.tag_and_isolate(instance.id)
    assert protection(lab, instance.id) == before
