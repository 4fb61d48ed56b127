"""`quarantag history`: every entry and case of an instance, as a timeline and as JSON."""

from tests.cloud import Lab
from tests.operators import Operator
from tests.stack import Stack, about


def test_history_tells_all_that_is_recorded_in_order(operator: Operator, stack: Stack, lab: Lab) -> None:
    instance, other = lab.instance(profile=lab.profile()), lab.instance()
    stack.find(about(instance.id))
    stack.isolate(instance.id)
    stack.tag_and_isolate(other.id)
    stack.tag_and_release(instance.id)
    stack.tag_and_isolate(instance.id)

    document = operator.answered("history", instance.id)

    items = [item for item in stack.items() if item["pk"] == instance.id]
    assert len(document["entries"]) == sum(item["sk"].startswith("entry#") for item in items) > 10
    times = [entry["at"] for entry in document["entries"]]
    assert times == sorted(times)
    assert document["entries"][0]["kind"] == "decision"
    assert document["entries"][0]["detail"]["rule"] == "command-and-control"
    assert [case["status"] for case in document["cases"]] == ["Released", "Isolated"]
    assert document["cases"][0]["closed_at"] < document["cases"][1]["opened_at"]


def test_the_timeline_says_what_who_and_how_it_ended(operator: Operator, stack: Stack, lab: Lab) -> None:
    instance = lab.instance(profile=lab.profile())
    finding = about(instance.id)
    stack.find(finding)
    stack.isolate(instance.id)
    stack.tag_and_release(instance.id)
    told = operator.typed("history", instance.id, columns=200).stdout
    for said in (
        "decision: isolate",
        f"finding {finding['id']}, rule command-and-control",
        "SetInterfaceGroups",
        instance.interface_ids[0],
        "case opened",
        "release started",
    ):
        assert said in told
    assert told.index("decision: isolate") < told.index("case opened") < told.index("release started")


def test_what_failed_is_in_the_timeline(operator: Operator, stack: Stack, lab: Lab) -> None:
    instance = lab.instance()
    (interface,) = instance.interface_ids
    lab.cloud.refuse("ModifyNetworkInterfaceAttribute", interface, "UnauthorizedOperation")
    stack.tag_and_isolate(instance.id)
    assert "UnauthorizedOperation" in operator.typed("history", instance.id, columns=200).stdout


def test_an_instance_of_which_nothing_is_recorded_is_no(operator: Operator, lab: Lab) -> None:
    instance = lab.instance()
    result = operator.typed("history", instance.id)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"nothing is recorded about {instance.id}\n"
    assert operator.answered("history", instance.id, code=1)["entries"] == []
