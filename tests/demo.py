"""The demo's world in the strict moto of this process, for the tests of what the demo expects."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from console.cloud.deploy import Deployed
from console.demo.furniture import furnish
from console.demo.probes import Probe
from console.demo.world import World
from tests.cloud import REGION, SESSION, STACK, TABLE, Lab
from tests.template import Template

DENIAL = Template(**{"AWS::Region": REGION}).properties("DenyContainedSessions")["PolicyDocument"]


class InProcess:
    """A cloud whose every service is the strict moto of this process."""

    def client(self, service: str) -> Any:  # noqa: ANN401 - a boto3 client
        make: Callable[..., Any] = SESSION.client
        return make(service)


@dataclass(slots=True)
class Scene:
    """A furnished world and what its functions would have to do to it, done by hand."""

    world: World
    lab: Lab
    groups: dict[str, str] = field(default_factory=dict)

    def isolation_group(self, vpc_id: str, *, stack: str = STACK, emptied: bool = True) -> str:
        group = self.lab.group(vpc_id, f"isolation-{len(self.groups)}")
        self.groups[group] = vpc_id
        self.lab.tag(group, QuarantagStack=stack)
        if emptied:
            rules = self.lab.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissionsEgress"]
            self.lab.ec2.revoke_security_group_egress(GroupId=group, IpPermissions=rules)
        return group

    def cut(self, name: str, count: int | None = None, **how: Any) -> None:  # noqa: ANN401
        for interface in self.world.actors[name].interfaces[:count]:
            group = self.isolation_group(interface.vpc_id, **how)
            self.lab.ec2.modify_network_interface_attribute(NetworkInterfaceId=interface.id, Groups=[group])

    def give_back(self, name: str) -> None:
        for interface in self.world.actors[name].interfaces:
            groups = list(interface.groups_before)
            self.lab.ec2.modify_network_interface_attribute(NetworkInterfaceId=interface.id, Groups=groups)

    def tag(self, name: str, **tags: str) -> None:
        self.lab.tag(self.world.actors[name].id, **tags)


def furnished(lab: Lab, isolation_profile_arn: str) -> Scene:
    """The demo's instances, a topic with its inbox, and a queue of failed events; the ledger's table must be there."""
    queue = SESSION.client("sqs").create_queue(QueueName="failed")["QueueUrl"]
    topic = SESSION.client("sns").create_topic(Name="notifications")["TopicArn"]
    resources = {"RootInstanceProfile": isolation_profile_arn, "ContainmentLedger": TABLE}
    policy = SESSION.client("iam").create_policy(PolicyName="denial", PolicyDocument=json.dumps(DENIAL))["Policy"][
        "Arn"
    ]
    resources |= {"FailedEvents": queue, "Notifications": topic, "DenyContainedSessions": policy}
    return Scene(furnish(InProcess(), Deployed(STACK, resources)), lab)


def holds(probe: Probe) -> bool:
    """Whether the probe holds now."""
    return probe()[0]
