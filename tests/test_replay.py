"""`quarantag policy replay`, as typed: what it reads, counts, lists and refuses."""

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from console.policy_file import load_checked
from console.replay import pieces, run
from console.replay.engine import Question, at_threshold, curves
from console.replay.report import STEPS
from console.replay.report import curves as drawn
from quarantag.finding import parse
from tests import public
from tests.findings import FIXTURES, document, fixture
from tests.replays import BEGAN, DEFAULT, ROOT, STRICT, answered, at, counted, instance, typed, written

STABLE = {"findings", "rejected", "decisions", "instances"}


def test_the_stable_shape(tmp_path: Path) -> None:
    answer = answered(written(tmp_path, [document(), document(severity=5), document(severity=1)]), "--policy", DEFAULT)
    assert answer.keys() >= STABLE
    assert (answer["findings"], answer["rejected"]) == (3, 0)
    assert answer["decisions"] == {"isolate": 1, "review": 1, "hold": 0, "ignore": 1}
    assert answer["instances"] == [
        {
            "instance_id": "i-0aaaaaaaaaaaaaaa1",
            "account": "111122223333",
            "region": "eu-central-1",
            "isolated_at": "2026-11-01T10:00:00Z",
            "rule": "command-and-control",
            "type": "Backdoor:EC2/C&CActivity.B",
            "severity": 8.0,
            "finding_id": "3ab1c0de3ab1c0de3ab1c0de3ab1c0de",
            "place": f"{tmp_path}/findings.jsonl:1",
            "held_since": None,
            "held_by": None,
        }
    ]
    assert {"rule": "medium", "action": "review", "decisions": 1} in answer["by_rule"]
    assert answer["by_type"] == [
        {"type": "Backdoor:EC2/C&CActivity.B", "isolate": 1, "review": 1, "hold": 0, "ignore": 1}
    ]


def test_every_shape_and_wrapping_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "AWSLogs/111122223333/GuardDuty/eu-central-1/2026/11/01"
    folder.mkdir(parents=True)
    export = json.dumps(document()) + "\n"
    (folder / "a.jsonl.gz").write_bytes(gzip.compress(export.encode() * 3) + gzip.compress(export.encode()))
    (tmp_path / "event.json").write_text(json.dumps(fixture("backdoor.event.json"), indent=2))
    (tmp_path / "events.jsonl").write_text(json.dumps(fixture("backdoor.event.json")) + "\n" + export)
    (tmp_path / "got.json").write_text(json.dumps({"Findings": [fixture("sample.api.json")] * 2}, indent=1))
    (tmp_path / "list.json").write_text("[\n" + export + "," + export + "]")
    (tmp_path / "one line.json").write_text(json.dumps([document(), document()]))
    (tmp_path / "lines.json").write_text(export + "\n\n" + export.strip())
    (tmp_path / "readme.md").write_text("not read")
    answer = answered(tmp_path, "--policy", DEFAULT)
    assert (answer["findings"], answer["rejected"]) == (4 + 1 + 2 + 2 + 2 + 2 + 2, 0)
    assert answer["decisions"] == {"isolate": 13, "review": 0, "hold": 0, "ignore": 2}
    assert answered(tmp_path, tmp_path / "event.json", "--policy", DEFAULT)["findings"] == 15


def test_samples_act_where_it_is_asked_for(tmp_path: Path) -> None:
    file = written(tmp_path, [fixture("sample.api.json")])
    assert answered(file, "--policy", DEFAULT)["decisions"]["ignore"] == 1
    assert answered(file, "--policy", DEFAULT, "--act-on-samples")["decisions"]["isolate"] == 1


def test_what_can_not_be_read_is_listed_with_its_place_and_stops_nothing(tmp_path: Path) -> None:
    good = json.dumps(document())
    lines = tmp_path / "a.jsonl"
    lines.write_bytes(b"\n".join([good.encode(), b"{", b"", b'"x"', b'{"id": "\xff"}', b'{"id": "x"}', good.encode()]))
    (tmp_path / "b.json").write_text('{\n "id":\n}')
    (tmp_path / "c.jsonl.gz").write_bytes(gzip.compress((good + "\n").encode() * 50)[:-20])
    (tmp_path / "d.json").write_text(json.dumps({"Findings": [document(), document(severity="HIGH")]}, indent=1))
    (tmp_path / "e.json").write_text("")
    answer = answered(tmp_path, "--policy", DEFAULT)
    found = {one["place"].removeprefix(f"{tmp_path}/"): one["problem"] for one in answer["rejections"]}
    assert found.keys() == {
        "a.jsonl:2",
        "a.jsonl:4",
        "a.jsonl:5",
        "a.jsonl:6",
        "b.json:3",
        "c.jsonl.gz",
        "d.json[1]",
        "e.json:1",
    }
    assert answer["rejected"] == len(answer["rejections"]) == 8
    assert found["a.jsonl:6"] == "accountId is missing: a GuardDuty finding has its account there, 12 digits"
    assert found["d.json[1]"].startswith("severity is 'HIGH'")
    assert found["c.jsonl.gz"].startswith("can't be read: ")
    assert answer["findings"] == 3


