"""Whatever becomes of the output: a terminal without UTF-8, a full disk, a reader that went. One line, no traceback."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.findings import document
from tests.replays import DEFAULT, written

FULL = Path("/dev/full")
ODD = "Backdoor:\u202e\ud800\u2603"


def ran(*words: object, encoding: str = "utf-8", out: int = subprocess.PIPE) -> subprocess.CompletedProcess[bytes]:
    """The command in a process of its own, as its stdout is what is tested."""
    line = [sys.executable, "-m", "console.command", *map(str, words)]
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    return subprocess.run(line, stdout=out, stderr=subprocess.PIPE, env=environment, check=False)  # noqa: S603


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_terminal_that_lacks_a_character_gets_its_escape(encoding: str, tmp_path: Path) -> None:
    findings = written(tmp_path, [document(type=ODD, severity=9.5)])
    done = ran("policy", "replay", findings, "--policy", DEFAULT, encoding=encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"Backdoor:" in done.stdout


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")
@pytest.mark.parametrize("words", [["policy", "schema"], ["policy", "catalogue"], ["policy", "check", DEFAULT]])
def test_a_full_disk_is_one_line(words: list[object]) -> None:
    with FULL.open("wb") as full:
        done = ran(*words, out=full.fileno())
    assert (done.returncode, done.stderr) == (2, b"quarantag: stdout can't be written: No space left on device\n")


@pytest.mark.parametrize("words", [["policy", "schema"], ["policy", "catalogue"], ["policy", "check", DEFAULT]])
def test_a_reader_that_went_is_no_error(words: list[object]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = ran(*words, out=writing)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_pipe_is_refused_since_it_is_read_more_than_once() -> None:
    reading, writing = os.pipe()
    os.write(writing, json.dumps(document()).encode())
    os.close(writing)
    line = [sys.executable, "-m", "console.command", "policy", "replay", "/dev/stdin", "--policy", str(DEFAULT)]
    done = subprocess.run(line, stdin=reading, capture_output=True, check=False)  # noqa: S603
    os.close(reading)
    assert done.returncode == 2
    assert done.stderr == b"/dev/stdin: no file and no folder: save the findings to a file, and name that\n"
