"""Server processes of ours in one process group: started, waited for, and ended together, whatever happens."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

START_SECONDS = 30.0
STOP_SECONDS = 1.0


class LocalCloudError(Exception):
    """The local cloud does not start, build or deploy; the text is one line: what, where, what to do."""


@dataclass(slots=True)
class Servers:
    """The processes, the directory that holds all that they write, and whether they outlive this process.

    Those that don't end when this object is gone: it holds the pipe that they watch (see `watchdog`).
    """

    directory: Path
    outlive_us: bool
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def group(self) -> int:
        """Id of the process group."""
        return self.running[0].pid

    def launch(self, module: str, arguments: Sequence[str], environment: Mapping[str, str], port: int) -> None:
        """Run the module in the group and wait until it accepts on `port`; LocalCloudError with its last line."""
        log = self.directory / f"{module.rpartition('.')[2]}.log"
        with log.open("wb") as output:
            server = subprocess.Popen(  # noqa: S603 - our own interpreter and modules
                [sys.executable, "-m", module, *arguments],
                stdin=subprocess.DEVNULL if self.outlive_us else subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.directory,
                env=environment,
                process_group=self.group if self.running else 0,
            )
        self.running.append(server)
        deadline = time.monotonic() + START_SECONDS
        while not _accepts(port):
            if server.poll() is not None or time.monotonic() > deadline:
                last = (log.read_text(errors="replace").strip().splitlines() or ["no output"])[-1]
                raise LocalCloudError(f"The local cloud did not start: {log.stem}: {last}")
            time.sleep(0.05)

    def end(self) -> None:
        """End the group and all that it started, politely first, then remove the directory."""
        if self.running:
            self._signal(signal.SIGTERM)
            deadline = time.monotonic() + STOP_SECONDS
            while self._alive() and time.monotonic() < deadline:
                time.sleep(0.05)
            self._signal(signal.SIGKILL)
        for server in self.running:
            server.wait()
            if server.stdin:
                server.stdin.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.group, number)

    def _alive(self) -> bool:
        """Whether any process of the group runs, a function's included; our own children are collected by `poll`."""
        if None in [server.poll() for server in self.running]:
            return True
        try:
            os.killpg(self.group, 0)
        except (ProcessLookupError, PermissionError):
            return False
        return True


def free_ports(count: int) -> list[int]:
    """Loopback ports that nothing listens on, held together while they are chosen so that they differ."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _accepts(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
