"""The bare loop that the replay is compared with: each line of a file decoded, and nothing done with it.

Run as a script, with decoder, number of processes and file, so that it starts as the replay does: one interpreter, and
as many more as there are processes, which share the file by the same pieces.
"""

import importlib
import multiprocessing
import sys
from functools import partial
from pathlib import Path

from console.replay.pieces import Piece, pieces

DECODERS = {"orjson": "loads", "msgspec.json": "decode", "json": "loads"}
"""Module, and its function from bytes to Python values."""


def decode(module: str, piece: Piece) -> None:
    """Decode every line of the piece."""
    decoder = getattr(importlib.import_module(module), DECODERS[module])
    left = piece.size
    with piece.path.open("rb") as file:
        file.seek(piece.start)
        for line in file:
            decoder(line)
            left -= len(line)
            if left <= 0:
                return


def main() -> None:
    """Decode the file."""
    module, jobs, name = sys.argv[1:]
    with multiprocessing.get_context("spawn").Pool(int(jobs)) as pool:
        pool.map(partial(decode, module), pieces([Path(name)]), chunksize=1)


if __name__ == "__main__":
    main()
