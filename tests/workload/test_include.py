"""Cascades within cascades: names, sizes, results and mistakes."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from accelsim.einsum.evaluate import evaluate
from accelsim.errors import InputError
from accelsim.workload import load_cascade

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Files in a folder in which the test runs; the last one is returned."""
    monkeypatch.chdir(tmp_path)

    def build(**files: str) -> Path:
        for name, text in files.items():
            Path(f"{name}.yaml").write_text(text)
        return Path(f"{list(files)[-1]}.yaml")

    return build


SCALE = """
name: scale
ranks: {M: 4, N: M * 2}
parameters: {stride: 1}
constants: {eps: 1e-3}
tensors: {A: [M]}
formats: {Z: int8}
cascade:
  - Y[m] = A[m] * N + eps
  - Z[m] = max(Y[m], A[stride*m])  if m < M - 1
"""


def problems(path: Path) -> tuple[str, ...]:
    with pytest.raises(InputError) as caught:
        load_cascade(str(path))
    return caught.value.problems


def test_names_sizes_and_values(write: Write) -> None:
    path = write(
        scale=SCALE,
        main="""
name: main
ranks: {T: 5}
tensors: {X: [T]}
cascade:
  - include: scale.yaml
    ranks: {M: T, eps: small, stride: jump}
    tensors: {A: X, Z: R}
    prefix: S_
  - OUT[t] = R[t] + S_Y[t]
""",
    )
    cascade = load_cascade(str(path))
    assert [einsum.name for einsum in cascade.einsums] == ["S_Y", "R", "OUT"]
    assert cascade.sizes == {"T": 5, "N": 10, "jump": 1}
    x = np.array([1.0, -2, 3, 4, 5])
    y = x * 10 + 1e-3
    expected = (np.maximum(y, x) + y) * (np.arange(5) < 4)
    np.testing.assert_allclose(evaluate(cascade, {"X": x})["OUT"], expected)
    small = load_cascade(str(path), {"small": 0, "T": 3})
    assert evaluate(small, {"X": [1, 2, 3]}, intermediates=True)["S_Y"].tolist() == [6, 12, 18]


def test_the_includer_decides_on_sizes(write: Write) -> None:
    path = write(
        scale=SCALE,
        main="""
name: main
ranks: {M: 3, N: 7}
constants: {eps: 0}
tensors: {A: [M]}
cascade:
  - include: scale.yaml
""",
    )
    cascade = load_cascade(str(path))
    assert evaluate(cascade, {"A": [1, 2, 3]}, intermediates=True)["Y"].tolist() == [7, 14, 21]


def test_twice_and_within_one_another(write: Write) -> None:
    path = write(
        scale=SCALE,
        middle="""
name: middle
ranks: {K: 3}
tensors: {IN: [K]}
cascade:
  - {include: scale.yaml, ranks: {M: K, N: K2}, tensors: {A: IN, Z: ONE}, prefix: A_}
  - {include: scale.yaml, ranks: {M: K, N: K2}, tensors: {A: ONE, Z: TWO}, prefix: B_}
""",
        main="""
name: main
ranks: {T: 4}
tensors: {X: [T]}
cascade:
  - {include: middle.yaml, ranks: {K: T}, tensors: {IN: X, TWO: OUT}, prefix: C_}
""",
    )
    cascade = load_cascade(str(path))
    names = [einsum.name for einsum in cascade.einsums]
    assert names == ["C_A_Y", "C_ONE", "C_B_Y", "OUT"]
    assert cascade.sizes["K2"] == 8


