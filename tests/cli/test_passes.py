"""`accelsim passes`: text, JSON, pictures, mistakes."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import accelsim

Cli = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize(("name", "count"), [("three-pass", 3), ("two-pass", 2), ("one-pass", 1)])
def test_json(accelsim_cli: Cli, name: str, count: int) -> None:
    code, out, err = accelsim_cli("passes", f"attention/{name}", "--json", "-")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert found["max_passes"] == count
    assert found["passes"]["K"]["M"] == found["passes"]["V"]["M"] == count
    assert all(set(found[key]) == set(found["passes"]) for key in ("footprint", "passes"))
    assert all(re.fullmatch(r"1|[A-Z0-9]+(\*[A-Z0-9]+)*", e) for e in found["footprint"].values())
    for one, other, ranks in found["fusable"]:
        assert {one, other} <= set(found["footprint"])
        assert ranks
        assert set(ranks) <= {"B", "H", "E", "F", "M", "P"}
    total = 64 * 12 * 64 * 1024 * 4
    assert found["compulsory_traffic"]["total_elements"] == total
    limit = found["arithmetic_intensity_limit"]
    assert limit["operations_per_element"] == found["operations"] / total
    assert limit["operations_per_byte"] is None
    assert found == accelsim.analyse_workload(f"attention/{name}").as_json()


def test_footprint_of_one_pass_does_not_grow_with_m(accelsim_cli: Cli) -> None:
    def elements(name: str, length: int) -> int:
        _, out, _ = accelsim_cli("passes", name, "--set", f"M={length}", "--json", "-")
        return sum(json.loads(out)["footprint_elements"].values())

    assert elements("attention/one-pass", 1024) == elements("attention/one-pass", 4096)
    grown = elements("attention/three-pass", 4096) - elements("attention/three-pass", 1024)
    assert grown == 2 * (4096 - 1024)


def test_text(accelsim_cli: Cli) -> None:
    code, out, _ = accelsim_cli("passes", "attention/two-pass")
    assert code == 0
    assert "2 passes over M\nA only rescales what an earlier pass made" in out
    assert re.search(r"^SLN +1$", out, re.MULTILINE)
    assert re.search(r"^SLN +B 1 H 1 M 2 P 1 +M +1,024$", out, re.MULTILINE)
    assert re.search(r"^PRM +A +B H P$", out, re.MULTILINE)
    assert "compulsory traffic  B*H*E*P + B*H*E*M + B*H*F*M + B*H*F*P elements" in out


def test_sizes_may_be_open(accelsim_cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "open.yaml"
    path.write_text(
        "name: open\nranks: {M: null, P: 3}\ntensors: {A: [M, P]}\nformats: {default: int8}\n"
        "cascade:\n  - S[p] = A[m,p]\n  - Z[m,p] = A[m,p] / S[p]\n"
    )
    code, out, _ = accelsim_cli("passes", str(path))
    assert code == 0
    assert "2 passes over M" in out
    assert "sizes are left open; --set RANK=SIZE gives the numbers" in out
    found = json.loads(accelsim_cli("passes", str(path), "--json", "-")[1])
    assert found["footprint"]["A"] == "M"
    assert found["footprint_elements"]["A"] is found["operations"] is found["sizes"] is None
    found = json.loads(accelsim_cli("passes", str(path), "--set", "M=5", "--json", "-")[1])
    assert found["footprint_elements"]["A"] == 5
    assert found["compulsory_traffic"]["total_bytes"] == 30
    # One sum a point of A, one quotient.
    assert found["arithmetic_intensity_limit"]["operations_per_byte"] == 1


def test_network(accelsim_cli: Cli) -> None:
    _, out, _ = accelsim_cli("passes", "bert-base", "--json", "-")
    found = json.loads(out)
    assert found["max_passes"] == 3
    assert [layer["name"] for layer in found["layers"]][3] == "attention"
    assert found["layers"][0]["max_passes"] == 1
    assert (
        "attention: attention/three-pass\n3 passes over M" in accelsim_cli("passes", "bert-base")[1]
    )


@pytest.mark.parametrize(
    ("suffix", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("dot", b"digraph")]
)
@pytest.mark.parametrize("workload", ["attention/one-pass", "bert-base", "encoder-block"])
def test_graph(accelsim_cli: Cli, tmp_path: Path, workload: str, suffix: str, start: bytes) -> None:
    path = tmp_path / f"graph.{suffix}"
    code, _, err = accelsim_cli("passes", workload, "--graph", str(path))
    assert code == 0
    assert err == f"written: {path}\n"
    content = path.read_bytes()
    assert content.startswith(start)
    accelsim_cli("passes", workload, "--graph", str(path))
    assert path.read_bytes() == content


def test_dot_holds_every_einsum_and_what_it_reads(accelsim_cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "a.dot"
    accelsim_cli("passes", "attention/one-pass", "--graph", str(path))
    text = path.read_text()
    assert '"0:BQK" -> "0:LM";' in text
    assert '"0:RNV" -> "0:SPNV" [style=dashed, constraint=false];' in text
    assert text.count("label=") == 1 + 15
    assert text.count("->") == 21


def test_mistakes(accelsim_cli: Cli, tmp_path: Path) -> None:
    code, out, err = accelsim_cli("passes", "attention/one-pas", "--json", "-")
    assert (code, out) == (2, "")
    assert "did you mean 'attention/one-pass'?" in err
    code, _, err = accelsim_cli("passes", "matmul", "--graph", str(tmp_path / "a.pdf"))
    assert code == 2
    assert "ends in '.pdf', must end in .dot, .png or .svg" in err
    code, _, err = accelsim_cli("passes", "matmul", "--set", "Q=3")
    assert code == 2
    assert "rank 'Q' is unknown; valid: K, M, N" in err
    assert not list(tmp_path.iterdir())
