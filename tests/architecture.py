"""The rules of DESIGN.md that no linter knows, each a check of one source file: it answers what is wrong and where."""

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[1]
CODE = ("handlers", "console", "tests", "benchmarks")
MOST_LINES = {"function": 30, "file": 250, "entry": 60}
ENTRIES = {"tag_finding.py", "isolate.py", "release.py", "revoke.py", "stack.py"}
BESIDE_ENTRIES = {"Makefile", "requirements.txt", "quarantag"}
SDK = {"boto3", "botocore", "s3transfer"}
IMPURE = {"asyncio", "io", "logging", "os", "pathlib", "random", "shutil", "socket", "subprocess", "time", "urllib"}
CLOCKS = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "time.time",
    "time.sleep",
    "time.monotonic",
}
ORCHESTRATES = {
    *("tagging", "reconcile", "isolation", "releasing", "sweep", "catchup", "telling", "leasing", "auditing", "digest"),
    *("observing", "takedown"),
    *("record", "report", "execution", "ports", "supporting", "aftermath"),
}
"""The modules of the core that may ask and change the world, through ports; the others only decide."""
PORTS = {"Announcer", "Bus", "Clock", "Findings", "Instances", "Ledger", "Ports", "SessionHistory", "Trail"}
CLIENTS = {
    *("handlers/quarantag/aws", "console/cloud", "console/demo"),
    *("console/deployed.py", "console/operate_aws.py", "console/catalogue_aws.py", "console/cut_models.py"),
    "console/replay/live.py",
}
"""Who may know the SDK: the functions' adapters, the local cloud and its demo, and the console's adapters."""
VAGUE = {"common", "helper", "helpers", "misc", "util", "utilities", "utils"}
BROAD = {"BaseException", "Exception"}


@dataclass(frozen=True, slots=True)
class Source:
    """One file: its path from the root, and its text."""

    path: PurePosixPath
    text: str

    @property
    def tree(self) -> ast.Module:
        """The parsed text."""
        return ast.parse(self.text)

    @property
    def is_entry(self) -> bool:
        """Whether it is a function's entry file."""
        return self.path.parent == PurePosixPath("handlers")

    @property
    def is_aws(self) -> bool:
        """Whether it is in the only package that may know the SDK."""
        return self.path.is_relative_to("handlers/quarantag/aws")

    @property
    def is_pure(self) -> bool:
        """Whether it is in the core."""
        return self.path.is_relative_to("handlers/quarantag") and not self.is_aws


def sources(root: Path = ROOT) -> Iterator[Source]:
    """Every source file of the project."""
    for part in CODE:
        for path in sorted((root / part).rglob("*.py")):
            yield Source(PurePosixPath(path.relative_to(root)), path.read_text(encoding="utf-8"))


def imports(source: Source) -> Iterator[tuple[int, str]]:
    """Line and full module name of each import; those for types only are imports, too."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield node.lineno, module
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def calls(source: Source) -> Iterator[tuple[int, str]]:
    """Line and dotted name of each attribute that is read, as written: `datetime.now`."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute):
            yield node.lineno, ast.unparse(node)


def pure_modules_import_the_standard_library_and_each_other(source: Source) -> Iterator[str]:
    """The core knows no SDK, no framework, no adapter."""
    allowed = sys.stdlib_module_names - IMPURE
    for line, name in imports(source) if source.is_pure else ():
        top = name.partition(".")[0]
        if name.startswith("quarantag.aws") or (top != "quarantag" and top not in allowed):
            yield f"{line}: imports {name}"


def pure_modules_ask_the_clock_port(source: Source) -> Iterator[str]:
    """No clock, no waiting, no file, no print in the core."""
    for line, name in calls(source) if source.is_pure else ():
        if ".".join(name.split(".")[-2:]) in CLOCKS:
            yield f"{line}: {name}"
    for node in ast.walk(source.tree) if source.is_pure else ():
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in {"open", "print", "input"}
        ):
            yield f"{node.lineno}: {node.func.id}()"


