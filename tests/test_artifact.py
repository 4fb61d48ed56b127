"""What `sam build` makes: whole, nothing too much, the same bytes each time, and it runs under Lambda's own client."""

import hashlib
import json
import os
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

from console.cloud.state import ANALYST
from console.policy_file import read
from quarantag.policy import canonical, load
from tests import findings
from tests.built import built_or_skipped
from tests.cloud import ACCOUNT, REGION, SESSION, STACK, TABLE, Lab
from tests.counted import Counted
from tests.runtime_interface import BuiltFunction, running
from tests.stack import KEY, tag_change
from tests.template import ROOT, Template

FUNCTIONS = {
    "TagFindingFunction": "tag_finding.handler",
    "IsolationLambdaFunction": "isolate.handler",
    "ReleaseFunction": "release.handler",
    "RevokeRoleSessionsFunction": "revoke.handler",
    "StackFunction": "stack.handler",
}
WHOLE = {
    *("isolate.py", "release.py", "revoke.py", "stack.py", "tag_finding.py", "quarantag", "policies", "models"),
    *("aws_lambda_powertools", "jmespath", "typing_extensions.py"),
}
MOST_BYTES = 6_000_000
Start = Callable[..., BuiltFunction]
POLICIES = sorted(path.stem for path in (ROOT / "policies").glob("*.yaml"))


@pytest.fixture(scope="session")
def artifact() -> Path:
    """The build; made anew only where a source is newer."""
    return built_or_skipped()


