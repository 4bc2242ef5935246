"""Each elementwise operation and reduction against a formula of its own, and number types."""

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import pytest

from accelsim.einsum.cascade import Cascade
from accelsim.einsum.evaluate import evaluate
from accelsim.einsum.operations import FUNCTIONS, REDUCTIONS

Make = Callable[..., Cascade]
SIGNED = [-30.0, -3.5, -1.0, -1e-3, 0.0, 2e-4, 0.5, 1.0, 6.25, 30.0]
POSITIVE = [1e-9, 0.25, 1.0, 3.0, 1e9]


def logistic(x: float) -> float:
    return math.exp(x) / (1 + math.exp(x))


UNARY: dict[str, tuple[Callable[[float], float], list[float]]] = {
    "exp": (lambda x: math.e**x, SIGNED),
    "log": (lambda x: math.log2(x) * math.log(2), POSITIVE),
    "sqrt": (lambda x: x**0.5, POSITIVE),
    "reciprocal": (lambda x: x**-1, POSITIVE),
    "tanh": (lambda x: math.sinh(x) / math.cosh(x), SIGNED),
    "relu": (lambda x: x if x > 0 else 0.0, SIGNED),
    "gelu": (lambda x: x * NormalDist().cdf(x), SIGNED),
    "sigmoid": (logistic, SIGNED),
    "silu": (lambda x: x * logistic(x), SIGNED),
}
REDUCED: dict[str, Callable[[list[float]], float]] = {
    "sum": math.fsum,
    "product": math.prod,
    "max": max,
    "min": min,
    "any": lambda values: float(any(x != 0 for x in values)),
    "all": lambda values: float(all(x != 0 for x in values)),
    "logsumexp": lambda values: math.log(math.fsum(map(math.exp, values))),
}
RANKING = {"argmax", "argmin", "topk", "argtopk"}
"""Their tests are those of topk."""


def run(make: Make, text: str, values: list[float], **more: object) -> np.ndarray:
    cascade = make(text, {"M": len(values)}, {"V": ["M"]})
    return evaluate(cascade, {"V": values}, **more)["Z"]


def test_every_operation_has_a_formula_here() -> None:
    assert set(FUNCTIONS) == {*UNARY, "max", "min"}
    assert set(REDUCTIONS) == {*REDUCED, *RANKING}


