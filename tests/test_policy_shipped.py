"""The three policies that ship: what they promise holds for every finding, and they load in no time."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.compile_policies import main
from console.policy_file import load_checked, read
from quarantag import policy
from quarantag.decision import Action, Circumstances, decide
from quarantag.instance import Instance
from quarantag.policy import Policy
from tests.findings import ACCOUNT, INSTANCE, REGION, finding
from tests.test_decision import NOW

POLICIES = Path(__file__).parents[1] / "policies"
NAMES = ("default", "strict", "observe")
SHIPPED = {name: load_checked(POLICIES / f"{name}.yaml") for name in NAMES}
TYPES = ["Backdoor:EC2/Spambot", "Recon:EC2/Portscan", "UnauthorizedAccess:Runtime/TorRelay", "NewFamily:EC2/Unknown"]


def action(loaded: Policy, kind: str, severity: float, role: str | None, resource_type: str = "Instance") -> Action:
    parsed = finding(type=kind, severity=severity, service__resourceRole=role, resource__resourceType=resource_type)
    live = Instance(INSTANCE, "running", "vpc-0a1", {})
    return decide(parsed, parsed.instances[0], loaded, Circumstances(ACCOUNT, REGION, NOW, instance=live)).action


kinds = st.sampled_from(TYPES)
roles = st.sampled_from(["ACTOR", "TARGET", None])


@pytest.mark.parametrize("name", NAMES)
@given(kind=kinds, severity=st.floats(7.0, 10.0), role=roles)
def test_seven_or_more_on_an_instance_is_at_least_reviewed(
    name: str, kind: str, severity: float, role: str | None
) -> None:
    assert action(SHIPPED[name], kind, severity, role) in {"isolate", "review"}


@given(kind=kinds, severity=st.floats(0.1, 10.0), role=roles)
def test_observe_never_isolates(kind: str, severity: float, role: str | None) -> None:
    assert action(SHIPPED["observe"], kind, severity, role) in {"review", "ignore"}


@pytest.mark.parametrize("name", NAMES)
@given(kind=kinds, severity=st.floats(0.1, 10.0), role=roles)
def test_a_finding_about_something_else_is_ignored(name: str, kind: str, severity: float, role: str | None) -> None:
    assert action(SHIPPED[name], kind, severity, role, "S3Bucket") == "ignore"


@pytest.mark.parametrize("name", NAMES)
def test_strict_does_at_least_what_default_does(name: str) -> None:
    order = ["ignore", "review", "isolate"]
    for kind in TYPES:
        for role in ("ACTOR", "TARGET", None):
            for severity in (2.0, 5.0, 8.0, 9.0):
                found = order.index(action(SHIPPED[name], kind, severity, role))
                assert found <= order.index(action(SHIPPED["strict"], kind, severity, role))


def test_the_build_compiles_every_policy_to_the_json_that_the_functions_read(tmp_path: Path) -> None:
    assert main([str(POLICIES), str(tmp_path)]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["default.json", "observe.json", "strict.json"]
    for name in NAMES:
        document = json.loads((tmp_path / f"{name}.json").read_text())
        assert document == read(POLICIES / f"{name}.yaml").document
        assert policy.load(document) == SHIPPED[name]


def test_the_build_writes_nothing_when_one_policy_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = tmp_path / "policies", tmp_path / "built"
    source.mkdir()
    (source / "a.yaml").write_text((POLICIES / "default.yaml").read_text())
    (source / "b.yaml").write_text("version: 1\nrules: []\n")
    assert main([str(source), str(target)]) == 1
    assert capsys.readouterr().err.startswith(f"{source}/b.yaml:2:1: rules: no rule would ignore every finding")
    assert not target.exists()


@pytest.mark.parametrize("arguments", [[], ["a"], ["nowhere", "x"]])
def test_the_build_says_how_it_is_used(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_loading_the_default_policy_takes_a_few_milliseconds() -> None:
    document = json.loads(json.dumps(read(POLICIES / "default.yaml").document))
    taken = []
    for _ in range(20):
        start = time.perf_counter()
        policy.load(document)
        taken.append(time.perf_counter() - start)
    milliseconds = sorted(taken)[10] * 1000
    print(f"policy.load of default.yaml: {milliseconds:.2f} ms")  # noqa: T201 (shown with -s)
    assert milliseconds < 50
