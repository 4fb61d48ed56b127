"""Runs a built function under AWS's own runtime interface client, as Lambda does, against a stub of the Runtime API.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html describes the API. The function's process sees the
artifact, the standard library and what Lambda's Python runtime brings (boto3 and its dependencies, the client):
nothing else of this environment, so that a file missing in the artifact is missing in the test, too.
"""

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import files
from pathlib import Path
from typing import Any

RUNTIME = ("awslambdaric", "boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3")
RUNTIME_OF_THE_CLIENT = ("simplejson", "snapshot-restore-py")
NEXT = "/2018-06-01/runtime/invocation/next"
ARN = "arn:aws:lambda:eu-central-1:123456789012:function:built"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a function posted: its response, or its error (`errorType`, `errorMessage`, `stackTrace`)."""

    response: Any = None
    error: Mapping[str, Any] | None = None


class RuntimeApi(ThreadingHTTPServer):
    """The Runtime API on a loopback port, over two queues."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        """Listen; `serve_forever` serves."""
        super().__init__(("127.0.0.1", 0), Exchange)
        self.events: queue.Queue[bytes] = queue.Queue()
        self.answers: queue.Queue[Answer] = queue.Queue()
        self.asked: queue.Queue[float] = queue.Queue()
        """When the function asked for each event, by `time.monotonic()`."""


class Exchange(BaseHTTPRequestHandler):
    """One connection of the function's client."""

    server: RuntimeApi
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Give the next event; wait for it."""
        self.server.asked.put(time.monotonic())
        self._send(200, self.server.events.get())

    def do_POST(self) -> None:
        """Take the answer to the event, or the failure to start."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"null")
        self.server.answers.put(Answer(response=body) if self.path.endswith("/response") else Answer(error=body))
        self._send(202, b"{}")

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")  # the client crashes without it
        self.send_header("Content-Length", str(len(body)))
        if self.path == NEXT:
            self.send_header("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
            self.send_header("Lambda-Runtime-Deadline-Ms", str(int(time.time() * 1000) + 90_000))
            self.send_header("Lambda-Runtime-Invoked-Function-Arn", ARN)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing of each request."""


@dataclass(frozen=True, slots=True)
class BuiltFunction:
    """A running function: give it an event, get its answer. One at a time, as in Lambda."""

    process: subprocess.Popen[bytes]
    api: RuntimeApi
    log: Path
    started: float
    """By `time.monotonic()`."""

    def invoke(self, event: object, seconds: float = 30) -> Answer:
        """Invoke the function; AssertionError with its log where it gives no answer in time."""
        self.api.events.put(json.dumps(event).encode())
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                return self.api.answers.get(timeout=0.1)
            except queue.Empty:
                if self.process.poll() is not None and self.api.answers.empty():
                    break
        raise AssertionError(f"no answer; the function's log:\n{self.log.read_text()}")


@contextmanager
def running(artifact: Path, handler: str, environment: Mapping[str, str], scratch: Path) -> Iterator[BuiltFunction]:
    """Run `handler` (`module.function`) of the artifact; `scratch` is an empty directory for this run's own files."""
    api, log = RuntimeApi(), scratch / "log"
    threading.Thread(target=api.serve_forever, daemon=True).start()
    runtime = lambda_runtime(scratch)
    started = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - this Python
            [sys.executable, "-S", "-m", "awslambdaric", handler],
            cwd=artifact,
            env=_environment(artifact, f"127.0.0.1:{api.server_port}", runtime) | dict(environment),
            stdout=output,
            stderr=output,
        )
    try:
        yield BuiltFunction(process, api, log, started)
    finally:
        process.kill()
        process.wait()
        api.shutdown()
        api.server_close()


def lambda_runtime(scratch: Path) -> Path:
    """A directory with what Lambda's runtime brings, and nothing else, linked from this environment."""
    runtime = scratch / "runtime"
    runtime.mkdir()
    for distribution in RUNTIME + RUNTIME_OF_THE_CLIENT:
        for file in files(distribution) or ():
            top = runtime / file.parts[0]
            if file.parts[0] not in {"..", "__pycache__"} and not top.exists():
                top.symlink_to(Path(str(file.locate())).parents[len(file.parts) - 1] / file.parts[0])
    return runtime


def _environment(artifact: Path, api: str, runtime: Path) -> dict[str, str]:
    """What Lambda sets. `-S` keeps this environment's own packages out; the working directory is the task root."""
    return {
        "AWS_LAMBDA_RUNTIME_API": api,
        "AWS_LAMBDA_FUNCTION_NAME": "built",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
        "LAMBDA_TASK_ROOT": str(artifact),
        "PATH": os.environ["PATH"],
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(runtime),
        "TZ": ":UTC",
    }
