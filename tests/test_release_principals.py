"""Who may release, end to end: what CloudTrail shows of the last write of the control tag decides."""

import pytest

from tests.cloud import ACCOUNT, Lab
from tests.stack import Stack
from tests.test_release import world

RELEASER = f"arn:aws:iam::{ACCOUNT}:role/Releaser"


def test_only_a_release_principal_releases_and_only_once_cloudtrail_shows_it(
    stack: Stack, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELEASE_PRINCIPALS", RELEASER)
    instance = lab.instance()
    before = world(lab, instance)
    stack.tag_and_isolate(instance.id)
    lab.cloud.show_trail(shows=False)
    lab.cloud.call_as(f"arn:aws:sts::{ACCOUNT}:assumed-role/Releaser/alice")
    assert stack.tag_and_release(instance.id)["status"] == "Waiting"
    assert world(lab, instance) != before
    lab.cloud.show_trail(shows=True)
    assert stack.release(instance.id)["status"] == "Released"
    assert world(lab, instance) == before


def test_another_principal_is_refused_and_told(stack: Stack, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELEASE_PRINCIPALS", RELEASER)
    instance = lab.instance()
    stack.tag_and_isolate(instance.id)
    stack.announced()
    cut = world(lab, instance)
    outcome = stack.tag_and_release(instance.id)
    assert (outcome["status"], "user/analyst" in outcome["reason"]) == ("Held", True)
    assert world(lab, instance) == cut
    assert [subject.split(":")[0] for subject in stack.announced()] == ["Control tag tampering"]


def test_an_older_release_by_one_who_may_does_not_serve_one_who_may_not(
    stack: Stack, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELEASE_PRINCIPALS", RELEASER)
    instance = lab.instance()
    stack.tag_and_isolate(instance.id)
    lab.cloud.show_trail(shows=False)
    lab.cloud.call_as(f"arn:aws:sts::{ACCOUNT}:assumed-role/Releaser/alice")
    stack.tag_and_release(instance.id)
    lab.cloud.call_as(f"arn:aws:iam::{ACCOUNT}:user/mallory")
    stack.tag_and_isolate(instance.id)
    lab.cloud.show_trail(shows=True)
    assert stack.tag_and_release(instance.id)["status"] == "Held"


@pytest.mark.parametrize("principals", ["*", "arn:aws:*"])
def test_a_contained_instances_own_session_never_releases(
    stack: Stack, lab: Lab, monkeypatch: pytest.MonkeyPatch, principals: str
) -> None:
    monkeypatch.setenv("RELEASE_PRINCIPALS", principals)
    instance, other = lab.instance(), lab.instance()
    for one in (instance, other):
        stack.tag_and_isolate(one.id)
    cut = world(lab, instance)
    lab.cloud.call_as(f"arn:aws:sts::{ACCOUNT}:assumed-role/web/{other.id}")
    assert stack.tag_and_release(instance.id)["status"] == "Held"
    assert world(lab, instance) == cut