@pytest.mark.parametrize("name", UNARY)
def test_unary_function(make: Make, name: str) -> None:
    formula, values = UNARY[name]
    result = run(make, f"Z[m] = {name}(V[m])", values)
    np.testing.assert_allclose(result, [formula(x) for x in values], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(("name", "pick"), [("max", max), ("min", min)])
def test_binary_function(make: Make, name: str, pick: Callable[..., float]) -> None:
    result = run(make, f"Z[m] = {name}(V[m], 0.25)", SIGNED)
    assert result.tolist() == [pick(x, 0.25) for x in SIGNED]


@pytest.mark.parametrize(
    ("expression", "formula"),
    [
        ("V[m] + 3", lambda x: x + 3),
        ("3 - V[m]", lambda x: 3 - x),
        ("V[m] * V[m]", lambda x: x * x),
        ("V[m] / 4", lambda x: x / 4),
        ("-V[m]", lambda x: -x),
    ],
)
def test_signs(make: Make, expression: str, formula: Callable[[float], float]) -> None:
    assert run(make, f"Z[m] = {expression}", SIGNED).tolist() == [formula(x) for x in SIGNED]


def test_extreme_values_pass_without_a_warning(make: Make) -> None:
    extreme = [-1e4, 1e4]
    assert run(make, "Z[m] = sigmoid(V[m])", extreme).tolist() == [0, 1]
    assert run(make, "Z[m] = silu(V[m])", extreme).tolist() == [0, 1e4]
    assert run(make, "Z[m] = gelu(V[m])", extreme).tolist() == [0, 1e4]
    assert run(make, "Z[m] = exp(V[m])", extreme).tolist() == [0, math.inf]
    assert run(make, "Z[m] = log(V[m])", [0.0]).tolist() == [-math.inf]
    assert run(make, "Z[m] = 1 / V[m]", [0.0]).tolist() == [math.inf]


@pytest.mark.parametrize("name", REDUCED)
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_reduction_of_one_and_of_two_ranks(make: Make, name: str, sign: float) -> None:
    values = sign * np.arange(1.0, 13).reshape(3, 4) / 8
    cascade = make(
        f"Y[m] = {name}(n) D[m,n]\nX[] = {name}(m,n) D[m,n]\nW[n] = {name}(m) exp(D[m,n])",
        {"M": 3, "N": 4},
        {"D": ["M", "N"]},
    )
    result = evaluate(cascade, {"D": values})
    reduce = REDUCED[name]
    np.testing.assert_allclose(result["Y"], [reduce(row.tolist()) for row in values], rtol=4e-15)
    np.testing.assert_allclose(result["X"], reduce(values.ravel().tolist()), rtol=4e-15)
    columns = [reduce([math.exp(x) for x in column]) for column in values.T.tolist()]
    np.testing.assert_allclose(result["W"], columns, rtol=1e-14)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sum", [-3, -2, 0, 0]),
        ("product", [2, -2, 1, 1]),
        ("max", [-1, -2, -math.inf, -math.inf]),
        ("min", [-2, -2, math.inf, math.inf]),
        ("any", [1, 1, 0, 0]),
        ("all", [1, 1, 1, 1]),
        ("logsumexp", [math.log(math.exp(-1) + math.exp(-2)), -2, -math.inf, -math.inf]),
    ],
)
def test_points_beyond_the_end_leave_the_neutral_element(
    make: Make, name: str, expected: list[float]
) -> None:
    cascade = make(f"Z[m] = {name}(k) V[m+k+2]", {"M": 4, "K": 2}, {"V": ["M"]})
    result = evaluate(cascade, {"V": [9, 9, -1, -2]})["Z"]
    np.testing.assert_allclose(result, expected, rtol=4e-15)


TRUTH = [[0.0, -0.0, 0.0], [0.0, 1e-300, 0.0], [-2.0, math.inf, math.nan], [3.0, 0.0, 5.0]]


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int8])
def test_anything_but_0_is_true(make: Make, dtype: type[np.number]) -> None:
    cascade = make("Y[m] = any(n) D[m,n]\nZ[m] = all(n) D[m,n]", {"M": 4, "N": 3}, {"D": "MN"})
    values = np.array(TRUTH)
    if dtype is not np.float64:
        values = np.where(np.isfinite(values), np.ceil(values), 7.0)
    result = evaluate(cascade, {"D": values}, dtype=dtype)
    assert result["Y"].tolist() == [0, 1, 1, 1]
    assert result["Z"].tolist() == [0, 0, 1, 0]
    assert {array.dtype for array in result.values()} == {np.dtype(dtype)}


def test_truth_of_what_takes_part(make: Make) -> None:
    text = "Y[m] = any(k) V[k] if k < m\nZ[m] = all(k) V[k] if k <= m and k >= 1"
    cascade = make(text, {"M": 4, "K": 4}, {"V": ["K"]})
    result = evaluate(cascade, {"V": [0, 0, 3, 0]})
    assert result["Y"].tolist() == [0, 0, 0, 1]
    assert result["Z"].tolist() == [1, 0, 0, 0]
    shifted = evaluate(cascade, {"V": [0, 2, 3, 0]})
    assert shifted["Z"].tolist() == [1, 1, 1, 0]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1000.0, 1000.0], 1000 + math.log(2)),
        ([-1000.0, -1000.0, -1000.0], -1000 + math.log(3)),
        ([0.0, 1000.0], 1000.0),
        ([-math.inf, 2.5], 2.5),
        ([-math.inf, -math.inf], -math.inf),
        ([math.inf, 3.0], math.inf),
    ],
)
def test_logsumexp_neither_overflows_nor_vanishes(
    make: Make, values: list[float], expected: float
) -> None:
    np.testing.assert_allclose(run(make, "Z[] = logsumexp(m) V[m]", values), expected, rtol=1e-15)


