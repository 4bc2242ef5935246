"""The folder that is checked without Python: its files, and that they pass, and can fail."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("amaranth")

from accelsim.accelerators.systolic.algorithm import product_of
from accelsim.accelerators.systolic.bench.layers import event_cycles
from accelsim.accelerators.systolic.gateware import REGISTERS
from accelsim.accelerators.systolic.parameters import SystolicParameters
from accelsim.accelerators.systolic.testbench import bench_files, default_products
from accelsim.accelerators.systolic.verilog import systolic_verilog
from accelsim.errors import InputError

SMALL = SystolicParameters("weight-stationary", 4, 4, tile=16, folds=2)
DATAFLOWS = ("weight-stationary", "output-stationary")


@pytest.fixture(scope="module")
def text() -> str:
    return systolic_verilog(SMALL)


def test_ports_are_called_as_the_buses_have_them(text: str) -> None:
    head = text[text.index("module systolic (") :]
    ports = re.findall(r"(?:input|output) +(?:wire|reg) +(?:\[\d+:0\] )?(\w+)", head.split(");")[0])
    assert ports[:4] == ["clk", "rst", "s_axi_awaddr", "s_axi_awprot"]
    assert ports[-4:] == [f"m_axis_results_t{name}" for name in ("data", "valid", "ready", "last")]
    assert len(ports) == len(set(ports)) == 2 + 19 + 3 * 4


def test_a_pe_stands_once(text: str) -> None:
    assert len(re.findall(r"^module systolic_pe ", text, re.M)) == 1
    assert len(re.findall(r"^  systolic_pe pe_\d_\d \(", text, re.M)) == 16
    assert text.count("*") == 1 + len(re.findall(r"@\*", text))


def test_names_need_no_escapes_and_lines_are_short(text: str) -> None:
    assert "\\" not in text
    assert not re.search(r"\$(?!signed)", text)
    assert max(map(len, text.splitlines())) <= 100
    assert re.search(r"^  reg  \[31:0\] memory \[0:\d+\];", text, re.M)


def test_the_header_tells_the_parameters_and_no_date(text: str) -> None:
    header = text[: text.index("module ")]
    assert "written by accelsim" in header
    assert "rows = 4" in header
    assert not re.search(r"20\d\d-", header)


def test_beats_of_results_are_what_the_host_reads() -> None:
    job = product_of(SMALL, 19, 9, 17)
    values = np.arange(19 * 9, dtype=np.int32).reshape(19, 9) - 50
    beats = job.beats_of(values)
    assert len(beats) == job.result_beats
    assert (job.results(beats) == values).all()


def test_files_agree_with_each_other() -> None:
    files = bench_files(SMALL, [(7, 3, 3), (19, 9, 17)], seed=5, cycles=[64, None])
    bench = files["systolic_tb.v"]
    for name, letter in (("activations", "A"), ("weights", "B"), ("results", "Z")):
        lines = files[f"{name}.hex"].splitlines()
        assert f"localparam {letter}_BEATS = {len(lines)};" in bench
        assert {len(line) for line in lines} == {2 * SMALL.stream_bytes}
    assert "CYCLES_EXPECTED = {32'd0, 32'd64};" in bench
    assert "@" not in files["README.md"]
    assert all(f"`{register.name}`" in files["README.md"] for register in REGISTERS)
    assert files == bench_files(SMALL, [(7, 3, 3), (19, 9, 17)], seed=5, cycles=[64, None])


def test_products_have_ragged_edges_and_several_tiles() -> None:
    for dataflow in DATAFLOWS:
        parameters = SystolicParameters(dataflow, 4, 4, tile=16, folds=2)
        small, large = default_products(parameters)
        whole = [u * t for u, t in zip(parameters.units, parameters.tile_units, strict=True)]
        assert all(size < most for size, most in zip(small, whole, strict=True))
        assert all(size > most for size, most in zip(large, whole, strict=True))
        assert all(size % most for size, most in zip(large, whole, strict=True))


def test_wrong_seeds_and_counts_are_refused() -> None:
    with pytest.raises(InputError, match="seed is 0, must be a whole number from 1 to 65,535"):
        bench_files(SMALL, [(1, 1, 1)], seed=0)
    with pytest.raises(InputError, match="1 products and cycles of 2"):
        bench_files(SMALL, [(1, 1, 1)], cycles=[1, 2])
    with pytest.raises(InputError, match="M is 0"):
        bench_files(SMALL, [(0, 1, 1)])


def made(folder: Path, parameters: SystolicParameters, cycles: list[int | None]) -> Path:
    (folder / "systolic.v").write_text(systolic_verilog(parameters), "utf-8")
    for name, text in bench_files(parameters, default_products(parameters), cycles=cycles).items():
        (folder / name).write_text(text, "utf-8")
    return folder


def run(folder: Path, target: str, stalls: int = 0) -> subprocess.CompletedProcess[str]:
    tool = {"icarus": "iverilog", "lint": "verilator"}.get(target, target)
    if shutil.which(tool) is None:
        pytest.skip(f"needs {tool}: apt install {target if target != 'lint' else tool}")
    command = ["make", target, f"STALLS={stalls}"]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=900, check=False
    )


def compiled_cycles(parameters: SystolicParameters) -> list[int | None]:
    """Of the same products, by the compiled simulator."""
    from accelsim.accelerators.bench.runner import Runner
    from accelsim.accelerators.systolic.bench.layers import LayerTrial
    from accelsim.accelerators.systolic.gateware import Systolic

    found: list[int | None] = []
    for m, n, k in default_products(parameters):
        trial = LayerTrial(
            product_of(parameters, m, n, k), np.zeros((m, k), int), np.zeros((k, n), int), {}
        )
        runner = Runner(lambda: Systolic(parameters), "cxxrtl")
        found.append(trial.measured_cycles(trial.run(runner)))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("weights", ["int8", "int4"])
@pytest.mark.parametrize("size", [4, 8])
@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_it_passes_in_both_simulators_with_the_cycles_of_the_compiled_one(
    dataflow: str, size: int, weights: str, tmp_path: Path
) -> None:
    parameters = SystolicParameters(dataflow, size, size, weights=weights, tile=16, folds=2)
    cycles = compiled_cycles(parameters)
    folder = made(tmp_path, parameters, cycles)
    for simulator in ("icarus", "verilator"):
        for stalls in (0, 1):
            done = run(folder, simulator, stalls)
            assert done.returncode == 0, done.stdout + done.stderr
            total = re.search(r"PASS: (\d+) beats, (\d+) cycles", done.stdout)
            assert total
            if not stalls:
                assert int(total[2]) == sum(each or 0 for each in cycles)
    for target in ("lint", "yosys"):
        done = run(folder, target)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "Warning" not in run(folder, "lint").stderr


@pytest.mark.slow
def test_cycles_are_near_those_of_the_event_simulator() -> None:
    for dataflow in DATAFLOWS:
        parameters = SystolicParameters(dataflow, 4, 4, tile=16, folds=2)
        for sizes, cycles in zip(
            default_products(parameters), compiled_cycles(parameters), strict=True
        ):
            assert event_cycles(parameters, *sizes) == pytest.approx(cycles, rel=0.02)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        ("results.hex", None, None),
        ("systolic.v", "partial + ", "partial - "),
        ("systolic.v", "if (swap) held", "if (take) held"),
        ("systolic_tb.v", "M_UNITS = {32'd19", "M_UNITS = {32'd18"),
        ("systolic_tb.v", "CYCLES_EXPECTED = {", "CYCLES_EXPECTED = 100 + {"),
    ],
)
def test_what_is_wrong_is_found(
    file: str, right: str | None, wrong: str | None, tmp_path: Path
) -> None:
    folder = made(tmp_path, SMALL, compiled_cycles(SMALL))
    text = (folder / file).read_text("utf-8")
    if right is None or wrong is None:
        broken = ("1" if text[-2] == "0" else "0").join((text[:-2], text[-1:]))
    else:
        assert right in text
        broken = text.replace(right, wrong, 1)
    (folder / file).write_text(broken, "utf-8")
    done = run(folder, "icarus")
    assert done.returncode != 0
    assert "FAIL" in done.stdout
    assert "PASS" not in done.stdout
