"""Any order of tags, events, crashes, drift and sweeps: a short run of the model that `make soak` runs at length."""

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.crash.crew import one_core
from tests.crash.model import Containment

SHORT = settings(
    max_examples=100,
    stateful_step_count=30,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


def test_whatever_happens_in_whatever_order_the_invariants_hold() -> None:
    with one_core():
        run_state_machine_as_test(Containment, settings=SHORT)
