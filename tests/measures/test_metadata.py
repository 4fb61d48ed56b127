"""The metadata service is shut, and a release gives back each of its options."""

from typing import Any

import pytest

from tests.cloud import Lab
from tests.stack import Stack, forget_wiring


@pytest.fixture
def shutting(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    monkeypatch.setenv("DISABLE_METADATA_SERVICE", "true")
    forget_wiring()
    return stack


def options(lab: Lab, instance_id: str) -> Any:  # noqa: ANN401
    """The instance's metadata options."""
    return lab.describe(instance_id)["MetadataOptions"]


def test_it_is_disabled_and_given_back_exactly(shutting: Stack, lab: Lab) -> None:
    instance = lab.instance()
    lab.ec2.modify_instance_metadata_options(
        InstanceId=instance.id, HttpTokens="required", HttpPutResponseHopLimit=2, InstanceMetadataTags="enabled"
    )
    before = options(lab, instance.id)

    assert shutting.tag_and_isolate(instance.id)["status"] == "Isolated"

    assert options(lab, instance.id) == {**before, "HttpEndpoint": "disabled"}
    assert shutting.tag_and_release(instance.id)["status"] == "Released"
    assert options(lab, instance.id) == before


def test_options_that_changed_meanwhile_are_given_back_too(shutting: Stack, lab: Lab) -> None:
    instance = lab.instance()
    lab.ec2.modify_instance_metadata_options(InstanceId=instance.id, HttpTokens="required", HttpPutResponseHopLimit=1)
    before = options(lab, instance.id)
    shutting.tag_and_isolate(instance.id)
    lab.ec2.modify_instance_metadata_options(InstanceId=instance.id, HttpTokens="optional", HttpPutResponseHopLimit=64)

    shutting.tag_and_release(instance.id)

    assert options(lab, instance.id) == before


def test_one_that_was_disabled_before_stays_so(shutting: Stack, lab: Lab) -> None:
    instance = lab.instance()
    lab.ec2.modify_instance_metadata_options(InstanceId=instance.id, HttpEndpoint="disabled")
    shutting.tag_and_isolate(instance.id)
    assert shutting.tag_and_release(instance.id)["status"] == "Released"
    assert options(lab, instance.id)["HttpEndpoint"] == "disabled"


def test_one_that_somebody_enables_is_drift(shutting: Stack, lab: Lab) -> None:
    instance = lab.instance()
    shutting.tag_and_isolate(instance.id)
    shutting.announced()
    lab.ec2.modify_instance_metadata_options(InstanceId=instance.id, HttpEndpoint="enabled")

    shutting.isolate(instance.id)

    assert options(lab, instance.id)["HttpEndpoint"] == "disabled"
    (subject,) = shutting.announced()
    assert subject.startswith("Drift repaired")


def test_a_refusal_does_not_stop_the_containment(shutting: Stack, lab: Lab) -> None:
    instance = lab.instance()
    lab.cloud.refuse("ModifyInstanceMetadataOptions", instance.id, "UnauthorizedOperation", times=1)

    answer = shutting.tag_and_isolate(instance.id)

    assert answer["status"] == "Isolated"
    assert "metadata: " in answer["reason"]
    assert "UnauthorizedOperation" in answer["reason"]
    shutting.isolate(instance.id)
    assert options(lab, instance.id)["HttpEndpoint"] == "disabled"


def test_without_the_parameter_it_stays(stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    stack.tag_and_isolate(instance.id)
    assert options(lab, instance.id)["HttpEndpoint"] == "enabled"
