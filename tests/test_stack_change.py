"""The control tag and what a containment is stay as they are while anybody is contained; everything else may change."""

import pytest

from quarantag.errors import LedgerUnavailable
from quarantag.stacklife import CHANGE, DELETION, GUARDED, changed, parse, work
from tests.faults import Fault
from tests.stack import KEY
from tests.stacklives import PROPERTIES, Life, change, event
from tests.test_isolate_faults import LEDGER_METHODS

UPDATING = "UPDATE_IN_PROGRESS"


@pytest.mark.parametrize("name", GUARDED)
def test_each_of_them_is_guarded(name: str) -> None:
    assert changed(change(**{name: "Another"})) == (name,)


def test_it_is_refused_with_an_open_case(life: Life) -> None:
    instance = life.contained()
    reason = life.asked(change(IsolationRoleName="Another", RevocableRolePath="/app/"), UPDATING)
    assert reason.startswith("IsolationRoleName, RevocableRolePath can't change while instances are contained")
    assert f"With an open case: {instance.id}." in reason
    assert life.lab.groups(instance.interface_ids[0]) == life.own_groups()


def test_the_reason_says_what_to_do_by_the_old_key_and_value(life: Life) -> None:
    """The function's environment has the new ones by then."""
    life.lab.instance(tags={KEY: "Isolate"})
    reason = life.asked(change(IsolationTagKey="Another", ReleaseTagValue="Free"), UPDATING)
    assert f"--tags Key={KEY},Value=Release" in reason
    assert f"{KEY}Status = Released" in reason
    assert "Another" not in reason


def test_it_is_refused_while_an_instance_is_tagged_and_not_contained_yet(life: Life) -> None:
    instance = life.lab.instance(tags={KEY: "Isolate"})
    assert f"Tagged to be isolated: {instance.id}" in life.asked(change(IsolateTagValue="Cut"), UPDATING)


def test_it_is_refused_while_a_cut_has_no_case_yet(life: Life) -> None:
    instance = life.lab.instance(tags={KEY: "Isolate"})
    with pytest.raises(LedgerUnavailable):
        life.stack.reconcile(instance.id, *(Fault(method, LedgerUnavailable("away")) for method in LEDGER_METHODS))
    life.lab.tag(instance.id, **{KEY: "Review"})
    assert f"Cut while the ledger was away: {instance.id}" in life.asked(change(IsolationTagKey="Another"), UPDATING)


def test_once_everybody_is_released_it_passes(life: Life) -> None:
    """The tag still says Release then: it asks for nothing."""
    instance = life.contained()
    life.freed(instance.id)
    assert life.asked(change(IsolationTagKey="Another"), UPDATING) == ""


def test_a_rollback_passes_whoever_is_contained(life: Life) -> None:
    life.contained()
    assert life.asked(change(IsolationTagKey="Another"), "UPDATE_ROLLBACK_IN_PROGRESS") == ""


def test_what_is_not_guarded_passes_whoever_is_contained(life: Life) -> None:
    life.contained()
    assert life.asked(change(ServiceToken="a-new-function"), UPDATING) == ""


def test_who_is_isolated_between_the_question_and_the_change_stays_so_and_is_given_back(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The case has no key: the new one's value releases it."""
    instance = life.contained()
    monkeypatch.setenv("ISOLATION_TAG_KEY", "Another")
    assert life.stack.reconcile(instance.id, wanted=None).status == "Isolated"
    assert life.freed(instance.id, "Another") == "Released"
    assert life.lab.groups(instance.interface_ids[0]) == [instance.networks[0].group_id]


@pytest.mark.parametrize(
    ("kind", "resource", "doing", "asked"),
    [
        ("Create", DELETION, "CREATE_IN_PROGRESS", "nothing"),
        ("Create", CHANGE, "CREATE_IN_PROGRESS", "nothing"),
        ("Create", CHANGE, "UPDATE_IN_PROGRESS", "nothing"),
        ("Update", DELETION, "UPDATE_IN_PROGRESS", "nothing"),
        ("Update", CHANGE, "UPDATE_IN_PROGRESS", "may it change"),
        ("Update", CHANGE, "UPDATE_ROLLBACK_IN_PROGRESS", "nothing"),
        ("Delete", CHANGE, "DELETE_IN_PROGRESS", "nothing"),
        ("Delete", CHANGE, "ROLLBACK_IN_PROGRESS", "nothing"),
        ("Delete", DELETION, "DELETE_IN_PROGRESS", "take down"),
        ("Delete", DELETION, "ROLLBACK_IN_PROGRESS", "take down"),
        ("Delete", DELETION, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "nothing"),
        ("Delete", DELETION, "UPDATE_ROLLBACK_IN_PROGRESS", "nothing"),
        ("Delete", DELETION, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "nothing"),
    ],
    ids=lambda value: str(value).replace(" ", "-"),
)
def test_what_is_asked_for_by_what_the_stack_is_doing(kind: str, resource: str, doing: str, asked: str) -> None:
    before = PROPERTIES | {"IsolationTagKey": "Before"}
    assert work(parse(event(kind, resource, OldResourceProperties=before)), doing) == asked
