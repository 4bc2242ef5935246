"""Numbers that Einsums name, such as a small epsilon: values, settings, and what is refused."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from accelsim.einsum.evaluate import evaluate
from accelsim.errors import InputError
from accelsim.workload import Layer, Workload, cascade_from_text, load_template, load_workload

Write = Callable[[str], str]

NORM = """\
name: norm
ranks: {M: 4, N: null}
tensors: {X: [M, N]}
constants: {eps: 1e-5, mean: 1 / N, scale: 2}
cascade:
  - S[m] = X[m,n] * X[m,n] * mean
  - Z[m,n] = scale * X[m,n] / sqrt(S[m] + eps)
"""
VALUES = np.arange(1.0, 13).reshape(4, 3)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Puts text into a file and gives its path."""

    def put(text: str) -> str:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.yaml"
        path.write_text(text)
        return str(path)

    return put


@pytest.fixture
def problems(write: Write) -> Callable[..., list[str]]:
    """The messages with which a file is refused, its path written as ``F``."""

    def refuse(text: str, settings: dict[str, int | str] | None = None) -> list[str]:
        path = write(text)
        with pytest.raises(InputError) as caught:
            load_workload(path, settings)
        return [problem.replace(path, "F") for problem in caught.value.problems]

    return refuse


def only_layer(workload: Workload) -> Layer:
    (layer,) = workload.layers
    return layer


def normalised(scale: float, eps: float) -> list[list[float]]:
    rows = VALUES.tolist()
    roots = [math.sqrt(sum(x * x for x in row) / 3 + eps) for row in rows]
    return [[scale * x / root for x in row] for row, root in zip(rows, roots, strict=True)]


@pytest.mark.parametrize(
    ("settings", "scale", "eps"),
    [
        ({}, 2, 1e-5),
        ({"eps": "1e-3"}, 2, 1e-3),
        ({"eps": "N * M / 8", "scale": "-0.5"}, -0.5, 1.5),
        ({"eps": 3, "scale": "2 * 3"}, 6, 3),
        ({"eps": 0}, 2, 0),
    ],
)
def test_values_and_settings(
    write: Write, settings: dict[str, int | str], scale: float, eps: float
) -> None:
    layer = only_layer(load_workload(write(NORM), {"N": 3, **settings}))
    result = evaluate(layer.cascade, {"X": VALUES})["Z"]
    np.testing.assert_allclose(result, normalised(scale, eps), rtol=1e-14)


def test_a_constant_is_no_size(write: Write) -> None:
    template = load_template(write(NORM))
    assert template.constants == {"eps": "1e-5", "mean": "1 / N", "scale": 2}
    assert template.open_ranks == ("N",)
    assert template.resolve({"N": 3, "eps": "2"}).sizes == {"M": 4, "N": 3}


def test_a_constant_follows_the_sizes_that_are_set_later(write: Write) -> None:
    layer = only_layer(load_workload(write(NORM), {"N": 3})).with_sizes({"M": 2})
    assert layer.cascade.sizes == {"M": 2, "N": 3}
    open_layer = Layer("", load_template(write(NORM)), {"eps": "0.5"}).with_sizes({"N": 3})
    result = evaluate(open_layer.cascade, {"X": VALUES})["Z"]
    np.testing.assert_allclose(result, normalised(2, 0.5), rtol=1e-14)


def test_rewriting_carries_a_constant_that_is_set(write: Write) -> None:
    layer = only_layer(load_workload(write(NORM), {"N": 3, "eps": "0.5"}))
    rewritten = layer.rewritten(load_template(write(NORM.replace("scale: 2", "scale: 4"))))
    result = evaluate(rewritten.cascade, {"X": VALUES})["Z"]
    np.testing.assert_allclose(result, normalised(4, 0.5), rtol=1e-14)


def test_constants_of_a_cascade_from_text() -> None:
    cascade = cascade_from_text(
        "Z[m] = max(V[m], low) * half - width\nR[m+1] = R[m] + half where R[0] = low",
        ranks={"M": 4},
        tensors={"V": ["M"]},
        parameters={"width": 3},
        constants={"half": 0.5, "low": "-M / width"},
    )
    result = evaluate(cascade, {"V": [-9, -1, 0, 7]})
    low = -4 / 3
    np.testing.assert_allclose(result["Z"], [low / 2 - 3, -3.5, -3, 0.5], rtol=1e-15)
    np.testing.assert_allclose(result["R"], [low + step / 2 for step in range(5)], rtol=1e-15)


