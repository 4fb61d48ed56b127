"""The artifact's service models: every operation that an adapter calls, as botocore has it, nothing else is read."""

import re
from pathlib import Path

import pytest
from botocore import xform_name
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape
from botocore.session import get_session

from console.cut_models import main
from quarantag.aws import wiring
from quarantag.aws.clients import LEDGER, Clients
from tests.stack import Stack
from tests.template import ROOT, Template

ADAPTERS = ROOT / "handlers" / "quarantag" / "aws"
SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in sorted(ADAPTERS.glob("*.py")))
SERVICES = sorted(set(re.findall(r'\.(?:client|later)\(\s*"([\w-]+)"', SOURCE)))
CALLED = {*re.findall(r"\.(\w+)\(", SOURCE), *re.findall(r'get_paginator\("(\w+)"\)', SOURCE)}
BESIDE = {"endpoints.json", "partitions.json", "sdk-default-configuration.json", "_retry.json"}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("models")
    assert main([str(ADAPTERS), str(target)]) == 0
    return target


@pytest.fixture
def cut(models: Path) -> Loader:
    """Nothing but the cut models."""
    return Loader(extra_search_paths=[str(models)], include_default_search_paths=False)


def model(loader: Loader, service: str) -> ServiceModel:
    return ServiceModel(loader.load_service_model(service, "service-2"), service)


def outline(shape: Shape | None, seen: tuple[str, ...] = ()) -> object:
    """What a request or an answer is made of, but its prose."""
    if shape is None or shape.name in seen:
        return shape and shape.name
    inner = (*seen, shape.name)
    members = {name: outline(one, inner) for name, one in getattr(shape, "members", {}).items()}
    parts = [outline(getattr(shape, part), inner) for part in ("member", "key", "value") if hasattr(shape, part)]
    return shape.type_name, shape.serialization, sorted(shape.required_members) if members else [], members, parts


def outlines(operation: OperationModel) -> object:
    errors = [outline(one) for one in operation.error_shapes]
    return operation.http, outline(operation.input_shape), outline(operation.output_shape), errors


def test_every_service_that_a_client_is_made_of_is_there(models: Path) -> None:
    assert len(SERVICES) >= 7
    assert {path.name for path in models.iterdir()} == {*SERVICES, *BESIDE}


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_that_is_called_is_there_as_botocore_has_it(cut: Loader, service: str) -> None:
    whole, kept = get_session().get_service_model(service), model(cut, service)
    called = {name for name in whole.operation_names if xform_name(name) in CALLED}
    assert called
    assert called <= set(kept.operation_names)
    for name in kept.operation_names:
        assert outlines(kept.operation_model(name)) == outlines(whole.operation_model(name))


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("region", ["eu-central-1", "us-east-1", "us-gov-west-1", "cn-north-1"])
def test_endpoints_and_paging_are_botocore_s_own(models: Path, service: str, region: str) -> None:
    mine = Clients(region, str(models)).client(service)
    whole = get_session().create_client(service, region_name=region)
    assert mine.meta.endpoint_url == whole.meta.endpoint_url
    for name in mine.meta.method_to_api_mapping:
        assert mine.can_paginate(name) == whole.can_paginate(name)


def test_the_template_names_the_folder() -> None:
    for function in ("TagFindingFunction", "IsolationLambdaFunction", "ReleaseFunction"):
        assert Template().properties(function)["Environment"]["Variables"]["SERVICE_MODELS"] == "models"


@pytest.mark.parametrize("service", SERVICES)
def test_clients_are_made_from_that_folder_alone(models: Path, service: str) -> None:
    client = Clients("eu-central-1", str(models)).client(service)
    assert client.meta.method_to_api_mapping
    with pytest.raises(UnknownServiceError):
        Clients("eu-central-1", str(models)).client("sts")


def test_the_functions_read_nothing_but_that_folder(
    stack: Stack,  # noqa: ARG001 - its environment
    models: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LAMBDA_TASK_ROOT", str(models.parent))
    monkeypatch.setenv("SERVICE_MODELS", models.name)
    clients = wiring.base().clients
    assert clients.client("ec2").meta.method_to_api_mapping
    with pytest.raises(UnknownServiceError):
        clients.client("sts")


def test_who_asks_for_the_same_client_gets_the_same_one() -> None:
    clients = Clients("eu-central-1")
    assert clients.client("sns") is clients.later("sns")()
    assert clients.client("sns") is not clients.client("sns", LEDGER)


def test_cloudtrail_is_told_whose_calls_these_are() -> None:
    assert Clients("eu-central-1").client("sns").meta.config.user_agent.startswith("Quarantag Botocore/")


def test_it_says_how_it_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "ADAPTERS_DIR TARGET_DIR" in capsys.readouterr().err
