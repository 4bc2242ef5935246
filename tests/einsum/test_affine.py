"""Affine expressions, and exact counts against brute force."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accelsim.einsum.affine import Affine, count_points, floor_sum
from accelsim.errors import UnsupportedError

SMALL = st.integers(-4, 4)
BOXES = st.dictionaries(st.sampled_from("XYZW"), st.integers(1, 6), min_size=1)
HUGE = 10**12


def value(expression: Affine, point: dict[str, int]) -> int:
    return expression.constant + sum(c * point[rank] for rank, c in expression.terms)


def points(sizes: dict[str, int]) -> list[dict[str, int]]:
    return [
        dict(zip(sizes, point, strict=True))
        for point in itertools.product(*(range(size) for size in sizes.values()))
    ]


@st.composite
def boxes_with_constraints(draw: st.DrawFn) -> tuple[dict[str, int], list[Affine]]:
    sizes = draw(BOXES)
    expressions = st.builds(
        Affine.of, st.dictionaries(st.sampled_from(sorted(sizes)), SMALL), st.integers(-9, 9)
    )
    return sizes, draw(st.lists(expressions, max_size=3))


@given(boxes_with_constraints())
def test_count_equals_enumeration(case: tuple[dict[str, int], list[Affine]]) -> None:
    sizes, constraints = case
    expected = sum(all(value(c, p) >= 0 for c in constraints) for p in points(sizes))
    assert count_points(sizes, constraints) == expected


@given(st.integers(1, 40), st.integers(1, 40), st.integers(-7, 7), st.integers(-7, 7), SMALL)
def test_one_condition_on_two_ranks(x: int, y: int, a: int, b: int, c: int) -> None:
    condition = Affine.of({"X": a, "Y": b}, 5 * c)
    expected = sum(a * i + b * j + 5 * c >= 0 for i in range(x) for j in range(y))
    assert count_points({"X": x, "Y": y}, [condition]) == expected


@given(st.integers(0, 30), st.integers(1, 12), st.integers(-30, 30), st.integers(-60, 60))
def test_floor_sum_equals_loop(count: int, divisor: int, step: int, offset: int) -> None:
    expected = sum((step * i + offset) // divisor for i in range(count))
    assert floor_sum(count, divisor, step, offset) == expected


def test_huge_ranks_are_counted_exactly_without_enumeration() -> None:
    triangle = Affine.of({"X": 1, "Y": -1})  # x >= y
    assert count_points({"X": HUGE, "Y": HUGE}, [triangle]) == HUGE * (HUGE + 1) // 2
    ragged = Affine.of({"M1": -256, "M0": -1}, HUGE - 2)  # 256*m1 + m0 < HUGE - 1
    tiles = {"M1": HUGE // 256, "M0": 256}
    assert count_points(tiles, [ragged]) == HUGE - 1
    assert count_points({"X": HUGE, "Y": HUGE, "Z": 7}, []) == 7 * HUGE**2


def test_huge_polygons_are_counted_exactly() -> None:
    window = [Affine.of({"X": 1, "Y": -1}), Affine.of({"X": -1, "Y": 1}, 999)]  # x - 999 <= y <= x
    expected = HUGE * 1000 - 999 * 1000 // 2
    assert count_points({"X": HUGE, "Y": HUGE}, window) == expected
    half = [*window, Affine.of({"X": -2, "Y": 1}, HUGE)]  # y >= 2 * x - HUGE
    # Of the last rows, x = HUGE - 999 + d, it cuts d points off.
    assert count_points({"X": HUGE, "Y": HUGE}, half) == expected - 998 * 999 // 2
    tiles = {"M1": 4096, "M0": 256, "P": 2**20}
    causal = [Affine.of({"P": 1, "M1": -256, "M0": -1})]
    assert count_points(tiles, causal) == 2**20 * (2**20 + 1) // 2


def test_three_huge_tied_ranks_are_refused() -> None:
    sizes = dict.fromkeys("XYZ", 50_001)
    plane = Affine.of(dict.fromkeys("XYZ", -1), 10)
    with pytest.raises(UnsupportedError, match=r"X, Y, Z are tied by 1 conditions.*50,000"):
        count_points(sizes, [plane])


def test_a_small_third_rank_is_enumerated() -> None:
    sizes = {"X": 3, "Y": HUGE, "Z": HUGE}
    plane = Affine.of({"X": 1, "Y": -1, "Z": -1})  # y + z <= x
    assert count_points(sizes, [plane]) == 1 + 3 + 6


def test_impossible_and_idle_conditions() -> None:
    assert count_points({"X": 5}, [Affine.of({"X": 1}, -5)]) == 0
    assert count_points({"X": 5}, [Affine.of({"X": 1}, -4)]) == 1
    assert count_points({"X": 5}, [Affine.of({"X": 1}), Affine((), 0)]) == 5
    assert count_points({"X": 5}, [Affine((), -1)]) == 0
    assert count_points({}, []) == 1


@given(boxes_with_constraints())
def test_bounds_are_reached(case: tuple[dict[str, int], list[Affine]]) -> None:
    sizes, expressions = case
    for expression in expressions:
        values = [value(expression, point) for point in points(sizes)]
        assert expression.bounds(sizes) == (min(values), max(values))


@given(st.dictionaries(st.sampled_from("XY"), SMALL), SMALL, SMALL, st.integers(-3, 3))
def test_sum_and_substitution_agree_with_values(
    terms: dict[str, int], constant: int, other: int, factor: int
) -> None:
    first, second = Affine.of(terms, constant), Affine.of({"X": other, "Y": 1}, other)
    point = {"X": 2, "Y": 5}
    assert value(first.plus(second, factor), point) == value(first, point) + factor * value(
        second, point
    )
    inner = {"X": Affine.of({"Y": 3}, 1), "Y": Affine((), 4)}
    replaced = {rank: value(expression, point) for rank, expression in inner.items()}
    assert value(first.substitute(inner), point) == value(first, replaced)


def test_normal_form_and_text() -> None:
    assert Affine.of({"Y": 1, "X": 2, "Z": 0}, -1) == Affine((("X", 2), ("Y", 1)), -1)
    assert str(Affine.of({"Y": -1, "X": 2}, -1)) == "2*x - 1*y - 1"
    assert str(Affine(())) == "0"
    assert Affine.of({"X": 1}).plain == "X"
    assert [Affine.of({"X": 2}).plain, Affine.of({"X": 1}, 1).plain, Affine((), 0).plain] == [
        None
    ] * 3
