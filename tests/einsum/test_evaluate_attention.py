"""The five attention cascades against softmax attention written in NumPy."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from accelsim.einsum.evaluate import evaluate
from accelsim.workload import load_template

CASCADES = [
    "attention/one-pass",
    "attention/two-pass",
    "attention/two-pass-deferred",
    "attention/three-pass",
    "attention/three-pass-deferred",
]
SIZES = st.fixed_dictionaries(
    {
        "B": st.integers(1, 2),
        "H": st.integers(1, 2),
        "E": st.integers(1, 4),
        "F": st.integers(1, 4),
        "P": st.integers(1, 5),
        "M": st.integers(1, 13),
        "M0": st.integers(1, 16),
    }
)
RAGGED = {"B": 2, "H": 1, "E": 4, "F": 3, "P": 5, "M": 13, "M0": 4}
SHORT = {"B": 1, "H": 2, "E": 4, "F": 3, "P": 2, "M": 3, "M0": 8}
EVEN = {"B": 1, "H": 1, "E": 4, "F": 2, "P": 3, "M": 12, "M0": 4}

Inputs = dict[str, NDArray[np.float64]]


def attention(q: NDArray[np.float64], k: NDArray[np.float64], v: NDArray[np.float64]) -> object:
    """Softmax over the keys of q.k, times v: axes (batch, head, depth, position)."""
    logits = np.swapaxes(k, -1, -2) @ q
    weights = np.exp(logits - logits.max(axis=-2, keepdims=True))
    return v @ (weights / weights.sum(axis=-2, keepdims=True))


def inputs(sizes: dict[str, int], *, largest: int, seed: int) -> Inputs:
    """Q and K of whole numbers, so that every logit is exact however large it is."""
    random = np.random.default_rng(seed)
    b, h, e, f, m, p = (sizes[rank] for rank in "BHEFMP")
    return {
        "Q": random.integers(-largest, largest + 1, (b, h, e, p)).astype(np.float64),
        "K": random.integers(-largest, largest + 1, (b, h, e, m)).astype(np.float64),
        "V": random.uniform(-1, 1, (b, h, f, m)),
    }


@pytest.mark.parametrize("name", CASCADES)
@given(sizes=SIZES, largest=st.sampled_from([1, 3, 50]), seed=st.integers(0, 2**32))
@example(sizes=RAGGED, largest=50, seed=1)
@example(sizes=RAGGED, largest=1, seed=2)
@example(sizes=SHORT, largest=3, seed=3)
@example(sizes=EVEN, largest=2, seed=4)
def test_agrees_with_softmax(name: str, sizes: dict[str, int], largest: int, seed: int) -> None:
    template = load_template(name)
    tensors = inputs(sizes, largest=largest, seed=seed)
    cascade = template.resolve({k: v for k, v in sizes.items() if k in template.ranks})
    result = evaluate(cascade, tensors)
    assert set(result) == {"AV"}
    expected = attention(tensors["Q"], tensors["K"], tensors["V"])
    np.testing.assert_allclose(result["AV"], expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", CASCADES)
def test_logits_of_ten_thousand(name: str) -> None:
    template = load_template(name)
    tensors = inputs(RAGGED, largest=1, seed=5)
    tensors["Q"][..., 0], tensors["K"][..., ::3] = 50.0, 50.0  # 4 * 50 * 50
    cascade = template.resolve({k: v for k, v in RAGGED.items() if k in template.ranks})
    result = evaluate(cascade, tensors)["AV"]
    assert (np.swapaxes(tensors["K"], -1, -2) @ tensors["Q"]).max() == 1e4
    expected = attention(tensors["Q"], tensors["K"], tensors["V"])
    np.testing.assert_allclose(result, expected, rtol=1e-12, atol=1e-12)


def test_running_values_hold_their_start_and_every_step() -> None:
    tensors = inputs(RAGGED, largest=2, seed=6)
    cascade = load_template("attention/one-pass").resolve(RAGGED)
    values = evaluate(cascade, tensors, intermediates=True)
    assert set(values) == {einsum.name for einsum in cascade.einsums}
    logits = np.swapaxes(tensors["K"], -1, -2) @ tensors["Q"]
    running = values["RM"]
    assert running.shape == (2, 1, 4 + 1, 5)
    assert (running[:, :, 0] == -np.inf).all()
    for step in range(1, 5):
        np.testing.assert_array_equal(running[:, :, step], logits[:, :, : 4 * step].max(axis=2))
    total = np.exp(logits - logits.max(axis=2, keepdims=True)).sum(axis=2)
    np.testing.assert_allclose(values["RD"][:, :, 4], total, rtol=1e-12)
    assert (values["RD"][:, :, 0] == 0).all()


def test_elements_beyond_a_ragged_end_are_zero() -> None:
    cascade = load_template("attention/two-pass").resolve(RAGGED)
    values = evaluate(cascade, inputs(RAGGED, largest=2, seed=7), intermediates=True)
    for name in ("BQK", "SLN", "A"):  # M = 13 leaves 3 of the last tile's 4 keys out
        assert (values[name][:, :, 3, 1:] == 0).all()
        assert (values[name][:, :, 3, 0] != 0).any()


def test_single_precision() -> None:
    tensors = inputs(EVEN, largest=1, seed=8)
    cascade = load_template("attention/one-pass").resolve(EVEN)
    result = evaluate(cascade, tensors, dtype=np.float32)["AV"]
    assert result.dtype == np.float32
    expected = attention(tensors["Q"], tensors["K"], tensors["V"])
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-5)
