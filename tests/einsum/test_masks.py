"""Masks: what takes part, what is counted, and attention against a masked softmax."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from accelsim.einsum.cascade import Cascade
from accelsim.einsum.evaluate import evaluate
from accelsim.workload import cascade_from_text, load_cascade

Make = Callable[..., Cascade]
Array = NDArray[np.float64]

MASKS = {
    "m <= p": lambda m, p: m <= p,
    "m < p + 1": lambda m, p: m < p + 1,
    "p - 3 < m <= p": lambda m, p: (p - 3 < m) & (m <= p),
    "2*m <= 3*p + 1": lambda m, p: 2 * m <= 3 * p + 1,
    "m + p >= 4 and m - 2 <= p": lambda m, p: (m + p >= 4) & (m - 2 <= p),
    "m == p": lambda m, p: m == p,
    "0 <= m - W and p > 1": lambda m, p: (m >= 2) & (p > 1),
}
TILED = {
    "three-pass": "m",
    "three-pass-deferred": "m",
    "two-pass": "(M0*m1 + m0)",
    "two-pass-deferred": "(M0*m1 + m0)",
    "one-pass": "(M0*m1 + m0)",
}


def masked(name: str, mask: str, sizes: dict[str, int]) -> Cascade:
    """A shipped cascade with a mask on its first Einsum."""
    plain = load_cascade(f"attention/{name}", sizes)
    lines = [einsum.statement.text for einsum in plain.einsums if einsum.statement]
    # The index by itself: `m`, not the m of `min`.
    swapped = mask.replace("m", TILED[name])
    lines[0] += f" if {swapped}"
    return cascade_from_text(
        "\n".join(lines).replace("= -inf", "= -1e30"),
        ranks={r: n for r, n in plain.sizes.items() if r != "W"},
        tensors={t: plain.tensors[t].ranks for t in plain.inputs},
        parameters={"W": 2},
    )


def reference(q: Array, k: Array, v: Array, allowed: Array) -> Array:
    """softmax(Q K + mask) V, rows that see nothing being 0."""
    scores = np.einsum("bhep,bhem->bhpm", q, k)
    scores = np.where(allowed.T, scores, -np.inf)
    high = scores.max(-1, keepdims=True)
    weights = np.exp(scores - np.where(np.isfinite(high), high, 0))
    total = weights.sum(-1, keepdims=True)
    weights = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    return np.asarray(np.einsum("bhpm,bhfm->bhfp", weights, v))


@pytest.mark.parametrize("name", TILED)
@pytest.mark.parametrize("mask", MASKS)
def test_masked_attention_is_the_masked_softmax(name: str, mask: str) -> None:
    generator = np.random.default_rng(len(mask))
    sizes = {"B": 2, "H": 1, "E": 3, "F": 2, "M": 11, "P": 7}
    tiles = {"M0": 4} if "pass" in name and TILED[name] != "m" else {}
    cascade = masked(name, mask, {**sizes, **tiles})
    q, k = generator.normal(size=(2, 1, 3, 7)), generator.normal(size=(2, 1, 3, 11))
    v = generator.normal(size=(2, 1, 2, 11))
    m, p = np.meshgrid(np.arange(11), np.arange(7), indexing="ij")
    allowed = MASKS[mask](m, p)
    result = evaluate(cascade, {"Q": q, "K": k, "V": v})["AV"]
    expected = reference(q, k, v, allowed)
    seen = allowed.any(0)
    np.testing.assert_allclose(result[..., seen], expected[..., seen], rtol=1e-12, atol=1e-12)
    # Counted is what is allowed, for each head and, in QK, each of E.
    assert cascade.einsums[0].points == int(allowed.sum()) * 2 * 1 * 3


@pytest.mark.parametrize("name", ["causal", "causal-one-pass", "sliding-window"])
@pytest.mark.parametrize(("length", "tile"), [(1, 1), (5, 2), (16, 4), (23, 8)])
def test_shipped_masks(name: str, length: int, tile: int) -> None:
    generator = np.random.default_rng(length)
    sizes = {"B": 1, "H": 2, "E": 4, "F": 3, "M": length}
    window = 3 if name == "sliding-window" else length
    more = {"W": window} if name == "sliding-window" else {}
    more |= {"M0": tile} if name == "causal-one-pass" else {}
    cascade = load_cascade(f"attention/{name}", {**sizes, **more})
    q, k, v = (generator.normal(size=(1, 2, n, length)) for n in (4, 4, 3))
    m, p = np.meshgrid(np.arange(length), np.arange(length), indexing="ij")
    allowed = (m <= p) & (m > p - window)
    result = evaluate(cascade, {"Q": q, "K": k, "V": v})["AV"]
    np.testing.assert_allclose(result, reference(q, k, v, allowed), rtol=1e-12, atol=1e-12)
    assert cascade.einsums[0].points == int(allowed.sum()) * 2 * 4


def test_mask_on_tiles_lets_running_values_be() -> None:
    """One pass over a window: tiles outside of it are left out, so that -inf - -inf never is."""
    length, window = 12, 3
    text = """
        X[m1,m0,p] = S[M0*m1+m0,p]                     if p - W < M0*m1+m0 <= p
        L[m1,p]    = max(m0) X[m1,m0,p]
        R[m1+1,p]  = max(R[m1,p], L[m1,p])             where R[0,p] = -inf
        E[m1,m0,p] = exp(X[m1,m0,p] - R[m1+1,p])
        T[m1,p]    = E[m1,m0,p]
        C[m1,p]    = exp(R[m1,p] - R[m1+1,p])          if M0*m1 <= p and p - W < M0*m1 + M0 - 1
        O[m1,p]    = D[m1,p] * C[m1,p]
        D[m1+1,p]  = T[m1,p] + O[m1,p]                 where D[0,p] = 0
        Z[p]       = R[M1,p] + log(D[M1,p])
    """
    cascade = cascade_from_text(
        text,
        ranks={"M": length, "P": length, "M0": 4, "M1": 3},
        tensors={"S": ["M", "P"]},
        parameters={"W": window},
    )
    scores = np.random.default_rng(5).normal(size=(length, length)) * 30
    m, p = np.meshgrid(np.arange(length), np.arange(length), indexing="ij")
    inside = np.where((m <= p) & (m > p - window), scores, -np.inf)
    expected = np.logaddexp.reduce(inside, axis=0)
    np.testing.assert_allclose(evaluate(cascade, {"S": scores})["Z"], expected, rtol=1e-12)
    tiles = sum(
        any(q - window < 4 * tile + i <= q for i in range(4))
        for q in range(12)
        for tile in range(3)
    )
    assert cascade["C"].points == cascade["D"].points == tiles


def test_a_step_that_takes_no_part_leaves_the_value_as_it_was(make: Make) -> None:
    cascade = make(
        "S[m+1] = S[m] + V[m]  if 2 <= m < 4  where S[0] = 7\nZ[] = S[M]", {"M": 6}, {"V": ["M"]}
    )
    result = evaluate(cascade, {"V": [1, 2, 4, 8, 16, 32]}, intermediates=True)
    assert result["S"].tolist() == [7, 7, 7, 11, 19, 19, 19]
    assert result["Z"] == 19
    assert cascade["S"].points == 2


def test_a_shift_that_does_not_feed_itself_holds_too(make: Make) -> None:
    cascade = make("S[m+1] = V[m] if 2*m < M  where S[0] = 5\nZ[] = S[M]", {"M": 4}, {"V": ["M"]})
    result = evaluate(cascade, {"V": [1, 2, 3, 4]}, intermediates=True)
    assert result["S"].tolist() == [5, 1, 2, 2, 2]


def test_what_is_masked_takes_no_part_further_down(make: Make) -> None:
    cascade = make(
        "Y[m] = V[m] if m >= 2\nZ[m] = Y[m] + 1\nS[] = Z[m]\nT[] = min(m) Y[m]",
        {"M": 4},
        {"V": ["M"]},
    )
    result = evaluate(cascade, {"V": [9, 9, 1, 2]}, intermediates=True)
    assert result["Y"].tolist() == [0, 0, 1, 2]
    assert result["Z"].tolist() == [0, 0, 2, 3]
    assert result["S"] == 5
    assert result["T"] == 1
    assert cascade["Z"].points == 2


@pytest.mark.parametrize(
    ("mask", "count"),
    [
        ("m <= n", 10),
        ("m == n", 4),
        ("m < n", 6),
        ("m > n", 6),
        ("m >= n", 10),
        ("0 < m < 3 and n < 1", 2),
        ("1 < 2", 16),
    ],
)
def test_points(make: Make, mask: str, count: int) -> None:
    cascade = make(f"Z[m,n] = V[m] * W[n] if {mask}", {"M": 4, "N": 4}, {"V": ["M"], "W": ["N"]})
    assert cascade["Z"].points == count
    ones = np.ones(4)
    assert evaluate(cascade, {"V": ones, "W": ones})["Z"].sum() == count


def test_a_count_of_what_takes_part(make: Make) -> None:
    cascade = make("N[n] = sum(m) 1 if m <= n", {"M": 4, "N": 6}, {"V": ["M"]})
    assert evaluate(cascade, {"V": np.zeros(4)})["N"].tolist() == [1, 2, 3, 4, 4, 4]


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        (
            "Z[m] = V[m] if k < 2",
            16,
            "condition 'k < 2' uses index 'k' in 'k', which must stand on the left or on the "
            "right of the Einsum",
        ),
        (
            "Z[m] = V[m] if m < 0",
            16,
            "condition 'm < 0' holds at no point, must hold at one at least",
        ),
        (
            "Z[m] = V[m] if m*m < 2",
            16,
            "index 'm*m' multiplies two indices, must be linear in them",
        ),
        ("Z[m] = V[m] if x < 2", 16, "index 'x' is unknown; valid: m, k"),
        (
            "Z[m] = V[m] if m != 2",
            16,
            "condition uses !=, must be < <= > >= or ==; write two Einsums, one for each side",
        ),
    ],
)
def test_wrong_masks(
    problems: Callable[..., tuple[str, ...]], text: str, column: int, message: str
) -> None:
    (problem,) = problems(text, {"M": 4, "K": 3}, {"V": ["M"]})
    assert problem.startswith(f"c:1:{column}: Einsum '{text}': {message.split(';')[0]}")


def test_conditions_that_exclude_each_other(
    make: Make, problems: Callable[..., tuple[str, ...]]
) -> None:
    text = "Z[m,n] = V[m] * W[n] if m < n and m > {}"
    tensors = {"V": ["M"], "W": ["N"]}
    (problem,) = problems(text.format("n - 1"), {"M": 4, "N": 4}, tensors)
    assert problem.startswith("c:1:25: Einsum ")
    assert problem.endswith("conditions hold at no point together, must at one")
    assert make(text.format("n - 2"), {"M": 4, "N": 4}, tensors)["Z"].points == 3
