"""Cells of BitMoD's PE on an ECP5: ours, and the authors' where their Verilog is given.

    python scripts/bitmod-cells.py [FOLDER] [--seeds 3]

FOLDER is ``hardware/pe`` of a checkout of https://github.com/yc2367/BitMoD. Its arrays are
made packed ones, since Yosys reads no others as ports; nothing else is changed.
"""

import argparse
import re
import subprocess
import tempfile
from pathlib import Path

from accelsim.accelerators.bitmod.pe.parts import PARTS
from accelsim.gateware.fpga import synthesise
from accelsim.gateware.fpga.tools import find_tool, run_tool
from accelsim.gateware.sharing import rtlil_of

TARGET = "ecp5"
AUTHORS = {
    "exponents": ("exp_match.v", "exp_match_clk"),
    "product": ("bs_mul.v", "bs_mul_clk"),
    "group accumulation": ("grp_accum.v", "grp_accum_clk"),
    "dequantizer": ("dequant.v", "dequant_clk"),
    "encoder of one weight": ("decoder.v", "serial_reader"),
}
_ARRAY = re.compile(r"logic(\s+signed)?\s*(\[[^\]]+\])?\s+(?!signed\b)(\w+)\s+\[([^\]:]+):0\]")
_CELL = re.compile(r"^\s+(\d+)\s+(LUT4|CCU2C|TRELLIS_FF)$", re.M)


def packed(text: str) -> str:
    """Verilog whose arrays are packed; of signed ones, elements in sums stay signed."""
    for signed, _, name, _ in _ARRAY.findall(text):
        if signed:
            text = re.sub(rf"(?<=[=+] ){name}\[[^\]]+\]", r"$signed(\g<0>)", text)
    return _ARRAY.sub(r"logic\1 [\4:0]\2 \3", text)


def authors_counts(folder: Path, name: str) -> dict[str, int]:
    """Cells of one of the authors' modules, registers at its inputs."""
    source, top = AUTHORS[name]
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        for path in folder.glob("*.v"):
            (work / path.name).write_text(packed(path.read_text("utf-8")), "utf-8")
        script = f"read_verilog -sv {source}; synth_ecp5 -top {top}; tee -o stat.txt stat"
        done = run_tool(find_tool("yosys"), ["-q", "-p", script], work)
        if done.returncode:
            raise subprocess.CalledProcessError(done.returncode, script, stderr=done.stderr)
        found = {cell: int(count) for count, cell in _CELL.findall((work / "stat.txt").read_text())}
    return {cell: found.get(cell, 0) for cell in ("LUT4", "CCU2C", "TRELLIS_FF")}


def our_counts(component: object) -> dict[str, int]:
    """Cells of one of our parts."""
    found = synthesise(rtlil_of(component, "top"), "top", TARGET, place=False)
    luts = found.luts - 2 * found.carry_cells
    return {"LUT4": luts, "CCU2C": found.carry_cells, "TRELLIS_FF": found.ffs}


def row(who: str, name: str, counts: dict[str, int]) -> str:
    """A line of the table."""
    total = counts["LUT4"] + 2 * counts["CCU2C"]
    cells = f"{counts['LUT4']:>6,} {counts['CCU2C']:>6,} {total:>6,} {counts['TRELLIS_FF']:>6,}"
    return f"{who:<10}{name:<28}{cells}"


def main() -> None:
    """Count, and print as it comes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", help="the authors' hardware/pe")
    parser.add_argument("--lanes", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=0, help="place and route the PE as often")
    given = parser.parse_args()
    print(f"{'':<38}{'LUT4':>6} {'CCU2C':>6} {'sum':>6} {'FF':>6}")
    for name in AUTHORS if given.folder else ():
        print(row("authors", name, authors_counts(given.folder, name)), flush=True)
    for name, part in PARTS.items():
        print(row("ours", name, our_counts(part(given.lanes))), flush=True)
    for seed in range(1, given.seeds + 1):
        found = synthesise(rtlil_of(PARTS["PE"](given.lanes), "top"), "top", TARGET, seed=seed)
        assert found.fmax_hz is not None
        print(f"PE, seed {seed}: {found.fmax_hz / 1e6:.1f} MHz", flush=True)


if __name__ == "__main__":
    main()
