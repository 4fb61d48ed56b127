"""`python -m console.cut_models ADAPTERS_DIR TARGET_DIR`: botocore's service models, cut to what the adapters call.

EC2's model has 700 operations, of which the functions need 20; reading all of it is most of what making a client costs.
`sam build` runs this over `handlers/quarantag/aws`; template.yaml names the folder by `SERVICE_MODELS`, for the loader
(https://botocore.amazonaws.com/v1/documentation/api/latest/reference/loaders.html). The functions look nowhere
else, since botocore would list 900 folders of its own to know its services: what it needs beside the models goes along.
No service is listed by hand: it is a string and an operation a word of the adapters' sources, so that a new call is
there with the next build.
"""

import ast
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from botocore import xform_name
from botocore.loaders import Loader

USAGE = "usage: python -m console.cut_models ADAPTERS_DIR TARGET_DIR"
_BESIDE = ("partitions", "sdk-default-configuration", "_retry")
Model = dict[str, Any]


def main(arguments: list[str]) -> int:
    """Write the cut models in botocore's own layout. Answers the exit code."""
    if len(arguments) != 2:  # noqa: PLR2004 (the two directories)
        sys.stderr.write(f"{USAGE}\n")
        return 2
    source, target = map(Path, arguments)
    words = frozenset(_words(source))
    loader = Loader(include_default_search_paths=False, extra_search_paths=[Loader.BUILTIN_DATA_PATH])
    services = sorted(words.intersection(loader.list_available_services("service-2")))
    for service in services:
        version = loader.determine_latest_version(service, "service-2")
        for kind, model in _models(loader, service, version, words):
            _write(target / service / version / f"{kind}.json", model)
    for name in _BESIDE:
        _write(target / f"{name}.json", loader.load_data(name))
    _write(target / "endpoints.json", _endpoints(loader.load_data("endpoints"), services))
    return 0


def _words(source: Path) -> Iterator[str]:
    """Every attribute that is asked for and every string constant of the sources."""
    for path in source.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                yield node.attr
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def _models(loader: Loader, service: str, version: str, words: frozenset[str]) -> Iterator[tuple[str, Model]]:
    whole = loader.load_service_model(service, "service-2", version)
    operations = {name: one for name, one in whole["operations"].items() if xform_name(name) in words}
    yield "service-2", _undocumented({**whole, "operations": operations, "shapes": _shapes(whole, operations)})
    pages = loader.load_service_model(service, "paginators-1", version)["pagination"]
    yield "paginators-1", {"pagination": {name: one for name, one in pages.items() if name in operations}}
    yield "endpoint-rule-set-1", _undocumented(loader.load_service_model(service, "endpoint-rule-set-1", version))


def _shapes(model: Model, operations: Model) -> Model:
    """The shapes that these operations need, directly or through others."""
    needed: Model = {}
    left = [name for one in operations.values() for name in _named(one)]
    while left:
        name = left.pop()
        if name not in needed:
            needed[name] = model["shapes"][name]
            left += _named(needed[name])
    return {name: shape for name, shape in model["shapes"].items() if name in needed}


def _named(part: Mapping[str, Any]) -> list[str]:
    """Names of the shapes that an operation or a shape refers to."""
    parts = [part[key] for key in ("input", "output", "member", "key", "value") if key in part]
    parts += [*part.get("errors", ()), *part.get("members", {}).values()]
    return [one["shape"] for one in parts]


def _undocumented(part: Any) -> Any:  # noqa: ANN401 - any JSON value
    """The same without its prose; a member that is called `documentation` is a mapping, and stays."""
    if isinstance(part, dict):
        return {
            key: _undocumented(value)
            for key, value in part.items()
            if key != "documentation" or not isinstance(value, str)
        }
    return [_undocumented(one) for one in part] if isinstance(part, list) else part


def _endpoints(whole: Model, services: list[str]) -> Model:
    """Every partition and Region, with these services only."""

    def cut(partition: Model) -> Model:
        return {**partition, "services": {name: one for name, one in partition["services"].items() if name in services}}

    return {**whole, "partitions": [cut(partition) for partition in whole["partitions"]]}


def _write(path: Path, model: Model) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(model, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
