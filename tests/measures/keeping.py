"""The functions over the strict moto with the measure of Auto Scaling on, and a clock that does not wait."""

from dataclasses import dataclass

import pytest

from quarantag.aws import wiring
from quarantag.aws.measuring import measures
from quarantag.isolation import isolate
from quarantag.outcome import Outcome, Request
from quarantag.ports import Ports
from quarantag.releasing import release
from tests.faults import FakeClock
from tests.scaling import Scaling, scaling_of
from tests.stack import KEY, Stack, forget_wiring


@dataclass(slots=True)
class Keeping:
    """Isolates and releases members, and shows them."""

    stack: Stack
    scaling: Scaling
    ports: Ports

    def isolate(self, instance_id: str) -> Outcome:
        """The tag, then one run of the isolator."""
        self.stack.lab.tag(instance_id, **{KEY: "Isolate"})
        return isolate(Request(instance_id, "Isolate", "request-1"), self.ports, wiring.settings())

    def release(self, instance_id: str) -> Outcome:
        """The tag, then one run of the releaser."""
        self.stack.lab.tag(instance_id, **{KEY: "Release"})
        return release(Request(instance_id, "Release", "request-2"), self.ports, wiring.settings())

    def deny(self, *actions: str) -> None:
        """Refuse these actions on the group `web`, as a service control policy does."""
        for action in actions:
            self.stack.lab.cloud.refuse(action, "web", "AccessDenied")

    def show(self, instance_id: str) -> tuple[object, ...]:
        """All that a release must bring back, but the desired capacity."""
        member = self.scaling.member(instance_id)
        return member and member["LifecycleState"], member and member["ProtectedFromScaleIn"], self.scaling.suspended()


@pytest.fixture
def keeping(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Keeping:
    """Over the stack, with the parameter on."""
    monkeypatch.setenv("AUTO_SCALING_MEMBERS", "standby")
    forget_wiring()
    real = wiring.ports(wiring.base(), wiring.logger("test"), measures)
    ports = Ports(
        instances=real.instances,
        ledger=real.ledger,
        clock=FakeClock(),
        announcer=real.announcer,
        trail=real.trail,
        findings=real.findings,
        bus=real.bus,
        measures=real.measures,
    )
    return Keeping(stack, scaling_of(stack.lab), ports)


@pytest.fixture
def scaling(keeping: Keeping) -> Scaling:
    """Its groups."""
    return keeping.scaling