@pytest.fixture
def endpoint(lab: Lab) -> Iterator[str]:  # noqa: ARG001 - the server serves the lab's own state
    """The strict moto of `lab`, over HTTP for other processes."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def start(artifact: Path, endpoint: str, isolation_profile_arn: str, tmp_path: Path) -> Iterator[Start]:
    """Starts a built function with the environment that template.yaml sets, parameters given by name."""
    pytest.importorskip("awslambdaric", reason="Lambda's runtime interface client is installed on Linux only")
    place = {"AWS::Region": REGION, "AWS::AccountId": ACCOUNT, "AWS::StackName": STACK, "AWS::Partition": "aws"}
    known = {
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint,
        "ISOLATION_INSTANCE_PROFILE_ARN": isolation_profile_arn,
        "LEDGER_TABLE": TABLE,
        "NOTIFICATIONS_TOPIC_ARN": SESSION.client("sns").create_topic(Name="notifications")["TopicArn"],
    }
    with ExitStack() as undo:

        def one(name: str, **parameters: str) -> BuiltFunction:
            environment = Template(**place, **parameters).properties(name)["Environment"]["Variables"] | known
            (tmp_path / name).mkdir()
            return undo.enter_context(running(artifact / name, FUNCTIONS[name], environment, tmp_path / name))

        yield one


@pytest.fixture
def function(request: pytest.FixtureRequest, start: Start) -> BuiltFunction:
    """The built function that the test names."""
    return start(request.param, RevokeCredentials="role")


def tree(directory: Path) -> dict[str, tuple[str, int]]:
    """Digest and permissions of each file, by path."""
    return {
        str(path.relative_to(directory)): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            stat.S_IMODE(path.stat().st_mode),
        )
        for path in directory.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_artifact_holds_what_runs_in_lambda_and_nothing_else(artifact: Path, name: str) -> None:
    assert {path.name for path in (artifact / name).iterdir()} - {"__pycache__"} == WHOLE
    files = [path.relative_to(artifact / name) for path in (artifact / name).rglob("*") if path.is_file()]
    useless = {".yaml", ".md", ".so", ".toml"}
    assert [path for path in files if path.suffix in useless or {"tests", "boto3", "botocore"} & set(path.parts)] == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_bytecode_is_lambda_s_and_is_taken_without_asking_for_the_source_s_time(artifact: Path, name: str) -> None:
    """Where the build found that Python. The header: magic number, then flags (PEP 552); 1 is an unchecked hash."""
    compiled = list((artifact / name).rglob("*.pyc"))
    if not compiled:
        pytest.skip("built without Python 3.13: no bytecode")
    assert {path.name.split(".")[-2] for path in compiled} == {"cpython-313"}
    assert {path.read_bytes()[4:8] for path in compiled} == {b"\1\0\0\0"}
    assert {path.stem.partition(".")[0] for path in compiled} >= {
        "isolate",
        "release",
        "tag_finding",
        "wiring",
        "logger",
    }
    assert not any(str(artifact).encode() in path.read_bytes() for path in compiled)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_handler_that_the_template_names_is_there(artifact: Path, name: str) -> None:
    module, _, attribute = Template(RevokeCredentials="role").properties(name)["Handler"].partition(".")
    assert f"def {attribute}(" in (artifact / name / f"{module}.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("policy", POLICIES)
def test_each_policy_reaches_the_functions_through_sam_build_alone(artifact: Path, policy: str) -> None:
    written = canonical(read(ROOT / "policies" / f"{policy}.yaml").document)
    for name in FUNCTIONS:
        built = (artifact / name / "policies" / f"{policy}.json").read_text(encoding="utf-8")
        assert built.strip() == written
        assert load(json.loads(built)).rules
        assert sorted(path.stem for path in (artifact / name / "policies").iterdir()) == POLICIES


def test_all_functions_have_one_artifact_of_a_modest_size(artifact: Path, counted: Counted) -> None:
    first, *others = (tree(artifact / name) for name in FUNCTIONS)
    assert others == [first] * len(others)
    size = sum(path.stat().st_size for path in (artifact / "TagFindingFunction").rglob("*") if path.is_file())
    counted(f"artifact: {len(first)} files, {size / 1e6:.1f} MB unpacked")
    assert size < MOST_BYTES


def test_building_again_makes_the_same_bytes_whatever_the_umask(artifact: Path, tmp_path: Path) -> None:
    environment = os.environ | {"ARTIFACTS_DIR": str(tmp_path / "built")}
    (tmp_path / "built").mkdir()
    command = ["make", "--silent", "--makefile", "handlers/Makefile", "build-TagFindingFunction"]
    subprocess.run(command, cwd=ROOT, env=environment, umask=0o077, check=True)  # noqa: S603 - our own Makefile
    assert tree(tmp_path / "built") == tree(artifact / "TagFindingFunction")


@pytest.mark.parametrize("function", ["TagFindingFunction"], indirect=True)
def test_the_built_tagger_tags(function: BuiltFunction, lab: Lab, ledger_table: Any) -> None:  # noqa: ANN401, ARG001
    instance = lab.instance().id
    named = {"accountId": ACCOUNT, "region": REGION, "resource__instanceDetails__instanceId": instance}
    finding = findings.document(**named)
    event = {"source": "aws.guardduty", "detail-type": "GuardDuty Finding", "id": "event-1", "detail": finding}
    answer = function.invoke(event)
    assert answer.error is None
    assert [(one["instance_id"], one["action"]) for one in answer.response["decisions"]] == [(instance, "isolate")]
    assert lab.tags(instance)[KEY] == "Isolate"


@pytest.mark.parametrize("function", ["IsolationLambdaFunction"], indirect=True)
def test_the_built_isolator_isolates(function: BuiltFunction, lab: Lab, ledger_table: Any) -> None:  # noqa: ANN401, ARG001
    launched = lab.instance(tags={KEY: "Isolate"})
    answer = function.invoke(tag_change(launched.id, {KEY: "Isolate"}))
    assert answer.error is None
    assert [(one["instance_id"], one["status"]) for one in answer.response["cases"]] == [(launched.id, "Isolated")]
    (group,) = lab.groups(launched.interface_ids[0])
    assert lab.tags(group)["QuarantagStack"] == STACK


def test_the_built_releaser_gives_back(start: Start, lab: Lab, ledger_table: Any) -> None:  # noqa: ANN401, ARG001
    """With the groups and the profile, once CloudTrail shows that it was asked for by one who may."""
    profile = lab.profile()
    launched = lab.instance(profile=profile, tags={KEY: "Isolate"})
    assert start("IsolationLambdaFunction").invoke(tag_change(launched.id, {KEY: "Isolate"})).error is None
    lab.tag(launched.id, **{KEY: "Release"})
    releaser = start("ReleaseFunction", ReleasePrincipals=f"arn:aws:iam::{ACCOUNT}:role/Nobody,{ANALYST}")
    answer = releaser.invoke(tag_change(launched.id, {KEY: "Release"}))
    assert answer.error is None
    assert [(one["instance_id"], one["status"]) for one in answer.response["cases"]] == [(launched.id, "Released")]
    assert lab.groups(launched.interface_ids[0]) == [launched.networks[0].group_id]
    assert lab.association(launched.id)["IamInstanceProfile"]["Arn"] == profile


@pytest.mark.parametrize("function", list(FUNCTIONS)[:3], indirect=True)
def test_a_built_function_sweeps(function: BuiltFunction, ledger_table: Any) -> None:  # noqa: ANN401, ARG001
    answer = function.invoke({"sweep": True})
    assert answer.error is None
    assert list(answer.response.values()) == [[]]


@pytest.mark.parametrize(
    ("function", "error"),
    [
        ("TagFindingFunction", "InvalidFinding"),
        ("IsolationLambdaFunction", "InvalidEvent"),
        ("ReleaseFunction", "InvalidEvent"),
        ("RevokeRoleSessionsFunction", "InvalidEvent"),
        ("StackFunction", "InvalidEvent"),
    ],
    indirect=["function"],
)
def test_a_malformed_event_fails_the_invocation_with_its_reason(function: BuiltFunction, error: str) -> None:
    """Lambda then keeps it in the failed-events queue; and the next event is handled."""
    for event in ({"detail": "not a finding"}, {}):
        answer = function.invoke(event)
        assert answer.error is not None
        assert answer.error["errorType"] == error
        assert len(answer.error["errorMessage"]) > 20
