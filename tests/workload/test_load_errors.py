"""What is said about workload files and settings that are wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest

from accelsim.errors import InputError
from accelsim.formats import FORMATS
from accelsim.library import MODELS, WORKLOADS, shipped
from accelsim.workload import load_template, load_workload

Problems = Callable[..., list[str]]

CASCADE = """\
name: x
ranks: {M: 4}
tensors: {V: [M]}
cascade:
  - Z[m] = V[m]
"""
NETWORK = """\
name: x
parameters: {P: 3}
layers:
  - {name: a, cascade: matmul, set: {M: P}, repeat: P}
  - {name: b, cascade: matmul}
"""
PLAIN, MODELS_TOO = (
    f"valid: {', '.join(sorted(names))}; or a path that ends in .yaml"
    for names in (shipped(WORKLOADS), {*shipped(WORKLOADS), *shipped(MODELS)})
)
FORMATS_AND_SUFFIXES = (
    f"valid: {', '.join(sorted(FORMATS))}; behind it -gN for groups with scales, -N:M for N stored "
    "of M, ~BITS for bits on average: int4-g128, int8-2:4, int4~4.25"
)


@pytest.fixture
def problems(tmp_path: Path) -> Problems:
    """The messages with which a file is refused, its path written as ``F``."""

    def refuse(text: str, settings: dict[str, int | str] | None = None) -> list[str]:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.yaml"
        path.write_text(text)
        with pytest.raises(InputError) as caught:
            load_workload(str(path), settings)
        return [problem.replace(str(path), "F") for problem in caught.value.problems]

    return refuse


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("matmull", "workload 'matmull' is unknown; did you mean 'matmul'? ALL"),
        (
            "attention/one-pas",
            "workload 'attention/one-pas' is unknown; did you mean 'attention/one-pass'? ALL",
        ),
        ("", "workload '' is unknown; ALL"),
        ("./x", "workload file './x' does not exist; give a path to a YAML file"),
        ("x.yaml", "workload file 'x.yaml' does not exist; give a path to a YAML file"),
        ("..", "workload file '..' is no regular file; give a YAML file"),
        ("x\0.yaml", r"workload file 'x\x00.yaml' does not exist; give a path to a YAML file"),
    ],
)
def test_unknown_workload(name: str, message: str) -> None:
    # A model is a workload, but no cascade.
    for load, names in ((load_workload, MODELS_TOO), (load_template, PLAIN)):
        with pytest.raises(InputError) as caught:
            load(name)
        assert str(caught.value) == message.replace("ALL", names)


@pytest.mark.parametrize(
    ("old", "new", "messages"),
    [
        (
            "tensors: {V",
            "tensor: {V",
            [
                "F:1:1: cascade: key 'tensors' is missing; add it",
                "F:3:1: cascade: key 'tensor' is unknown; did you mean 'tensors'? valid: cascade, "
                "constants, description, formats, name, outputs, parameters, ranks, tensors",
            ],
        ),
        ("V[m]", "V[q]", ["F:5:12: Einsum 'Z[m] = V[q]': index 'q' is unknown; valid: m"]),
        (
            "- Z[m] = V[m]",
            "- >-\n    Z[m] =\n    V[q]",
            ["F:6:12: Einsum 'Z[m] = V[q]': index 'q' is unknown; valid: m"],
        ),
        (
            "- Z[m] = V[m]",
            "- |-\n    Z[m] =\n    V[q]",
            ["F:7:5: Einsum 'Z[m] =\\nV[q]': index 'q' is unknown; valid: m"],
        ),
        (
            "- Z[m] = V[m]",
            "- 'Z[m] = V[q]'\n  - \"Y[m] = VV[m]\"",
            [
                "F:6:13: Einsum 'Y[m] = VV[m]': tensor 'VV' is unknown; did you mean 'V'? "
                "valid: V, Y, Z",
                "F:5:13: Einsum 'Z[m] = V[q]': index 'q' is unknown; valid: m",
            ],
        ),
        ("M: 4", "M: 0", ["F:2:12: rank 'M' is 0, must be at least 1"]),
        ("M: 4", "M: null", ["F:2:12: rank 'M' has no size; set it with --set M=SIZE"]),
        (
            "M: 4",
            "M: yes",
            [
                "F:2:12: cascade: ranks.M is true, must be a number, or an expression such as "
                "ceil(M / M0)"
            ],
        ),
        (
            "M: 4",
            "M: [4]",
            [
                "F:2:12: cascade: ranks.M is a list, must be a number, or an expression such as "
                "ceil(M / M0)"
            ],
        ),
        ("M: 4", "M: 010", ["F:2:12: size of 'M': '010' is not an arithmetic expression"]),
        (
            "cascade:",
            "parameters: {M: 3}\ncascade:",
            ["F:4:17: 'M' is a rank and a parameter; rename one"],
        ),
        (
            "cascade:",
            "formats: {V: fp33}\ncascade:",
            [f"F:4:14: format 'fp33' is unknown; did you mean 'fp32'? {FORMATS_AND_SUFFIXES}"],
        ),
        (
            "cascade:",
            "formats: {V: int4-g1}\ncascade:",
            ["F:4:14: format 'int4-g1': group is 1, must be 2 to 1,048,576"],
        ),
        (
            "cascade:",
            "formats: {W: fp32}\ncascade:",
            ["F:4:14: formats: tensor 'W' is unknown; valid: V, Z, default"],
        ),
        ("cascade:", "outputs: [Y]\ncascade:", ["F:4:10: output 'Y' is unknown; valid: Z"]),
        ("- Z[m] = V[m]", "- 3", ["F:5:5: cascade: cascade.0 is 3, must be a valid string"]),
        ("- Z[m] = V[m]", "- [3]", ["F:5:5: cascade: cascade.0 is a list, must be a valid string"]),
        (
            "- Z[m] = V[m]",
            "- {prefix: A}",
            ["F:5:5: cascade: cascade.0: key 'include' is missing; add it"],
        ),
        (
            "- Z[m] = V[m]",
            "- {include: 3}",
            ["F:5:15: cascade: cascade.0.include is 3, must be a valid string"],
        ),
        (
            "- Z[m] = V[m]",
            "- {include: matmul, tensors: {A: V}}",
            [
                "F:5:5: include 'matmul': its input 'B' is missing; write tensors: {B: TENSOR} "
                "with one of V"
            ],
        ),
    ],
)
def test_wrong_cascade(problems: Problems, old: str, new: str, messages: list[str]) -> None:
    assert sorted(problems(CASCADE.replace(old, new))) == sorted(messages)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("M: P", "M: PP", "parameter 'PP' is unknown; did you mean 'P'? valid: P"),
        ("M: P", "M: P / 2", "size of 'M' is 1.5, must be a whole number; round it with ceil or "),
        ("M: P", "M: -1", "size of 'M' is -1, must be at least 0"),
        ("M: P", "M: 0", "matmul: rank 'M' is 0, must be at least 1"),
        ("M: P", "M: ~", "size of 'M' is missing; write a value"),
        ("M: P", "X: 3", "matmul: rank 'X' is unknown; valid: K, M, N"),
        ("repeat: P", "repeat: 0", "repeat is 0, must be at least 1"),
        ("repeat: P", "repeat: 1 / 2", "repeat is 0.5, must be a whole number"),
        ("cascade: matmul,", "cascade: matmull,", "workload 'matmull' is unknown; did you mean 'm"),
    ],
)
def test_wrong_layer(problems: Problems, old: str, new: str, message: str) -> None:
    (problem,) = problems(NETWORK.replace(old, new, 1))
    assert problem.startswith(f"F:4:5: layer 'a': {message}")


def test_truth_value_as_repetition(problems: Problems) -> None:
    (problem,) = problems(NETWORK.replace("repeat: P", "repeat: true"))
    assert problem.startswith("F:4:53: network: layers.0.repeat is true, must be a number")


def test_all_wrong_layers_at_once(problems: Problems) -> None:
    text = (
        NETWORK.replace("M: P", "M: Q").replace("name: b", "name: a").replace("P: 3", "P: 3, N: 2")
    )
    text += "  - {name: c, cascade: nothing}\n"
    found = problems(text)
    assert [problem.split(";")[0] for problem in found] == [
        "F:4:5: layer 'a': parameter 'Q' is unknown",
        "F:5:5: layer 'a' is named twice",
        "F:6:5: layer 'c': workload 'nothing' is unknown",
    ]


def test_wrong_settings(problems: Problems) -> None:
    assert problems(CASCADE, {"MM": 3, "M": "Q"}) == [
        "F: rank 'MM' is unknown; did you mean 'M'? valid: M",
        "F: size of 'M': 'Q': name 'Q' is unknown; valid: M",
    ]
    assert problems(NETWORK, {"M": 3, "P": -1}) == [
        "F: parameter 'M' is unknown; valid: P",
        "F: parameter 'P' is -1, must be at least 0",
    ]


def test_empty_network(problems: Problems) -> None:
    text = "name: x\nparameters: {}\nlayers: []\n"
    assert [problem.split(": ")[0] for problem in problems(text)] == ["F:3:9"]


def test_shipped_files_are_named_by_their_folder() -> None:
    with pytest.raises(InputError, match=r"^workloads/bert-base.yaml:\d+:1: cascade: key 'ranks'"):
        load_template("bert-base")


def test_all_problems_of_one_layer_at_once(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(
        "name: own\nparameters: {P: 3}\nlayers:\n"
        "  - {name: a, cascade: matmul, set: {M: P / 2, K: PP, X: 1}, repeat: 0}\n"
        "  - {name: b, cascade: matmull}\n"
    )
    with pytest.raises(InputError) as caught:
        load_workload(str(path))
    found = [problem.removeprefix(f"{path}:") for problem in caught.value.problems]
    assert found == [
        "4:5: layer 'a': size of 'M' is 1.5, must be a whole number; round it with ceil or floor",
        "4:5: layer 'a': parameter 'PP' is unknown; did you mean 'P'? valid: P",
        "4:5: layer 'a': repeat is 0, must be at least 1",
        "4:5: layer 'a': matmul: rank 'X' is unknown; valid: K, M, N",
        "5:5: layer 'b': workload 'matmull' is unknown; did you mean 'matmul'? "
        + found[-1].partition("'matmul'? ")[2],
    ]