def test_sum_of_a_term_without_the_reduced_index_counts_it_at_every_point(make: Make) -> None:
    matrix, vector = np.arange(12.0).reshape(3, 4), np.array([1.0, -2.0, 5.0])
    text = """
        Z[m] = sum(k) (A[m,k] - V[m])
        Y[m] = max(k) (A[m,k] * V[m])
        X[] = sum(m,k) (V[m] + 1 - A[m,k])
    """
    cascade = make(text, {"M": 3, "K": 4}, {"A": ["M", "K"], "V": ["M"]})
    result = evaluate(cascade, {"A": matrix, "V": vector})
    rows = list(zip(matrix, vector, strict=True))
    assert result["Z"].tolist() == [sum(a - v for a in row) for row, v in rows]
    assert result["Y"].tolist() == [max(a * v for a in row) for row, v in rows]
    assert result["X"] == 4 * vector.sum() + 12 - matrix.sum()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("N[p] = sum(m) 1 if m <= p", lambda p: min(p + 1, 4)),
        ("N[p] = sum(m) 1", lambda p: 4),
        ("N[p] = sum(m) P / 2 if m > p", lambda p: 3 * max(3 - p, 0)),
        ("N[p] = product(m) 2 if m < p", lambda p: 2 ** min(p, 4)),
        ("N[p] = max(m) 3 if m > p", lambda p: 3 if p < 3 else -math.inf),
        ("N[p] = sum(m, l) 1 if m <= p and l <= m", lambda p: [1, 3, 5, 7, 7, 7][p]),
        ("N[p] = any(m) 1 if m == p", lambda p: p < 4),
        ("N[p] = argmax(m) 1 if m > p", lambda p: p + 1 if p < 3 else -1),
    ],
)
def test_reduction_of_no_tensor_counts_points(
    make: Make, text: str, value: Callable[[int], float]
) -> None:
    result = evaluate(make(text, {"M": 4, "P": 6, "L": 2}, {}), {})["N"]
    assert result.tolist() == [value(p) for p in range(6)]


def test_neutral_element_of_an_integer_type(make: Make) -> None:
    cascade = make("Y[] = max(m) V[m+1]\nX[] = min(m) V[m+1]", {"M": 3}, {"V": ["M"]})
    result = evaluate(cascade, {"V": [99, -7, -5]}, dtype=np.int64)
    assert (result["Y"], result["X"]) == (-5, -7)
    assert {array.dtype for array in result.values()} == {np.dtype(np.int64)}


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int8, np.int64])
@pytest.mark.parametrize(
    "text", ["Z[m] = V[m] * 2 + 1", "Z[] = V[m] * V[m]", "Z[m+1] = Z[m] + V[m] where Z[0] = 1"]
)
def test_results_keep_the_number_type(make: Make, text: str, dtype: type[np.number]) -> None:
    exact = run(make, text, [1.0, 2.0, 3.0])
    result = run(make, text, [1.0, 2.0, 3.0], dtype=dtype)
    assert result.dtype == dtype
    np.testing.assert_array_equal(result, exact)


def test_values_are_rounded_to_the_number_type(make: Make) -> None:
    assert run(make, "Z[m] = V[m] + 1", [2048.0], dtype=np.float16).tolist() == [2048]
    assert run(make, "Z[m] = V[m] + 1", [2048.0], dtype=np.float32).tolist() == [2049]
    assert run(make, "Z[m] = exp(V[m])", [12.0], dtype=np.float16).tolist() == [math.inf]