EPS = "constants: {eps: 1e-5,"


@pytest.mark.parametrize(
    ("old", "new", "messages"),
    [
        (
            EPS,
            "constants: {eps: x,",
            ["F:4:18: constant 'eps': 'x': name 'x' is unknown; valid: M, N"],
        ),
        (
            EPS,
            "constants: {eps: 1 / (M - 4),",
            ["F:4:18: constant 'eps': '1 / (M - 4)' divides by zero"],
        ),
        (
            EPS,
            "constants: {eps: M /,",
            ["F:4:18: constant 'eps': 'M /' is not an arithmetic expression"],
        ),
        (
            EPS,
            "constants: {eps: scale,",
            ["F:4:18: constant 'eps': 'scale': name 'scale' is unknown; valid: M, N"],
        ),
        (
            EPS,
            "constants: {eps: x, scales: 1 / 0,",
            [
                "F:4:18: constant 'eps': 'x': name 'x' is unknown; valid: M, N",
                "F:4:29: constant 'scales': '1 / 0' divides by zero",
            ],
        ),
        (EPS, "constants: {eps: 1, M: 3,", ["F:4:24: 'M' is a rank and a constant; rename one"]),
        (
            "constants:",
            "parameters: {scale: 3}\nconstants:",
            ["F:5:44: 'scale' is a parameter and a constant; rename one"],
        ),
        (
            "+ eps)",
            "+ epsi)",
            [
                "F:7:43: Einsum 'Z[m,n] = scale * X[m,n] / sqrt(S[m] + epsi)': size 'epsi' is "
                "unknown; did you mean 'eps'? valid: M, N, eps, mean, scale"
            ],
        ),
        (
            "= scale * X[m,n]",
            "= X[m,scale]",
            [
                "F:7:14: Einsum 'Z[m,n] = X[m,scale] / sqrt(S[m] + eps)': index 'scale' is "
                "unknown; valid: m, n"
            ],
        ),
    ],
)
def test_wrong_constants(
    problems: Callable[..., list[str]], old: str, new: str, messages: list[str]
) -> None:
    assert old in NORM
    assert problems(NORM.replace(old, new), {"N": 3}) == messages


def test_wrong_settings_beside_constants(problems: Callable[..., list[str]]) -> None:
    (problem,) = problems(NORM, {"N": 3, "eps": "q"})
    assert problem.endswith("constant 'eps': 'q': name 'q' is unknown; valid: M, N")
    (problem,) = problems(NORM, {"N": 3, "epps": 1})
    assert problem.startswith("F: rank 'epps' is unknown; ")
    (problem,) = problems(NORM, {"N": "eps"})
    assert problem.startswith("F: size of 'N': 'eps': name 'eps' is unknown")


def test_a_slip_in_the_name_of_a_constant(problems: Callable[..., list[str]]) -> None:
    (problem,) = problems(NORM, {"N": 3, "epps": 1})
    assert "'epps' is unknown; did you mean 'eps'? valid: M, N, eps, mean, scale" in problem


def test_a_wrong_setting_is_not_placed_in_the_file(problems: Callable[..., list[str]]) -> None:
    assert problems(NORM, {"N": 3, "eps": "q"}) == [
        "F: constant 'eps': 'q': name 'q' is unknown; valid: M, N"
    ]


@pytest.mark.parametrize("value", [None, True, [1]])
def test_a_setting_that_is_no_number(write: Write, value: object) -> None:
    with pytest.raises(InputError, match="'eps' is "):
        load_workload(write(NORM), {"N": 3, "eps": value})  # type: ignore[dict-item]


@pytest.mark.parametrize(("value", "shown"), [("[1]", "a list"), ("null", "null"), ("yes", "true")])
def test_a_constant_of_the_wrong_kind(
    problems: Callable[..., list[str]], value: str, shown: str
) -> None:
    assert problems(NORM.replace("eps: 1e-5", f"eps: {value}"), {"N": 3}) == [
        f"F:4:18: cascade: constants.eps is {shown}, must be a number, or an expression such as "
        "ceil(M / M0)"
    ]
