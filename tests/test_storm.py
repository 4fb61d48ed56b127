"""Findings at once, end to end over strict moto: some messages of each kind and one digest, never a mail for each.

150 in `make test`, 500 in `make soak`.
"""

import isolate
from quarantag.digest import MOST_OF_A_KIND
from tests.cloud import IMAGE, Lab
from tests.counted import Counted
from tests.length import SOAKING
from tests.stack import Stack, about

FINDINGS = 500 if SOAKING else 150
WINDOWS = 2
"""The storm may begin in one window of ten minutes and end in the next."""


def test_a_storm_of_findings_sends_a_digest_not_a_mail_for_each(stack: Stack, lab: Lab, counted: Counted) -> None:
    launched = lab.ec2.run_instances(ImageId=IMAGE, MinCount=FINDINGS, MaxCount=FINDINGS, SubnetId=lab.vpc().subnet_id)[
        "Instances"
    ]
    instances = [one["InstanceId"] for one in launched]
    actions = [stack.find(about(one, id=f"finding-{one}"))[0]["action"] for one in instances]
    isolated = [one for one, action in zip(instances, actions, strict=True) if action == "isolate"]
    assert {"isolate", "hold"} == set(actions), "the policy's limit holds the rest for a human"
    for instance_id in isolated:
        assert stack.isolate(instance_id)["status"] == "Isolated"
    at_once = stack.announced()
    assert len(at_once) <= 2 * WINDOWS * MOST_OF_A_KIND, "two kinds of message"
    stack.sweep(isolate)
    digests = [one for one in stack.announced() if one.startswith("Digest of")]
    assert len(digests) == 1
    waited = sum(1 for item in stack.items() if item["pk"] == "digest")
    assert len(at_once) + waited >= FINDINGS, "nobody is left out"
    counted(f"a storm of {FINDINGS} findings: {len(at_once)} messages and {len(digests)} digest")