def test_lines_are_counted_through_pieces_and_processes(tmp_path: Path) -> None:
    file = written(tmp_path, [document(id=f"f{n}") if n % 50 else {"bad": "x" * 900} for n in range(900)])
    question = Question(load_checked(DEFAULT), BEGAN)
    cut = pieces.pieces([file], piece=100_000)
    whole = pieces.pieces([file])
    assert len(cut) > 5 > len(whole)
    alone, split = (run.replay(question, one, 1, print) for one in (whole, cut))
    places = [one["place"] for one in split.rejections.first(99)]
    assert (
        places == [one["place"] for one in alone.rejections.first(99)] == [f"{file}:{n + 1}" for n in range(0, 900, 50)]
    )
    assert (alone.part.kinds, alone.part.hours) == (split.part.kinds, split.part.hours)


def test_several_processes_say_what_one_says(tmp_path: Path) -> None:
    """In an interpreter of its own, which has one thread: the pieces are too small for it to be worth it otherwise."""
    file = written(tmp_path, [at("10:00:00", instance(n)) for n in range(300)] + [{"bad": 1}])
    text = (
        "import json; from pathlib import Path; from tests.replays import *\n"
        "from console.replay import run, pieces, summary\n"
        "question = Question(policy_file.load_checked(DEFAULT), BEGAN, other=policy_file.load_checked(STRICT))\n"
        f"cut = pieces.pieces([Path({str(file)!r})], piece=40_000)\n"
        "run.WORTH_A_PROCESS = 1\n"
        "for jobs in (1, 3):\n"
        "    done = run.replay(question, cut, jobs, lambda part: None)\n"
        "    told = summary.summary(done, {'policy': 'p', 'against': 'q'})\n"
        "    print(json.dumps(told), [*done.rejections.texts()], len(done.changes))\n"
    )
    ran = subprocess.run([sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    one, several = ran.stdout.splitlines()
    assert one == several
    assert '"findings": 300' in one


def test_against_another_policy_each_changed_finding_is_named(tmp_path: Path) -> None:
    findings = [at("10:00:00"), at("11:00:00", instance(2), type="UnauthorizedAccess:EC2/TorRelay", id="tor")]
    answer = answered(written(tmp_path, findings), "--policy", STRICT, "--against", DEFAULT)
    assert answer["changes"] == [
        {
            "finding_id": "tor",
            "type": "UnauthorizedAccess:EC2/TorRelay",
            "severity": 8.0,
            "instance_id": instance(2),
            "account": "111122223333",
            "region": "eu-central-1",
            "at": answer["changes"][0]["at"],
            "place": f"{tmp_path}/findings.jsonl:2",
            "before": {"action": "review", "rule": "other-high", "reason": "Rule other-high matches by severity"},
            "after": {"action": "isolate", "rule": "high", "reason": "Rule high matches by severity"},
        }
    ]
    assert answer["against"]["moves"] == [
        {"before": "review", "rule_before": "other-high", "after": "isolate", "rule_after": "high", "decisions": 1}
    ]
    assert answer["against"]["decisions"] == {"isolate": 1, "review": 1, "hold": 0, "ignore": 0}
    assert (answer["against"]["instances_only_before"], answer["against"]["instances_only_after"]) == (
        [],
        [instance(2)],
    )
    assert answered(written(tmp_path, findings), "--policy", STRICT, "--against", STRICT)["changes"] == []


def test_people_see_tables_that_findings_can_not_command(tmp_path: Path) -> None:
    findings = [at("10:00:00"), at("11:00:00", instance(2), type="Trojan:EC2/\x1b]0;owned\x07[red]x")]
    result = typed(written(tmp_path, [*findings, {"id": "\x1b[2J"}]), "--policy", STRICT, "--against", DEFAULT)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "\x1b" not in result.stdout
    assert "2 instances would have been isolated; the most in the hour from 2026-11-01T10:00Z: 1" in result.stdout
    assert "[red]" in result.stdout
    assert re.search(r"2 +isolate +high", result.stdout)
    assert "1 records could not be read" in result.stdout
    assert "0 decisions change" in " ".join(result.stdout.split())


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--policy", DEFAULT], "no findings: name files or folders of findings, or write --live"),
        (["nowhere.jsonl", "--policy", DEFAULT], "nowhere.jsonl: can't be read: No such file or directory"),
        ([ROOT / "requirements", "--policy", DEFAULT], "requirements: no file of findings in it"),
        ([FIXTURES, "--policy", "nowhere.yaml"], "nowhere.yaml: can't be read"),
        (
            [FIXTURES, "--policy", DEFAULT, "--against", ROOT / "tests/policies/invalid/no-rules.yaml"],
            "no-rules.yaml:4:1: rules",
        ),
        (
            [FIXTURES, "--policy", DEFAULT, "--tags", "nowhere.yaml"],
            "nowhere.yaml: can't be read: No such file or directory: name a YAML or JSON file",
        ),
        ([FIXTURES, "--policy", DEFAULT, "--tags", DEFAULT], "version: write its tags as {Key: value}"),
        ([FIXTURES, "--policy", DEFAULT, "--released", DEFAULT], "version: write when it was released like"),
        (
            [FIXTURES, "--policy", DEFAULT, "--html", "/nowhere/x.html"],
            "/nowhere/x.html: can't be written: No such file",
        ),
        ([FIXTURES, "--policy", DEFAULT, "--live"], "--live reads GuardDuty: leave the paths out, or --live"),
        (["--policy", DEFAULT, "--live", "--since", "soon"], "--since soon: write it like 90d or 12h"),
    ],
)
def test_unusable_input_ends_with_one_line_and_code_2(words: list[object], problem: str) -> None:
    result = typed(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert problem in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["default", "strict"])
