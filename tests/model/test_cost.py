"""Counts -> time, energy, utilisation and area, in numbers that can be followed by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

import pytest

from accelsim.architecture import Architecture, Array, Link, Memory, OperationCost
from accelsim.model import (
    ActionCounts,
    BlockCounts,
    EinsumCounts,
    Result,
    Transfer,
    build_result,
)
from accelsim.model.cost import LayerPlan, block_cycles, energy_of, layer_cycles, traffic_of


def memory(name: str, parent: str | None, **figures: float | None) -> Memory:
    known: dict[str, float | None] = {
        "size_bytes": None,
        "bandwidth_bytes_per_s": None,
        "access_bits": 16,
        "read_energy_pj": 1.0,
        "write_energy_pj": 10.0,
        "area_um2": 100.0,
    }
    return Memory(name, parent, **{**known, **figures})


def array(name: str, rows: int, columns: int) -> Array:
    cost = {"max": OperationCost(1, {"compare": 1})}
    return Array(name, "buffer", rows, columns, cost, {"mac": 2.0, "add": 0.5}, {"mac": 7.0})


MACHINE = Architecture(
    "toy",
    2e9,
    8,
    "auto",
    {
        m.name: m
        for m in (
            # 4 bytes a cycle at 2 GHz.
            memory("DRAM", None, bandwidth_bytes_per_s=8e9, area_um2=None),
            memory("buffer", "DRAM", size_bytes=1000),
            replace(memory("registers", "wide", area_um2=3.0), instances=8),
        )
    },
    {"wide": array("wide", 2, 4), "narrow": array("narrow", 1, 2)},
    {"link": Link("link", "wide", "narrow", 5)},
    sources={"clock_hz": "assumed"},
)


def einsum(
    name: str = "Z",
    *,
    on: str = "wide",
    cycles: int = 10,
    pe_cycles: int = 40,
    actions: Mapping[str, int] | None = None,
    transfers: tuple[Transfer, ...] = (),
) -> EinsumCounts:
    return EinsumCounts(name, on, cycles, cycles, pe_cycles, pe_cycles, actions or {}, transfers)


def block(
    *einsums: EinsumCounts,
    epochs: tuple[Mapping[str, int], ...] = ({"wide": 10},),
    occupancy: Mapping[str, Mapping[str, int]] | None = None,
) -> BlockCounts:
    return BlockCounts("block", einsums, epochs, occupancy or {}, {})


def dram(byte_count: int | Fraction, tensor: str = "A") -> Transfer:
    """As many bytes read as written, in all ``byte_count``."""
    return Transfer("DRAM", tensor, Fraction(byte_count) * 4, Fraction(byte_count) * 4)


def result(
    *blocks: BlockCounts, machine: Architecture = MACHINE, repeat: int = 1, layer: str = ""
) -> Result:
    plan = LayerPlan(ActionCounts(layer, blocks, repeat), "cascade", "mine", {"M1": 3})
    return build_result(
        [plan], machine, workload="w", mapper="mine", objective="latency", version="0"
    )


# ---- time


def test_without_epochs_the_longest_component_counts() -> None:
    both = block(einsum(), epochs=({"wide": 10, "narrow": 12},))
    assert block_cycles(both, MACHINE) == 12


def test_epochs_run_one_after_the_other_each_as_long_as_its_longest() -> None:
    epochs = ({"wide": 10, "narrow": 4}, {"link": 5}, {"wide": 1, "narrow": 6}, {})
    one = block(einsum(), epochs=epochs)
    assert block_cycles(one, MACHINE) == 10 + 5 + 6
    (layer,) = result(one).layers
    assert layer.blocks[0].busy_cycles == {"wide": 11, "narrow": 10, "link": 5, "epochs": 21}
    assert layer.blocks[0].limiting == "epochs"


@pytest.mark.parametrize(
    ("moved", "cycles", "limiting"), [(83, 21, "epochs"), (85, Fraction(85, 4), "DRAM")]
)
def test_memories_work_through_all_epochs(moved: int, cycles: int, limiting: str) -> None:
    epochs = ({"wide": 10}, {"link": 5}, {"wide": 6})
    one = block(einsum(transfers=(dram(moved),)), epochs=epochs)
    assert block_cycles(one, MACHINE) == cycles
    (layer,) = result(one).layers
    assert layer.blocks[0].limiting == limiting
    assert layer.blocks[0].busy_cycles["DRAM"] == moved / 4


def test_reads_and_writes_share_a_memory_and_its_instances_add_up() -> None:
    slow = replace(MACHINE.memories["registers"], bandwidth_bytes_per_s=2e9)
    machine = replace(MACHINE, memories={**MACHINE.memories, "registers": slow})
    moved = Transfer("registers", "A", 8 * 100, 8 * 60)
    # 8 instances of 1 byte a cycle.
    assert block_cycles(block(einsum(transfers=(moved,)), epochs=({},)), machine) == 20


def test_blocks_run_one_after_the_other_and_repeats_multiply() -> None:
    ten, dozen = (block(einsum(), epochs=({"wide": n},)) for n in (10, 12))
    assert layer_cycles(ActionCounts("", (ten, dozen), 3), MACHINE) == 66


def test_cycles_are_rounded_up_once_at_the_end() -> None:
    third = block(einsum(transfers=(dram(Fraction(4, 3)),)), epochs=({},))
    assert block_cycles(third, MACHINE) == Fraction(1, 3)
    assert result(*[third] * 6).cycles == 2
    assert result(third, repeat=4).cycles == 2
    assert result(third).cycles == 1
    plans = [LayerPlan(ActionCounts("", (third,), 1), "c", "m", {})] * 5
    total = build_result(plans, MACHINE, workload="w", mapper="m", objective="latency", version="0")
    assert (total.cycles, total.seconds) == (2, 1e-9)
    assert [layer.cycles for layer in total.layers] == [pytest.approx(1 / 3)] * 5


# ---- energy

WORK = einsum(
    actions={"mac": 6, "add": 2},
    transfers=(Transfer("DRAM", "A", 64, 0), Transfer("buffer", "A", 24, 64)),
)


def test_energy_is_counts_times_the_table() -> None:
    table, missing = energy_of(WORK, MACHINE)
    # An access moves 16 bits; part of one costs its part.
    assert table == {
        "wide": {"mac": 12.0, "add": 1.0},
        "DRAM": {"read": 4.0, "write": 0.0},
        "buffer": {"read": 1.5, "write": 40.0},
    }
    assert missing == set()
    assert result(block(WORK)).energy_pj == pytest.approx(58.5)
    assert result(block(WORK)).energy_breakdown_pj == table


def test_a_missing_figure_makes_the_total_unknown_and_is_named() -> None:
    unknown = replace(MACHINE.memories["buffer"], write_energy_pj=None)
    machine = replace(MACHINE, memories={**MACHINE.memories, "buffer": unknown})
    other = einsum("Y", on="narrow", actions={"mac": 1, "divide": 1})
    found = result(block(WORK, other), block(WORK), machine=machine)
    assert found.energy_pj is None
    assert found.energy_missing == ("buffer.energy_pj", "narrow.energy_pj.divide")
    assert found.layers[0].energy_pj is None
    assert [e.energy_pj for e in found.einsums] == [None, None, None]
    assert "buffer" not in found.energy_breakdown_pj
    assert found.energy_breakdown_pj["DRAM"] == {"read": 8.0, "write": 0.0}
    # A figure that nothing needs is not missing.
    assert result(block(other), block(einsum()), machine=machine).energy_missing == (
        "narrow.energy_pj.divide",
    )


# ---- the rest of the result


def test_traffic_is_reads_and_writes_in_bytes_exactly() -> None:
    halves = einsum(transfers=(Transfer("DRAM", "A", 3, 1), Transfer("DRAM", "B", 0, 4)))
    assert traffic_of([halves, halves]) == {"DRAM": 2}
    found = result(block(halves), repeat=3)
    assert found.traffic_bytes == {"DRAM": 3.0, "buffer": 0.0, "registers": 0.0}
    assert (found.layers[0].dram_bytes, found.einsums[0].dram_bytes) == (3.0, 3.0)


def test_utilisation_is_work_over_pes_and_time() -> None:
    pair = (einsum(cycles=10, pe_cycles=40), einsum("Y", on="narrow", cycles=5, pe_cycles=8))
    found = result(block(*pair, epochs=({"wide": 10, "narrow": 5},)), repeat=7)
    assert found.utilization == {"wide": 40 / 80, "narrow": 8 / 20}
    waiting = result(block(*pair, epochs=({"wide": 10}, {"narrow": 10})))
    assert waiting.utilization == {"wide": 40 / 160, "narrow": 8 / 40}


def test_repeats_scale_all_that_adds_up_and_nothing_else() -> None:
    def run(repeat: int) -> Result:
        one = block(WORK, epochs=({"wide": 10},), occupancy={"buffer": {"A": 80, "B": 4}})
        return result(one, repeat=repeat, layer="first")

    once, often = run(1), run(5)
    for key in ("cycles", "operations", "energy_pj"):
        assert getattr(often, key) == 5 * getattr(once, key)
        assert getattr(often.einsums[0], key) == 5 * getattr(once.einsums[0], key)
    assert often.traffic_bytes["buffer"] == 5 * once.traffic_bytes["buffer"] == 5 * 11
    assert often.layers[0].cycles == 50
    assert often.utilization == once.utilization
    assert often.occupancy_bytes == once.occupancy_bytes == {"buffer": 10.5}
    assert often.area_um2 == once.area_um2
    assert often.einsums[0].name == "first.Z"


def test_a_memory_is_as_full_as_in_its_fullest_block_and_never_more_than_full() -> None:
    sizes = ({"buffer": {"A": 400}}, {"buffer": {"A": 80_000}}, {"registers": {"A": 8}})
    blocks = [block(einsum(), occupancy=occupancy) for occupancy in sizes]
    assert result(*blocks[:1]).occupancy_bytes == {"buffer": 50.0}
    assert result(*blocks).occupancy_bytes == {"buffer": 1000.0, "registers": 1.0}


def test_area_is_everything_on_the_chip_or_unknown() -> None:
    # A buffer, 8 registers, 8 and 2 PEs; not DRAM.
    assert result(block(einsum())).area_um2 == 100 + 8 * 3 + 8 * 7 + 2 * 7
    bare = replace(MACHINE.arrays["narrow"], area_um2={})
    unknown = replace(MACHINE.memories["buffer"], area_um2=None)
    machine = replace(
        MACHINE,
        arrays={**MACHINE.arrays, "narrow": bare},
        memories={**MACHINE.memories, "buffer": unknown},
    )
    found = result(block(einsum()), machine=machine)
    assert found.area_um2 is None
    assert found.area_missing == ("buffer.area_um2", "narrow.area_um2")


def test_an_einsum_is_bound_by_what_takes_longest_for_it_alone() -> None:
    for moved, bound, limiting in ((40, "compute", "wide"), (44, "memory", "DRAM")):
        (found,) = result(block(einsum(cycles=10, transfers=(dram(moved),)))).einsums
        assert (found.bound, found.limiting) == (bound, limiting)


def test_a_result_carries_where_its_figures_are_from() -> None:
    found = result(block(einsum(), epochs=({"wide": 10},)))
    assert found.sources == {"clock_hz": "assumed"}
    assert found.seconds == found.cycles / 2e9
    assert found.layers[0].tiles == {"M1": 3}
