"""One comparison of two expressions, and nothing else."""

import operator
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accelsim.errors import InputError
from accelsim.expressions import evaluate_condition

NAMES = {"M": 1000, "M0": 256}
SIGNS: dict[str, Callable[[int, int], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


@pytest.mark.parametrize("sign", SIGNS)
@given(st.integers(-3, 3), st.integers(-3, 3))
def test_condition(sign: str, left: int, right: int) -> None:
    names = {"a": left, "b.c": right}
    assert evaluate_condition(f"a / 3 {sign} b.c / 3", names) is SIGNS[sign](left, right)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("M", " is not a comparison such as 'M <= 4096'"),
        ("1 < M < 3", " is not a comparison such as 'M <= 4096'"),
        ("M < 3 and M > 1", " is not a comparison such as 'M <= 4096'"),
        ("M in M0", " compares with something other than < <= > >= == !="),
        ("M is M0", " compares with something other than < <= > >= == !="),
        ("M / 0 < 3", " divides by zero"),
        (
            "M < 'a'",
            " is not arithmetic; use numbers, names, + - * / // %, ceil, floor, max and min",
        ),
        ("X < 3", ": name 'X' is unknown; valid: M, M0"),
        ("M <", " is not an arithmetic expression"),
    ],
)
def test_refused_condition(text: str, rest: str) -> None:
    with pytest.raises(InputError) as caught:
        evaluate_condition(text, NAMES, where="f.yaml:3")
    assert str(caught.value) == f"f.yaml:3: '{text}'{rest}"
