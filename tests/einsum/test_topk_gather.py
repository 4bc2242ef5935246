"""Largest elements and their positions, and positions read from a tensor, against plain loops."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from accelsim.einsum.cascade import Cascade
from accelsim.einsum.evaluate import evaluate
from accelsim.errors import InputError
from accelsim.workload import cascade_from_text

Make = Callable[..., Cascade]
Problems = Callable[..., tuple[str, ...]]

RANKS = {"B": 2, "E": 4, "K": 3}
SCORES = {"S": ["B", "E"]}
VALUES = [[3, 1, 3, 2], [-1, -5, 0, -1]]
DTYPES = [np.float64, np.float32, np.float16, np.int64, np.int8]

EXPERTS = {"V": 3, "D": 2, "T": 4}
TABLE = {"E": ["V", "D"], "X": ["T"]}
ROWS = [[1, 2], [3, 4], [5, 6]]


def best(values: Sequence[float], taking_part: Sequence[int], kept: int) -> list[int]:
    """Positions, largest value first, the earlier of two equal ones first; -1 for none."""
    order = sorted(taking_part, key=lambda i: (-values[i], i))[:kept]
    return order + [-1] * (kept - len(order))


def least(dtype: type[np.number]) -> float:
    return int(np.iinfo(dtype).min) if issubclass(dtype, np.integer) else -math.inf


@st.composite
def scores(draw: st.DrawFn) -> tuple[NDArray[np.int64], int]:
    """Scores with many ties, and how many of each row are kept."""
    rows, columns = draw(st.integers(1, 3)), draw(st.integers(1, 6))
    cells = draw(st.lists(st.integers(-3, 3), min_size=rows * columns, max_size=rows * columns))
    return np.array(cells).reshape(rows, columns), draw(st.integers(1, columns))


@given(scores(), st.sampled_from(DTYPES), st.integers(-4, 4))
def test_topk_and_argtopk_of_what_takes_part(
    drawn: tuple[NDArray[np.int64], int], dtype: type[np.number], shift: int
) -> None:
    values, kept = drawn
    rows, columns = values.shape
    shift = max(-(rows - 1), shift)  # The condition must hold at one point at least.
    text = "V[b,k] = topk(e) S[b,e] if e <= b + C\nI[k,b] = argtopk(e) S[b,e] if e <= b + C"
    cascade = cascade_from_text(
        text.replace("+ C", f"{shift:+d}"),
        ranks={"B": rows, "E": columns, "K": kept},
        tensors=SCORES,
    )
    result = evaluate(cascade, {"S": values}, dtype=dtype)
    for b, row in enumerate(values.tolist()):
        order = best(row, range(max(0, min(columns, b + shift + 1))), kept)
        assert result["I"][:, b].tolist() == order
        assert result["V"][b].tolist() == [row[i] if i >= 0 else least(dtype) for i in order]
    assert {array.dtype for array in result.values()} == {np.dtype(dtype)}


@given(scores(), st.sampled_from(DTYPES))
def test_argmax_and_argmin_are_the_first_of_equals(
    drawn: tuple[NDArray[np.int64], int], dtype: type[np.number]
) -> None:
    values = drawn[0]
    cascade = cascade_from_text(
        "X[b] = argmax(e) S[b,e]\nN[b] = argmin(e) S[b,e]",
        ranks=dict(zip("BE", values.shape, strict=True)),
        tensors=SCORES,
    )
    result = evaluate(cascade, {"S": values}, dtype=dtype)
    rows = values.tolist()
    assert result["X"].tolist() == [row.index(max(row)) for row in rows]
    assert result["N"].tolist() == [row.index(min(row)) for row in rows]


@pytest.mark.parametrize(
    ("condition", "largest", "smallest"),
    [
        ("e > 0", [2, 2], [1, 1]),
        ("0 < e and e < 3 - b", [2, 1], [1, 1]),
        ("e > b + 2", [3, -1], [3, -1]),
    ],
)
def test_argmax_and_argmin_of_what_takes_part(
    make: Make, condition: str, largest: list[int], smallest: list[int]
) -> None:
    text = f"X[b] = argmax(e) S[b,e] if {condition}\nN[b] = argmin(e) S[b,e] if {condition}"
    result = evaluate(make(text, RANKS, SCORES), {"S": VALUES})
    assert (result["X"].tolist(), result["N"].tolist()) == (largest, smallest)


@pytest.mark.parametrize("dtype", [np.int8, np.int64])
def test_argmax_of_nothing_in_an_integer_type(make: Make, dtype: type[np.integer]) -> None:
    cascade = make("X[b] = argmax(e) S[b,e] if e > b + 2", RANKS, SCORES)
    assert evaluate(cascade, {"S": np.abs(VALUES)}, dtype=dtype)["X"].tolist() == [3, -1]


def test_positions_that_a_type_cannot_hold_are_refused(make: Make) -> None:
    cascade = make("X[b] = argmax(e) S[b,e] if e > b + 2", RANKS, SCORES)
    with pytest.raises(InputError, match="gives position -1, which uint8 cannot hold"):
        evaluate(cascade, {"S": np.abs(VALUES)}, dtype=np.uint8)
    cascade = make("X[] = argmax(m) V[m]", {"M": 300}, {"V": ["M"]})
    with pytest.raises(InputError, match="gives position 299, which int8 cannot hold"):
        evaluate(cascade, {"V": np.arange(300) // 299}, dtype=np.int8)


def test_infinite_elements_are_elements(make: Make) -> None:
    cascade = make("X[] = argmax(m) V[m]\nN[] = argmin(m) V[m]", {"M": 2}, {"V": ["M"]})
    low, high = evaluate(cascade, {"V": [-np.inf] * 2}), evaluate(cascade, {"V": [np.inf] * 2})
    assert low["X"] == low["N"] == high["X"] == high["N"] == 0


def test_no_element_stays_none_through_a_nested_gather(make: Make) -> None:
    cascade = make(
        "G[t] = E[X[Y[t]]]", {"T": 3, "N": 2, "V": 2}, {"E": ["V"], "X": ["N"], "Y": ["T"]}
    )
    result = evaluate(cascade, {"E": [5, 7], "X": [1, 0], "Y": [0, -1, 1]})
    assert result["G"].tolist() == [7, 0, 5]


def test_what_takes_no_part_may_point_anywhere(make: Make) -> None:
    cascade = make("G[t] = E[X[t]] if t < 2", {"T": 3, "V": 2}, {"E": ["V"], "X": ["T"]})
    assert evaluate(cascade, {"E": [5, 7], "X": [1, 0, 99]})["G"].tolist() == [7, 5, 0]


@pytest.mark.parametrize(
    ("dtype", "condition", "expected"),
    [
        (np.int64, "e > b + 2", [3, -1]),
        (np.int8, "e > b + 2", [3, -1]),
        (np.uint8, "e >= 0", [1, 2]),
    ],
)
def test_argmin_in_an_integer_type(
    make: Make, dtype: type[np.integer], condition: str, expected: list[int]
) -> None:
    cascade = make(f"N[b] = argmin(e) S[b,e] if {condition}", RANKS, SCORES)
    assert evaluate(cascade, {"S": np.abs(VALUES)}, dtype=dtype)["N"].tolist() == expected


@pytest.mark.parametrize(
    ("left", "axes"),
    [("k,b,c", (2, 0, 1)), ("b,k,c", (0, 2, 1)), ("b,c,k", (0, 1, 2)), ("c,k,b", (1, 2, 0))],
)
@pytest.mark.parametrize("name", ["topk", "argtopk"])
def test_place_in_the_ranking_is_where_the_left_has_it(
    make: Make, name: str, left: str, axes: tuple[int, ...]
) -> None:
    values = np.random.default_rng(0).permutation(2 * 5 * 3).reshape(2, 5, 3).astype(float)
    ranks = {"B": 2, "E": 5, "C": 3, "K": 4}
    cascade = make(f"Z[{left}] = {name}(e) S[b,e,c]", ranks, {"S": ["B", "E", "C"]})
    order = np.argsort(-values, axis=1)[:, :4]
    expected = order if name == "argtopk" else np.take_along_axis(values, order, axis=1)
    expected = expected.transpose(0, 2, 1).transpose(axes)  # b, k, c -> b, c, k -> as written
    np.testing.assert_array_equal(evaluate(cascade, {"S": values})["Z"], expected)


def test_topk_of_an_expression_and_beyond_the_end(make: Make) -> None:
    text = "Y[b,k] = topk(e) (S[b,e] * W[e] - 1)\nX[b,k] = topk(e) S[b,e+2]"
    cascade = make(text, RANKS, {**SCORES, "W": ["E"]})
    result = evaluate(cascade, {"S": VALUES, "W": [1, -1, 0, 2]})
    assert result["Y"].tolist() == [[3, 2, -1], [4, -1, -2]]
    assert result["X"].tolist() == [[3, 2, -math.inf], [0, -1, -math.inf]]


def test_condition_on_the_place_in_the_ranking_leaves_0(make: Make) -> None:
    text = "V[b,k] = topk(e) S[b,e] if k <= b\nI[k,b] = argtopk(e) S[b,e] if k > b and e > 0"
    result = evaluate(make(text, RANKS, SCORES), {"S": VALUES})
    assert result["V"].tolist() == [[3, 0, 0], [0, -1, 0]]
    assert result["I"].tolist() == [[0, 0], [3, 0], [1, 1]]


def test_topk_at_every_step_of_an_iteration(make: Make) -> None:
    text = "R[b+1,k] = topk(e) (S[b,e] + R[b,0]) where R[0,k] = 10"
    result = evaluate(make(text, RANKS, SCORES), {"S": VALUES})["R"]
    assert result.tolist() == [[10, 10, 10], [13, 13, 12], [13, 12, 12]]


@given(scores())
def test_reading_at_the_positions_gives_the_largest(drawn: tuple[NDArray[np.int64], int]) -> None:
    values, kept = drawn
    text = "I[b,k] = argtopk(e) S[b,e]\nV[b,k] = topk(e) S[b,e]\nG[b,k] = S[b,I[b,k]]"
    sizes = {**dict(zip("BE", values.shape, strict=True)), "K": kept}
    result = evaluate(cascade_from_text(text, ranks=sizes, tensors=SCORES), {"S": values})
    np.testing.assert_array_equal(result["G"], result["V"])


TOPK_ERRORS = [
    ("Z[b,k] = topk(b,e) S[b,e]", "reduces 'b', which must stand on the right and not on the left"),
    ("Z[k] = topk(b,e) S[b,e]", "topk reduces 2 indices, must be 1; a position has one number"),
    ("Z[] = argmax(b,e) S[b,e]", "argmax reduces 2 indices, must be 1; a position has one number"),
    (
        "Z[b] = topk(e) S[b,e]",
        "topk needs 1 index on the left that is not on the right, for the place in the ranking; "
        "found none",
    ),
    (
        "Z[b,k,j] = argtopk(e) S[b,e]",
        "argtopk needs 1 index on the left that is not on the right, for the place in the "
        "ranking; found k, j",
    ),
    ("Z[b,j] = topk(e) S[b,e]", "topk keeps J = 5 of E = 4 elements, must be at most as many"),
]


@pytest.mark.parametrize(("text", "rest"), TOPK_ERRORS, ids=[case[0] for case in TOPK_ERRORS])
def test_topk_that_makes_no_sense(problems: Problems, text: str, rest: str) -> None:
    column = text.index("= ") + 3
    found = problems(text, {**RANKS, "J": 5}, SCORES)
    assert f"c:1:{column}: Einsum '{text}': {rest}" in found


def test_as_many_as_there_are_may_be_kept(make: Make) -> None:
    cascade = make("Z[b,k] = topk(e) S[b,e]", {**RANKS, "K": 4}, SCORES)
    assert evaluate(cascade, {"S": VALUES})["Z"].tolist() == [[3, 3, 2, 1], [0, -1, -1, -5]]


def table_row(rows: Sequence[Sequence[float]], position: int, d: int) -> float:
    return rows[position][d] if position >= 0 else 0


@given(
    st.lists(st.integers(-1, 2), min_size=4, max_size=4),
    st.lists(st.integers(0, 3), min_size=4, max_size=4),
    st.sampled_from(DTYPES),
)
def test_gathers_and_nested_gathers(x: list[int], y: list[int], dtype: type[np.number]) -> None:
    text = """
        G[t,d] = E[X[t],d]
        N[d,t] = E[X[Y[t]],d]
        S[d] = E[X[t],d]
        P[t] = E[X[t],d] * E[X[Y[t]],1]
        H[t,d] = E[X[t+1],d+1]
        M[d] = max(t) (E[X[t],d] - 4)
    """
    cascade = cascade_from_text(text, ranks=EXPERTS, tensors={**TABLE, "Y": ["T"]})
    result = evaluate(cascade, {"E": ROWS, "X": x, "Y": y}, dtype=dtype)
    gathered = [[table_row(ROWS, x[t], d) for d in range(2)] for t in range(4)]
    nested = [[table_row(ROWS, x[y[t]], d) for d in range(2)] for t in range(4)]
    assert result["G"].tolist() == gathered
    assert result["N"].T.tolist() == nested
    assert result["S"].tolist() == [sum(row[d] for row in gathered) for d in range(2)]
    assert result["P"].tolist() == [sum(gathered[t]) * nested[t][1] for t in range(4)]
    assert result["M"].tolist() == [max(row[d] for row in gathered) - 4 for d in range(2)]
    shifted = [[row[1], 0] for row in gathered[1:]]
    assert result["H"].tolist() == [*shifted, [0, 0]]


def test_a_mixture_of_experts(make: Make) -> None:
    ranks = {"T": 5, "N": 4, "K": 2, "D": 3, "F": 2}
    tensors = {"S": ["T", "N"], "X": ["T", "D"], "W": ["N", "D", "F"]}
    text = """
        I[t,k] = argtopk(n) S[t,n]
        C[t,k] = topk(n) S[t,n]
        Z[t,f] = C[t,k] * X[t,d] * W[I[t,k],d,f]
    """
    random = np.random.default_rng(1)
    given = {name: random.normal(size=[ranks[r] for r in dims]) for name, dims in tensors.items()}
    expected = np.zeros((5, 2))
    for t in range(5):
        for n in best(given["S"][t].tolist(), range(4), 2):
            expected[t] += given["S"][t, n] * (given["X"][t] @ given["W"][n])
    result = evaluate(make(text, ranks, tensors), given)["Z"]
    np.testing.assert_allclose(result, expected, rtol=1e-12)


def test_two_gathers_in_one_access_and_two_ranks_in_one_position(make: Make) -> None:
    ranks = {"M": 3, "N": 4, "T": 2, "U": 3}
    tensors = {"A": ["M", "N"], "X": ["T"], "Y": ["T", "U"]}
    a, x, y = np.arange(1, 13).reshape(3, 4), [2, -1], [[0, 3, -1], [1, 2, 0]]
    text = "Z[u,t] = A[X[t],Y[t,u]]\nW[m,u] = A[m,Y[0,u]]\nD[t] = A[X[t],X[t]]"
    result = evaluate(make(text, ranks, tensors), {"A": a, "X": x, "Y": y})
    assert result["Z"].tolist() == [[a[2, 0], 0], [a[2, 3], 0], [0, 0]]
    assert result["W"].tolist() == [[1, 4, 0], [5, 8, 0], [9, 12, 0]]
    assert result["D"].tolist() == [a[2, 2], 0]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(3, "3"), (-2, "-2"), (0.5, "0.5"), (-0.5, "-0.5"), (math.nan, "nan"), (math.inf, "inf")],
)
def test_positions_that_are_none_are_refused(make: Make, value: float, shown: str) -> None:
    cascade = make("G[t,d] = E[X[t],d]", EXPERTS, TABLE)
    evaluate(cascade, {"E": ROWS, "X": [0, 2, -1, 1]})
    with pytest.raises(InputError) as caught:
        evaluate(cascade, {"E": ROWS, "X": [0, 2, value, 1]})
    assert str(caught.value).endswith(
        f"Einsum 'G': X[t] holds {shown}, must be a position of E: a whole number from 0 to 2, or "
        "-1 for none"
    )


def test_nested_positions_are_checked_too(make: Make) -> None:
    cascade = make("G[t] = E[X[Y[t]],0]", EXPERTS, {**TABLE, "Y": ["T"]})
    with pytest.raises(InputError, match=r"Y\[t\] holds 4, must be a position of X: .* 0 to 3"):
        evaluate(cascade, {"E": ROWS, "X": [0] * 4, "Y": [0, 4, 0, 0]})
    with pytest.raises(InputError, match=r"X\[Y\[t\]\] holds 3, must be a position of E"):
        evaluate(cascade, {"E": ROWS, "X": [0, 3, 0, 0], "Y": [0, 1, 0, 0]})


@pytest.mark.parametrize(
    ("text", "column", "rest"),
    [
        ("G[X[t],d] = E[t,d]", 1, "index 'X[t]' is a gather, must be linear in the indices"),
        ("G[t,d] = E[X[t,d],d]", 12, "tensor 'X' has 2 indices, must be 1 (T)"),
        (
            "G[t,d] = E[XX[t],d]",
            12,
            "tensor 'XX' is unknown; did you mean 'X'? valid: E, G, X",
        ),
        ("G[t,d] = E[X[q],d]", 12, "index 'q' is unknown; valid: d, t, v"),
        ("G[t,d] = E[X[t]+1,d]", 16, "found '+1,d]', must be ',' or ']'"),
    ],
)
def test_gathers_that_make_no_sense(problems: Problems, text: str, column: int, rest: str) -> None:
    assert f"c:1:{column}: Einsum '{text}': {rest}" in problems(text, EXPERTS, TABLE)
