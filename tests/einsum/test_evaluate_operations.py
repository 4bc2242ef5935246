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
}


def run(make: Make, text: str, values: list[float], **more: object) -> np.ndarray:
    cascade = make(text, {"M": len(values)}, {"V": ["M"]})
    return evaluate(cascade, {"V": values}, **more)["Z"]


def test_every_operation_has_a_formula_here() -> None:
    assert set(FUNCTIONS) == {*UNARY, "max", "min"}
    assert set(REDUCTIONS) == set(REDUCED)


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
    np.testing.assert_allclose(result["Y"], [reduce(row.tolist()) for row in values], rtol=1e-15)
    np.testing.assert_allclose(result["X"], reduce(values.ravel().tolist()), rtol=1e-15)
    columns = [reduce([math.exp(x) for x in column]) for column in values.T.tolist()]
    np.testing.assert_allclose(result["W"], columns, rtol=1e-14)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sum", [-3, -2, 0, 0]),
        ("product", [2, -2, 1, 1]),
        ("max", [-1, -2, -math.inf, -math.inf]),
        ("min", [-2, -2, math.inf, math.inf]),
    ],
)
def test_points_beyond_the_end_leave_the_neutral_element(
    make: Make, name: str, expected: list[float]
) -> None:
    cascade = make(f"Z[m] = {name}(k) V[m+k+2]", {"M": 4, "K": 2}, {"V": ["M"]})
    assert evaluate(cascade, {"V": [9, 9, -1, -2]})["Z"].tolist() == expected


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