def what_decides_takes_no_port(source: Source) -> Iterator[str]:
    """It gets values and gives values; a step is applied to the port that it is given."""
    deciding = source.is_pure and source.path.stem not in ORCHESTRATES
    forbidden = {f"quarantag.{name}" for name in ORCHESTRATES - {"ports", "execution"}}
    if source.path.parent.name != "steps":
        forbidden |= {f"quarantag.{module}.{name}" for module in ("ports", "outlets") for name in PORTS}
    for line, name in imports(source) if deciding else ():
        if name in forbidden:
            yield f"{line}: imports {name}"


def only_aws_imports_the_sdk(source: Source) -> Iterator[str]:
    """In what is uploaded and in the console, but for their adapters and the local cloud, which is its client."""
    client = any(source.path.is_relative_to(one) for one in CLIENTS)
    bound = source.path.parts[0] in {"handlers", "console"} and not client
    for line, name in imports(source) if bound else ():
        if name.partition(".")[0] in SDK:
            yield f"{line}: imports {name}"


def only_wiring_reads_the_environment(source: Source) -> Iterator[str]:
    """Of what is uploaded; everything else gets `Settings`."""
    bound = source.path.parts[0] == "handlers" and source.path != PurePosixPath("handlers/quarantag/aws/wiring.py")
    for line, name in (*imports(source), *calls(source)) if bound else ():
        if name in {"os.environ", "os.getenv", "os.environb"}:
            yield f"{line}: {name}"


def budgets_are_kept(source: Source) -> Iterator[str]:
    """Functions, files and entry files are short; ruff counts complexity."""
    lines = len(source.text.splitlines())
    most = MOST_LINES["entry" if source.is_entry else "file"]
    if lines > most:
        yield f"1: {lines} lines, at most {most}"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MOST_LINES["function"]:
                yield f"{node.lineno}: {node.name} has {length} lines, at most {MOST_LINES['function']}"


def nothing_is_patched(source: Source) -> Iterator[str]:
    """State fakes and wrappers instead; third-party code may be patched in one place."""
    if source.path.is_relative_to("console/cloud"):
        return
    for line, name in imports(source):
        if name.startswith("unittest.mock") or name.partition(".")[0] in {"mock", "pytest_mock"}:
            yield f"{line}: imports {name}"
    for line, name in calls(source):
        if name.split(".")[-1] in {"setattr", "delattr", "setitem"} and "patch" in name.lower():
            yield f"{line}: {name}"


def nothing_is_caught_broadly(source: Source) -> Iterator[str]:
    """Not even to raise again: `finally` and context managers clean up."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler):
            caught = {"BaseException"} if node.type is None else {ast.unparse(one) for one in _types(node.type)}
            yield from (f"{node.lineno}: catches {name}" for name in sorted(caught & BROAD))


def _types(caught: ast.expr) -> list[ast.expr]:
    return caught.elts if isinstance(caught, ast.Tuple) else [caught]


def modules_are_named_by_what_they_do(source: Source) -> Iterator[str]:
    """No drawer for everything."""
    yield from (f"1: is called {part}" for part in source.path.with_suffix("").parts if part.lower() in VAGUE)


def the_code_root_holds_entry_files(source: Source) -> Iterator[str]:
    """Lambda imports the entry files as top-level modules: no package, no other module beside them."""
    if source.is_entry and source.path.name not in ENTRIES:
        yield f"1: {source.path.name} is none of {', '.join(sorted(ENTRIES))}"


CHECKS: tuple[Callable[[Source], Iterator[str]], ...] = (
    pure_modules_import_the_standard_library_and_each_other,
    pure_modules_ask_the_clock_port,
    what_decides_takes_no_port,
    only_aws_imports_the_sdk,
    only_wiring_reads_the_environment,
    budgets_are_kept,
    nothing_is_patched,
    nothing_is_caught_broadly,
    modules_are_named_by_what_they_do,
    the_code_root_holds_entry_files,
)
