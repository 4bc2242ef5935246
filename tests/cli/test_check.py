"""`accelsim check`: every problem at once, kinds of files, formatting."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from accelsim.architecture.devices import DEVICES
from accelsim.library import ARCHITECTURES, MAPPERS, WORKLOADS, Folder, shipped

Cli = Callable[..., tuple[int, str, str]]

WRONG = """name: wrong
ranks: {M: 4, K: 2, N: 3.5}
tensors: {A: [M, K], B: [K, M], C: [Q]}
casade: 3
formats: {Q: fp33}
outputs: [W, QQ]
cascade:
  - Z[m,n] = A[m,k] * B[m,k] + D[m]
  - Y[m] = max(n) Z[m,n
  - 4
  - X[m] = Y[m] + foo(Z[m,n])
  - {include: matmul, tensors: {A: A, B: B, Z: XX}, rank: {M: M}}
  - W[m] = A[m,x] + E[m] * B[k,k,k]  if q < 3
"""


def test_all_problems_at_once_in_the_order_of_the_lines(accelsim_cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(WRONG)
    code, out, err = accelsim_cli("check", str(path))
    assert (code, out) == (2, "")
    found = [line.removeprefix(f"accelsim: {path}:") for line in err.splitlines()]
    expected = [
        "2:24: rank 'N' is 3.5",
        "3:36: tensor 'C': rank 'Q' is unknown",
        "4:1: cascade: key 'casade' is unknown; did you mean 'cascade'?",
        "5:14: formats: tensor 'Q' is unknown",
        "5:14: format 'fp33' is unknown; did you mean 'fp32'?",
        "6:10: output 'QQ' is unknown",
        "8:23: Einsum 'Z[m,n] = A[m,k] * B[m,k] + D[m]': index 'm' of 'B' runs over 4 values",
        "8:23: Einsum 'Z[m,n] = A[m,k] * B[m,k] + D[m]': index 'k' of 'B' runs over 2 values",
        "8:32: Einsum 'Z[m,n] = A[m,k] * B[m,k] + D[m]': tensor 'D' is unknown",
        "9:24: Einsum 'Y[m] = max(n) Z[m,n': found the end",
        "10:5: cascade: cascade.2 is 4, must be",
        "11:19: Einsum 'X[m] = Y[m] + foo(Z[m,n])': function 'foo' is unknown",
        "12:53: cascade: key 'rank' is unknown; did you mean 'ranks'?",
        "13:12: Einsum 'W[m] = A[m,x] + E[m] * B[k,k,k]  if q < 3': index 'x' is unknown",
        "13:21: Einsum 'W[m] = A[m,x] + E[m] * B[k,k,k]  if q < 3': tensor 'E' is unknown",
        "13:28: Einsum 'W[m] = A[m,x] + E[m] * B[k,k,k]  if q < 3': tensor 'B' has 3 indices",
        "13:41: Einsum 'W[m] = A[m,x] + E[m] * B[k,k,k]  if q < 3': index 'q' is unknown",
    ]
    assert len(found) == len(expected), err
    for line, start in zip(found, expected, strict=True):
        assert line.startswith(start)


def test_problems_of_architectures_and_mappers(accelsim_cli: Cli, tmp_path: Path) -> None:
    machine = tmp_path / "machine.yaml"
    machine.write_text("name: m\nextends: fusemax\ncomponents:\n  array_2d: {rows: x, colums: 3}\n")
    mapper = tmp_path / "mapper.yaml"
    mapper.write_text("name: m\nserch: {rows: [M]}\nfallback: auto\n")
    code, _, err = accelsim_cli("check", str(machine), str(mapper))
    assert code == 2
    assert f"{machine}:4:23: architecture: key 'colums' is unknown; did you mean 'columns'?" in err
    assert f"{mapper}:2:1: mapper: key 'serch' is unknown; did you mean 'search'?" in err


def test_a_mapper_that_is_not_there(accelsim_cli: Cli, tmp_path: Path) -> None:
    machine = tmp_path / "machine.yaml"
    machine.write_text("name: m\nextends: fusemax\nmapper: fusemx\n")
    code, out, err = accelsim_cli("check", str(machine))
    assert (code, out) == (2, "")
    assert f"{machine}:3:9: mapper 'fusemx' is unknown; did you mean 'fusemax'? valid: " in err
    assert err.count("\n") == 1
    machine.write_text("name: m\nextends: fusemax\nmapper: mine.yaml\n")
    assert "3:9: mapper file 'mine.yaml' does not exist" in accelsim_cli("check", str(machine))[2]
    (tmp_path / "mine.yaml").write_text("name: mine\nfallback: auto\n")
    assert accelsim_cli("check", str(machine))[0] == 0


def test_kinds(accelsim_cli: Cli, tmp_path: Path) -> None:
    result = tmp_path / "r.json"
    accelsim_cli("simulate", "matmul", "--on", "fusemax", "--json", str(result))
    files = {
        str(WORKLOADS.path / "bert-base.yaml"): "workload",
        str(ARCHITECTURES.path / "flat.yaml"): "architecture",
        str(MAPPERS.path / "flat.yaml"): "mapper",
        str(DEVICES.path / "t4.yaml"): "device",
        str(result): "result",
    }
    code, out, _ = accelsim_cli("check", *files)
    assert code == 0
    assert out.splitlines() == [f"{name}: {kind}, no problem found" for name, kind in files.items()]
    code, out, _ = accelsim_cli("check", "--kind", "mapper", *list(files)[:1], "--json", "-")
    assert code == 2
    (entry,) = json.loads(out)
    assert entry["kind"] is None
    assert any("mapper: key 'layers' is unknown" in problem for problem in entry["problems"])
    odd = tmp_path / "odd.yaml"
    odd.write_text("name: odd\n")
    assert "is of no kind by its keys" in accelsim_cli("check", str(odd))[2]
    assert accelsim_cli("check", str(tmp_path / "none.yaml"))[0] == 2
    assert "kind 'x' is unknown" in accelsim_cli("check", "--kind", "x", str(odd))[2]


@pytest.mark.parametrize(
    "folder", [WORKLOADS, ARCHITECTURES, MAPPERS, DEVICES], ids=lambda f: f.kind
)
def test_shipped_files_are_sound_and_in_the_canonical_form(
    accelsim_cli: Cli, folder: Folder
) -> None:
    code, out, err = accelsim_cli("check", str(folder.path))
    assert (code, err) == (0, "")
    assert len(out.splitlines()) == len(shipped(folder))
    assert accelsim_cli("check", "--format", "--diff", str(folder.path)) == (0, "", "")


MESSY = """# header
name:   "messy"
ranks: { M: 4,K: 2 ,   N: 3}   # sizes
tensors:
    A: [M,K]
    B: [ K , N ]
cascade:
- Z[m , n]=A[m,k]*B[k,n]   # product
# then
- Yyy[m]=prod( n )Z[m,n]if n<2
"""
TIDY = """# header
name: messy
ranks: {M: 4, K: 2, N: 3}  # sizes
tensors:
  A: [M, K]
  B: [K, N]
cascade:
  - Z[m,n] = A[m,k] * B[k,n]  # product
  # then
  - Yyy[m] = product(n) Z[m,n]  if n < 2
"""


def test_format(accelsim_cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "messy.yaml"
    path.write_text(MESSY)
    code, out, _ = accelsim_cli("check", "--format", "--diff", str(path))
    assert code == 1
    assert "+  - Z[m,n] = A[m,k] * B[k,n]  # product" in out
    assert path.read_text() == MESSY
    code, out, _ = accelsim_cli("check", "--format", str(path))
    assert (code, out) == (0, f"{path}: formatted\n{path}: workload, no problem found\n")
    assert path.read_text() == TIDY
    code, out, _ = accelsim_cli("check", "--format", str(path))
    assert (code, out) == (0, f"{path}: workload, no problem found\n")


def test_format_stdin(accelsim_cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def feed(content: bytes) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        return accelsim_cli("check", "--format", "-")

    assert feed(MESSY.encode()) == (0, TIDY, "")
    code, out, err = feed(MESSY.replace("prod(", "prood(").encode())
    assert (code, out) == (2, "")
    assert err.startswith("accelsim: stdin:10:10: ")
    assert feed(b"a: \xff")[0] == 2
    assert "gives" not in accelsim_cli("check", "-")[2]
    assert accelsim_cli("check", "-")[0] == 2


def test_nothing_is_written_where_one_file_is_wrong(accelsim_cli: Cli, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(MESSY)
    bad.write_text(MESSY.replace("B[k,n]", "B[k,n"))
    code, _, err = accelsim_cli("check", "--format", str(good), str(bad))
    assert code == 2
    assert f"{bad}:8:24: Einsum" in err
    assert good.read_text() == MESSY


def test_what_is_not_ours_is_not_touched(accelsim_cli: Cli, tmp_path: Path) -> None:
    result, hidden = tmp_path / "r.json", tmp_path / ".github" / "ci.yml"
    accelsim_cli("simulate", "matmul", "--on", "fusemax", "--json", str(result))
    before = result.read_bytes()
    code, _, err = accelsim_cli("check", "--format", str(result))
    assert (code, result.read_bytes()) == (2, before)
    assert "a result has no layout of its own" in err
    other, good = tmp_path / "other.yaml", tmp_path / "good.yaml"
    other.write_text("on:   push\n")
    good.write_text(MESSY)
    code, _, err = accelsim_cli("check", "--format", str(tmp_path))
    assert code == 2
    assert f"{other}:1:1: file is of no kind by its keys" in err
    assert (other.read_text(), good.read_text()) == ("on:   push\n", MESSY)
    other.unlink()
    hidden.parent.mkdir()
    hidden.write_text("on:   push\n")
    assert accelsim_cli("check", "--format", str(tmp_path))[0] == 0
    assert (hidden.read_text(), good.read_text()) == ("on:   push\n", TIDY)
    assert "holds no YAML file" in accelsim_cli("check", str(empty_folder(tmp_path)))[2]
    assert "kind 'x' is unknown" in accelsim_cli("check", "--format", "--kind", "x", str(good))[2]


def empty_folder(folder: Path) -> Path:
    path = folder / "empty"
    path.mkdir()
    return path


def test_line_feeds(accelsim_cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "tidy.yaml"
    path.write_bytes(TIDY.replace("\n", "\r\n").encode())
    code, out, _ = accelsim_cli("check", "--format", "--diff", str(path))
    assert (code, out) == (1, f"{path}: line feeds would change\n")


def test_after_a_syntax_error_nothing_is_made_up(accelsim_cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "twice.yaml"
    path.write_text(
        TIDY.replace("B[k,n]  #", "B[k,n  #").replace("# then", "- Z[m,n] = A[m,k] * B[k,n]")
    )
    code, _, err = accelsim_cli("check", str(path))
    assert code == 2
    assert len(err.splitlines()) == 1
    assert f"{path}:8:28: Einsum" in err


def test_columns_in_block_texts(accelsim_cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "block.yaml"
    path.write_text(
        "name: x\nranks: {M: 4}\ntensors: {A: [M]}\n"
        "cascade:\n  - |\n    Z[m] =\n      A[m] + QQ[m]\n"
    )
    assert f"accelsim: {path}:7:14: Einsum" in accelsim_cli("check", str(path))[2]


def test_conditions_of_what_cannot_be_resolved_are_checked_too(
    accelsim_cli: Cli, tmp_path: Path
) -> None:
    path = tmp_path / "masks.yaml"
    path.write_text(
        "name: x\nranks: {M: 8}\ntensors: {X: [M]}\ncascade:\n"
        "  - G[]  = max(m) X[m]  if m <= q\n  - Y[m] = X[m] - G[]  if m <= r\n"
    )
    code, _, err = accelsim_cli("check", str(path))
    assert code == 2
    assert [line.split(":")[2] for line in err.splitlines()] == ["5", "6"]
    assert "index 'q' is unknown" in err
    assert "index 'r' is unknown" in err
