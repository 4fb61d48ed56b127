"""The YAML reader: plain values stay what they look like, everything has a place, and no text breaks it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.policy_file import PolicyFile, RefusedFile, UnreadableFile, parse, read


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("", None),
        ("7", 7),
        ("-7", -7),
        ("7.0", 7.0),
        ("1.5e2", 150.0),
        ("no", "no"),
        ("True", "True"),
        ("on", "on"),
        ("010", "010"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("2027-01-31", "2027-01-31"),
        (".inf", ".inf"),
        ("i-0123456789abcdef0", "i-0123456789abcdef0"),
        ("'7'", "7"),
        ("<<", "<<"),
    ],
)
def test_only_json_scalars_are_more_than_text(written: str, value: object) -> None:
    read_value = parse(f"key: {written}\n", "f").document
    assert read_value == {"key": value}
    assert type(read_value["key"]) is type(value)


def test_each_place_is_that_of_its_key_or_list_entry() -> None:
    source = parse("rules:\n  - id: a\n    match:\n      type: [x, y]\n", "p.yaml")
    assert source.where(("rules",)) == "p.yaml:1:1"
    assert source.where(("rules", 0)) == "p.yaml:2:5"
    assert source.where(("rules", 0, "match", "type")) == "p.yaml:4:7"
    assert source.where(("rules", 0, "match", "type", 1)) == "p.yaml:4:17"
    assert source.where(("rules", 0, "match", "vpc")) == "p.yaml:3:5"


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "a: b: c",
        "\t- x",
        "a: &x 1\nb: *x",
        "a: *unknown",
        "[" * 50_000,
        "!!map x",
        "!!seq x",
        "? [1]\n: 2",
        "\x00",
        "a: 1\na: 2",
        "!x y",
    ],
)
def test_what_is_no_plain_yaml_is_refused_in_one_line(content: str) -> None:
    with pytest.raises(RefusedFile, match=r"^f:\d+:\d+: ") as refused:
        parse(content, "f")
    assert "\n" not in str(refused.value)


@given(st.text(alphabet=st.sampled_from("ab:-[]{}!&*#|>'\"%@`,?\n \t01.~<é\x07")))
def test_any_text_is_read_or_refused(content: str) -> None:
    try:
        assert isinstance(parse(content, "f"), PolicyFile)
    except RefusedFile as error:
        assert error.where.startswith("f:")  # noqa: PT017 (either outcome is right)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00bad"])
def test_a_file_that_can_not_be_read_is_said_to_be_unreadable(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnreadableFile, match=r"p\.yaml: can't be read: .*: name a YAML policy file$"):
        read(path)
    with pytest.raises(UnreadableFile):
        read(tmp_path)
