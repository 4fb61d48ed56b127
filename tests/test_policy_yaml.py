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


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("rules:\n\t- id: a", "2:1: not YAML: a tab: indent and separate by spaces"),
        ("description: Note: this", "1:18: not YAML: a second `: ` on this line: put the value in quotes"),
        ("a: 1\n  b: 2", "2:4: not YAML: this line is indented further than the line above, which has its value"),
        ("rules:\n  - id:a\n    then: x", "3:9: not YAML: the line above has no space after its colon: write `id: a`"),
        ("hello\n# all\na: 1", "3:1: not YAML: the line above is no `key: value`: write a colon and a space"),
        ("a: 1\nthen:review\nb: 2", "2:1: not YAML: no space after the colon: write `then: review`"),
        ("a: 1\nthen review\nb: 2", "2:1: not YAML: this line is no `key: value`: write a colon"),
        ("a: *:EC2/*", "1:4: not YAML: a value that starts with * needs quotes: write '*:EC2/*'"),
        ("a: [*Foo, b]", "1:5: not YAML: a value that starts with * needs quotes: write '*Foo'"),
        ("a: @foo", "1:4: not YAML: a value that starts with @ needs quotes: write '@foo'"),
        ("a: >= 7", "1:4: not YAML: a value that starts with >: write a range as {at_least"),
        ("r:\n  - a: b\n    c: d\n   e: f", "4:4: not YAML: this line is indented like none of the lines around it"),
        ("a: 1\n- b", "2:1: not YAML: a list entry stands among keys: indent it below the key"),
        ("a: - b", "1:4: not YAML: a list entry inside a line: start a new line"),
        ("a: {b: 1}}", "1:10: not YAML: this `}` closes nothing: take it away"),
        ("a: 'x' y", "1:8: not YAML: something stands after the end of the value: put the whole value in quotes"),
        ("a: {b: 1\nc: 2", "2:2: not YAML: the `{` of line 1, column 4, is not closed: write `}` where it ends"),
        ("a: [b", "1:6: not YAML: the `[` of line 1, column 4, is not closed: write `]`"),
        ("a: [", "1:5: not YAML: a `[` or `{` is not closed before the file ends"),
        ("a: {b: 1 c: 2}", "1:11: not YAML: between two entries in `{…}` a comma is missing"),
        ("a: [b, , c]", "1:8: not YAML: nothing stands before this `,`: write a value"),
        ("a: 'x\nb: 1\n", "1:4: not YAML: the quote that opens here is never closed"),
        ('a: "\\d"', "1:6: not YAML: a `\\` between double quotes: write single quotes"),
        ("a: 1\n---\nb: 2", "2:1: not YAML: a second document starts here: one file holds one policy"),
        ("a: 1\nb: \x00", "2:4: not YAML: the character #x0000 is no text: take it away"),
    ],
)
def test_what_is_no_yaml_is_told_in_plain_words(content: str, told: str) -> None:
    with pytest.raises(RefusedFile) as refused:
        parse(content, "f")
    assert str(refused.value).startswith(f"f:{told}")


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
