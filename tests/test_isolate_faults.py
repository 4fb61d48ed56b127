"""Lambda 2 when something fails: the cut never waits for what it does not need, and nothing is claimed untruly."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from quarantag.errors import Conflict, LedgerUnavailable, Retryable, TagLimitReached, Terminal
from tests.cloud import Lab
from tests.faults import Fault
from tests.stack import KEY, Stack, is_cut

DENIED = Terminal("UnauthorizedOperation: you are not authorized")
THROTTLED = Retryable("RequestLimitExceeded")
NO_LEDGER = LedgerUnavailable("the ledger is away")
LEDGER_METHODS = ("acquire", "case", "open_case", "add_interface_before", "set_status", "record")


def tagged(lab: Lab, networks: int = 1) -> tuple[str, tuple[str, ...], str]:
    vpc = lab.vpc()
    instance = lab.instance([vpc] * networks, profile=lab.profile(), tags={KEY: "Isolate"})
    return instance.id, instance.interface_ids, vpc.vpc_id


def test_an_iam_fault_leaves_the_network_cut_and_says_so(stack: Stack, lab: Lab) -> None:
    instance_id, (interface,), vpc = tagged(lab)
    outcome = stack.reconcile(instance_id, Fault("replace_profile", DENIED))
    assert outcome.status == "Failed"
    assert "UnauthorizedOperation" in outcome.reason
    assert is_cut(stack, interface, vpc)
    assert lab.tags(instance_id)[f"{KEY}Status"].startswith("Failed")
    assert [subject.split(":")[0] for subject in stack.announced()] == ["FAILED to isolate"]


def test_an_interface_that_cannot_be_changed_is_named_and_stops_nothing_else(
    stack: Stack, lab: Lab, isolation_profile_arn: str
) -> None:
    instance_id, interfaces, vpc = tagged(lab, 3)
    outcome = stack.reconcile(instance_id, Fault("set_interface_groups", DENIED, interfaces[1]))
    assert outcome.status == "Failed"
    assert interfaces[1] in outcome.reason
    assert [is_cut(stack, interface, vpc) for interface in interfaces] == [True, False, True]
    assert stack.profile(instance_id) == isolation_profile_arn


def test_a_failed_case_is_resumed_with_its_state_before(stack: Stack, lab: Lab) -> None:
    instance_id, interfaces, vpc = tagged(lab, 2)
    stack.reconcile(instance_id, Fault("set_interface_groups", DENIED, interfaces[1]))
    failed = stack.case(instance_id)
    assert stack.reconcile(instance_id).status == "Isolated"
    done = stack.case(instance_id)
    assert failed is not None
    assert done is not None
    assert (done["case_id"], done["interfaces_before"]) == (failed["case_id"], failed["interfaces_before"])
    assert all(is_cut(stack, interface, vpc) for interface in interfaces)


def test_a_requester_managed_interface_is_skipped_with_its_reason(stack: Stack, lab: Lab) -> None:
    instance_id, interfaces, vpc = tagged(lab, 2)
    before = lab.groups(interfaces[1])
    lab.cloud.mark_requester_managed(interfaces[1])
    assert stack.reconcile(instance_id).status == "Isolated"
    assert is_cut(stack, interfaces[0], vpc)
    assert lab.groups(interfaces[1]) == before


@pytest.mark.parametrize(
    "method", ["set_interface_groups", "create_isolation_group", "revoke_rules", "replace_profile"]
)
def test_a_passing_fault_of_a_step_is_tried_again(stack: Stack, lab: Lab, method: str) -> None:
    instance_id, (interface,), vpc = tagged(lab)
    assert stack.reconcile(instance_id, Fault(method, THROTTLED, times=2)).status == "Isolated"
    assert is_cut(stack, interface, vpc)


@pytest.mark.parametrize(
    "method", ["set_interface_groups", "create_isolation_group", "revoke_rules", "replace_profile"]
)
def test_a_step_whose_answer_is_lost_ends_the_same(stack: Stack, lab: Lab, method: str) -> None:
    instance_id, (interface,), vpc = tagged(lab)
    assert stack.reconcile(instance_id, Fault(method, THROTTLED, when="after", times=1)).status == "Isolated"
    assert is_cut(stack, interface, vpc)


def test_a_fault_that_does_not_pass_is_raised_for_another_try(stack: Stack, lab: Lab) -> None:
    instance_id, _, _ = tagged(lab)
    with pytest.raises(Retryable, match="SetInterfaceGroups"):
        stack.reconcile(instance_id, Fault("set_interface_groups", THROTTLED))


@pytest.mark.parametrize("method", ["tag", "announce"])
def test_a_status_that_cannot_be_told_stops_nothing(stack: Stack, lab: Lab, method: str) -> None:
    instance_id, (interface,), vpc = tagged(lab)
    error = TagLimitReached("50 tags") if method == "tag" else DENIED
    assert stack.reconcile(instance_id, Fault(method, error)).status == "Isolated"
    assert is_cut(stack, interface, vpc)
    kinds = {str(item.get("kind")) for item in stack.items()}
    assert kinds & {"status-not-tagged", "not-announced"}


def test_without_the_ledger_the_cut_still_happens_and_the_groups_are_kept_in_tags(stack: Stack, lab: Lab) -> None:
    instance_id, interfaces, vpc = tagged(lab, 2)
    before = lab.groups(interfaces[0])
    profile = stack.profile(instance_id)
    with pytest.raises(LedgerUnavailable):
        stack.reconcile(instance_id, *(Fault(method, NO_LEDGER) for method in LEDGER_METHODS))
    assert all(is_cut(stack, interface, vpc) for interface in interfaces)
    kept = [lab.tags(interface)[f"{KEY}GroupsBefore"] for interface in interfaces]
    assert kept == [before[0].removeprefix("sg-")] * 2
    assert stack.profile(instance_id) == profile, "what only the ledger can remember is not changed without it"


@pytest.mark.parametrize("method", LEDGER_METHODS)
def test_the_case_is_written_once_the_ledger_is_back(stack: Stack, lab: Lab, method: str) -> None:
    instance_id, interfaces, vpc = tagged(lab, 2)
    before = {interface: lab.groups(interface) for interface in interfaces}
    try:
        stack.reconcile(instance_id, Fault(method, NO_LEDGER))
    except LedgerUnavailable:
        assert all(is_cut(stack, interface, vpc) for interface in interfaces)
    assert stack.reconcile(instance_id).status == "Isolated"
    case = stack.case(instance_id)
    assert case is not None
    assert {name: one["groups"] for name, one in case["interfaces_before"].items()} == before


def test_a_conflict_while_opening_is_tried_again_later(stack: Stack, lab: Lab) -> None:
    instance_id, (interface,), _ = tagged(lab)
    before = lab.groups(interface)
    with pytest.raises(Conflict):
        stack.reconcile(instance_id, Fault("open_case", Conflict("taken over")))
    assert lab.groups(interface) == before


def test_a_lease_held_elsewhere_is_waited_for_then_tried_again_later(stack: Stack, lab: Lab) -> None:
    instance_id, (interface,), _ = tagged(lab)
    before = lab.groups(interface)
    ports = stack.ports()
    assert ports.ledger.acquire(instance_id, "another", ports.clock.now())
    with pytest.raises(Retryable, match="another function is working on it"):
        stack.reconcile(instance_id)
    assert lab.groups(interface) == before


def test_no_permission_to_read_is_terminal_and_raised(stack: Stack, lab: Lab) -> None:
    instance_id, _, _ = tagged(lab)
    with pytest.raises(Terminal):
        stack.reconcile(instance_id, Fault("interfaces", DENIED))


def test_release_requested_meanwhile_stops_before_the_next_stage(stack: Stack, lab: Lab) -> None:
    instance_id, (interface,), _ = tagged(lab)
    before = lab.groups(interface)
    ports = stack.ports()
    real = ports.ledger.open_case

    class Meddling:
        """A ledger during whose opening write an analyst changes their mind."""

        def __getattr__(self, name: str) -> object:
            return getattr(ports.ledger, name)

        def open_case(self, *arguments: object) -> object:
            lab.tag(instance_id, **{KEY: "Release"})
            return real(*arguments)  # type: ignore[arg-type]

    outcome = stack.reconcile(instance_id, ledger=Meddling())
    assert outcome.status == "NotRequested"
    assert lab.groups(interface) == before


def test_twenty_isolators_at_once_leave_one_case_and_one_group(stack: Stack, lab: Lab) -> None:
    instance_id, (interface,), vpc = tagged(lab)

    def attempt(_: int) -> str:
        try:
            return stack.reconcile(instance_id).status
        except Retryable:
            return "again"

    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(attempt, range(20)))
    assert "Isolated" in statuses
    assert set(statuses) <= {"Isolated", "again"}
    assert is_cut(stack, interface, vpc)
    assert len(stack.entries(instance_id, "case-opened")) == 1


def test_isolators_of_different_instances_in_one_fresh_vpc_share_one_group(stack: Stack, lab: Lab) -> None:
    vpc = lab.vpc(ipv6=True)
    instances = [lab.instance([vpc], tags={KEY: "Isolate"}) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda instance: stack.reconcile(instance.id), instances))
    assert {outcome.status for outcome in outcomes} == {"Isolated"}
    assert all(is_cut(stack, instance.interface_ids[0], vpc.vpc_id) for instance in instances)
