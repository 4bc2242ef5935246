"""accelsim verilog: the files, the refusals, what synthesis says."""

import json
from pathlib import Path

import pytest

from accelsim.accelerators.registry import ACCELERATORS
from accelsim.architecture.load import load_architecture
from accelsim.cli.main import main

ROOT = Path(__file__).parents[2]
HARDWARE = [each.name for each in ACCELERATORS.values() if each.has_hardware]
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
        (["bitmod", "-o", "x", "--set", "weights=fp5"], "weights 'fp5' is unknown; did you mean"),
        (["bitmod", "-o", "x", "--set", "rows=0", "--set", "lanes=1"], "lanes is 1, must be one"),
        (["bitmod", "--synthesize", "ecp5", "--part", "pee"], "part 'pee' is unknown; did you me"),
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


@pytest.mark.parametrize("name", HARDWARE)
def test_machines_are_those_of_the_hardware(name: str) -> None:
    shipped = ACCELERATORS[name].part("shipped")
    files = shipped.shipped_files(folders=False)
    assert shipped.MACHINES
    assert set(files) == {
        path
        for machine in shipped.MACHINES
        for path in (f"accelsim/architecture/library/{machine}.yaml", f"mappers/{machine}.yaml")
    }
    for path, text in files.items():
        assert (ROOT / path).read_text() == text, "run scripts/ship-hardware.py"


@pytest.mark.slow
@pytest.mark.parametrize("name", HARDWARE)
def test_reference_configurations_are_in_step(name: str) -> None:
    shipped = ACCELERATORS[name].part("shipped")
    files = {path: text for path, text in shipped.shipped_files().items() if path[:4] == "rtl/"}
    assert {path.split("/")[1] for path in files} == set(shipped.CONFIGURATIONS)
    for path, text in files.items():
        assert (ROOT / path).read_text() == text, f"{path}: run scripts/ship-hardware.py"


def test_folders_of_verilog_are_those_of_some_accelerator() -> None:
    shipped = [ACCELERATORS[name].part("shipped").CONFIGURATIONS for name in HARDWARE]
    folders = {path.name for path in (ROOT / "rtl").iterdir() if path.is_dir()}
    assert folders == {folder for each in shipped for folder in each}
    listed = (ROOT / "rtl" / "README.md").read_text()
    assert all(f"| `{folder}` |" in listed for folder in folders)
