"""The workbench's small commands: new, schema, catalogue; and what a shell completes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from typer.testing import CliRunner, Result

from console import catalogue_aws, completing, finding_types, policy_catalogue
from console.command import app
from console.policy_catalogue import Refresh, refresh, types_in
from quarantag.errors import Terminal

ROOT = Path(__file__).parents[1]


def typed(*words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, ["policy", *words], input=stdin)


def test_the_starter_is_good_as_it_is_and_nothing_is_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    assert typed("new", str(file)).exit_code == 0
    assert typed("check", "--strict", str(file)).exit_code == 0
    schema = file.read_text().splitlines()[0].partition("$schema=")[2]
    assert (tmp_path / schema).resolve() == ROOT / "schemas" / "severity-policy.schema.json"
    file.write_text("mine")
    again = typed("new", str(file))
    assert (again.exit_code, again.stdout, file.read_text()) == (2, "", "mine")
    assert again.stderr == f"{file}: is there already, and is left as it is: name another file\n"


def test_its_commented_exemption_is_good_too(tmp_path: Path) -> None:
    text = typed("new").stdout
    lines = [line.replace("#  ", "  ", 1) if line.startswith("#  ") else line for line in text.splitlines()]
    file = tmp_path / "mine.yaml"
    file.write_text("\n".join(lines).replace("exemptions: []", "exemptions:").replace("  quarantag", "#  quarantag"))
    result = typed("check", "--json", str(file))
    assert result.exit_code == 0, result.stdout
    assert "legacy-erp" in file.read_text()


def test_without_a_file_it_is_printed() -> None:
    assert typed("new").stdout.startswith("# yaml-language-server: $schema=../schemas/severity-policy.schema.json\n")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    result = typed("new", str(tmp_path / "no" / "mine.yaml"))
    assert result.exit_code == 2
    assert result.stderr.endswith(
        "mine.yaml: can't be written: No such file or directory: name a file in a folder that is there\n"
    )


def test_the_schema_is_printed_as_it_is() -> None:
    assert typed("schema").stdout == (ROOT / "schemas" / "severity-policy.schema.json").read_text()


def test_the_catalogue_says_where_it_is_from_and_when() -> None:
    shown = typed("catalogue")
    known = finding_types.catalogue()
    assert shown.exit_code == 0
    assert "Backdoor:EC2/C&CActivity.B  High\n" in shown.stdout
    assert shown.stdout.endswith(f"{len(known.types)} types, read on {known.date}, from {known.source}\n")
    assert json.loads(typed("catalogue", "--json").stdout) == json.loads(finding_types.FILE.read_text())


MARKDOWN = r"""
| Finding type | Resource type | Source | Severity |
| --- | --- | --- | --- |
| [Backdoor:EC2/C\&CActivity.B](x.md#y) | Amazon EC2 | VPC flow logs | High |
| [Trojan:EC2/DNSDataExfiltration!DNS](x.md#y) | Amazon EC2 | DNS logs | Low |
| [Impact:S3/New](x.md#y) | Amazon S3 | CloudTrail | Low\* |
"""
HTML = """<table><tr><th>Finding type</th></tr>
<tr><td><a href="x.html#y">Backdoor:EC2/C&amp;CActivity.B</a></td><td>Amazon EC2</td><td>V</td><td>High</td></tr>
<tr><td><a>Trojan:EC2/DNSDataExfiltration!DNS</a></td><td>EC2</td><td><p>DNS logs</p></td><td><p>Low</p></td></tr>
<tr><td><a>Impact:S3/New</a></td><td>Amazon S3</td><td>CloudTrail</td><td>Low*</td></tr></table>"""


@pytest.mark.parametrize("page", [MARKDOWN, HTML])
def test_types_are_read_from_both_forms_of_awss_page(page: str) -> None:
    assert types_in(page) == {
        "Backdoor:EC2/C&CActivity.B": "High",
        "Trojan:EC2/DNSDataExfiltration!DNS": "Low",
        "Impact:S3/New": "Variable",
    }


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    file = tmp_path / "finding_types.json"
    file.write_text(
        json.dumps({"source": (tmp_path / "none").as_uri(), "date": "2020-01-01", "types": {"A:B/C": "Low"}})
    )
    return file


def page_of(tmp_path: Path, count: int) -> str:
    page = tmp_path / "page.md"
    page.write_text("\n".join(f"| Recon:EC2/Type{number} | EC2 | logs | High |" for number in range(count)))
    return str(page)


def test_a_refresh_says_what_came_and_went(catalogue: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refresh(Refresh(saved=page_of(tmp_path, 150)), file=catalogue) == 0
    written = finding_types.read(catalogue.read_text())
    assert (len(written.types), written.types["Recon:EC2/Type0"]) == (150, "High")
    assert written.date > "2020-01-01"
    lines = capsys.readouterr().out.splitlines()
    assert (lines[0], lines[-2]) == ("+ Recon:EC2/Type0", "- A:B/C")


def test_a_page_that_is_not_the_list_changes_nothing(
    catalogue: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = catalogue.read_text()
    assert refresh(Refresh(saved=page_of(tmp_path, 5)), file=catalogue) == 2
    assert refresh(Refresh(saved=str(tmp_path / "none.md")), file=catalogue) == 2
    assert refresh(Refresh(page=True), file=catalogue) == 2
    assert catalogue.read_text() == before
    few, none, unfetched = capsys.readouterr().err.splitlines()
    assert few.startswith("only 5 finding types on this page: give AWS's page")
    assert none.endswith("none.md: can't be read: name a saved copy of AWS's page of finding types")
    assert unfetched.endswith("save the page, then give it by --from FILE")


def test_what_an_account_reported_is_added(catalogue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refresh(Refresh(seen=lambda: frozenset({"A:B/C", "New:EC2/Thing"})), file=catalogue) == 0
    assert finding_types.read(catalogue.read_text()).types == {"A:B/C": "Low", "New:EC2/Thing": "Variable"}
    assert capsys.readouterr().out.startswith("+ New:EC2/Thing\n")


def test_an_account_that_can_not_be_asked_changes_nothing(catalogue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def refused() -> frozenset[str]:
        raise Terminal("no AWS credentials: sign in")

    before = catalogue.read_text()
    assert refresh(Refresh(seen=refused), file=catalogue) == 2
    assert (catalogue.read_text(), capsys.readouterr().err) == (before, "no AWS credentials: sign in\n")


def test_guardduty_is_asked_for_the_commonest_and_the_rarest() -> None:
    client: Any = boto3.client(
        "guardduty", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    stub = Stubber(client)
    stub.add_response("list_detectors", {"DetectorIds": ["d1"]}, {})
    for order, kind in (("ASC", "A:B/C"), ("DESC", "D:E/F")):
        asked = {"DetectorId": "d1", "GroupBy": "FINDING_TYPE", "OrderBy": order, "MaxResults": 100}
        stub.add_response(
            "get_findings_statistics", {"FindingStatistics": {"GroupedByFindingType": [{"FindingType": kind}]}}, asked
        )
    with stub:
        assert catalogue_aws.seen(client) == {"A:B/C", "D:E/F"}
    stub.assert_no_pending_responses()
    stub.add_client_error("list_detectors", "AccessDeniedException")
    with stub, pytest.raises(Terminal, match="ask GuardDuty which finding types it reported"):
        catalogue_aws.seen(client)


def test_the_committed_catalogue_makes_sense() -> None:
    known = finding_types.catalogue()
    assert known.source.startswith("https://docs.aws.amazon.com/guardduty/")
    assert len(known.types) > policy_catalogue.FEWEST
    assert all(policy_catalogue.TYPE.fullmatch(one) for one in known.types)
    assert set(known.types.values()) <= {"Low", "Medium", "High", "Critical", "Variable"}


def completed(shell: str, words: str, at: Path) -> str:
    """What the command answers to a shell's completion of these words."""
    variables = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1), "_TYPER_COMPLETE_ARGS": words}
    return answered(f"complete_{shell}", at, _TYPER_COMPLETE_FISH_ACTION="get-args", **variables)


def answered(instruction: str, at: Path, **variables: str) -> str:
    path = os.pathsep.join([str(ROOT / "handlers"), str(ROOT)])
    environment = {"PYTHONPATH": path, "_QUARANTAG_COMPLETE": instruction, **variables}
    code = "import sys; sys.argv[0] = 'quarantag'; from console.command import main; main()"
    ended = subprocess.run(  # noqa: S603 (our own interpreter)
        [sys.executable, "-c", code], cwd=at, env=environment, capture_output=True, text=True, check=True
    )
    return ended.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_commands_and_policy_files(shell: str, tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    for name in ("policies/mine.yaml", "policies/notes.txt", "finding.json"):
        (tmp_path / name).write_text("")
    assert "catalogue" in completed(shell, "quarantag policy c", tmp_path)
    assert "policies/mine.yaml" in completed(shell, "quarantag policy check po", tmp_path)
    explained = completed(shell, "quarantag policy explain fi", tmp_path)
    assert "finding.json" in explained
    assert "notes" not in explained


def test_hidden_folders_are_not_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in (".git", "policies"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.yaml").write_text("")
    monkeypatch.chdir(tmp_path)
    assert completing.policies("") == ["policies/a.yaml"]
    assert completing.policies("./policies/") == ["./policies/a.yaml"]
    assert completing.findings("-") == ["-"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(shell: str, tmp_path: Path) -> None:
    assert f"_QUARANTAG_COMPLETE=complete_{shell}" in answered(f"source_{shell}", tmp_path)
