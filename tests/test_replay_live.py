"""`policy replay --live`: GuardDuty's pages and EC2's tags, over the wire, from a server that answers as AWS does."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.replays import at, instance, typed
from tests.test_replay_guardrails import policy

TAGS = """<DescribeTagsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><tagSet>{}</tagSet>{}</DescribeTagsResponse>"""
DENIED = "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error></Errors></Response>"
TAG = "<item><resourceId>{}</resourceId><resourceType>instance</resourceType><key>{}</key><value>{}</value></item>"


@dataclass
class Aws:
    """Findings of one detector, in pages of 50 ids; the tags of two instances, a page each."""

    findings: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[tuple[str, Any]] = field(default_factory=list)
    denied: bool = False

    def answer(self, method: str, path: str, body: str) -> tuple[int, str]:
        """GuardDuty API Reference, `ListDetectors`, `ListFindings`, `GetFindings`; EC2, `DescribeTags`."""
        if self.denied:
            if path == "/":
                return 403, DENIED
            return 403, json.dumps({"__type": "AccessDeniedException", "message": "not you"})
        if path == "/detector":
            return 200, json.dumps({"detectorIds": ["d1"]})
        if path == "/":
            return 200, self._tags(parse_qs(body))
        asked = json.loads(body)
        self.asked.append((path, asked))
        if path == "/detector/d1/findings":
            start = int(asked.get("nextToken") or 0)
            ids = list(self.findings)[start : start + 50]
            more = str(start + 50) if start + 50 < len(self.findings) else ""
            return 200, json.dumps({"findingIds": ids, "nextToken": more})
        assert (method, path) == ("POST", "/detector/d1/findings/get")
        assert len(asked["findingIds"]) <= 50
        return 200, json.dumps({"findings": [self.findings[one] for one in asked["findingIds"]]})

    def _tags(self, asked: dict[str, list[str]]) -> str:
        assert asked["Action"] == ["DescribeTags"]
        number = 1 if "NextToken" in asked else 0
        more = "" if number else "<nextToken>more</nextToken>"
        return TAGS.format(TAG.format(instance(number), "aws:autoscaling:groupName", "web"), more)


@contextmanager
def serving(aws: Aws) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, text = aws.answer(
                self.command, self.path, self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
            )
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def do_GET(self) -> None:
            self.headers["Content-Length"] = "0"
            self.do_POST()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    fake = Aws()
    with serving(fake) as url:
        for name, value in (("AWS_ENDPOINT_URL", url), ("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x")):
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
        yield fake


def test_every_page_is_replayed_with_live_tags(aws: Aws, tmp_path: Path) -> None:
    findings = [at("10:00:00", instance(n), id=f"f{n}") for n in range(120)]
    aws.findings = {one["id"]: one for one in findings}
    limit = policy(tmp_path, "{max: 1, per: 1h, by: auto-scaling-group}")
    result = typed("--live", "--since", "30d", "--policy", limit, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    answer = json.loads(result.stdout)
    assert (answer["findings"], answer["rejected"]) == (120, 0)
    assert (len(answer["instances"]), len(answer["held_instances"])) == (119, 1)
    assert answer["instances"][0]["place"] == "GuardDuty"
    criteria = aws.asked[0][1]["findingCriteria"]["criterion"]
    assert criteria["service.archived"] == {"equals": ["false"]}
    assert criteria.keys() == {"updatedAt", "service.archived"}


def test_tags_of_a_file_stand_above_live_ones(aws: Aws, tmp_path: Path) -> None:
    aws.findings = {f"f{n}": at("10:00:00", instance(n), id=f"f{n}") for n in range(2)}
    tags = tmp_path / "tags.yaml"
    tags.write_text(f"{instance(1)}: {{'aws:autoscaling:groupName': other}}\n")
    limit = policy(tmp_path, "{max: 1, per: 1h, by: auto-scaling-group}")
    answer = json.loads(typed("--live", "--policy", limit, "--tags", tags, "--json").stdout)
    assert len(answer["instances"]) == 2


def test_what_aws_refuses_is_one_line_and_code_2(aws: Aws, tmp_path: Path) -> None:
    aws.denied = True
    result = typed("--live", "--policy", policy(tmp_path))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("quarantag: read the instances' tags: ")
    assert result.stderr.count("\n") == 1


def test_without_credentials_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    result = typed("--live", "--region", "eu-central-1", "--policy", policy(tmp_path))
    assert result.exit_code == 2
    assert result.stderr.startswith("quarantag: no AWS credentials: sign in")
