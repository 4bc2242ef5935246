"""Energy of PEs that nothing gates, and of rows that are read for all PEs at once, by hand."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from accelsim.architecture import Architecture, Array, Memory, OperationCost, load_architecture
from accelsim.model import EinsumCounts, Transfer
from accelsim.model.cost import energy_of
from accelsim.pipeline import simulate

ARRAY = Array(
    "array",
    "buffer",
    2,
    3,
    {"multiply-add": OperationCost(1, {"mac": 1})},
    {"mac": 0.5},
    {},
    lanes=4,
    cycle_energy_pj=0.25,
)
DRAM = Memory("DRAM", None, None, None, 8, 100.0, 200.0, None)
BUFFER = Memory("buffer", "DRAM", None, None, 16, 3.0, 5.0, None, tile_energy_pj=7.0)
MACHINE = Architecture(
    "toy", 1e9, 8, "auto", {"DRAM": DRAM, "buffer": BUFFER}, {"array": ARRAY}, {}
)


def energy(*transfers: Transfer, on: Architecture = MACHINE) -> dict[str, dict[str, float]]:
    counts = EinsumCounts("Z", "array", 11, 11, 99, 99, {"mac": 99}, transfers)
    table, missing = energy_of(counts, on)
    assert not missing
    return table


def test_every_pe_takes_energy_in_every_cycle() -> None:
    """11 cycles of 6 PEs, whatever their lanes and points; actions come on top."""
    assert energy()["array"] == {"mac": 99 * 0.5, "cycle": 11 * 6 * 0.25}
    gated = replace(MACHINE, arrays={"array": replace(ARRAY, cycle_energy_pj=0.0)})
    assert energy(on=gated)["array"] == {"mac": 99 * 0.5}


def test_a_delivery_costs_one_row_and_the_rest_goes_by_bits() -> None:
    """Of 960 bits read, 640 in 12 deliveries go to PEs; 320 elsewhere are 20 accesses of 16."""
    moved = Transfer("buffer", "A", 960, 160, delivered_bits=640, deliveries=12)
    assert energy(moved)["buffer"] == {"read": 12 * 7.0 + 20 * 3.0, "write": 10 * 5.0}


def test_without_a_row_s_energy_all_goes_by_bits() -> None:
    moved = Transfer("buffer", "A", 960, 160, delivered_bits=640, deliveries=12)
    plain = replace(BUFFER, tile_energy_pj=None)
    on = replace(MACHINE, memories={"DRAM": DRAM, "buffer": plain})
    assert energy(moved, on=on)["buffer"] == {"read": 60 * 3.0, "write": 10 * 5.0}


def test_what_is_read_for_no_pe_costs_no_row() -> None:
    moved = Transfer("buffer", "Z", 160, 160)
    assert energy(moved)["buffer"] == {"read": 10 * 3.0, "write": 10 * 5.0}
    # A row that costs nothing is not a row whose cost is unknown.
    free = replace(MACHINE, memories={"DRAM": DRAM, "buffer": replace(BUFFER, tile_energy_pj=0.0)})
    moved = Transfer("buffer", "A", Fraction(640), 0, delivered_bits=640, deliveries=12)
    assert energy(moved, on=free)["buffer"] == {"read": 0.0, "write": 0.0}


def test_a_product_on_bitmod() -> None:
    """32 tokens, 64 channels out, 128 in, words of 16 bits: 2 * 32 steps of 8 cycles."""
    on = load_architecture("bitmod")
    result = simulate("matmul", on=on, mapper="bitmod-rounds", set={"M": 32, "N": 64, "K": 128})
    assert result.layers[0].blocks[0].busy_cycles["array"] == 512
    spent = result.energy_breakdown_pj
    assert spent["array"] == {"mac": 0.0, "cycle": pytest.approx(512 * 1024 * 0.84)}
    assert spent["weights"]["read"] == pytest.approx(64 * 92.7944)
    assert spent["activations"]["read"] == pytest.approx(64 * 138.4416)
    # 64 bits an access.
    assert spent["weights"]["write"] == pytest.approx(64 * 128 * 16 / 64 * 10.4192)
    assert spent["activations"]["write"] == pytest.approx(32 * 128 * 16 / 64 * 9.75565)
    assert spent["results"] == {"read": 0.0, "write": pytest.approx(32 * 64 * 16 / 64 * 9.75565)}
    moved = (64 * 128 + 32 * 128 + 32 * 64) * 2
    assert sum(spent["DRAM"].values()) == pytest.approx(moved * 150)
    assert result.cycles == moved // 32  # Longer than the array is busy.
