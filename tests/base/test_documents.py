"""YAML files as plain values with places; tricks, slips and damage are refused with a place."""

import os
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import BaseModel, ConfigDict, Field

from accelsim.documents import check_model, parse_document, read_document
from accelsim.errors import InputError

EXAMPLE = """\
# A comment.
name: 'quoted'
sizes: {M: 4, N: 2.5, K: M / 2}
steps:
  - first
  - - 1
    - true
    - ~
"""


def refusal(text: str) -> str:
    with pytest.raises(InputError) as caught:
        parse_document(text, name="f.yaml")
    (problem,) = caught.value.problems
    return problem


def read_refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_document(path, name="f.yaml")
    return str(caught.value)


def test_plain_values_and_their_places() -> None:
    document = parse_document(EXAMPLE, name="f.yaml")
    assert document.data == {
        "name": "quoted",
        "sizes": {"M": 4, "N": 2.5, "K": "M / 2"},
        "steps": ["first", [1, True, None]],
    }
    assert document.positions["name",] == (2, 8)  # behind the quote
    assert document.positions["sizes", "K"] == (3, 26)
    assert document.positions["steps", 1, 1] == (7, 7)
    assert document.place(["steps", 1, 2]) == "f.yaml:8:7"
    assert document.place(["sizes", "missing", "deeper"]) == "f.yaml:3:8"
    assert document.place() == "f.yaml:2:1"
    assert document.place(["nothing"]) == "f.yaml:2:1"


def test_folded_and_literal_text_begins_on_its_own_line() -> None:
    document = parse_document("a: >-\n  one\n  two\nb: |\n  one\n  two\n", name="f.yaml")
    assert document.data == {"a": "one two", "b": "one\ntwo\n"}
    assert document.positions["a",] == (2, 3)
    assert document.positions["b",] == (5, 3)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1_000", 1000), ("0x10", 16), ("-3", -3), ("0", 0), ("0.5", 0.5), ("1e3", "1e3")],
)
def test_numbers(text: str, value: object) -> None:
    assert parse_document(f"a: {text}", name="f.yaml").data == {"a": value}


@pytest.mark.parametrize("text", ["010", "1:30", "-07", "1:30.5", "2020-01-01", "0_7"])
def test_numbers_of_yaml_1_1_that_mean_something_else_stay_text(text: str) -> None:
    assert parse_document(f"a: {text}", name="f.yaml").data == {"a": text}


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_empty_document(text: str) -> None:
    assert parse_document(text, name="f.yaml").data is None


def test_keys_are_text_as_written() -> None:
    data = parse_document("{1: a, true: b, N: c, <<: d}", name="f.yaml").data
    assert data == {"1": "a", "true": "b", "N": "c", "<<": "d"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: &x 2", "f.yaml:2:4: anchor '&x' is refused; write the value out"),
        ("a: *x", "f.yaml:1:4: alias '*x' is refused; write the value out"),
        ("a: &x [1]\nb: *x", "f.yaml:1:4: anchor '&x' is refused; write the value out"),
        (
            "a: !!int 3",
            "f.yaml:1:4: tag 'tag:yaml.org,2002:int' is refused; use plain YAML values",
        ),
        (
            "\na: !!python/object/apply:os.system [ls]",
            "f.yaml:2:4: tag 'tag:yaml.org,2002:python/object/apply:os.system' is refused; "
            "use plain YAML values",
        ),
        ("a: !own {b: 1}", "f.yaml:1:4: tag '!own' is refused; use plain YAML values"),
        ("a: 1\nb: 2\na: 3", "f.yaml:3:1: key 'a' is written twice; keep one"),
        ("x:\n  {a: 1,\n   a: 2}", "f.yaml:3:4: key 'a' is written twice; keep one"),
        ("1: a\n'1': b", "f.yaml:2:1: key '1' is written twice; keep one"),
        ("\n? [a, b]\n: 1", "f.yaml:2:3: a key is a list or mapping, must be a name"),
        ("? {a: b}\n: 1", "f.yaml:1:3: a key is a list or mapping, must be a name"),
        ("steps:\n  - &y a", "f.yaml:2:5: anchor '&y' is refused; write the value out"),
        ("ä: [1, !x 2]", "f.yaml:1:8: tag '!x' is refused; use plain YAML values"),
        ("a: b: c", "f.yaml:1:5: is not YAML: mapping values are not allowed in this context"),
        ("a: 1\n---\nb: 2", "f.yaml:2:1: is not YAML: but found another document"),
        ('a: "\\ud800"', "f.yaml:1:7: is not YAML: found invalid Unicode character escape code"),
        ("a: \x01", "f.yaml: is not YAML: cannot be parsed"),
    ],
)
def test_refused(text: str, message: str) -> None:
    assert refusal(text) == message


@pytest.mark.parametrize(
    ("text", "place", "sign"),
    [
        ("a: b\u202ec", "1:5", "202E"),
        ("# note\n  # \u2066", "2:5", "2066"),
        ("\n\u200fa: 1", "2:1", "200F"),
        ("é: '\u061c'", "1:5", "061C"),
    ],
)
def test_signs_that_show_text_in_another_order(text: str, place: str, sign: str) -> None:
    assert refusal(text) == (
        f"f.yaml:{place}: holds U+{sign}, which shows text in another order than it is read; "
        "remove it"
    )


