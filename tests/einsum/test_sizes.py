"""Sizes of ranks: expressions of one another, settings from outside, and what is refused."""

import pytest

from accelsim.einsum.sizes import Declared, resolve_sizes
from accelsim.errors import InputError

TILED: Declared = {"M": 1000, "M0": 256, "M1": "ceil(M / M0)"}


def problems(ranks: Declared, parameters: Declared | None = None, **settings: int | str) -> object:
    with pytest.raises(InputError) as caught:
        resolve_sizes(ranks, parameters or {}, settings, where="f.yaml")
    return caught.value.problems


def test_expressions_follow_settings() -> None:
    assert resolve_sizes(TILED, {}) == {"M": 1000, "M0": 256, "M1": 4}
    assert resolve_sizes(TILED, {}, {"M": 257})["M1"] == 2
    assert resolve_sizes(TILED, {}, {"M1": 7})["M1"] == 7
    assert resolve_sizes(TILED, {}, {"M0": "M / 8"}) == {"M": 1000, "M0": 125, "M1": 8}


def test_order_of_declaration_does_not_matter() -> None:
    assert resolve_sizes({"A": "B + 1", "B": "p * C", "C": 3}, {"p": 2}) == {
        "A": 7,
        "B": 6,
        "C": 3,
        "p": 2,
    }


def test_numbers_that_are_whole_are_taken_as_such() -> None:
    assert resolve_sizes({"A": 4.0, "B": "7 / 3 * 3", "C": "1e3"}, {}) == {
        "A": 4,
        "B": 7,
        "C": 1000,
    }


def test_missing_size_is_said_once() -> None:
    assert problems({"M": None, "N": "M + 1", "K": "M"}) == (
        "f.yaml: rank 'M' has no size; set it with --set M=SIZE",
    )
    assert resolve_sizes({"M": None, "N": "M + 1"}, {}, {"M": 3}) == {"M": 3, "N": 4}


@pytest.mark.parametrize("size", [0, -2, "3 - 3"])
def test_least_rank(size: int | str) -> None:
    shown = 0 if size == "3 - 3" else size
    assert problems({"M": size}) == (f"f.yaml: rank 'M' is {shown}, must be at least 1",)
    assert resolve_sizes({"M": 1}, {}) == {"M": 1}


def test_least_parameter() -> None:
    assert resolve_sizes({"M": 1}, {"pad": 0})["pad"] == 0
    assert problems({"M": 1}, {"pad": -1}) == ("f.yaml: parameter 'pad' is -1, must be at least 0",)


@pytest.mark.parametrize(("size", "shown"), [("7 / 2", "3.5"), (2.5, "2.5"), ("M0 / 3", "1.33333")])
def test_size_that_is_not_whole(size: float | str, shown: str) -> None:
    assert problems({"M": size, "M0": 4}) == (
        f"f.yaml: rank 'M' is {shown}, must be a whole number; round it with ceil or floor",
    )


def test_circle_of_sizes() -> None:
    assert problems({"A": "B", "B": "C + 1", "C": "B"}) == (
        "f.yaml: sizes refer to each other in a circle: B -> C -> B",
    )
    assert problems({"A": "A + 1"}) == ("f.yaml: sizes refer to each other in a circle: A -> A",)


def test_unknown_names() -> None:
    assert problems({"M": "N0 * 2", "N": 3}) == (
        "f.yaml: size of 'M': 'N0 * 2': name 'N0' is unknown; did you mean 'N'? valid: M, N",
    )
    assert problems({"M": 3, "N": 4}, MM=5) == (
        "f.yaml: rank 'MM' is unknown; did you mean 'M'? valid: M, N",
    )


@pytest.mark.parametrize(
    ("size", "rest"),
    [
        ("2 ** 3", "'2 ** 3' uses an operator that is not one of + - * / // %"),
        ("1 / 0", "'1 / 0' divides by zero"),
        ("", "'' is not an arithmetic expression"),
        (float("inf"), "'inf': name 'inf' is unknown; valid: M"),
    ],
)
def test_wrong_expression(size: float | str, rest: str) -> None:
    assert problems({"M": size}) == (f"f.yaml: size of 'M': {rest}",)


def test_all_problems_at_once() -> None:
    found = problems({"M": 0, "N": None, "K": "3 / 2", "J": "QQ"}, {"p": -1}, ZZ=3)
    assert isinstance(found, tuple)
    assert len(found) == 6
