"""`decide` is total: whatever the finding and the circumstances, it answers, and keeps the design's promises."""

import re
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from quarantag.decision import Circumstances, decide, explain
from quarantag.finding import Finding, NamedInstance
from quarantag.instance import Instance
from tests.test_decision import exempting, loaded

texts = st.text(max_size=12)
places = st.tuples(
    st.sampled_from(["111122223333", "444455556666", "id"]), st.sampled_from(["eu-central-1", "us-east-1"])
)
times = st.none() | st.datetimes(timezones=st.just(UTC))
named = st.builds(
    lambda instance_id, place, problem: NamedInstance(instance_id, place[0], place[1], problem),
    st.none() | st.sampled_from(["i-99999999", "i-0aaaaaaaaaaaaaaa1"]),
    places,
    texts,
)
findings = st.builds(
    Finding,
    id=texts,
    type=texts | st.sampled_from(["Backdoor:EC2/Spambot", "AttackSequence:EC2/CompromisedInstanceGroup"]),
    severity=st.floats(0.01, 10.0),
    account=texts,
    region=texts,
    resource_type=st.none() | texts | st.sampled_from(["Instance", "AttackSequence", "Container", "AccessKey"]),
    resource_role=st.none() | texts,
    instances=st.just(()),
    sample=st.booleans(),
    archived=st.booleans(),
    count=st.integers(1, 2**31 - 1),
    feature=st.none() | texts,
    sequence=st.booleans(),
    last_seen=times,
    title=texts,
)
tags = st.dictionaries(st.sampled_from(["Honeypot", "AnyExempt", "x"]), texts, max_size=2)
instances = st.none() | st.builds(
    Instance, texts, st.sampled_from(["running", "stopped", "terminated", "?"]), st.none() | texts, tags
)
circumstances = st.builds(
    lambda place, **more: Circumstances(*place, **more),
    places,
    now=st.datetimes(timezones=st.just(UTC)),
    act_on_sample_findings=st.booleans(),
    exempt_key=st.sampled_from(["AnyExempt", "OtherExempt", None]),
    instance=instances,
    released_at=times,
)
POLICIES = [
    loaded(),
    exempting({"account": "111122223333"}, "9999-12-31"),
    exempting({"instance_tags": {"AnyExempt": "*"}}),
]


@given(findings, st.none() | named, st.sampled_from(POLICIES), circumstances)
@settings(max_examples=500)
def test_whatever_is_asked_is_decided(
    finding: Finding, about: NamedInstance | None, policy: object, where: Circumstances
) -> None:
    chosen = next(known for known in POLICIES if known is policy)
    decision = decide(finding, about, chosen, where)
    assert decision == explain(finding, about, chosen, where).decision
    assert decision.reason
    assert re.fullmatch(r"[\w +\-=.:/@]+", decision.reason)
    if decision.action != "ignore":
        assert not finding.archived
        assert not finding.sample or where.act_on_sample_findings
        assert about is not None
    if decision.action in {"isolate", "review"}:
        assert about is not None
        assert (decision.instance_id, decision.account, decision.region) == (
            about.instance_id,
            where.account,
            where.region,
        )
        assert where.instance is not None
        assert not where.instance.ended
        assert decision.rule is not None


def test_the_reason_of_a_hold_can_be_a_tag_value_whatever_was_written() -> None:
    odd = NamedInstance(None, "111122223333", "eu-central-1", "'<script>' & \"é\" \U0001f512")
    plain = Finding(
        id="f",
        type="AttackSequence:EC2/X",
        severity=9.0,
        account="111122223333",
        region="eu-central-1",
        resource_type="AttackSequence",
        resource_role=None,
        instances=(odd,),
        sample=False,
        archived=False,
        count=1,
        feature=None,
        sequence=True,
        last_seen=None,
    )
    where = Circumstances("111122223333", "eu-central-1", datetime(2026, 1, 1, tzinfo=UTC))
    assert decide(plain, odd, POLICIES[0], where).reason == "An instance can not be resolved: script é"
