"""Arithmetic in input files: exact, and nothing but arithmetic."""

import operator
from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accelsim.errors import InputError
from accelsim.expressions import (
    Number,
    evaluate_expression,
    names_in,
    whole_number,
)

NAMES: dict[str, Number] = {"M": 1000, "M0": 256, "array_2d.rows": 128, "half": Fraction(1, 2)}
NOT_ARITHMETIC = "is not arithmetic; use numbers, names, + - * / // %, ceil, floor, max and min"
NOT_EXPRESSION = "is not an arithmetic expression"
OPERATOR = "uses an operator that is not one of + - * / // %"
INFIX: dict[str, Callable[[Fraction, Fraction], Number]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}


def refusal(text: str, evaluate: Callable[..., object] = evaluate_expression) -> str:
    with pytest.raises(InputError) as caught:
        evaluate(text, NAMES, where="f.yaml:3")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("ceil(M / M0)", 4),
        ("floor(M / M0)", 3),
        ("-ceil(M / M0) + 1", -3),
        ("max(M, M0, 3) - min(M, M0)", 744),
        ("array_2d.rows * 2", 256),
        ("M // 3 % 7", 4),
        ("(M + 1) * (M - 1)", 999_999),
        ("1 / 3 * 3", 1),
        ("0.1 + 0.2", Fraction(3, 10)),
        ("1e3", 1000),
        ("2.5", Fraction(5, 2)),
        ("half + half", 1),
        ("ceil(-7 / 2)", -3),
        (" M ", 1000),
        (7, 7),
        (Fraction(1, 2), Fraction(1, 2)),
    ],
)
def test_value(text: str | Number, value: Number) -> None:
    result = evaluate_expression(text, NAMES)
    assert result == value
    assert isinstance(result, int) == (value == int(value))


def test_large_numbers_are_exact() -> None:
    huge = 10**40 + 1
    assert evaluate_expression(f"{huge} * {huge} - 1", {}) == huge**2 - 1
    assert evaluate_expression(f"ceil({huge} / {10**20})", {}) == 10**20 + 1


@given(
    st.integers(-(10**30), 10**30),
    st.integers(-(10**30), 10**30).filter(bool),
    st.sampled_from(list(INFIX)),
)
def test_infix_agrees_with_fractions(left: int, right: int, sign: str) -> None:
    exact = INFIX[sign](Fraction(left), Fraction(right))
    assert evaluate_expression(f"({left}) {sign} ({right})", {}) == exact
    assert evaluate_expression(f"floor(({left}) {sign} a.b)", {"a.b": right}) == floor(exact)
    assert evaluate_expression(f"ceil(({left}) {sign} x)", {"x": right}) == ceil(exact)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("2 ** 3", OPERATOR),
        ("M << 2", OPERATOR),
        ("M | 1", OPERATOR),
        ("M @ M", OPERATOR),
        ("~M", NOT_ARITHMETIC),
        ("not M", NOT_ARITHMETIC),
        ("M and 3", NOT_ARITHMETIC),
        ("M < 3", NOT_ARITHMETIC),
        ("1 if M else 2", NOT_ARITHMETIC),
        ("lambda: 1", NOT_ARITHMETIC),
        ("'text'", NOT_ARITHMETIC),
        ("b'text'", NOT_ARITHMETIC),
        ("f'{M}'", NOT_ARITHMETIC),
        ("None", NOT_ARITHMETIC),
        ("...", NOT_ARITHMETIC),
        ("1j", NOT_ARITHMETIC),
        ("1e999", NOT_ARITHMETIC),
        ("True", "holds a truth value, must be arithmetic"),
        ("[1, 2]", NOT_ARITHMETIC),
        ("(1, 2)", NOT_ARITHMETIC),
        ("{1: 2}", NOT_ARITHMETIC),
        ("[x for x in M]", NOT_ARITHMETIC),
        ("M[0]", NOT_ARITHMETIC),
        ("(M := 3)", NOT_ARITHMETIC),
        ("max(*M)", NOT_ARITHMETIC),
        ("max(M, key=3)", NOT_ARITHMETIC),
        ("max()", NOT_ARITHMETIC),
        ("M.bit_length()", NOT_ARITHMETIC),
        ("(1).real", NOT_ARITHMETIC),
        ("().__class__", NOT_ARITHMETIC),
        ("ceil(1, 2)", "calls ceil with 2 values, must be 1"),
        (
            "cail(M)",
            "calls function 'cail' is unknown; did you mean 'ceil'? valid: ceil, floor, max, min",
        ),
        ("__import__('os')", NOT_ARITHMETIC),
        ("M / (M0 - 256)", "divides by zero"),
        ("M // 0", "divides by zero"),
        ("M % 0", "divides by zero"),
        ("", NOT_EXPRESSION),
        ("M +", NOT_EXPRESSION),
        ("M; M", NOT_EXPRESSION),
        ("M = 3", NOT_EXPRESSION),
        ("import os", NOT_EXPRESSION),
        ("01", NOT_EXPRESSION),
        ("M\0", NOT_EXPRESSION),
        ("\ud800", NOT_EXPRESSION),
    ],
)
def test_refused(text: str, rest: str) -> None:
    # What cannot be shown is escaped.
    assert refusal(text) == str(InputError(f"f.yaml:3: '{text}' {rest}"))


def test_unknown_names_are_given_whole() -> None:
    valid = "valid: M, M0, array_2d.rows, half"
    assert refusal("M1 * 2") == (
        f"f.yaml:3: 'M1 * 2': name 'M1' is unknown; did you mean 'M'? {valid}"
    )
    assert refusal("array_2d.row") == (
        "f.yaml:3: 'array_2d.row': name 'array_2d.row' is unknown; did you mean 'array_2d.rows'? "
        + valid
    )
    assert "name 'M.__class__' is unknown" in refusal("M.__class__")


def test_longest_and_deepest_expression() -> None:
    assert evaluate_expression("1" + " " * 498 + " ", {}) == 1
    assert refusal("1" * 501).endswith("is longer than 500 characters")
    assert evaluate_expression("-" * 59 + "1", {}) == -1
    assert refusal("-" * 60 + "1").endswith("is nested deeper than 60 levels")
    assert refusal("-" * 499 + "1").endswith("is nested deeper than 60 levels")
    assert refusal("(" * 250 + ")" * 250).endswith(NOT_EXPRESSION)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("ceil(M / M0) + a.b.c", {"M", "M0", "a.b.c"}),
        ("max(ceil, M)", {"ceil", "M"}),
        ("3 + 4", set()),
        (5, set()),
    ],
)
def test_names_in(text: str | int, names: set[str]) -> None:
    assert names_in(text) == names


def test_names_in_what_is_no_expression() -> None:
    assert refusal("M +", lambda text, _, where: names_in(text, where=where)) == (
        "f.yaml:3: 'M +' is not an arithmetic expression"
    )


def test_whole_number() -> None:
    assert whole_number(3, what="rank 'M'", least=3) == 3
    with pytest.raises(InputError, match=r"^rank 'M' is 2, must be at least 3$"):
        whole_number(2, what="rank 'M'", least=3)
    with pytest.raises(InputError, match=r"^it is 0.5, must be a whole number; round it with ceil"):
        whole_number(Fraction(1, 2), what="it")
