"""`accelsim simulate`: output, JSON, files."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import accelsim

Cli = Callable[..., tuple[int, str, str]]

KEYS = {
    "schema_version", "version", "workload", "architecture", "mapper", "objective", "fidelity",
    "cycles", "seconds", "energy_pj", "energy_breakdown_pj", "area_um2", "utilization",
    "traffic_bytes", "occupancy_bytes", "einsums", "sources",
}  # fmt: skip


def test_json_has_the_documented_keys(accelsim_cli: Cli) -> None:
    code, out, err = accelsim_cli(
        "simulate", "attention/one-pass", "--on", "fusemax", "--json", "-"
    )
    assert (code, err) == (0, "")
    result = json.loads(out)
    assert set(result) >= KEYS
    assert result["schema_version"] == 1
    assert result["version"] == accelsim.__version__
    assert (result["cycles"], type(result["cycles"])) == (1892352, int)
    assert result["seconds"] == pytest.approx(1892352 / 940e6)
    assert set(result["utilization"]) == {"array_2d", "array_1d"}
    assert {"DRAM", "global_buffer"} <= set(result["traffic_bytes"])
    assert set(result["einsums"][0]) >= {
        "name", "unit", "cycles", "energy_pj", "operations", "bound",
    }  # fmt: skip
    assert [e["name"] for e in result["einsums"]][:3] == ["BQK", "LM", "RM"]
    total = sum(sum(actions.values()) for actions in result["energy_breakdown_pj"].values())
    assert result["energy_pj"] == pytest.approx(total)


def test_json_to_a_file_and_text_on_stdout(accelsim_cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    code, out, _ = accelsim_cli("simulate", "matmul", "--on", "systolic-os", "--json", str(path))
    assert code == 0
    assert "cycles" in out
    assert json.loads(path.read_text())["architecture"] == "systolic-os"


def test_sizes_and_figures_are_set_from_outside(accelsim_cli: Cli) -> None:
    arguments = ["--set", "M=2*1024", "--set", "P=2048", "--set", "H=3"]
    _, out, _ = accelsim_cli(
        "simulate", "attention/one-pass", "--on", "fusemax", *arguments,
        "--arch", "array_2d.rows=128", "--arch", "array_2d.columns=128", "--json", "-",
    )  # fmt: skip
    expected = accelsim.simulate(
        "attention/one-pass",
        on="fusemax",
        set={"M": 2048, "P": 2048, "H": 3},
        arch={"array_2d.rows": 128, "array_2d.columns": 128},
    )
    assert json.loads(out) == json.loads(json.dumps(expected.as_json()))
    assert json.loads(out)["sources"]["array_2d.rows"] == "set by the user (array_2d.rows=128)"


def test_rewritten_cascade_is_named(accelsim_cli: Cli) -> None:
    _, out, _ = accelsim_cli("simulate", "attention/three-pass", "--on", "fusemax", "--json", "-")
    result = json.loads(out)
    assert result["workload"] == "attention/three-pass"
    assert result["layers"][0]["cascade"] == "attention/one-pass"


def test_report_folder(accelsim_cli: Cli, tmp_path: Path) -> None:
    code, _, _ = accelsim_cli(
        "simulate", "bert-base", "--on", "flat", "--report", str(tmp_path / "out")
    )
    assert code == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["einsums.csv", "report.md", "results.csv", "roofline.png", "utilization.png"]
    assert "attention.QK" in (tmp_path / "out" / "einsums.csv").read_text()


def test_a_rank_of_a_trillion_is_exact_and_allocates_nothing(accelsim_cli: Cli) -> None:
    sizes = ["--set", "M=1e12", "--set", "N=7", "--set", "K=3"]
    code, out, _ = accelsim_cli("simulate", "matmul", "--on", "fusemax", *sizes, "--json", "-")
    assert code == 0
    result = json.loads(out)
    assert result["operations"] == 21 * 10**12
    sizes = ["--set", "M=1e12", "--set", "P=1e12"]
    code, out, _ = accelsim_cli(
        "simulate", "attention/one-pass", "--on", "fusemax", *sizes, "--json", "-"
    )
    assert code == 0
    qk = json.loads(out)["einsums"][0]
    assert qk["operations"] == 64 * 12 * 64 * 10**24


def test_every_workload_runs_on_its_machines(accelsim_cli: Cli) -> None:
    for workload in ("attention/one-pass", "attention/two-pass", "attention/three-pass"):
        for machine in ("fusemax", "fusemax-cascade", "flat", "unfused", "flat-edge"):
            assert accelsim_cli("simulate", workload, "--on", machine)[0] == 0
    for workload in ("matmul", "conv2d"):
        for machine in ("systolic-ws", "systolic-os", "fusemax", "flat"):
            assert accelsim_cli("simulate", workload, "--on", machine)[0] == 0


def test_a_constant_is_set_like_a_size(accelsim_cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(
        "name: own\nranks: {M: 64, K: 64}\ntensors: {A: [M, K]}\nconstants: {eps: 1e-5}\n"
        "cascade: ['Z[m] = sum(k) (A[m,k] + eps)']\n"
    )
    cycles = []
    for setting in ("eps=1e-5", "eps=1e-3", "eps=M / 8", "eps=-1"):
        arguments = ("simulate", str(path), "--on", "fusemax", "--set", setting, "--json", "-")
        code, out, err = accelsim_cli(*arguments)
        assert (code, err) == (0, "")
        cycles.append(json.loads(out)["cycles"])
    assert len(set(cycles)) == 1  # A value costs no time.
    code, out, err = accelsim_cli("simulate", str(path), "--on", "fusemax", "--set", "eps=q")
    assert (code, out) == (2, "")
    assert "constant 'eps': 'q': name 'q' is unknown; valid: K, M" in err
