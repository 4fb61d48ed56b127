"""Lists that may grow with the input: lines of JSON in a temporary file, once they are long."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from itertools import islice

_IN_MEMORY = 1 << 20
"""Bytes; what is longer goes to disk."""


class Spool:
    """An append-only list of JSON objects; read it when all is written."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="utf-8")  # noqa: SIM115 (lives as long as the spool)
        self._number = 0

    def add(self, entry: Mapping[str, object]) -> None:
        """Append one."""
        self._file.write(json.dumps(entry, separators=(",", ":")) + "\n")
        self._number += 1

    def __len__(self) -> int:
        return self._number

    def texts(self) -> Iterator[str]:
        """Each entry as JSON."""
        self._file.seek(0)
        yield from (line.rstrip("\n") for line in self._file)

    def first(self, number: int) -> list[dict[str, object]]:
        """So many of the first entries."""
        return [json.loads(text) for text in islice(self.texts(), number)]
