"""The array's architecture and mapping as simulators read them, and what its time is made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("amaranth")

from accelsim.accelerators.array_timing import array_latency_cycles
from accelsim.accelerators.bitmod import timing
from accelsim.accelerators.bitmod.algorithm import product_of
from accelsim.accelerators.bitmod.bench.layers import event_cycles
from accelsim.accelerators.bitmod.gateware import array_of
from accelsim.accelerators.bitmod.gather import GatheringArithmetic
from accelsim.accelerators.bitmod.model import (
    architecture_text,
    mapper_text,
    weights_format,
    workload_text,
)
from accelsim.accelerators.bitmod.parameters import BitModParameters
from accelsim.accelerators.bitmod.pe.arithmetic import BitSerialArithmetic
from accelsim.checking import check_file
from accelsim.pipeline import simulate

CHANGED = [
    {"rows": 3, "columns": 5, "weights": "int8", "lanes": 2},
    {"rows": 1, "columns": 4, "weights": "fp3", "lanes": 2, "folds": 1, "group": 16},
    {"weights": "int6", "lanes": 8, "stream_bytes": 1},
    {"weights": "int4", "columns": 1},
]


@pytest.mark.parametrize("changed", CHANGED)
def test_files_of_any_array_are_sound_and_give_cycles(
    changed: dict[str, Any], tmp_path: Path
) -> None:
    p = BitModParameters(**changed)
    mapper, machine = tmp_path / "mapper.yaml", tmp_path / "machine.yaml"
    mapper.write_text(mapper_text(p, name="tiles"), "utf-8")
    machine.write_text(architecture_text(p, name="array", mapper=str(mapper)), "utf-8")
    assert check_file(mapper, kind="mapper")
    assert check_file(machine, kind="architecture")
    m, n, k = p.rows + 1, p.columns + 1, p.group + 1
    words = product_of(p, m, n, k).units[2]
    # Two folds of rows and of columns, each with all terms of all words.
    few, many = event_cycles(product_of(p, m, n, k)), event_cycles(product_of(p, 3 * m, n, k))
    assert 4 * words * p.format.steps < few < many


def test_the_machine_that_ships_is_the_array_at_its_defaults(tmp_path: Path) -> None:
    workload = tmp_path / "product.yaml"
    workload.write_text(workload_text(BitModParameters(), 64, 64, 512), "utf-8")
    found = simulate(str(workload), on="bitmod-axi", fidelity="event")
    # A lane takes a weight of two terms in two cycles: 4x4 PEs of 4 lanes.
    ideal = 64 * 64 * 512 * 2 // (4 * 4 * 4)
    assert ideal < found.cycles < 1.02 * ideal


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "bitmod-fp4~4.125"),
        ({"weights": "fp3", "lanes": 2}, "bitmod-fp3~3.09375"),
        ({"weights": "int6", "lanes": 8, "group": 56}, "int6~6.857142857"),
        ({"weights": "int8", "group": 256}, "int8~8.125"),
    ],
)
def test_weights_have_their_share_of_the_words_of_scales(changed: Any, said: str) -> None:
    assert weights_format(BitModParameters(**changed)) == said


def test_cycles_are_those_of_the_gateware() -> None:
    arithmetic = GatheringArithmetic(2)
    assert isinstance(arithmetic, BitSerialArithmetic)
    assert arithmetic.product_latency_cycles == timing.PRODUCT_CYCLES
    assert arithmetic.finish_latency_cycles == timing.FINISH_CYCLES
    assert arithmetic.gather_latency_cycles == timing.GATHER_CYCLES
    assert timing.PE_CYCLES == timing.PRODUCT_CYCLES + timing.FINISH_CYCLES
    p = BitModParameters(rows=3, columns=2)
    array: Any = array_of(p)
    array._MustUse__silence = True  # Amaranth warns of what is made and not used.
    assert array.latency_cycles == array_latency_cycles(3, 2, timing.PE_CYCLES)
    # From a scratchpad to a beat, counted at every register on the way.
    assert timing.PIPELINE_CYCLES == 30
    assert f"pipeline_cycles: {timing.PIPELINE_CYCLES}}}" in architecture_text(
        p, name="array", mapper="tiles"
    )
