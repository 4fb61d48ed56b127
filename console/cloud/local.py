"""The local cloud as one thing to start, talk to and stop: two servers on loopback ports, in one process group."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console.cloud.place import ACCESS_KEY, ACCOUNT, REGION, SECRET_KEY, client

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30.0
STOP_SECONDS = 1.0
ON_MOTO = frozenset({"ec2", "iam", "autoscaling"})


class LocalCloudError(Exception):
    """The local cloud does not start, build or deploy; the text is one line: what, where, what to do."""


@dataclass(frozen=True, slots=True)
class LocalCloud:
    """A running local cloud: its two endpoints, its process group and the directory that holds all its state."""

    aws_endpoint: str
    ec2_endpoint: str
    group: int
    directory: Path

    def client(self, service: str) -> Any:  # noqa: ANN401 - a boto3 client
        """A client: EC2, IAM and Auto Scaling are moto's, everything else is ministack's."""
        endpoint = self.ec2_endpoint if service in ON_MOTO else self.aws_endpoint
        return client(service, endpoint)


def environment(directory: Path, aws_port: int, ec2_endpoint: str) -> dict[str, str]:
    """The servers' whole environment; the functions inherit it, as the emulator runs them as its children.

    So `AWS_ENDPOINT_URL_EC2` reaches them without a change of the template. `IOT_MTLS_ENABLED` and `SFTP_ENABLED`
    would otherwise listen outside loopback.
    """
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "TMPDIR": str(directory),
        "STATE_DIR": str(directory / "state"),
        "S3_DATA_DIR": str(directory / "s3"),
        "GATEWAY_PORT": str(aws_port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0.5",
        "LOG_LEVEL": "WARNING",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_ENDPOINT_URL_EC2": ec2_endpoint,
        "AWS_ENDPOINT_URL_AUTO_SCALING": ec2_endpoint,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def start(*, outlives_us: bool = False) -> LocalCloud:
    """Start both servers and wait until they answer; LocalCloudError with the end of their log where they don't.

    Unless it `outlives_us`, the cloud ends with this process, even if that is killed.
    """
    directory = Path(tempfile.mkdtemp(prefix="quarantag-cloud-"))
    aws_port, ec2_port = _free_ports(2)
    aws_endpoint, ec2_endpoint = (f"http://127.0.0.1:{port}" for port in (aws_port, ec2_port))
    servers: list[subprocess.Popen[bytes]] = []
    try:
        for module, arguments in (
            ("console.cloud.aws_server", []),
            ("console.cloud.ec2_server", ["--port", str(ec2_port), "--events", aws_endpoint]),
        ):
            with (directory / f"{module.rpartition('.')[2]}.log").open("wb") as log:
                server = subprocess.Popen(  # noqa: S603 - our own interpreter and modules
                    [sys.executable, "-m", module, *arguments],
                    stdin=subprocess.DEVNULL if outlives_us else subprocess.PIPE,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=directory,
                    env=environment(directory, aws_port, ec2_endpoint),
                    process_group=servers[0].pid if servers else 0,
                )
            servers.append(server)
        _wait_for(servers, (aws_port, ec2_port), directory)
    except BaseException:
        _end(servers[0].pid if servers else None, directory)
        raise
    return LocalCloud(aws_endpoint, ec2_endpoint, servers[0].pid, directory)


def stop(cloud: LocalCloud) -> None:
    """End every process of the cloud, the functions included, and remove its state."""
    _end(cloud.group, cloud.directory)


@contextmanager
def local_cloud(*, keep: bool = False) -> Iterator[LocalCloud]:
    """A running cloud that is gone afterwards, also after Ctrl-C or a failure; `keep` spares one that did not fail."""
    cloud = start(outlives_us=keep)
    try:
        yield cloud
    except BaseException:
        stop(cloud)
        raise
    if not keep:
        stop(cloud)


def _free_ports(count: int) -> list[int]:
    """Ports that nothing listens on, held together while they are chosen so that they differ."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _wait_for(servers: list[subprocess.Popen[bytes]], ports: tuple[int, ...], directory: Path) -> None:
    """Wait until each port accepts; the error carries the last line of the server that did not."""
    deadline = time.monotonic() + START_SECONDS
    for server, port in zip(servers, ports, strict=True):
        while not _accepts(port):
            if server.poll() is not None or time.monotonic() > deadline:
                log = directory / ("aws_server.log" if server is servers[0] else "ec2_server.log")
                last = (log.read_text(errors="replace").strip().splitlines() or ["no output"])[-1]
                raise LocalCloudError(f"The local cloud did not start: {log.stem}: {last}")
            time.sleep(0.05)


def _accepts(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _end(group: int | None, directory: Path) -> None:
    """End the group, politely first, then remove the directory."""
    if group is not None:
        _signal(group, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while _alive(group) and time.monotonic() < deadline:
            time.sleep(0.05)
        _signal(group, signal.SIGKILL)
    shutil.rmtree(directory, ignore_errors=True)


def _signal(group: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _alive(group: int) -> bool:
    """Whether a process of the group runs; children of ours that ended are collected first."""
    with suppress(ChildProcessError):
        while os.waitpid(-group, os.WNOHANG)[0]:
            pass
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
