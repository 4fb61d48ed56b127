"""Ends the local cloud when the process that started it is gone, however it went."""

import os
import shutil
import signal
import stat
import sys
import threading


def end_with_parent() -> None:
    """Watch standard input, where that is a pipe: our parent holds its other end, and never writes."""
    if stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode):
        threading.Thread(target=_wait, daemon=True).start()


def _wait() -> None:
    """Block until the parent's end of the pipe closes; then remove the cloud's state and kill its process group."""
    sys.stdin.buffer.read()
    shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)
    os.killpg(0, signal.SIGKILL)
