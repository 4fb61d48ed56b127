"""However the program that started the local cloud ends, no process and no file of it stays."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from console.cloud.local import ROOT
from console.cloud.servers import LocalCloudError, Servers, free_ports
from tests.processes import members

HOLD = """
import json, sys, time
from console.cloud.local import local_cloud
with local_cloud() as cloud:
    print(json.dumps([cloud.group, str(cloud.directory)]), flush=True)
    {what}
"""


def started(what: str) -> tuple[subprocess.Popen[str], int, Path]:
    """A program that holds a local cloud and then does `what`; the cloud's process group and directory."""
    program = [sys.executable, "-c", HOLD.format(what=what)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(  # noqa: S603 - our own program
        program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    )
    assert process.stdout is not None
    group, directory = json.loads(process.stdout.readline())
    assert Path(directory).is_dir()
    return process, group, Path(directory)


def wait_until_gone(process: subprocess.Popen[str], group: int, directory: Path) -> None:
    process.wait(timeout=20)
    deadline = time.monotonic() + 10
    while (members(group) or directory.exists()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert members(group) == set()
    assert not directory.exists()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="this system has no /proc to find processes in")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_ended_by_a_signal(number: signal.Signals) -> None:
    process, group, directory = started("time.sleep(60)")
    process.send_signal(number)
    wait_until_gone(process, group, directory)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="this system has no /proc to find processes in")
def test_ended_by_a_failure() -> None:
    process, group, directory = started("raise SystemExit(1)")
    wait_until_gone(process, group, directory)
    assert process.returncode == 1


def test_server_that_does_not_start_says_why_in_one_line(tmp_path: Path) -> None:
    directory = tmp_path / "cloud"
    directory.mkdir()
    servers = Servers(directory, outlive_us=False)
    with pytest.raises(LocalCloudError, match=r"nowhere: .*No module named") as raised:
        servers.launch("nowhere", [], {}, free_ports(1)[0])
    assert "\n" not in str(raised.value)
    servers.end()
    assert not directory.exists()
