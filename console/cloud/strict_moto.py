"""Moto, as strict as AWS where it matters here: `with strict_moto() as cloud:` in a test, or `main` as a server."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from moto import mock_aws
from moto.autoscaling.models import autoscaling_backends
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.responses._base_response import EC2BaseResponse

from console.cloud import (
    strict_access,
    strict_auto_scaling,
    strict_connections,
    strict_dynamodb,
    strict_lambda,
    strict_network,
    strict_profiles,
    strict_roles,
    strict_snapshots,
    strict_tags,
    strict_trail,
)
from console.cloud.correction import Moto, Original, corrected, corrects
from console.cloud.state import STATE, Refusal, TagEvent

CORRECTED = (
    *(strict_access, strict_auto_scaling, strict_connections, strict_dynamodb, strict_lambda, strict_network),
    *(strict_profiles, strict_roles, strict_snapshots, strict_tags, strict_trail),
)
"""The modules whose import registers the corrections."""


@corrects(AutoScalingResponse, "call_action")
@corrects(EC2BaseResponse, "call_action")
def answer_with_error(original: Original, self: Moto) -> Moto:
    """Answer with the error that a test asked for (`StrictMoto.refuse`), in the service's own wire format."""
    refusal = matching_refusal(
        self._get_action(), [str(value) for values in self.querystring.values() for value in values]
    )
    if refusal is None:
        return original(self)
    status, headers, body = self.serialized(ActionResult(EC2ClientError(refusal.code, refusal.message)))
    return status, headers | {"status": status}, body


def matching_refusal(action: str, parameters: list[str]) -> Refusal | None:
    """The error asked for for this call; counts it."""
    with STATE.lock:
        for refusal in STATE.refusals:
            if refusal.action == action and refusal.resource_id in parameters and refusal.times != 0:
                if refusal.times is not None:
                    refusal.times -= 1
                return refusal
    return None


@dataclass(slots=True)
class StrictMoto:
    """The running strict moto: what it emitted, and the ways to bring about what only AWS itself does."""

    events: list[TagEvent] = field(default_factory=list)

    def subscribe(self, listener: Callable[[TagEvent], None]) -> None:
        """Call `listener` with each tag-change event, inside the API call that caused it: it must not call AWS."""
        STATE.listeners.append(listener)

    def run(self, function: str, handler: Callable[[Any, Any], Any]) -> None:
        """Have the Lambda function of this name run `handler(event, context)` in this process."""
        STATE.functions[function] = handler

    def mark_requester_managed(self, interface_id: str) -> None:
        """Make the interface one that an AWS service manages: `RequesterManaged`, and AuthFailure on change."""
        _backend_with("enis", interface_id).enis[interface_id].requester_managed = True

    def snapshots_take_time(self) -> None:
        """New snapshots are `pending` from now on, until `end_snapshot`."""
        STATE.snapshots_take_time = True

    def end_snapshot(self, snapshot_id: str, state: Literal["completed", "error"] = "completed") -> None:
        """What only AWS does: the snapshot is made, or could not be."""
        _backend_with("snapshots", snapshot_id).snapshots[snapshot_id].status = state

    def set_interface_type(self, interface_id: str, kind: str) -> None:
        """Make the interface one of this type (`trunk`, `branch`…), as the Amazon VPC resource controller does."""
        _backend_with("enis", interface_id).enis[interface_id].interface_type = kind

    def delegate_prefixes(self, interface_id: str, *prefixes: str) -> None:
        """Delegate these prefixes, IPv4 or IPv6, to the interface: moto knows none."""
        interface: Moto = _backend_with("enis", interface_id).enis[interface_id]
        interface.ipv4_prefixes = [{"Ipv4Prefix": one} for one in prefixes if ":" not in one]
        interface.ipv6_prefixes = [{"Ipv6Prefix": one} for one in prefixes if ":" in one]

    def take_ipv4(self, interface_id: str) -> None:
        """Make it one of an IPv6-only subnet; moto gives each an IPv4 address (API, NetworkInterface: ipv6Native)."""
        interface: Moto = _backend_with("enis", interface_id).enis[interface_id]
        interface.private_ip_address, interface.private_ip_addresses, interface.ipv6_native = None, [], True

    def share_network_acl(self, acl_id: str, owner: str) -> None:
        """Make the network ACL one of a VPC that another account shares with this one."""
        _backend_with("network_acls", acl_id).network_acls[acl_id].owner_id = owner

    def call_as(self, principal: str) -> None:
        """Whose calls these are from now on, as CloudTrail tells it."""
        STATE.principal = principal

    def show_trail(self, *, shows: bool) -> None:
        """Whether CloudTrail's event history shows the calls already."""
        STATE.trail_shows = shows

    def alter_member(self, instance_id: str, **shown: str) -> None:
        """Show an Auto Scaling member with this `lifecycle_state` or `weighted_capacity`."""
        for group in _auto_scaling_groups():
            for member in group.instance_states:
                if member.instance.id == instance_id:
                    for name, value in shown.items():
                        setattr(member, name, value)

    def mark_being_deleted(self, group_name: str) -> None:
        """Show an Auto Scaling group as one that is being deleted, which takes AWS as long as its members do."""
        for group in _auto_scaling_groups():
            if group.name == group_name:
                group.status = "Delete in progress"

    def set_association_state(
        self,
        instance_id: str,
        state: Literal["associating", "associated", "disassociating"],
        *,
        settles_after_reads: int | None = None,
    ) -> None:
        """Put the instance's profile association into `state`; it is `associated` after so many reads, or never."""
        backend = _backend_with("iam_instance_profile_associations", instance_id)
        association = backend.iam_instance_profile_associations[instance_id]
        association.state = state
        if settles_after_reads is not None:
            STATE.settling[association.association_id] = settles_after_reads

    def refuse(
        self,
        action: str,
        resource_id: str,
        code: str,
        message: str = "refused by the test",
        *,
        times: int | None = None,
    ) -> None:
        """Answer `action` (`CreateTags`, say) on the resource with an error, so many times or always."""
        STATE.refusals.append(Refusal(action, resource_id, code, message, times))


def _auto_scaling_groups() -> list[Moto]:
    regions = [region for account in autoscaling_backends.values() for region in account.values()]
    return [group for region in regions for group in region.autoscaling_groups.values()]


def _backend_with(collection: str, key: str) -> EC2Backend:
    """The EC2 of the account and Region that knows `key`; KeyError where none does."""
    for account in ec2_backends.values():
        for backend in account.values():
            if key in getattr(backend, collection):
                return backend
    raise KeyError(key)


@contextmanager
def strict_moto() -> Iterator[StrictMoto]:
    """AWS in this process: boto3 clients made inside talk to the strict moto, which starts empty."""
    cloud = StrictMoto()
    with corrected(), mock_aws():
        STATE.clear()
        STATE.listeners.append(cloud.events.append)
        yield cloud
