"""What the functions find of their artifact, and invoking one as Lambda does, but with pauses a tenth as long."""

from dataclasses import replace
from types import ModuleType
from typing import Any, cast

import pytest

import isolate
import release
from console.compile_policies import main as compile_policies
from console.cut_models import main as cut_models
from quarantag.aws import wiring

_OF_A_PAUSE = 0.1
_PAUSING = (isolate, release)


class Hasty(wiring.SystemClock):
    """The machine's time, in a world that agrees with itself at once, as moto does."""

    def sleep(self, seconds: float) -> None:
        """Wait for a part of it."""
        super().sleep(seconds * _OF_A_PAUSE)


def invoke(function: ModuleType, event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's
    """Answer what this handler module answers."""
    if function not in _PAUSING:
        return cast("dict[str, Any]", function.handler(event, context))
    wired = wiring.wired(function.__name__, wiring.Measures)
    hasty = wired._replace(ports=replace(wired.ports, clock=Hasty()))
    return cast("dict[str, Any]", function.respond(event, context, hasty))


@pytest.fixture(scope="session")
def task_root(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the functions read of the artifact: policies and service models."""
    root = tmp_path_factory.mktemp("artifact")
    assert compile_policies(["policies", str(root / "policies")]) == 0
    assert cut_models(["handlers/quarantag/aws", str(root / "models")]) == 0
    return str(root)
