"""Reading a policy file: YAML whose every value has a line and a column, and whose scalars surprise nobody.

Needs PyYAML and the standard library only: the build runs it outside the console's environment.
"""

import math
import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from console.plain_yaml import plainly
from quarantag import expectations, policy
from quarantag.errors import InvalidPolicy
from quarantag.policy import Policy

Place = tuple[str | int, ...]
SCALARS = (
    ("tag:yaml.org,2002:null", re.compile(r"^(?:null|~|)$"), ["n", "~", ""]),
    ("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf")),
    ("tag:yaml.org,2002:int", re.compile(r"^-?(?:0|[1-9][0-9]{0,300})$"), list("-0123456789")),
    ("tag:yaml.org,2002:float", re.compile(r"^-?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+]?[0-9]+)?$"), list("-0123456789")),
)
"""Plain scalars as in JSON: `no`, `1:30`, `010` and `2027-01-31` stay texts."""


class UnreadableFile(Exception):
    """A file that can't be read at all; its text is one line for a person."""


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers = {}  # noqa: RUF012 (PyYAML's own way to say which plain scalars are special)


for _tag, _pattern, _first in SCALARS:
    _Loader.add_implicit_resolver(_tag, _pattern, _first)


@dataclass(slots=True)
class PolicyFile:
    """A parsed file: its document as JSON values, and the line and column (from 1) of each place in it."""

    name: str
    document: object = None
    marks: dict[Place, tuple[int, int]] = field(default_factory=dict)

    def where(self, path: Place) -> str:
        """`file:line:column` of the place, or of the nearest one around it."""
        while path and path not in self.marks:
            path = path[:-1]
        line, column = self.marks.get(path, (1, 1))
        return f"{self.name}:{line}:{column}"


def load_checked(path: Path) -> Policy:
    """Read, validate and test a policy file.

    Raises `UnreadableFile`, or `RefusedFile` with `file:line:column: message`.
    """
    return check(read(path))


def check(source: PolicyFile) -> Policy:
    """Validate the parsed file and run its expectations; raises `RefusedFile`."""
    try:
        loaded = policy.load(source.document)
        expectations.check(loaded)
    except InvalidPolicy as error:
        raise RefusedFile(source.where(error.path), error) from error
    return loaded


class RefusedFile(Exception):
    """A policy file that is refused; its text is `file:line:column: rules[2].match: what to write instead`."""

    def __init__(self, where: str, error: InvalidPolicy) -> None:
        super().__init__(f"{where}: {error}")
        self.where = where
        self.error = error


def read(path: Path) -> PolicyFile:
    """Parse the file; raises `UnreadableFile`, or `RefusedFile` for what is no plain YAML."""
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        problem = f"{path}: can't be read: {reason}: name a YAML policy file"
        raise UnreadableFile(problem) from error
    return parse(content, str(path))


def parse(content: str, name: str) -> PolicyFile:
    """Parse YAML text called `name`; raises `RefusedFile`."""
    source = PolicyFile(name)
    try:
        loader = _Loader(content)
        node = loader.get_single_node()
        source.document = _Builder(source).build(node, ()) if node else None
    except yaml.YAMLError as error:
        line, column, problem = plainly(error, content)
        raise RefusedFile(f"{name}:{line}:{column}", InvalidPolicy(f"not YAML: {problem}")) from error
    except RecursionError as error:
        raise RefusedFile(f"{name}:1:1", InvalidPolicy("nested too deeply for a policy")) from error
    except InvalidPolicy as error:
        raise RefusedFile(source.where(error.path), error) from error
    return source


class _Builder:
    """Makes JSON values of YAML nodes, and remembers where each stood."""

    def __init__(self, source: PolicyFile) -> None:
        self.source = source
        self.seen: set[int] = set()

    def build(self, node: yaml.Node, path: Place) -> object:
        """The value of the node; mapping entries are marked at their key."""
        self.source.marks.setdefault(path, (node.start_mark.line + 1, node.start_mark.column + 1))
        if id(node) in self.seen:
            raise InvalidPolicy("an alias (*name): write the value out, policies are read by people", path)
        self.seen.add(id(node))
        if isinstance(node, yaml.MappingNode) and node.tag.endswith(":map"):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag.endswith(":seq"):
            return [self.build(item, (*path, position)) for position, item in enumerate(node.value)]
        return _scalar(node, path)

    def _mapping(self, node: yaml.Node, path: Place) -> dict[object, object]:
        built: dict[object, object] = {}
        for key_node, value_node in node.value:
            place = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            key = _scalar(key_node, path) if isinstance(key_node, yaml.ScalarNode) else None
            if not isinstance(key, str):
                self.source.marks[(*path, str(key))] = place
                raise InvalidPolicy("a key that is not a text: write it in quotes", (*path, str(key)))
            if key in built:
                self.source.marks[(*path, key)] = place
                raise InvalidPolicy(f"the key {key} stands here twice: leave one out", (*path, key))
            self.source.marks[(*path, key)] = place
            built[key] = self.build(value_node, (*path, key))
        return built


def _scalar(node: yaml.Node, path: Place) -> object:
    kind, value = node.tag.removeprefix("tag:yaml.org,2002:"), str(node.value)
    if kind == "str":
        return value
    if kind == "null":
        return None
    if kind == "bool" and value in {"true", "false"}:
        return value == "true"
    if kind in {"int", "float"} and any(tag == node.tag and pattern.match(value) for tag, pattern, _ in SCALARS):
        return _number(kind, value, path)
    raise InvalidPolicy(f"the YAML tag {node.tag} is not for policies: write plain values", path)


def _number(kind: str, value: str, path: Place) -> int | float:
    number = int(value) if kind == "int" else float(value)
    if isinstance(number, float) and not math.isfinite(number):
        raise InvalidPolicy("a number too large: write a smaller one", path)
    return number
