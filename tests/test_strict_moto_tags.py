"""Strict moto: tags and tag-change events. On plain moto 5.2.5 they fail, but for what must stay accepted."""

import re
from threading import Thread
from typing import Any

import pytest
from moto.ec2.models import ec2_backends

from tests.cloud import ACCOUNT, IMAGE, REGION, Lab
from tests.test_strict_moto_network import code


def tagging(resource_id: str, **tags: str) -> dict[str, Any]:
    return {"Resources": [resource_id], "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def test_unknown_instance_is_not_tagged(lab: Lab) -> None:
    answer = code(lab.ec2.create_tags, **tagging("i-0123456789abcdef0", SecurityIsolation="Isolate"))
    assert answer == "InvalidInstanceID.NotFound"
    assert lab.tags("i-0123456789abcdef0") == {}


def test_terminated_instance_is_not_tagged(lab: Lab) -> None:
    instance = lab.instance()
    lab.ec2.terminate_instances(InstanceIds=[instance.id])
    answer = code(lab.ec2.create_tags, **tagging(instance.id, SecurityIsolation="Isolate"))
    assert answer == "InvalidInstanceID.NotFound"


def test_unknown_interface_is_not_tagged(lab: Lab) -> None:
    answer = code(lab.ec2.create_tags, **tagging("eni-0123456789abcdef0", Name="x"))
    assert answer == "InvalidNetworkInterfaceID.NotFound"


def test_one_unknown_resource_refuses_the_whole_call(lab: Lab) -> None:
    instance = lab.instance()
    wanted = {"Resources": [instance.id, "i-0123456789abcdef0"], "Tags": [{"Key": "Name", "Value": "x"}]}
    assert code(lab.ec2.create_tags, **wanted) == "InvalidInstanceID.NotFound"
    assert lab.tags(instance.id) == {}


@pytest.mark.parametrize(("key", "value"), [("aws:mine", "x"), ("k" * 129, "x"), ("Reason", "v" * 257)])
@pytest.mark.parametrize("at", ["CreateTags", "RunInstances"])
def test_tags_that_aws_refuses(lab: Lab, at: str, key: str, value: str) -> None:
    tags = [{"Key": key, "Value": value}]
    if at == "CreateTags":
        instance = lab.instance()
        assert code(lab.ec2.create_tags, Resources=[instance.id], Tags=tags) == "InvalidParameterValue"
        assert lab.tags(instance.id) == {}
    else:
        launch = {"ImageId": IMAGE, "MinCount": 1, "MaxCount": 1}
        specified = [{"ResourceType": "instance", "Tags": tags}]
        assert code(lab.ec2.run_instances, **launch, TagSpecifications=specified) == "InvalidParameterValue"


def test_longest_tag_is_accepted(lab: Lab) -> None:
    instance = lab.instance()
    assert code(lab.ec2.create_tags, **tagging(instance.id, **{"k" * 128: "v" * 256})) == "accepted"


def test_fiftyfirst_tag_is_refused(lab: Lab) -> None:
    instance = lab.instance(tags={f"key-{number}": "x" for number in range(50)})
    assert code(lab.ec2.create_tags, **tagging(instance.id, another="x")) == "TagLimitExceeded"
    assert code(lab.ec2.create_tags, **tagging(instance.id, **{"key-1": "y"})) == "accepted"


def test_deleting_without_keys_takes_every_tag_off(lab: Lab) -> None:
    instance = lab.instance(tags={"SecurityIsolation": "Isolate", "Name": "web"})
    lab.ec2.delete_tags(Resources=[instance.id])
    assert lab.tags(instance.id) == {}
    assert lab.cloud.events[-1]["detail"]["changed-tag-keys"] == ["Name", "SecurityIsolation"]


def test_event_has_the_shape_that_aws_documents(lab: Lab) -> None:
    instance = lab.instance(tags={"Name": "web"})
    lab.tag(instance.id, SecurityIsolation="Isolate")
    event = lab.cloud.events[-1]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event.pop("time"))
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", event.pop("id"))
    assert event == {
        "version": "0",
        "detail-type": "Tag Change on Resource",
        "source": "aws.tag",
        "account": ACCOUNT,
        "region": REGION,
        "resources": [f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{instance.id}"],
        "detail": {
            "changed-tag-keys": ["SecurityIsolation"],
            "tags": {"Name": "web", "SecurityIsolation": "Isolate"},
            "service": "ec2",
            "resource-type": "instance",
            "version": 2,
        },
    }


def test_events_tell_new_changed_and_deleted_keys(lab: Lab) -> None:
    instance = lab.instance(tags={"Name": "web", "Team": "a"})
    lab.tag(instance.id, Name="db", Cost="1")
    lab.ec2.delete_tags(Resources=[instance.id], Tags=[{"Key": "Team"}])
    seen = [(one["detail"]["changed-tag-keys"], one["detail"]["version"]) for one in lab.cloud.events]
    assert seen == [(["Name", "Team"], 1), (["Cost", "Name"], 2), (["Team"], 3)]
    assert lab.cloud.events[-1]["detail"]["tags"] == {"Name": "db", "Cost": "1"}


def test_versions_count_for_each_instance(lab: Lab) -> None:
    first, second = lab.instance(), lab.instance()
    for instance in (first, second, first):
        lab.tag(instance.id, Name=f"name-{len(lab.cloud.events)}")
    assert [one["detail"]["version"] for one in lab.cloud.events] == [1, 1, 2]


def test_no_event_without_a_change_or_for_another_resource(lab: Lab) -> None:
    instance = lab.instance(tags={"Name": "web"})
    before = len(lab.cloud.events)
    lab.tag(instance.id, Name="web")
    lab.tag(instance.interface_ids[0], Name="eth0")
    lab.ec2.delete_tags(Resources=[instance.id], Tags=[{"Key": "Name", "Value": "another value"}])
    assert len(lab.cloud.events) == before


def test_listeners_hear_each_change(lab: Lab) -> None:
    heard: list[str] = []
    lab.cloud.subscribe(lambda event: heard.append(event["resources"][0].rpartition("/")[2]))
    instance = lab.instance(tags={"Name": "web"})
    assert heard == [instance.id]


class Watched(dict[str, str]):
    """Tags of one resource: whoever walks them has another thread write a tag meanwhile."""

    def __init__(self, lab: Lab, resource_id: str, tags: dict[str, str]) -> None:
        super().__init__(tags)
        self.writer = Thread(target=lab.ec2.create_tags, kwargs=tagging(resource_id, another="one"))

    def items(self) -> Any:  # noqa: ANN401 - as dict's
        for number, pair in enumerate(super().items()):
            if number == 1 and self.writer.ident is None:
                self.writer.start()
                self.writer.join(0.5)  # it must wait for the walk, so for as long as is waited for here
            yield pair


def test_tags_are_read_while_they_are_written(lab: Lab) -> None:
    instance_id = lab.instance(tags={"Name": "web", "Team": "one", "Stage": "live"}).id
    backend = ec2_backends[ACCOUNT][REGION]
    backend.tags[instance_id] = watched = Watched(lab, instance_id, backend.tags[instance_id])
    lab.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [instance_id]}])
    watched.writer.join()
    assert lab.tags(instance_id)["another"] == "one"
