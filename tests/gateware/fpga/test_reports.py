"""What tools report is read as they write it: pieces of reports of Yosys 0.70 and nextpnr 0.11."""

import json

import pytest

from accelsim.gateware.fpga import TARGETS, Step, Synthesis, synthesis_rows
from accelsim.gateware.fpga.pins import shell_of
from accelsim.gateware.fpga.reports import (
    cell_counts,
    critical_path,
    error_line,
    fmax_hz,
    ports_of,
    summary,
)

STAT = {
    "creator": "Yosys 0.70",
    "design": {
        "num_cells": 36,
        "num_cells_by_type": {
            "CCU2C": 18,
            "DP16KD": 2,
            "LUT4": 89,
            "MULT18X18D": 4,
            "PFUMX": 1,
            "TRELLIS_DPR16X4": 3,
            "TRELLIS_FF": 372,
        },
    },
}


def _piece(kind: str, delay: float, cell: str, net: str | None = None) -> dict[str, object]:
    end = {"cell": cell, "loc": [1, 2], "port": "Q"}
    return {"type": kind, "delay": delay, "from": end, "to": end, **({"net": net} if net else {})}


REPORT = {
    "fmax": {
        "clk": {"achieved": 155.5, "constraint": 150},
        "slow": {"achieved": 20.25, "constraint": 12},
    },
    "critical_paths": [
        {"from": "posedge clk", "to": "posedge clk", "path": [_piece("clk-to-q", 0.5, "a")]},
        {
            "from": "posedge clk",
            "to": "posedge slow",
            "path": [_piece("clk-to-q", 0.525, "b"), _piece("routing", 1.25, "c", "sum[3]")],
        },
        {"from": "<async>", "to": "posedge clk", "path": [_piece("routing", 9.0, "d", "in")]},
    ],
    "utilization": {},
}


def test_cells_are_counted_by_what_they_are() -> None:
    assert summary(TARGETS["ecp5"], cell_counts(STAT)) == {
        "luts": 89 + 2 * 18 + 4 * 3,
        "ffs": 372,
        "block_rams": 2,
        "distributed_rams": 3,
        "dsps": 4,
        "carry_cells": 18,
    }


def test_stars_stand_for_all_cells_that_begin_so() -> None:
    cells = {"SB_DFF": 1, "SB_DFFESR": 2, "SB_LUT4": 4, "SB_RAM40_4K": 8, "SB_MAC16": 16}
    found = summary(TARGETS["ice40"], cells)
    assert (found["ffs"], found["luts"], found["block_rams"], found["dsps"]) == (3, 4, 8, 16)


def test_the_slowest_clock_counts() -> None:
    assert fmax_hz(REPORT) == 20.25e6
    assert fmax_hz({"fmax": {}}) is None


def test_the_slowest_path_between_registers() -> None:
    path = critical_path(REPORT)
    assert path == (Step("clk-to-q", "b", 0.525), Step("routing", "sum[3]", 1.25))
    assert critical_path({"critical_paths": REPORT["critical_paths"][2:]}) == ()  # type: ignore[index]


@pytest.mark.parametrize(
    ("output", "line"),
    [
        (
            "Info: x\nERROR: Unable to place cell 'a'.\n0 warnings, 1 error\n",
            "Unable to place cell 'a'",
        ),
        ("Info: fine\n", ""),
    ],
)
def test_the_first_error_is_found(output: str, line: str) -> None:
    assert error_line(output) == line


def _synthesis(fmax: float | None) -> Synthesis:
    return Synthesis(
        design="array",
        target="ecp5",
        part="part",
        seed=1,
        luts=2_000,
        ffs=30,
        block_rams=4,
        distributed_rams=5,
        dsps=6,
        carry_cells=7,
        fmax_hz=fmax,
        critical_path=(Step("logic", "a", 0.25),),
        tools={"yosys": "0.70"},
    )


def test_rows_of_a_table() -> None:
    head, first, second = synthesis_rows([_synthesis(123.45e6), _synthesis(None)])
    assert dict(zip(head, first, strict=True)) == {
        "design": "array",
        "target": "ecp5",
        "LUT": "2,000",
        "FF": "30",
        "DSP": "6",
        "block RAM": "4",
        "LUT RAM": "5",
        "carry": "7",
        "Fmax": "123.5 MHz",
    }
    assert second[-1] == "unknown"


def test_json() -> None:
    found = json.loads(json.dumps(_synthesis(1e6).as_json()))
    assert found["fmax_hz"] == 1e6
    assert found["critical_path"] == [{"kind": "logic", "name": "a", "delay_ns": 0.25}]
    assert found["tools"] == {"yosys": "0.70"}


def test_shell_reaches_every_bit_of_a_port() -> None:
    ports = {
        "clk": {"direction": "input", "bits": [2]},
        "a": {"direction": "input", "bits": [3, 4, 5]},
        "b_c": {"direction": "input", "bits": [6]},
        "q": {"direction": "output", "bits": [7, 8]},
    }
    text = shell_of("top", ports_of({"modules": {"top": {"ports": ports}}}, "top"))
    for line in (".clk(clk)", ".\\a (ins[2:0])", ".\\b_c (ins[3:3])", ".\\q (outs[1:0])"):
        assert line in text
    assert "reg [3:0] ins;" in text
    assert "wire [1:0] outs;" in text
    assert "rst(rst)" not in text
