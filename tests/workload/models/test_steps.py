"""The small cascades that models are built of, evaluated against NumPy."""

from __future__ import annotations

from collections.abc import Callable
from math import erf

import numpy as np
import pytest
from numpy.typing import NDArray

from accelsim.einsum.evaluate import evaluate
from accelsim.workload import load_cascade

Array = NDArray[np.float64]
Function = Callable[[Array], Array]


def close(found: Array, expected: Array) -> None:
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def gelu(x: Array) -> Array:
    """Hendrycks and Gimpel, arXiv 1606.08415: x times the normal distribution's integral."""
    return np.asarray(x * np.vectorize(lambda v: (1 + erf(v / 2**0.5)) / 2)(x))


def gelu_tanh(x: Array) -> Array:
    return np.asarray(0.5 * x * (1 + np.tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x**3))))


FUNCTIONS: dict[str, Function] = {
    "relu": lambda x: np.maximum(x, 0),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "tanh": np.tanh,
}


def numbers(*shape: int) -> Array:
    return np.random.default_rng(sum(shape)).normal(size=shape)


@pytest.mark.parametrize("name", [*FUNCTIONS, "gelu"])
def test_activation(name: str) -> None:
    u = numbers(3, 40)
    cascade = load_cascade(f"transformer/{name}", {"T": 3, "S": 40})
    found = evaluate(cascade, {"U": u})[cascade.outputs[0]]
    if name == "gelu":  # Either definition; they differ by less than 1e-3.
        np.testing.assert_allclose(found, gelu(u), atol=1e-3)
        assert min(abs(found - each(u)).max() for each in (gelu, gelu_tanh)) < 1e-12
    else:
        close(found, FUNCTIONS[name](u))
    assert sum(einsum.points for einsum in cascade.einsums) == 3 * 40


@pytest.mark.parametrize("name", ["gelu", "relu", "silu"])
def test_gated_activation_is_that_of_the_gate_times_the_other(name: str) -> None:
    gate, up = numbers(4, 9), numbers(4, 9)[::-1]
    cascade = load_cascade(f"transformer/gated-{name}", {"T": 4, "S": 9})
    plain = load_cascade(f"transformer/{name}", {"T": 4, "S": 9})
    activated = evaluate(plain, {"U": gate})[plain.outputs[0]]
    close(evaluate(cascade, {"GATE": gate, "UP": up})["ACT"], activated * up)


def test_linear_with_bias() -> None:
    a, b, bias = numbers(5, 7), numbers(7, 3), numbers(3)
    cascade = load_cascade("transformer/linear-bias", {"M": 5, "K": 7, "N": 3})
    close(evaluate(cascade, {"A": a, "B": b, "BIAS": bias})["Z"], a @ b + bias)
    assert cascade.outputs == ("Z",)


def test_residual() -> None:
    x, r = numbers(5, 7), numbers(7, 5).T
    cascade = load_cascade("transformer/residual", {"T": 5, "D": 7})
    close(evaluate(cascade, {"X": x, "R": r})["Y"], x + r)


def test_rows_of_a_table_are_added() -> None:
    x, table, at = numbers(5, 7), numbers(11, 7), np.array([3, 0, 10, 3, 1])
    cascade = load_cascade("transformer/embedding-add", {"T": 5, "D": 7, "SLOTS": 11})
    (output,) = cascade.outputs
    close(evaluate(cascade, {"IN": x, "AT": at, "TABLE": table})[output], x + table[at])


def test_root_mean_square_norm() -> None:
    x, gain = numbers(5, 7), numbers(7)
    cascade = load_cascade("transformer/rms-norm", {"T": 5, "D": 7})
    expected = x / np.sqrt((x**2).mean(axis=1, keepdims=True) + 1e-5) * gain
    close(evaluate(cascade, {"X": x, "G": gain})["Y"], expected)


def softmax(scores: Array, axis: int) -> Array:
    weights = np.exp(scores - scores.max(axis, keepdims=True))
    return np.asarray(weights / weights.sum(axis, keepdims=True))


SIZES = {"B": 2, "H": 3, "M": 11, "P": 5}


def test_scores_softmax_and_values() -> None:
    q, k, v = numbers(2, 3, 4, 5), numbers(2, 3, 4, 11), numbers(2, 3, 6, 11)
    qk = np.einsum("bhep,bhem->bhmp", q, k)
    found = evaluate(load_cascade("attention/scores", {**SIZES, "E": 4}), {"Q": q, "K": k})["QK"]
    close(found, qk)
    weights = evaluate(load_cascade("attention/softmax", SIZES), {"QK": qk})["A"]
    close(weights, softmax(qk, 2))
    values = load_cascade("attention/values", {**SIZES, "F": 6})
    found = evaluate(values, {"A": weights, "V": v})["AV"]
    close(found, np.einsum("bhmp,bhfm->bhfp", softmax(qk, 2), v))


@pytest.mark.parametrize(("name", "window"), [("causal", None), ("sliding-window", 4)])
def test_grouped_queries_see_what_stands_before_them(name: str, window: int | None) -> None:
    length, group = 9, 3
    sizes = {"B": 2, "H": 2, "G": group, "E": 4, "F": 5, "M": length}
    extra = {"W": window} if window else {}
    cascade = load_cascade(f"attention/grouped-{name}", {**sizes, **extra})
    q, k, v = (
        numbers(2, 2, group, 4, length),
        numbers(2, 2, 4, length),
        numbers(2, 2, 5, length),
    )
    found = evaluate(cascade, {"Q": q, "K": k, "V": v})["AV"]
    expected = np.zeros((2, 2, group, 5, length))
    pairs = 0
    for p in range(length):
        first = max(0, p - window + 1) if window else 0
        keys, values = k[..., first : p + 1], v[..., first : p + 1]
        scores = np.einsum("bhge,bhem->bhgm", q[..., p], keys)
        expected[..., p] = np.einsum("bhgm,bhfm->bhgf", softmax(scores, 3), values)
        pairs += p + 1 - first
    close(found, expected)
    assert cascade["QK"].points == 2 * 2 * group * 4 * pairs
    assert cascade["AV"].points == 2 * 2 * group * 5 * pairs


def test_one_query_a_group_is_attention_without_groups() -> None:
    sizes = {"B": 1, "H": 2, "E": 4, "F": 5, "M": 6}
    q, k, v = numbers(1, 2, 1, 4, 6), numbers(1, 2, 4, 6), numbers(1, 2, 5, 6)
    grouped = load_cascade("attention/grouped-causal", {**sizes, "G": 1})
    plain = load_cascade("attention/causal", sizes)
    found = evaluate(grouped, {"Q": q, "K": k, "V": v})["AV"]
    close(found[:, :, 0], evaluate(plain, {"Q": q[:, :, 0], "K": k, "V": v})["AV"])
