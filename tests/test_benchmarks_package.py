"""What a cold start reads does not grow unnoticed: modules that a function imports, and bytes of its package."""

from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.cold_start import CLIENTS
from benchmarks.footprint import FUNCTIONS, Function, built_code
from benchmarks.size import LIMIT_MB, imported, package_mb
from quarantag.aws import wiring
from quarantag.aws.wiring import Measuring
from quarantag.measures import Measure
from tests.cloud import Lab
from tests.faults import Faulty
from tests.stack import KEY, Stack
from tests.template import ROOT

MOST_MODULES = 480
"""Those of the interpreter, botocore and Powertools; a tenth more would be another library."""


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_more_modules_are_imported(function: str) -> None:
    modules = imported(ROOT / "handlers", function)
    assert len(modules) <= MOST_MODULES
    assert not modules & {"boto3", "s3transfer", "yaml", "jsonschema"}


def test_the_tagger_imports_nothing_of_what_isolates() -> None:
    modules = imported(ROOT / "handlers", "tag_finding")
    assert "quarantag.policy" in modules
    assert not modules & {"quarantag.plan", "quarantag.reconcile", "quarantag.steps", "quarantag.isolation"}


@pytest.mark.parametrize("function", ["isolate", "release"])
def test_no_measure_is_imported_before_one_is_asked_for(function: str, stack: Stack) -> None:  # noqa: ARG001 - environment
    modules = imported(ROOT / "handlers", function)
    assert "quarantag.reconcile" in modules
    assert not [name for name in modules if name.startswith("quarantag.measures.") or name == "quarantag.aws.measuring"]
    made = wiring.ports(wiring.base(), wiring.logger("test"), wiring.Measures).measures
    assert len(list(made)) == 9
    assert list(made) == list(made)


def test_measures_are_read_before_the_cut_goes_out(stack: Stack, lab: Lab) -> None:
    """Beside the cut, reading their modules would hold it up."""
    order: list[str] = []

    class Noting(Faulty):
        def call(self, name: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:  # noqa: ANN401
            order.append(name)
            return super().call(name, arguments, named)

    class Late:
        def __iter__(self) -> Iterator[Measure[Any]]:
            order.append("measures")
            return iter(())

    instance = lab.instance()
    lab.tag(instance.id, **{KEY: "Isolate"})
    assert (
        stack.reconcile(instance.id, instances=Noting(stack.ports().instances, ()), measures=Late()).status
        == "Isolated"
    )
    assert "measures" in order[: order.index("set_interface_groups")]


@pytest.mark.parametrize("measuring", [wiring.Measures, wiring.no_measures])
def test_a_first_answer_has_the_clients_that_the_naive_handler_makes(measuring: Measuring, stack: Stack) -> None:  # noqa: ARG001 - environment
    base = wiring.base()
    wiring.ports(base, wiring.logger("test"), measuring)
    assert base.clients.services == set(CLIENTS)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_package_stays_small(function: Function) -> None:
    code = built_code(function)
    if code is None:
        pytest.skip("nothing is built: `make build`")
    assert 1 < package_mb(code) < LIMIT_MB
