"""The local cloud as one thing to start, talk to and stop: two servers on loopback ports, in one process group."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console.cloud.place import ACCESS_KEY, ACCOUNT, REGION, SECRET_KEY, client
from console.cloud.servers import LocalCloudError, Servers, free_ports

ROOT = Path(__file__).resolve().parents[2]
ON_MOTO = {
    "autoscaling": "AUTO_SCALING",
    "cloudtrail": "CLOUDTRAIL",
    "ec2": "EC2",
    "elbv2": "ELASTIC_LOAD_BALANCING_V2",
    "guardduty": "GUARDDUTY",
    "iam": "IAM",
    "sts": "STS",
}
"""The services that moto plays, and how each is called in `AWS_ENDPOINT_URL_<service>`."""

__all__ = ["ROOT", "LocalCloud", "LocalCloudError", "local_cloud", "start"]


@dataclass(frozen=True, slots=True)
class LocalCloud:
    """A running local cloud: its two endpoints and the processes behind them."""

    aws_endpoint: str
    ec2_endpoint: str
    servers: Servers

    @property
    def group(self) -> int:
        """Id of the process group of all its processes."""
        return self.servers.group

    @property
    def region(self) -> str:
        """Where stacks are deployed."""
        return REGION

    @property
    def bucket(self) -> str:
        """Where their code and templates lie: in the same Region, as CloudFormation and Lambda want."""
        return "quarantag-artifacts"

    @property
    def directory(self) -> Path:
        """Where all its state is."""
        return self.servers.directory

    def client(self, service: str) -> Any:  # noqa: ANN401 - a boto3 client
        """A client of the server that plays the service: strict moto for those of `ON_MOTO`, else ministack."""
        endpoint = self.ec2_endpoint if service in ON_MOTO else self.aws_endpoint
        return client(service, endpoint)


ALWAYS = {
    "PYTHONPATH": str(ROOT),
    "PYTHONUNBUFFERED": "1",
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
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
"""SFTP and IoT would otherwise listen outside loopback; AWS waits one and two minutes between its retries."""


def environment(directory: Path, aws_port: int, ec2_endpoint: str) -> dict[str, str]:
    """The servers' whole environment; the functions inherit it, as the emulator runs them as its children.

    So `AWS_ENDPOINT_URL_EC2` and the like reach them without a change of the template.
    """
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    on_moto = {f"AWS_ENDPOINT_URL_{name}": ec2_endpoint for name in ON_MOTO.values()}
    return (
        kept
        | ALWAYS
        | on_moto
        | {
            "TMPDIR": str(directory),
            "STATE_DIR": str(directory / "state"),
            "S3_DATA_DIR": str(directory / "s3"),
            "GATEWAY_PORT": str(aws_port),
        }
    )


def start(*, outlives_us: bool = False) -> LocalCloud:
    """Start both servers and wait until they answer; LocalCloudError with the end of their log where they don't.

    Unless it `outlives_us`, the cloud ends with this process, even if that is killed.
    """
    servers = Servers(Path(tempfile.mkdtemp(prefix="quarantag-cloud-")), outlives_us)
    aws_port, ec2_port = free_ports(2)
    aws_endpoint, ec2_endpoint = (f"http://127.0.0.1:{port}" for port in (aws_port, ec2_port))
    shared = environment(servers.directory, aws_port, ec2_endpoint)
    to_events = ["--port", str(ec2_port), "--events", aws_endpoint]
    with ExitStack() as undo:
        undo.callback(servers.end)
        servers.launch("console.cloud.aws_server", [], shared, aws_port)
        servers.launch("console.cloud.ec2_server", to_events, shared, ec2_port)
        undo.pop_all()
    return LocalCloud(aws_endpoint, ec2_endpoint, servers)


@contextmanager
def local_cloud(*, keep: bool = False) -> Iterator[LocalCloud]:
    """A running cloud that is gone afterwards, also after Ctrl-C or a failure; `keep` spares one that did not fail."""
    cloud = start(outlives_us=keep)
    with ExitStack() as undo:
        undo.callback(cloud.servers.end)
        yield cloud
        if keep:
            undo.pop_all()