def test_curves_are_what_the_engine_says_at_each_of_their_steps(name: str) -> None:
    policy = load_checked(ROOT / "policies" / f"{name}.yaml")
    types = ["Backdoor:EC2/Spambot", "UnauthorizedAccess:EC2/TorRelay", "Recon:EC2/PortProbe"]
    severities = [0.9, 1, 2.3, 4.1, 5.0, 5.8, 6.95, 7, 8.2, 9, 10]
    findings = [
        document(type=types[n % 3], severity=severities[n % 11], resource__instanceDetails__instanceId=instance(n % 17))
        for n in range(48)
    ]
    question = Question(policy, BEGAN, curves=curves(policy))
    part = counted(question, *(json.dumps(one).encode() for one in findings))
    for curve, found in zip(question.curves, drawn(part, question), strict=True):
        moved = [rule.id for rule in policy.rules if rule.action == "isolate" and curve.rule in {"", rule.id}]
        for number, step in enumerate(STEPS):
            asked = Question(at_threshold(policy, moved, step), BEGAN)
            answers = [decision for one in findings for decision in asked.answers(parse(one), BEGAN)]
            isolated = [one.instance_id for one in answers if one.action == "isolate"]
            assert found["isolations"][number] == len(isolated), (curve.rule, step)
            assert found["instances"][number] == len(set(isolated)), (curve.rule, step)


def test_memory_does_not_grow_with_what_is_not_isolated() -> None:
    question = Question(load_checked(DEFAULT), BEGAN)
    part = counted(question, *(json.dumps(document(severity=1, id=f"f{n}")).encode() for n in range(500)))
    assert (part.findings, len(part.kinds), part.noted, part.reaches) == (500, 1, [], {})


@pytest.mark.skipif(public.ABSENT, reason=public.WHY_SKIPPED)
def test_the_public_findings_as_a_newcomer_replays_them(tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    answer = answered(public.CORPUS, "--policy", DEFAULT, "--against", STRICT, "--html", report)
    assert answer["findings"] > 90
    assert answer["rejected"] == len(answer["rejections"]) > 0
    assert {Path(one["place"]).name.split(":")[0] for one in answer["rejections"]} >= {
        "index.jsonl",
        "finding_types.jsonl",
    }
    assert sum(answer["decisions"].values()) >= answer["findings"]
    assert report.stat().st_size < 3_000_000