def test_encoder_block_against_numpy() -> None:
    sizes = {"T": 5, "D": 6, "H": 2, "E": 3, "F": 4, "S": 7}
    cascade = load_cascade("encoder-block", sizes)
    assert set(cascade.outputs) == {"OUT"}
    generator = np.random.default_rng(1)
    t = {name: generator.normal(size=cascade.tensors[name].shape) for name in cascade.inputs}

    def norm(x: np.ndarray, g: np.ndarray, b: np.ndarray) -> np.ndarray:
        mean, var = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
        return np.asarray((x - mean) / np.sqrt(var + 1e-5) * g + b)

    n1 = norm(t["IN"], t["G1"], t["B1"])
    q, k = np.einsum("pd,dhe->hpe", n1, t["WQ"]), np.einsum("md,dhe->hme", n1, t["WK"])
    v = np.einsum("md,dhf->hmf", n1, t["WV"])
    weights = np.exp(q @ k.transpose(0, 2, 1))
    weights /= weights.sum(-1, keepdims=True)
    r1 = t["IN"] + np.einsum("hpf,hfd->pd", weights @ v, t["WO"])
    u = norm(r1, t["G2"], t["B2"]) @ t["W1"]
    from statistics import NormalDist

    gelu = np.vectorize(lambda x: x * NormalDist().cdf(x))(u)
    expected = r1 + gelu @ t["W2"]
    np.testing.assert_allclose(evaluate(cascade, t)["OUT"], expected, rtol=1e-10, atol=1e-10)


def test_mistakes_are_reported_where_the_include_stands(write: Write) -> None:
    path = write(
        scale=SCALE,
        main="""name: main
ranks: {T: 4}
tensors: {X: [T]}
cascade:
  - {include: scale.yaml, ranks: {MM: T, M: t-1}, tensors: {B: X}}
  - Q[t] = X[t] *
  - P[t] = Y[t] + W[t]
""",
    )
    assert problems(path) == (
        "main.yaml:5:5: include 'scale.yaml': rank 'MM' is unknown; did you mean 'M'? "
        "valid: M, N, eps, stride",
        "main.yaml:5:5: include 'scale.yaml': tensor 'B' is unknown; valid: A, Y, Z",
        "main.yaml:5:5: include 'scale.yaml': name 't-1' holds '-', must be letters A-Z, digits "
        "and _",
        "main.yaml:5:5: include 'scale.yaml': its input 'A' is missing; write tensors: "
        "{A: TENSOR} with one of X",
        "main.yaml:6:18: Einsum 'Q[t] = X[t] *': found the end, must be '(' or '-' or a name or "
        "a number",
        "main.yaml:7:19: Einsum 'P[t] = Y[t] + W[t]': tensor 'W' is unknown; valid: P, Q, X, Y, Z",
    )


def test_problems_of_what_is_included_name_both_places(write: Write) -> None:
    path = write(
        scale=SCALE,
        main="""name: main
ranks: {T: 4, U: 5}
tensors: {X: [U]}
cascade:
  - {include: scale.yaml, ranks: {M: T}, tensors: {A: X}}
""",
    )
    first = problems(path)[0]
    assert first.startswith(
        "scale.yaml:9:12: Einsum 'Y[m] = A[m] * N + eps' (included at main.yaml:5:5)"
    )
    assert "index 't' of 'X' runs over 4 values, but rank U holds 5" in first


def test_circles_and_missing_files(write: Write) -> None:
    circle = "name: x\nranks: {{M: 2}}\ntensors: {{A: [M]}}\ncascade:\n  - include: {}.yaml\n"
    path = write(one=circle.format("two"), two=circle.format("one"), main=circle.format("one"))
    (problem,) = problems(path)
    assert (
        "include each other in a circle: main.yaml -> one.yaml -> two.yaml -> one.yaml" in problem
    )
    (problem,) = problems(write(main=circle.format("main")))
    assert "circle: main.yaml -> main.yaml" in problem
    (problem,) = problems(write(main=circle.format("none")))
    assert problem.startswith("main.yaml:5:5: include 'none.yaml': workload file 'none.yaml' does")


def test_includes_that_grow_without_end_are_stopped(write: Write) -> None:
    head = "name: x\nranks: {M: 2}\ntensors: {A: [M]}\ncascade:\n"
    files = {"f0": head + "  - Y[m] = A[m]\n"}
    for i in range(1, 16):
        entries = [
            f"  - {{include: f{i - 1}.yaml, tensors: {{A: {a}, Y: {y}}}, prefix: {prefix}}}\n"
            for a, y, prefix in (("A", "B", "a"), ("B", "Y", "b"))
        ]
        files[f"f{i}"] = head + "".join(entries)
    (problem, *_) = problems(write(**files))
    assert "cascade holds more than 4,000 Einsums, includes written out" in problem
