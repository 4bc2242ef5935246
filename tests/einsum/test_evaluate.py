"""Evaluation of single Einsums: products, convolutions, access patterns, iteration."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accelsim.einsum.cascade import Cascade
from accelsim.einsum.evaluate import evaluate
from accelsim.workload import cascade_from_text, load_cascade

Make = Callable[..., Cascade]
V = np.array([1.0, 2.0, 3.0, 4.0])
A = np.arange(20.0).reshape(4, 5)
SMALL = st.integers(1, 3)


@given(st.tuples(*[st.integers(1, 6)] * 3), st.integers(0, 2**32))
def test_matrix_product(sizes: tuple[int, int, int], seed: int) -> None:
    m, n, k = sizes
    random = np.random.default_rng(seed)
    a, b = random.normal(size=(m, k)), random.normal(size=(k, n))
    cascade = load_cascade("matmul", {"M": m, "N": n, "K": k})
    result = evaluate(cascade, {"A": a, "B": b})
    np.testing.assert_allclose(result["Z"], a @ b, rtol=1e-12, atol=1e-12)


@given(
    st.fixed_dictionaries(dict.fromkeys(["N", "C", "K", "P", "Q", "R", "S"], SMALL)),
    SMALL,
    SMALL,
    st.integers(0, 2**32),
)
def test_convolution(sizes: dict[str, int], stride: int, dilation: int, seed: int) -> None:
    cascade = load_cascade("conv2d", {**sizes, "stride": stride, "dilation": dilation})
    random = np.random.default_rng(seed)
    image = random.integers(-9, 10, cascade.tensors["I"].shape)
    weights = random.integers(-9, 10, cascade.tensors["W"].shape)
    n, c, k, p, q, r, s = (sizes[rank] for rank in "NCKPQRS")
    expected = np.zeros((n, k, p, q))
    for b, o, y, x in np.ndindex(n, k, p, q):
        for i, u, v in np.ndindex(c, r, s):
            element = image[b, i, stride * y + dilation * u, stride * x + dilation * v]
            expected[b, o, y, x] += element * weights[o, i, u, v]
    np.testing.assert_array_equal(evaluate(cascade, {"I": image, "W": weights})["O"], expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Z[m] = D[m, m]", [0, 5, 10, 15]),
        ("Z[m] = D[m, m+1]", [1, 6, 11, 0]),
        ("Z[m] = D[m, 2*m]", [0, 6, 0, 0]),
        ("Z[m] = D[3-m, m]", [12, 9, 6, 3]),
        ("Z[m] = D[m, 2]", [2, 6, 10, 14]),
        ("Z[m] = D[-m+3, L-1]", [15, 11, 7, 3]),
        ("Z[] = D[m, m]", 30),
        ("Z[] = D[m, 2*m]", 6),
        ("Z[] = D[m, m] * D[m, 0]", 0 * 0 + 5 * 4 + 10 * 8 + 15 * 12),
    ],
)
def test_one_rank_in_two_indices(make: Make, text: str, expected: object) -> None:
    cascade = make(text, {"M": 4, "L": 4}, {"D": ["M", "L"]})
    square = np.arange(16).reshape(4, 4)
    np.testing.assert_array_equal(evaluate(cascade, {"D": square})["Z"], expected)


def test_rank_of_the_left_alone_spreads_the_value(make: Make) -> None:
    tensors = {"V": ["M"]}
    cascade = make("Y[n,m] = V[m]\nX[m,n] = 7\nW[n] = V[m]", tensors=tensors)
    result = evaluate(cascade, {"V": V})
    np.testing.assert_array_equal(result["Y"], [V] * 3)
    np.testing.assert_array_equal(result["X"], np.full((4, 3), 7))
    np.testing.assert_array_equal(result["W"], [10] * 3)


def test_ranks_may_be_permuted(make: Make) -> None:
    cascade = make("Z[k,m] = A[m,k] - V[m]", tensors={"A": ["M", "K"], "V": ["M"]})
    np.testing.assert_array_equal(evaluate(cascade, {"A": A, "V": V})["Z"], A.T - V)


def test_tensors_without_indices(make: Make) -> None:
    cascade = make("S[] = C[] * V[m]\nZ[m] = V[m] / S[]", tensors={"V": ["M"], "C": []})
    result = evaluate(cascade, {"V": V, "C": 2.0}, intermediates=True)
    assert result["S"].shape == ()
    np.testing.assert_array_equal(result["Z"], V / 20)


def test_order_of_operations(make: Make) -> None:
    cascade = make("Z[m] = 1 - V[m] - V[m] / 2 / 2 * -3 + M", tensors={"V": ["M"]})
    np.testing.assert_array_equal(evaluate(cascade, {"V": V})["Z"], 1 - V + V * 0.75 + 4)


def test_product_beside_infinity_leaves_points_beyond_the_end_out(make: Make) -> None:
    cascade = make("Z[m] = V[m+r] * W[r]", {"M": 4, "R": 2}, {"V": ["M"], "W": ["R"]})
    result = evaluate(cascade, {"V": V, "W": [1.0, np.inf]})["Z"]
    np.testing.assert_array_equal(result, [np.inf, np.inf, np.inf, 4.0])


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=8), st.integers(-3, 3))
def test_running_sum(values: list[int], start: int) -> None:
    cascade = cascade_from_text(
        f"Z[m+1] = Z[m] + V[m] where Z[0] = {start}\nY[] = Z[M]\nX[m] = Z[m]\nW[m] = Z[m+1]",
        ranks={"M": len(values)},
        tensors={"V": ["M"]},
    )
    result = evaluate(cascade, {"V": values}, intermediates=True)
    expected = list(itertools.accumulate(values, initial=start))
    assert result["Z"].tolist() == expected
    assert result["Y"] == expected[-1]
    assert result["X"].tolist() == expected[:-1]
    assert result["W"].tolist() == expected[1:]


def test_running_maximum_starts_at_minus_infinity(make: Make) -> None:
    cascade = make("Z[m+1] = max(Z[m], V[m]) where Z[0] = -inf", tensors={"V": ["M"]})
    result = evaluate(cascade, {"V": [-3, -5, -1, -2]})
    assert result["Z"].tolist() == [-np.inf, -3, -3, -1, -1]


def test_iterated_tensor_along_one_of_two_ranks(make: Make) -> None:
    cascade = make("Z[k,m+1] = Z[k,m] * A[m,k] where Z[k,0] = 1", tensors={"A": ["M", "K"]})
    result = evaluate(cascade, {"A": A})["Z"]
    np.testing.assert_array_equal(result[:, 0], np.ones(5))
    np.testing.assert_array_equal(result[:, 1:], np.cumprod(A, axis=0).T)


def test_reduction_inside_an_iteration(make: Make) -> None:
    text = "H[n,k+1] = T[n,j] * H[j,k] where H[n,0] = 1"
    cascade = make(text, {"N": 3, "J": 3, "K": 4}, {"T": ["N", "J"]})
    matrix = np.array([[0.0, 1, 2], [1, 1, 0], [2, 0, 1]])
    result = evaluate(cascade, {"T": matrix})["H"]
    for step in range(5):
        expected = np.linalg.matrix_power(matrix, step) @ np.ones(3)
        np.testing.assert_array_equal(result[:, step], expected)


def test_two_steps_back_and_an_einsum_in_between(make: Make) -> None:
    text = "Y[m] = Z[m] * 2\nZ[m+1] = Y[m] - V[m] where Z[0] = 1"
    result = evaluate(make(text, tensors={"V": ["M"]}), {"V": V}, intermediates=True)
    assert result["Z"].tolist() == [1, 1, 0, -3, -10]
    assert result["Y"].tolist() == [2, 2, 0, -6]


def test_iterated_tensor_that_does_not_feed_itself(make: Make) -> None:
    cascade = make("Z[m+1] = V[m] * 2 where Z[0] = 5\nY[m] = Z[m] + Z[0]", tensors={"V": ["M"]})
    result = evaluate(cascade, {"V": V}, intermediates=True)
    assert result["Z"].tolist() == [5, 2, 4, 6, 8]
    assert result["Y"].tolist() == [10, 7, 9, 11]
