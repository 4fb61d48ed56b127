"""Standard output that never ends in a traceback: on a terminal without UTF-8, a full disk, a reader that went."""

import io
import sys
from os import strerror
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class Unwritable(Exception):
    """Standard output can't be written; its text is one line. No `OSError`: no command may take it for its own."""


class _Descriptor(io.FileIO):
    """What can't be written once is not tried again; nobody misses it where the reader went (`| head`)."""

    _gone = False

    def write(self, data: "ReadableBuffer", /) -> int:
        if self._gone:
            return memoryview(data).nbytes
        try:
            return super().write(data)
        except BrokenPipeError:
            self._gone = True
            return memoryview(data).nbytes
        except OSError as error:
            self._gone = True
            reason = strerror(error.errno) if error.errno else error
            raise Unwritable(f"stdout can't be written: {reason}") from error


def guard() -> None:
    """Write all that goes to stdout so; a character that the terminal lacks becomes its escape."""
    if sys.stdout is None:  # closed by whoever started this
        return
    encoding, terminal = sys.stdout.encoding, sys.stdout.isatty()
    raw = _Descriptor(sys.stdout.fileno(), "wb", closefd=False)
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(raw), encoding, "backslashreplace", line_buffering=terminal)
