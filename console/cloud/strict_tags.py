"""Corrections of moto: tags, and the events that AWS sends when they change."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from threading import RLock

from moto.ec2.models import EC2Backend
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.models.tags import TagBackend
from moto.ec2.responses._base_response import EC2BaseResponse
from moto.ec2.responses.tags import TagResponse

from console.cloud.correction import Moto, Original, corrects, refuse
from console.cloud.state import STATE, TagEvent
from console.cloud.strict_network import ended

MAX_KEY, MAX_VALUE, MAX_TAGS = 128, 256, 50
RESERVED = "aws:"
TAGS = RLock()
"""Around what reads or writes moto's tags. Taken inside `STATE.lock`, never the other way, and by no listener."""


def check_tags(tags: Mapping[str, str]) -> None:
    """FACTS E1: moto takes `aws:` keys and long values; limits: EC2 user guide, Tag restrictions."""
    for key, value in tags.items():
        if key.lower().startswith(RESERVED):
            refuse("InvalidParameterValue", f"Tag keys starting with 'aws:' are reserved for internal use: {key}")
        if not 1 <= len(key) <= MAX_KEY:
            refuse("InvalidParameterValue", f"Tag key exceeds the maximum length of {MAX_KEY} characters or is empty")
        if len(value) > MAX_VALUE:
            refuse("InvalidParameterValue", f"Tag value exceeds the maximum length of {MAX_VALUE} characters")
    if len(tags) > MAX_TAGS:
        refuse("TagLimitExceeded", f"The maximum number of Tags for a resource is {MAX_TAGS}")


def check_exists(backend: EC2Backend, resource_id: str) -> None:
    """FACTS E1: moto tags an instance or interface that does not exist, or no longer does."""
    if resource_id.startswith("i-"):
        instance = backend.get_instance_by_id(resource_id)
        if instance is None or ended(instance):
            refuse("InvalidInstanceID.NotFound", f"The instance ID '{resource_id}' does not exist")
    if resource_id.startswith("eni-"):
        backend.get_network_interface(resource_id)


@corrects(TagResponse, "create_tags")
def create_real_tags(original: Original, self: TagResponse) -> Moto:
    """FACTS E1: what AWS refuses is refused before anything is written, for all resources of the call."""
    for resource_id in self._get_param("Resources", []):
        check_exists(self.ec2_backend, resource_id)
    check_tags({tag["Key"]: tag.get("Value", "") for tag in self._get_param("Tags", [])})
    return original(self)


@corrects(TagResponse, "delete_tags")
def delete_all_without_keys(original: Original, self: TagResponse) -> Moto:
    """FACTS 2.6: DeleteTags without Tags takes off every tag; those of AWS stay."""
    answer = original(self)
    if not self._get_param("Tags", []):
        for resource_id in self._get_param("Resources", []):
            with TAGS:
                own = {key: None for key in self.ec2_backend.tags[resource_id] if not key.startswith(RESERVED)}
            self.ec2_backend.delete_tags([resource_id], own)
    return answer


@corrects(EC2BaseResponse, "_parse_tag_specification")
def check_tags_on_create(original: Original, self: EC2BaseResponse, *args: Moto) -> dict[str, dict[str, str]]:
    """FACTS E1: the same limits hold for the tags of RunInstances and CreateSecurityGroup."""
    tags: dict[str, dict[str, str]] = original(self, *args)
    for of_type in tags.values():
        check_tags(of_type)
    return tags


@corrects(TaggedEC2Resource, "add_tags")
def add_tags_at_once(_original: Original, self: Moto, tag_map: dict[str, str]) -> None:
    """FACTS 2.2: tags given at launch are one change of the tag set; moto writes them one by one."""
    if tag_map:
        self.ec2_backend.create_tags([self.id], tag_map)


def tag_change_event(backend: EC2Backend, instance_id: str, changed: set[str], tags: Mapping[str, str]) -> TagEvent:
    """The event in AWS's shape (FACTS 2.2; Tagging AWS resources user guide, Monitor tag changes with EventBridge)."""
    STATE.versions[instance_id] += 1
    arn = f"arn:{backend.partition}:ec2:{backend.region_name}:{backend.account_id}:instance/{instance_id}"
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Tag Change on Resource",
        "source": "aws.tag",
        "account": backend.account_id,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": backend.region_name,
        "resources": [arn],
        "detail": {
            "changed-tag-keys": sorted(changed),
            "tags": dict(tags),
            "service": "ec2",
            "resource-type": "instance",
            "version": STATE.versions[instance_id],
        },
    }


def announce_changes(original: Original, self: EC2Backend, resource_ids: list[str], *change: Moto) -> Moto:
    """FACTS E1: moto never emits `Tag Change on Resource`.

    New, changed and deleted keys count. Writing the same value again is taken as no change: not verified (FACTS E1).
    """
    with STATE.lock:
        instances = [one for one in resource_ids if one.startswith("i-")]
        with TAGS:
            before = {one: dict(self.tags.get(one, {})) for one in instances}
            answer = original(self, resource_ids, *change)
            after = {one: dict(self.tags.get(one, {})) for one in instances}
        for one in instances:
            changed = {key for key in before[one].keys() | after[one] if before[one].get(key) != after[one].get(key)}
            if changed:
                event = tag_change_event(self, one, changed, after[one])
                for listener in STATE.listeners:
                    listener(event)
        return answer


@corrects(TagBackend, "describe_tags")
def describe_one_moment(original: Original, self: EC2Backend, *args: Moto, **kwargs: Moto) -> Moto:
    """AWS answers while tags are written; moto walks the very dictionaries that other threads change, and fails."""
    with TAGS:
        return original(self, *args, **kwargs)


for writes_tags in ("create_tags", "delete_tags", "delete_tag_keys"):
    corrects(TagBackend, writes_tags)(announce_changes)
