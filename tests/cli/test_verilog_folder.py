"""What `verilog -o` does with a folder that is there, and with libraries that were damaged."""

from pathlib import Path

import pytest

from accelsim.cli.main import main
from accelsim.gateware.compiled.build import _is_whole

SMALL = ("--set", "rows=4", "--set", "columns=1", "--set", "folds=1", "--set", "tile=8")


@pytest.mark.slow
def test_a_folder_of_ours_is_written_anew_and_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ours, other = tmp_path / "ours", tmp_path / "other"
    assert main(["verilog", "systolic", *SMALL, "-o", str(ours)]) == 0
    assert main(["verilog", "systolic", *SMALL, "-o", str(ours)]) == 0
    other.mkdir()
    (other / "README.md").write_text("mine")
    assert main(["verilog", "systolic", *SMALL, "-o", str(other)]) == 2
    assert "there is a 'README.md' that accelsim did not write" in capsys.readouterr().err
    assert [path.name for path in other.iterdir()] == ["README.md"]
    (ours / "Makefile").unlink()
    (ours / "Makefile").symlink_to(other / "README.md")
    assert main(["verilog", "systolic", *SMALL, "-o", str(ours)]) == 2
    assert (other / "README.md").read_text() == "mine"
    (tmp_path / "file").write_text("x")
    assert main(["verilog", "systolic", *SMALL, "-o", str(tmp_path / "file")]) == 2


def test_json_is_looked_at_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "hw"
    for target, said in (
        (tmp_path / "none" / "x.json", "lies in a folder that does not exist"),
        (tmp_path, "is a folder"),
    ):
        arguments = ["verilog", "systolic", *SMALL, "-o", str(folder), "--json", str(target)]
        assert main(arguments) == 2
        assert said in capsys.readouterr().err
        assert main(["verify", "systolic", "--json", str(target)]) == 2
    target = folder / "systolic.v"
    folder.mkdir()
    assert main(["verilog", "systolic", *SMALL, "-o", str(folder), "--json", str(target)]) == 2
    assert not list(folder.iterdir())


@pytest.mark.slow
def test_the_file_that_says_whose_a_folder_is_is_one_of_its_files() -> None:
    from accelsim.accelerators.registry import ACCELERATORS

    made = [each.part("hardware") for each in ACCELERATORS.values() if each.has_hardware]
    for hardware in made:
        text = hardware.files(hardware.parameters({}))[hardware.TOP_FILE]
        assert "written by accelsim" in text[:2000]


def test_a_damaged_library_is_not_whole(tmp_path: Path) -> None:
    import hashlib

    path = tmp_path / "a.so"
    assert not _is_whole(path)
    path.write_bytes(b"library")
    assert not _is_whole(path)
    path.with_suffix(".sha256").write_text(hashlib.sha256(b"library").hexdigest())
    assert _is_whole(path)
    path.write_bytes(b"librar")
    assert not _is_whole(path)
