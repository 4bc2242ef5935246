"""The folder that is checked without Python: its files, and that they pass, and can fail."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest

pytest.importorskip("amaranth")

from accelsim.accelerators.bitmod import hardware
from accelsim.accelerators.bitmod.gateware import registers_of
from accelsim.accelerators.bitmod.hardware import PARTS, default_products, files, part
from accelsim.accelerators.bitmod.parameters import BitModParameters
from accelsim.accelerators.bitmod.readme import readme_text
from accelsim.errors import InputError

SMALL = BitModParameters(rows=1, columns=4, lanes=2, weights="fp3", group=16, folds=1)


@pytest.fixture(scope="module")
def whole() -> dict[str, str]:
    return files(SMALL)


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    """All but the Verilog, which takes its time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hardware, "bitmod_verilog", lambda chosen: "")
        return files(SMALL)


def test_files_agree_with_each_other(made: dict[str, str]) -> None:
    assert {"bitmod.v", "bitmod_tb.v", "bitmod.vlt", "Makefile"} <= set(made)
    bench = made["bitmod_tb.v"]
    for name, letter in (("activations", "A"), ("weights", "B"), ("results", "Z")):
        lines = made[f"{name}.hex"].splitlines()
        assert f"localparam {letter}_BEATS = {len(lines)};" in bench
        assert {len(line) for line in lines} == {2 * SMALL.stream_bytes}
    assert f"TILING_VALUE = 32'h{SMALL.tile | SMALL.folds << 16:08x};" in bench
    assert not [name for name, text in made.items() if re.search("@[A-Z_]+@", text)]


@pytest.mark.slow
def test_a_pe_stands_once_and_nothing_is_multiplied(whole: dict[str, str]) -> None:
    text = whole["bitmod.v"]
    assert text == files(SMALL)["bitmod.v"]
    assert len(re.findall(r"^module bitmod_pe ", text, re.M)) == 1
    assert len(re.findall(r"^  bitmod_pe pe_\d_\d \(", text, re.M)) == 4
    # But for addresses: of PEs and sums, not one product.
    body = text[text.index("module bitmod_pe ") :].split("endmodule")[0]
    assert "*" not in body.replace("@*", "")
    assert max(map(len, text.splitlines())) <= 100
    assert "\\" not in text
    assert all(f"{each.name} = " in text[:1000] for each in fields(SMALL))


def test_the_readme_tells_registers_and_the_order_of_words(made: dict[str, str]) -> None:
    text = made["README.md"]
    for register in registers_of(SMALL):
        assert f"| {register.offset:#04x} | `{register.name}` | {register.access} " in text
    assert "| 0xfdecdbca |" in text
    assert "2 words with the scales" in text
    assert "one word with the scales" in readme_text(BitModParameters(), [(1, 1, 1)])
    assert "of 0, 1, 2, 4" in text
    assert "3 (0), -3 (1), 6 (2), -6 (3)" in text
    assert "each 16 along K" in text
    assert "fewer than 8 words" in text
    whole = readme_text(BitModParameters(weights="int6"), [(1, 1, 1)])
    assert "whole numbers of 6 bits in two's complement" in whole
    assert "in units of 1 and" in whole
    assert "specials" not in whole


def test_products_have_ragged_edges_and_several_tiles() -> None:
    for chosen in (SMALL, BitModParameters(), BitModParameters(weights="int6", lanes=8)):
        small, large = default_products(chosen)
        whole = [u * t for u, t in zip(chosen.units, chosen.tile_units, strict=True)]
        assert all(size <= most for size, most in zip(small, whole, strict=True))
        assert all(size > most for size, most in zip(large, whole, strict=True))


def test_parts_are_known_by_name() -> None:
    for name, top in PARTS.items():
        make, found = part(SMALL, name)
        assert found == top
        assert callable(make)
    with pytest.raises(InputError, match="part 'pes' is unknown; did you mean 'pe'"):
        part(SMALL, "pes")


def run(folder: Path, target: str, stalls: int = 0) -> subprocess.CompletedProcess[str]:
    tool = {"icarus": "iverilog", "lint": "verilator"}.get(target, target)
    if shutil.which(tool) is None:
        pytest.skip(f"needs {tool}: apt install {target if target != 'lint' else tool}")
    command = ["make", target, f"STALLS={stalls}"]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=900, check=False
    )


def written(folder: Path, texts: dict[str, str]) -> Path:
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    "chosen",
    [
        SMALL,
        BitModParameters(),
        BitModParameters(rows=2, columns=3, weights="int6", lanes=8, folds=2),
        BitModParameters(rows=5, columns=1, weights="int8", lanes=2, group=64),
    ],
    ids=["fp3", "fp4", "int6", "int8"],
)
def test_it_passes_in_both_simulators_and_lint_says_nothing(
    chosen: BitModParameters, tmp_path: Path
) -> None:
    folder = written(tmp_path, files(chosen))
    for simulator in ("icarus", "verilator"):
        for stalls in (0, 1):
            done = run(folder, simulator, stalls)
            assert done.returncode == 0, done.stdout + done.stderr
            assert re.search(r"PASS: (\d+) beats, (\d+) cycles", done.stdout)
    for target in ("lint", "yosys"):
        done = run(folder, target)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "Warning" not in run(folder, "lint").stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        ("results.hex", None, None),
        ("bitmod.v", "SPECIALS", "32'hfdecdbcb"),
        ("bitmod_tb.v", "CYCLES_EXPECTED = {", "CYCLES_EXPECTED = 500 + {"),
    ],
)
def test_what_is_wrong_is_found(
    file: str, right: str | None, wrong: str | None, whole: dict[str, str], tmp_path: Path
) -> None:
    text = whole[file]
    if right is None or wrong is None:
        broken = ("1" if text[-2] == "0" else "0").join((text[:-2], text[-1:]))
    else:
        right = "32'hfdecdbca" if right == "SPECIALS" else right
        assert right in text
        broken = text.replace(right, wrong)
    done = run(written(tmp_path, {**whole, file: broken}), "icarus")
    assert done.returncode != 0
    assert "FAIL" in done.stdout
    assert "PASS" not in done.stdout