def test_text_that_runs_from_right_to_left_is_read() -> None:
    assert parse_document("name: שלום", name="f.yaml").data == {"name": "שלום"}


@pytest.mark.parametrize(
    "text", ["a: [1, 2", "a: 'x", "a: {b", "\t- a", "%YAML 9", "a: @", "- a\nb"]
)
def test_what_is_not_yaml_is_given_a_place(text: str) -> None:
    assert refusal(text).startswith("f.yaml:")
    assert "is not YAML: " in refusal(text)


def test_number_of_five_thousand_digits() -> None:
    assert refusal("a: " + "9" * 5000) == (
        "f.yaml:1:4: number holds 5000 digits, must be at most 400"
    )


def test_deepest_nesting() -> None:
    parse_document("[" * 40 + "]" * 40, name="f.yaml")
    assert refusal("[" * 41 + "]" * 41) == "f.yaml:1:41: is nested deeper than 40 levels"
    assert refusal("a:\n " + "[" * 20000) == "f.yaml:2:41: is nested deeper than 40 levels"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert read_refusal(tmp_path) == "f.yaml: is no regular file"
    os.mkfifo(tmp_path / "pipe")  # reading it would wait for ever
    assert read_refusal(tmp_path / "pipe") == "f.yaml: is no regular file"
    missing = tmp_path / "missing.yaml"
    assert read_refusal(missing) == "f.yaml: cannot be read: No such file or directory"
    with pytest.raises(InputError, match=r"missing\.yaml: cannot be read"):
        read_document(missing)
    assert "cannot be read: embedded null byte" in read_refusal(Path("a\0b"))


def test_file_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes("a: b\nc: é".encode("latin-1"))
    assert read_refusal(path) == "f.yaml: is not UTF-8 text (byte 8)"


def test_largest_file(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_bytes(b"a: 1\n#" + b"x" * (4 * 2**20 - 6))
    assert read_document(path).data == {"a": 1}
    path.write_bytes(b"a: 1\n#" + b"x" * (4 * 2**20 - 5))
    assert read_refusal(path) == "f.yaml: holds 4194305 bytes, must be at most 4 MiB"


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    rows: int = Field(ge=1)
    columns: int = 1


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    arrays: dict[str, Inner] = {}
    steps: Annotated[list[Inner], Field(max_length=2)] = []


def test_model_of_a_document() -> None:
    document = parse_document("name: x\narrays: {a: {rows: 2}}", name="f.yaml")
    assert check_model(Outer, document, what="machine").arrays["a"].rows == 2


@pytest.mark.parametrize(
    ("text", "found"), [("[1]", "a list"), ("text", "a str"), ("3", "a int"), ("", "empty")]
)
def test_what_is_no_mapping(text: str, found: str) -> None:
    with pytest.raises(InputError) as caught:
        check_model(Outer, parse_document(text, name="f.yaml"), what="machine")
    assert str(caught.value) == f"f.yaml:1:1: machine is {found}, must be a mapping of keys"


def model_problems(text: str) -> tuple[str, ...]:
    with pytest.raises(InputError) as caught:
        check_model(Outer, parse_document(text, name="f.yaml"), what="machine")
    return caught.value.problems


def test_all_problems_of_a_model_at_once() -> None:
    text = "arrays:\n  a: {rows: 0}\n  b:\n    row: 1\n    columns: x\nnam: y\nsteps: [1]"
    assert sorted(model_problems(text)) == [
        "f.yaml:1:1: machine: key 'name' is missing; add it",
        "f.yaml:2:13: machine: arrays.a.rows is 0, must be greater than or equal to 1",
        "f.yaml:4:5: machine: arrays.b: key 'rows' is missing; add it",
        "f.yaml:4:5: machine: key 'row' is unknown; did you mean 'rows'? valid: columns, rows",
        "f.yaml:5:14: machine: arrays.b.columns is 'x', must be a valid integer, unable to parse "
        "string as an integer",
        "f.yaml:6:1: machine: key 'nam' is unknown; did you mean 'name'? valid: arrays, name, "
        "steps",
        "f.yaml:7:9: machine: steps.0 is 1, must be a mapping of keys",
    ]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("name: 'x'\narrays: {a: {rows: 0}}", "2:20"),
        ("name: 'x'\narrays: {a: {rows: '0'}}", "2:21"),  # behind the quote
        ("name: x\nsteps:\n  - rows: 2\n    columns: [1]", "4:14"),
        ("name: x\nsteps:\n- rows: 2\n-   1.5", "4:5"),
        ("name: >-\n  x\narrays: [1]", "3:9"),
        ("name:\narrays: {}", "1:6"),  # where the value would stand
        ("{name: x, arrays: {a: {}}}", "1:23"),  # the mapping that lacks a key
    ],
)
def test_column_of_a_wrong_value(text: str, place: str) -> None:
    (problem,) = model_problems(text)
    assert problem.startswith(f"f.yaml:{place}: machine: ")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("name: x\n'nam': y", "2:1"),
        ("name: x\nextra:\n  deep: 1", "2:1"),
        ("{name: x, n: 1}", "1:11"),
    ],
)
def test_column_of_an_unknown_key(text: str, place: str) -> None:
    (problem,) = model_problems(text)
    assert problem.startswith(f"f.yaml:{place}: machine: key ")
