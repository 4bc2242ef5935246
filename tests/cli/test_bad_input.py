"""Wrong input: exit code 2, one clear message a problem, no traceback, nothing written."""

from collections.abc import Callable
from pathlib import Path

import pytest

Cli = Callable[..., tuple[int, str, str]]
ON = ("--on", "fusemax")

CASCADE = """\
name: mine
ranks: {M: 4, N: 4, K: 4}
tensors: {A: [M, K], B: [K, N]}
cascade:
  - Z[m,n] = A[m,k] * B[k,n]
"""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("attention/one-pass", "--on", "fusemx"), "'fusemx' is unknown; did you mean 'fusemax'?"),
        (("atention/one-pass", *ON), "did you mean 'attention/one-pass'?"),
        (("matmul", *ON, "--mapper", "outo"), "mapper 'outo' is unknown; did you mean 'auto'?"),
        (("matmul", *ON, "--set", "Q=1"), "rank 'Q' is unknown"),
        (("matmul", *ON, "--set", "M=0"), "rank 'M' is 0, must be at least 1"),
        (("matmul", *ON, "--set", "M=-5"), "rank 'M' is -5, must be at least 1"),
        (("matmul", *ON, "--set", "M=1.5"), "rank 'M' is 1.5, must be a whole number"),
        (("matmul", *ON, "--set", "M"), "--set M: must be NAME=VALUE"),
        (("matmul", *ON, "--set", "M=1", "--set", "M=2"), "'M' is given twice"),
        (("matmul", *ON, "--set", "M=__import__('os')"), "is not arithmetic"),
        (("matmul", *ON, "--set", "M=N", "--set", "N=M"), "in a circle: M -> N -> M"),
        (("matmul", *ON, "--arch", "array_2d.rws=1"), "did you mean 'rows'?"),
        (("matmul", *ON, "--arch", "aray_2d.rows=1"), "did you mean 'array_2d'?"),
        (("matmul", *ON, "--arch", "array_2d.rows=0"), "array_2d.rows is 0, must be at least 1"),
        (
            ("matmul", *ON, "--arch", "DRAM.bandwidth_bytes_per_s=-1"),
            "must be greater than or equal to 1",
        ),
        (("matmul", *ON, "--objective", "speed"), "objective 'speed' is unknown"),
        (("matmul", *ON, "--fidelity", "guess"), "fidelity 'guess' is unknown; valid: analytic"),
        (("matmul", *ON, "--json", "/nonexistent/x.json"), "a folder that does not exist"),
        (("no-such-file.yaml", *ON), "workload file 'no-such-file.yaml' does not exist"),
    ],
)
def test_arguments(accelsim_cli: Cli, arguments: tuple[str, ...], message: str) -> None:
    code, out, err = accelsim_cli("simulate", *arguments)
    assert code == 2
    assert message in err
    assert "Traceback" not in err
    assert out == "" or "--json" in arguments


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: [", "mine.yaml:2:1: is not YAML"),
        ("%PDF-1.7 not yaml at all: {", "is not YAML"),
        ("- just\n- a list\n", "cascade is a list, must be a mapping of keys"),
        ("", "cascade is empty, must be a mapping of keys"),
        (CASCADE.replace("[M, K]", "!!python/object:os.system [M, K]"), "mine.yaml:3:14: tag "),
        (CASCADE.replace("{M: 4", "&x {M: 4"), "anchor '&x' is refused"),
        (CASCADE.replace("name: mine", "name: *x"), "is refused"),
        (CASCADE.replace("A[m,k]", "A[m,j]"), "mine.yaml:5:14: Einsum"),
        (CASCADE.replace("M: 4", "M: null"), "rank 'M' has no size; set it with --set M=SIZE"),
        (CASCADE.replace("A[m,k] *", "AA[m,k] *"), "tensor 'AA' is unknown; did you mean 'A'?"),
        (CASCADE.replace("A[m,k] *", "Y[m,k] *") + "  - Y[m,k] = A[m,k]\n", "before it is written"),
        (
            CASCADE.replace("* B[k,n]", "* tnh(B[k,n])"),
            "function 'tnh' is unknown; did you mean 'tanh'",
        ),
        (CASCADE.replace("* B[k,n]", "* Y[k,n]") + "  - Y[k,n] = Z[k,n]\n", "cascade is cyclic"),
        (CASCADE + "tensor: {}\n", "key 'tensor' is unknown; did you mean 'tensors'?"),
        (CASCADE.replace("name: mine\n", ""), "key 'name' is missing; add it"),
        (CASCADE.replace("{M: 4", "{M: -4"), "rank 'M' is -4, must be at least 1"),
    ],
)
def test_workload_files(
    accelsim_cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(text)
    code, out, err = accelsim_cli("simulate", "mine.yaml", *ON, "--report", "out", "--json", "r")
    assert code == 2
    assert message in err
    assert "Traceback" not in err
    assert out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["mine.yaml"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("extends: nothing\n", "architecture 'nothing' is unknown"),
        ("extends: mine.yaml\n", "in a circle"),
        ("extends: fusemax\nclock: 3\n", "key 'clock' is unknown; did you mean 'clock_hz'?"),
        (
            "extends: fusemax\ncomponents: {array_2d: {rowz: 3}}\n",
            "key 'rowz' is unknown; did you mean 'rows'?",
        ),
        (
            "extends: fusemax\ncomponents: {array_2d: {operations: {expp: {actions: {mac: 1}}}}}\n",
            "operation 'expp' is unknown; did you mean 'exp'?",
        ),
        (
            "extends: fusemax\ncomponents: {global_buffer: {parent: DRM}}\n",
            "parent 'DRM' is unknown; did you mean 'DRAM'?",
        ),
        (
            "extends: fusemax\ncomponents: {DRAM: {parent: global_buffer}}\n",
            "no memory without a parent, must be exactly one",
        ),
    ],
)
def test_architecture_files(
    accelsim_cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(text)
    code, _, err = accelsim_cli("simulate", "matmul", "--on", "mine.yaml")
    assert code == 2
    assert message in err
    assert "Traceback" not in err


def test_all_problems_at_once(accelsim_cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(CASCADE.replace("A[m,k]", "A[m,j]") + "  - Y[m] = Z[m]\n  - X[m] = W[m]\n")
    code, _, err = accelsim_cli("simulate", str(path), *ON)
    assert code == 2
    lines = [line.split("mine.yaml:")[1].split(":")[0] for line in err.splitlines()]
    assert lines == ["5", "7"] or lines == ["7", "5"]


def test_an_array_that_lacks_an_operation_is_named(accelsim_cli: Cli) -> None:
    code, _, err = accelsim_cli("simulate", "attention/three-pass", "--on", "systolic-ws")
    assert code == 2
    assert "needs exp" in err
    assert "it performs" in err


def test_a_mapper_for_another_cascade_says_so(accelsim_cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "only.yaml"
    path.write_text(
        "name: only\ncases:\n  - blocks:\n    - name: b\n      nest: [{einsum: Q, on: array_2d}]\n"
    )
    code, _, err = accelsim_cli("simulate", "matmul", *ON, "--mapper", str(path))
    assert code == 2
    assert "maps cascades with the Einsums Q, but 'matmul' has Z; use --mapper auto" in err
