"""Files of findings, cut into pieces that can be read side by side; nothing is held but one block at a time.

Lines of JSON are cut at line ends; a compressed file is one piece, and so is a file that is one JSON document.
GuardDuty exports `AWSLogs/ACCOUNT/GuardDuty/REGION/YYYY/MM/DD/*.jsonl.gz`:
https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_exportfindings.html
"""

import gzip
import json
import math
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO

from console.replay.deciding import Decider, not_json
from console.replay.tally import Part, Rejection

SUFFIXES = (".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz", ".ndjson.gz")
"""The files of a folder that are read; a file that is named itself is read whatever it is called."""
LINES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")
GZIP_MAGIC = b"\x1f\x8b"
PIECE = 32 << 20
BLOCK = 1 << 20
LONGEST_HEAD = 16 << 10
"""Of a file of unknown form, looked at for a line that is JSON by itself: bytes."""


class NoFindings(Exception):
    """A path where nothing can be read; its text is one line for a person."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole lines of a file, from byte `start` to `end`; all of the file where `end` is None. `size` is in bytes."""

    path: Path
    start: int = 0
    end: int | None = None
    size: int = 0


def pieces(paths: Iterable[Path], piece: int = PIECE) -> list[Piece]:
    """The pieces of these files and folders, each file once, in a stable order; raises `NoFindings`."""
    files: dict[Path, Path] = {}
    for path in paths:
        for file in _files(path):
            files.setdefault(file.resolve(), file)
    return [one for file in files.values() for one in _cut(file, piece)]


def _files(path: Path) -> list[Path]:
    try:
        if not path.is_dir():
            if not S_ISREG(path.stat().st_mode):  # a pipe can't be read twice: its form first, then its records
                raise NoFindings(f"{path}: no file and no folder: save the findings to a file, and name that")
            return [path]
        found = sorted(one for one in path.rglob("*") if one.name.lower().endswith(SUFFIXES) and one.is_file())
    except OSError as error:
        raise NoFindings(f"{path}: can't be read: {error.strerror}: name files or folders of findings") from error
    if not found:
        raise NoFindings(f"{path}: no file of findings in it: they end in {', '.join(SUFFIXES)}")
    return found


def _cut(file: Path, piece: int) -> Iterator[Piece]:
    size = file.stat().st_size
    if size <= piece or file.name.lower().endswith(".gz") or not _is_lines(file):
        yield Piece(file, size=size)
        return
    start = 0
    with file.open("rb") as lines:
        while start < size:
            lines.seek(start + piece)
            lines.readline()
            end = min(lines.tell(), size)
            yield Piece(file, start, end, end - start)
            start = end


def read(piece: Piece, decider: Decider) -> Part:
    """Decide about every record of the piece; what can't be read of it is rejected, with its place."""
    part, name = Part(bytes=piece.size), str(piece.path)
    try:
        if piece.end is not None or _is_lines(piece.path):
            for block in _blocks(piece):
                decider.lines(part, block, name)
        else:
            _document(part, piece.path, decider)
    except (OSError, EOFError, zlib.error) as error:  # a damaged archive is one of these three
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        part.rejections.append(Rejection((name, part.lines + 1 if part.lines else 0, ""), f"can't be read: {reason}"))
    return part


def _open(path: Path) -> BinaryIO:
    with path.open("rb") as file:
        compressed = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
    return gzip.open(path, "rb") if compressed else path.open("rb", buffering=0)  # type: ignore[return-value]


def _is_lines(path: Path) -> bool:
    """By name, else by whether the first lines are JSON each for itself; one long line is both, and read as lines."""
    if path.name.lower().endswith(LINES):
        return True
    with _open(path) as file:
        head = file.read(LONGEST_HEAD)
    first, *more = head.lstrip().split(b"\n", 1)
    return bool(more) and _is_record(first)


def _is_record(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict | list)
    except (ValueError, RecursionError):
        return False


def _document(part: Part, path: Path, decider: Decider) -> None:
    """One JSON document; where it is none, lines of JSON, if any of them is."""
    with _open(path) as file:
        content = file.read()
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        if any(_is_record(line) for line in content.splitlines() if line[:1] == b"{"):
            decider.lines(part, content, str(path))
            return
        line = getattr(error, "lineno", 0)
        part.rejections.append(Rejection((str(path), line, ""), not_json(error)))
        return
    decider.document(part, value, str(path))


def _blocks(piece: Piece) -> Iterator[bytes]:
    """Whole lines, about `BLOCK` bytes at a time; a longer line comes alone."""
    with _open(piece.path) as file:
        if piece.start:
            file.seek(piece.start)
        left = math.inf if piece.end is None else piece.end - piece.start
        rest: list[bytes] = []
        while block := file.read(int(min(BLOCK, left))):
            left -= len(block)
            cut = block.rfind(b"\n") + 1
            if cut:
                yield b"".join((*rest, block[:cut]))
                rest = []
            rest.append(block[cut:])
        if any(rest):
            yield b"".join(rest)
