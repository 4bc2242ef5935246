"""Names are ASCII: two that look alike are alike, and text reads in one direction."""

from pathlib import Path

import pytest

from accelsim.errors import InputError, name_problem
from accelsim.workload import cascade_from_text, load_workload

LETTERS = "must be letters A-Z, digits and _"
WRONG = [
    ("\u041c", "\\u041c", f"holds CYRILLIC CAPITAL LETTER EM, {LETTERS}"),
    ("A\u0410", "A\\u0410", f"holds CYRILLIC CAPITAL LETTER A, {LETTERS}"),
    ("\u212a", "\\u212a", f"holds KELVIN SIGN, {LETTERS}"),
    ("A\u202eB", "A\\u202eB", f"holds RIGHT-TO-LEFT OVERRIDE, {LETTERS}"),
    ("A\u200b", "A\\u200b", f"holds ZERO WIDTH SPACE, {LETTERS}"),
    ("\uff2d", "\\uff2d", f"holds FULLWIDTH LATIN CAPITAL LETTER M, {LETTERS}"),
    ("M\u00b2", "M\\xb2", f"holds SUPERSCRIPT TWO, {LETTERS}"),
    ("M\u0662", "M\\u0662", f"holds ARABIC-INDIC DIGIT TWO, {LETTERS}"),
    ("M\n", "M\\n", f"holds '\\n', {LETTERS}"),
    ("A B", "A B", f"holds ' ', {LETTERS}"),
    ("A-B", "A-B", f"holds '-', {LETTERS}"),
    ("A.B", "A.B", f"holds '.', {LETTERS}"),
    ("\ue000", "\\ue000", f"holds '\\ue000', {LETTERS}"),
    ("", "", "is empty, must begin with a letter or _"),
    ("1A", "1A", "begins with '1', must begin with a letter or _"),
    ("if", "if", "is a word of the language; choose another name"),
    ("and", "and", "is a word of the language; choose another name"),
    ("where", "where", "is a word of the language; choose another name"),
]
IDS = [ascii(case[0]) for case in WRONG]


@pytest.mark.parametrize(
    "name", ["M", "m", "_", "_1", "M0", "QK_max", "iff", "If", "exp", "x" * 300]
)
def test_sound_names(name: str) -> None:
    assert name_problem("tensor", name, where="f.yaml:1:2") is None


@pytest.mark.parametrize(("name", "shown", "rest"), WRONG, ids=IDS)
def test_wrong_names(name: str, shown: str, rest: str) -> None:
    assert name_problem("tensor", name) == f"tensor '{shown}' {rest}"
    assert name_problem("rank", name, where="f.yaml:1:2") == f"f.yaml:1:2: rank '{shown}' {rest}"


@pytest.mark.parametrize(("name", "shown", "rest"), WRONG, ids=IDS)
def test_every_declaration_is_checked(name: str, shown: str, rest: str) -> None:
    declarations: list[dict[str, dict[str, object]]] = [
        {"ranks": {"M": 4, name: 4}},
        {"tensors": {name: ["M"]}},
        {"parameters": {name: 4}},
        {"constants": {name: 0.5}},
    ]
    for declared in declarations:
        given: dict[str, object] = {"ranks": {"M": 4}, "tensors": {}, "name": "c", **declared}
        with pytest.raises(InputError) as caught:
            cascade_from_text("Z[m] = 1", **given)  # type: ignore[arg-type]
        kind = next((k[:-1] for k in ("tensors", "ranks") if k in declared), "name")
        assert caught.value.problems[0] == f"c: {kind} '{shown}' {rest}"


def test_a_tensor_that_an_einsum_writes_is_checked() -> None:
    with pytest.raises(InputError) as caught:
        cascade_from_text("Z[m] = 1\n  where[m] = Z[m]", ranks={"M": 4}, tensors={}, name="c")
    assert caught.value.problems == (
        "c:2:3: Einsum 'where[m] = Z[m]': tensor 'where' is a word of the language; choose "
        "another name",
    )


@pytest.mark.parametrize(
    "text", ["\u041c[m] = 1", "Z[m] = \uff21[m]", "Z[m\u200b] = 1", "1A[m] = 1"]
)
def test_an_einsum_holds_no_other_letters(text: str) -> None:
    with pytest.raises(InputError, match=r"^c:1:\d+: Einsum '.*': found '"):
        cascade_from_text(text, ranks={"M": 4}, tensors={"A": ["M"]}, name="c")


def test_every_wrong_name_of_a_file_at_its_place(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(
        "name: own\n"
        "ranks: {M: 4, \u041c: 4}\n"
        "tensors:\n"
        "  V: [M]\n"
        "  \u212a: [M]\n"
        "  ? ''\n"
        "  : [M]\n"
        "parameters: {'1w': 3}\n"
        "constants: {if: 3}\n"
        "cascade: ['Z[m] = V[m]']\n",
        encoding="utf-8",
    )
    with pytest.raises(InputError) as caught:
        load_workload(str(path))
    found = sorted(problem.replace(f"{path}:", "") for problem in caught.value.problems)
    assert [problem.split(" holds")[0].split(" is ")[0] for problem in found] == [
        "2:18: rank '\\u041c'",
        "5:6: tensor '\\u212a'",
        "7:5: tensor ''",
        "8:20: name '1w' begins with '1', must begin with a letter or _",
        "9:17: name 'if'",
    ]


def test_signs_of_hidden_order_are_refused_in_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("name: own\nranks: {M: 4} # \u202e\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"own\.yaml:2:17: holds U\+202E, which shows text in"):
        load_workload(str(path))
