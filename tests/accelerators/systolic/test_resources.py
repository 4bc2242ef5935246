"""What was measured on FPGAs, the formula through it, and where both are used."""

import json
from pathlib import Path

import pytest

from accelsim.accelerators.systolic.model import architecture_text
from accelsim.accelerators.systolic.parameters import SystolicParameters
from accelsim.accelerators.systolic.resources import KINDS, fit, measured
from accelsim.architecture.load import load_architecture
from accelsim.cli.main import main
from accelsim.model.result_file import load_result

CELLS = {"luts": "LUT4", "ffs": "FF", "dsps": "MULT18X18D", "block_rams": "DP16KD"}
DATAFLOWS = ("weight-stationary", "output-stationary")


@pytest.mark.parametrize("dataflow", DATAFLOWS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_formula_is_as_near_as_it_says(dataflow: str, kind: str) -> None:
    found = fit("accelerator", "ecp5", dataflow, kind)
    chosen = [
        each
        for each in measured().configurations
        if (each.part, each.target, each.dataflow) == ("accelerator", "ecp5", dataflow)
    ]
    assert found.points == len(chosen) >= 4
    errors = [abs(found.at(each.rows, each.columns) / getattr(each, kind) - 1) for each in chosen]
    assert max(errors) == pytest.approx(found.error, abs=1e-9)
    assert found.error < 0.15


@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_an_array_of_8_by_8_is_fast_and_small(dataflow: str) -> None:
    (found,) = (
        each
        for each in measured().configurations
        if (each.part, each.target, each.dataflow) == ("array", "ecp5", dataflow)
        and (each.rows, each.columns) == (8, 8)
    )
    assert len(found.fmax_mhz) == 5
    assert min(found.fmax_mhz) >= 120
    assert found.luts <= 5500
    assert found.dsps == 64


@pytest.mark.parametrize("name", ["systolic-axi-ws", "systolic-axi-os"])
def test_architectures_have_them_at_any_size(name: str) -> None:
    dataflow = DATAFLOWS[name.endswith("os")]
    machine = load_architecture(name, {"array.rows": 12, "array.columns": 10})
    assert machine.fpga is not None
    assert machine.fpga.resources["MULT18X18D"] == 120
    for kind, cell in CELLS.items():
        expected = fit("accelerator", "ecp5", dataflow, kind).at(12, 10)
        assert machine.fpga.resources[cell] == pytest.approx(expected, abs=1)
    assert machine.fpga.fits
    assert not load_architecture(name, {"array.rows": 16, "array.columns": 16}).fpga.fits  # type: ignore[union-attr]
    assert "within" in machine.sources["fpga"]


def test_nothing_is_said_of_what_was_not_measured() -> None:
    other = SystolicParameters(weights="int4")
    assert "fpga" not in architecture_text(other, name="x", mapper="systolic-axi-ws")


def test_results_show_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "result.json"
    arguments = ["simulate", "matmul-int8", "--on", "systolic-axi-ws", "--json", str(path)]
    assert main([*arguments, "--set", "M=8", "--set", "N=8", "--set", "K=8"]) == 0
    assert "MULT18X18D 64 of 156" in capsys.readouterr().out
    assert json.loads(path.read_text())["fpga"]["fits"] is True
    found = load_result(path).fpga
    assert found is not None
    assert found.resources["MULT18X18D"] == 64


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("resources: {LUT4: 2 * array.row}", "figure 'array.row' is unknown"),
        ("resources: {}", "resources"),
        ("resources: {LUT4: -1}", "LUT4"),
        ("resources: {LUT4: 5}\n  availible: {LUT4: 3}", "availible"),
    ],
)
def test_wrong_ones_are_refused(text: str, said: str, tmp_path: Path) -> None:
    from accelsim.errors import InputError

    path = tmp_path / "machine.yaml"
    path.write_text(f"extends: systolic-ws\nname: mine\nfpga:\n  part: some\n  {text}\n")
    with pytest.raises(InputError) as caught:
        load_architecture(str(path))
    assert said in str(caught.value)
    assert "machine.yaml" in str(caught.value)
