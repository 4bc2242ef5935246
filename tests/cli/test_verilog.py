"""accelsim verilog: the files, the refusals, what synthesis says."""

import json
from pathlib import Path

import pytest

from accelsim.accelerators.systolic.shipped import CONFIGURATIONS, MACHINES, shipped_files
from accelsim.architecture.load import load_architecture
from accelsim.cli.main import main

ROOT = Path(__file__).parents[2]
SMALL = ("--set", "rows=4", "--set", "columns=2", "--set", "folds=1", "--set", "tile=8")


def test_files_stand_alone_and_simulate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "hw"
    assert main(["verilog", "systolic", *SMALL, "-o", str(folder), "--json", "-"]) == 0
    found = json.loads(capsys.readouterr().out)
    names = {Path(name).name for name in found["files"]}
    assert {"systolic.v", "systolic_tb.v", "architecture.yaml", "mapper.yaml", "Makefile"} <= names
    assert found["parameters"]["rows"] == 4
    assert found["synthesis"] is None
    assert (folder / "systolic.v").read_text().count("\nmodule systolic_pe ") == 1
    # The machine is found with its mapper beside it, from any folder.
    assert load_architecture(str(folder / "architecture.yaml")).mapper == str(
        folder / "mapper.yaml"
    )
    arguments = ["simulate", "matmul-int8", "--on", str(folder / "architecture.yaml")]
    sizes = ["--set", "M=9", "--set", "N=3", "--set", "K=5", "--fidelity", "event"]
    assert main([*arguments, *sizes]) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["systolic"], "nothing to do; name a folder with -o DIR, or a target with --synthesize"),
        (["systolc", "-o", "x"], "accelerator with hardware 'systolc' is unknown; did you mean"),
        (["fusemax", "-o", "x"], "accelerator with hardware 'fusemax' is unknown"),
        (["systolic", "-o", "x", "--set", "rows=0"], "rows is 0, must be a whole number from 4 to"),
        (["systolic", "-o", "x", "--set", "row=8"], "parameter 'row' is unknown; did you mean"),
        (["systolic", "-o", "x", "--set", "weights=int7"], "format of the PE 'int7' is unknown"),
        (["systolic", "-o", "x", "--set", "stream_bytes=3"], "must be a power of two of which"),
        (["systolic", "--synthesize", "ecp6"], "target 'ecp6' is unknown; did you mean 'ecp5'"),
        (["systolic", "--synthesize", "ecp5", "--part", "pe"], "part 'pe' is unknown"),
        (["systolic", "-o", "x", "--seed", "0"], "--seed is '0', must be a whole number from 1"),
    ],
)
def test_refusals(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["verilog", *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert not list(tmp_path.iterdir())


def test_machines_are_those_of_the_hardware() -> None:
    files = shipped_files(folders=False)
    assert set(files) == {
        path
        for name in MACHINES
        for path in (f"accelsim/architecture/library/{name}.yaml", f"mappers/{name}.yaml")
    }
    for name, text in files.items():
        assert (ROOT / name).read_text() == text, "run scripts/ship-hardware.py"


@pytest.mark.slow
def test_reference_configurations_are_in_step() -> None:
    files = {name: text for name, text in shipped_files().items() if name.startswith("rtl/")}
    assert {name.split("/")[1] for name in files} == set(CONFIGURATIONS)
    for name, text in files.items():
        assert (ROOT / name).read_text() == text, f"{name}: run scripts/ship-hardware.py"
