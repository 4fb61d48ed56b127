"""What survives, as an operator sees it: `quarantag show` and `quarantag history`."""

import re

from tests.cloud import Lab
from tests.operators import Operator
from tests.stack import Stack
from tests.test_survivors_looked_up import SOON, happened
from tests.trails import THIEF_KEY, access_key, chained

ENDS = f"aws iam update-access-key --status Inactive --user-name build --access-key-id {THIEF_KEY}"


def test_show_lists_what_survives_with_the_command_that_ends_it(operator: Operator, stack: Stack, lab: Lab) -> None:
    instance = lab.instance(profile=lab.profile())
    happened(access_key(instance.id), chained(instance.id, SOON))
    stack.tag_and_isolate(instance.id)

    survivors = operator.answered("show", instance.id)["survivors"]
    assert {one["event"]: one["next_step"] for one in survivors["found"]}["CreateAccessKey"] == ENDS
    seen = operator.typed("show", instance.id).stdout
    assert "made by its sessions, and not ended: 2, as CloudTrail showed it" in seen
    assert f"    {ENDS}\n" in seen, "one line, to be copied"
    assert "--policy-name AWSRevokeOlderSessions" in seen

    entries = [one for one in operator.answered("history", instance.id)["entries"] if one["kind"] == "survivor"]
    assert {one["detail"]["next_step"] == ENDS for one in entries} == {True, False}
    assert THIEF_KEY in operator.typed("history", instance.id, columns=200).stdout


def test_history_is_read_on_a_narrow_terminal(operator: Operator, stack: Stack, lab: Lab) -> None:
    """What it is comes first, then the command; no column is lost beside a long target."""
    instance = lab.instance(profile=lab.profile("a-rather-long-name-of-a-profile-that-needs-more-than-a-line"))
    happened(access_key(instance.id))
    stack.tag_and_isolate(instance.id)
    seen = operator.typed("history", instance.id, columns=80).stdout
    assert re.search(r"\d\d-\d\d \d\d:\d\d:\d\d", seen)
    assert "who or what asked" in seen
    assert seen.index(THIEF_KEY) < seen.index("aws iam")
    assert "event id" not in seen
    assert max(map(len, seen.splitlines())) <= 80


def test_show_says_where_nothing_was_found_and_what_could_not_be_looked_up(
    operator: Operator, stack: Stack, lab: Lab
) -> None:
    instance = lab.instance(profile=lab.profile())
    assert operator.answered("show", instance.id)["survivors"] is None
    stack.tag_and_isolate(instance.id)
    assert operator.answered("show", instance.id)["survivors"]["found"] == []
    assert "made by its sessions, and not ended: nothing" in operator.typed("show", instance.id).stdout


def test_no_terminal_obeys_a_name_that_a_thief_chose(operator: Operator, stack: Stack, lab: Lab) -> None:
    instance = lab.instance(profile=lab.profile())
    made = {"accessKey": {"accessKeyId": "\x1b[2J$(id)", "userName": "a\nb"}}
    happened(access_key(instance.id, responseElements=made))
    stack.tag_and_isolate(instance.id)
    for command in ("show", "history"):
        seen = operator.typed(command, instance.id, columns=200).stdout
        assert "\x1b" not in seen
        assert "$(" not in seen
    assert operator.answered("show", instance.id)["survivors"]["found"][0]["what"] == "__2J__id_"
