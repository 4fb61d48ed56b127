"""`quarantag isolate`, `review`, `release`: they ask, write the tag and nothing else, and say how it ended."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from console.cloud.state import TagEvent
from quarantag.errors import Terminal
from tests.cloud import Lab
from tests.faults import Fault
from tests.operators import Operator
from tests.stack import KEY, Stack

ROOT = Path(__file__).parents[1]
DENIED = Terminal("UnauthorizedOperation: no")


def printed(capsys: pytest.CaptureFixture[str]) -> Any:  # noqa: ANN401
    return json.loads(capsys.readouterr().out.splitlines()[-1])  # the functions' own log goes there too


def test_isolate_writes_the_tag_and_waits_until_it_is_isolated(
    operator: Operator, stack: Stack, lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    instance = lab.instance(tags={"Name": "web-1"})
    command = operator.tagging("isolate", instance, reason="ticket 42: beaconing")

    code = command.run(lambda: None, lambda: stack.isolate(instance.id))

    assert code == 0
    document = printed(capsys)
    assert document.pop("seconds") >= 2
    assert document == {
        "instance_id": instance.id,
        "asked": "Isolate",
        "ok": True,
        "ended": True,
        "status": "Isolated",
        "reason": "verified",
    }
    written: list[TagEvent] = operator.written()
    first = next(event for event in written if instance.id in event["resources"][0] and KEY in event["detail"]["tags"])
    assert sorted(first["detail"]["changed-tag-keys"]) == [KEY, f"{KEY}Reason"]
    assert lab.tags(instance.id)[f"{KEY}Reason"] == "ticket 42: beaconing"
    assert command.asked[0].startswith(f"{instance.id} (web-1) in 123456789012 eu-central-1 loses its network")
    assert command.asked[0].endswith(f"Write {KEY}=Isolate?")


def test_without_a_yes_nothing_is_written(operator: Operator, lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    instance = lab.instance()
    before = operator.written()
    assert operator.tagging("isolate", instance, yes=False).run() == 1
    assert (operator.written(), lab.tags(instance.id)) == (before, {})
    assert "nothing was written" in capsys.readouterr().err


def test_nobody_is_asked_where_there_is_no_terminal(operator: Operator, lab: Lab) -> None:
    instance = lab.instance()
    result = operator.typed("isolate", instance.id, stdin="y\n")
    assert result.exit_code == 2
    assert "give --yes" in result.output
    assert lab.tags(instance.id) == {}


@pytest.mark.parametrize(("typed", "agreed"), [("y\n", "True"), ("n\n", "False"), ("\n", "False")])
def test_at_a_terminal_it_asks(typed: str, agreed: str) -> None:
    ours, theirs = os.openpty()
    os.write(ours, typed.encode())
    code = "from console.operate import confirm; print(confirm('It loses its network.\\nWrite it?'))"
    path = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "handlers")])}
    ended = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], stdin=theirs, env=os.environ | path, capture_output=True, text=True, check=True
    )
    os.close(ours)
    os.close(theirs)
    assert ended.stdout.strip() == agreed
    assert ended.stderr.startswith("It loses its network.\nWrite it? [y/N]")


def test_yes_asks_nobody(operator: Operator, lab: Lab) -> None:
    instance = lab.instance()
    document = operator.answered("isolate", instance.id, "--yes", "--no-wait")
    assert (document["ok"], document["ended"], document["status"]) == (True, False, None)
    assert lab.tags(instance.id) == {KEY: "Isolate"}


@pytest.mark.parametrize(("verb", "value"), [("isolate", "Isolate"), ("review", "Review"), ("release", "Release")])
def test_the_control_tag_is_all_that_is_written(
    operator: Operator, stack: Stack, lab: Lab, verb: str, value: str
) -> None:
    instance = lab.instance(tags={"Name": "web-1"})
    if verb == "release":
        stack.tag_and_isolate(instance.id)
    before, items = lab.tags(instance.id), stack.items()
    operator.answered(verb, instance.id, "--yes", "--no-wait")
    assert lab.tags(instance.id) == before | {KEY: value}
    assert stack.items() == items


def test_it_says_no_where_the_isolation_failed(
    operator: Operator, stack: Stack, lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    instance = lab.instance(profile=lab.profile())
    failing = Fault("replace_profile", DENIED)
    assert operator.tagging("isolate", instance).run(lambda: stack.reconcile(instance.id, failing)) == 1
    document = printed(capsys)
    assert (document["ok"], document["ended"], document["status"]) == (False, True, "Failed")
    assert "UnauthorizedOperation" in document["reason"]


def test_it_says_no_where_the_ceiling_holds_it(
    operator: Operator, stack: Stack, lab: Lab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MAX_CONTAINMENTS_PER_HOUR", "1")
    first, second = lab.instance(), lab.instance()
    stack.tag_and_isolate(first.id)
    assert operator.tagging("isolate", second).run(lambda: stack.reconcile(second.id)) == 1
    assert printed(capsys)["status"] == "Held"


def test_it_says_no_where_nothing_happens_in_time(
    operator: Operator, lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    instance = lab.instance()
    command = operator.tagging("isolate", instance, timeout_seconds=5.0)
    assert command.run() == 1
    document = printed(capsys)
    assert (document["ended"], document["status"], document["seconds"]) == (False, None, 5.0)
    assert "there is no status tag" in document["reason"]
    assert command.clock.slept == 5.0


def test_a_status_from_before_is_not_taken_for_the_answer(
    operator: Operator, stack: Stack, lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    instance = lab.instance()
    stack.tag_and_isolate(instance.id)
    lab.tag(instance.id, **{KEY: ""})
    vpc = instance.networks[0]
    lab.ec2.modify_network_interface_attribute(NetworkInterfaceId=instance.interface_ids[0], Groups=[vpc.group_id])
    assert lab.tags(instance.id)[f"{KEY}Status"] == "Isolated: verified"
    assert operator.tagging("isolate", instance, timeout_seconds=10.0).run() == 1
    assert not printed(capsys)["ended"]
    assert operator.tagging("isolate", instance).run(lambda: stack.isolate(instance.id)) == 0
    assert printed(capsys)["status"] == "Isolated"


def test_what_is_isolated_already_is_told_at_once(
    operator: Operator, stack: Stack, lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    instance = lab.instance()
    stack.tag_and_isolate(instance.id)
    command = operator.tagging("isolate", instance)
    assert command.run() == 0
    assert (printed(capsys)["status"], command.clock.slept) == ("Isolated", 0.0)


def test_release_waits_until_it_is_released(
    operator: Operator, stack: Stack, lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    instance = lab.instance()
    stack.tag_and_isolate(instance.id)
    assert operator.tagging("release", instance).run(lambda: stack.release(instance.id)) == 0
    document = printed(capsys)
    assert (document["asked"], document["status"]) == ("Release", "Released")
    assert lab.groups(instance.interface_ids[0]) == [instance.networks[0].group_id]


def test_release_without_a_case_writes_nothing(operator: Operator, lab: Lab) -> None:
    instance = lab.instance()
    result = operator.typed("release", instance.id, "--yes")
    assert (result.exit_code, lab.tags(instance.id)) == (1, {})
    assert "has no open case" in result.stderr


def test_release_says_who_may_and_how_long_cloudtrail_takes(operator: Operator, stack: Stack, lab: Lab) -> None:
    operator.deploy("guarded", ReleasePrincipals="arn:aws:iam::123456789012:role/Releaser")
    instance = lab.instance()
    stack.tag_and_isolate(instance.id)
    command = operator.tagging("release", instance, yes=False)
    assert command.run(stack="guarded") == 1
    assert "role/Releaser" in command.asked[0]
    assert "up to 15 minutes" in command.asked[0]


def test_a_tag_that_somebody_changed_meanwhile_ends_the_wait(
    operator: Operator, lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    instance = lab.instance()
    assert operator.tagging("isolate", instance).run(lambda: lab.tag(instance.id, **{KEY: "Release"})) == 1
    assert "somebody else changed it" in printed(capsys)["reason"]


def test_an_instance_that_ends_meanwhile_ends_the_wait(
    operator: Operator, lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    instance = lab.instance()
    assert (
        operator.tagging("isolate", instance).run(lambda: lab.ec2.terminate_instances(InstanceIds=[instance.id])) == 1
    )
    assert printed(capsys)["status"] == "Ended"


def test_a_stack_that_only_observes_is_not_waited_for(
    operator: Operator, lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    operator.deploy("watching", Mode="observe")
    instance = lab.instance()
    command = operator.tagging("isolate", instance)
    assert command.run(stack="watching") == 1
    assert "Mode is observe" in command.asked[0]
    assert "Mode is observe" in printed(capsys)["reason"]


def test_review_of_an_isolated_instance_says_that_it_releases_nothing(
    operator: Operator, stack: Stack, lab: Lab
) -> None:
    instance = lab.instance()
    stack.tag_and_isolate(instance.id)
    command = operator.tagging("review", instance, yes=False)
    assert command.run() == 1
    assert "a review never releases" in command.asked[0]


def test_as_typed_with_the_functions_working_beside_it(operator: Operator, stack: Stack, lab: Lab) -> None:
    instance, tagged = lab.instance(), threading.Event()

    def listen(event: TagEvent) -> None:
        if KEY in event["detail"]["changed-tag-keys"]:
            tagged.set()

    def work() -> None:
        assert tagged.wait(30)
        stack.isolate(instance.id)

    lab.cloud.subscribe(listen)
    function = threading.Thread(target=work)
    function.start()
    result = operator.typed("isolate", instance.id, "--yes", "--timeout", "60")
    function.join()
    assert result.exit_code == 0
    assert f"Isolated  {instance.id}: verified (" in result.stdout
