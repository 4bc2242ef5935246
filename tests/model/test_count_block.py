"""Counts of fused Einsums in small numbers: what is shared, what stays, what spills, epochs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from accelsim.architecture import Architecture, Link, load_architecture
from accelsim.einsum import Cascade
from accelsim.errors import InputError
from accelsim.mapping import Block, Compute, Keep, Loop, MappedLayer, Move, Nest
from accelsim.mapping.mapping import Halo
from accelsim.model import BlockCounts, count_block, count_layer
from accelsim.model.cost import block_cycles, energy_of
from accelsim.workload import cascade_from_text, load_cascade

Machine = Callable[..., Architecture]

CHAIN = cascade_from_text(
    "T[m,n] = A[m,k] * B[k,n]\nU[m] = max(n) T[m,n]",
    ranks={"M": 6, "N": 5, "K": 3},
    tensors={"A": ("M", "K"), "B": ("K", "N")},
)
"""T holds 30 elements, A 18, B 15, U 6."""

SIBLINGS = cascade_from_text(
    "U[m] = A[m,k]\nV[m,n] = A[m,k] * B[k,n]",
    ranks={"M": 6, "N": 5, "K": 3},
    tensors={"A": ("M", "K"), "B": ("K", "N")},
)


def keep(memory: str, *tensors: str) -> Keep:
    return Keep(memory, tuple((tensor,) for tensor in tensors))


def count(cascade: Cascade, machine: Architecture, block: Block) -> BlockCounts:
    return count_block(block, cascade, machine, bits=lambda _: 8, where="here")


def moved(counts: BlockCounts) -> dict[tuple[str, str, str], tuple[Fraction, Fraction]]:
    """(Einsum, memory, tensor) -> elements read and written; the registers left out."""
    return {
        (einsum.name, t.memory, t.tensor): (Fraction(t.read_bits, 8), Fraction(t.written_bits, 8))
        for einsum in counts.einsums
        for t in einsum.transfers
        if t.memory != "registers"
    }


T, U, V = (Compute(name, "array") for name in "TUV")


def test_an_intermediate_that_is_kept_in_common_makes_no_traffic_outside(machine: Machine) -> None:
    nest = Nest((Loop("M", 2), keep("inner", "T")), (T, U))
    found = moved(count(CHAIN, machine(), Block("block", nest)))
    assert found["T", "inner", "T"] == (0, 30)
    assert found["U", "inner", "T"] == (30, 0)
    assert {key for key in found if key[2] == "T" and key[1] != "inner"} == set()
    assert found["U", "DRAM", "U"] == (0, 6)


def test_without_a_common_keep_it_is_written_and_read(machine: Machine) -> None:
    found = moved(count(CHAIN, machine(), Block("block", Nest((), (T, U)))))
    assert found["T", "DRAM", "T"] == (0, 30)
    assert found["U", "DRAM", "T"] == (30, 0)


def test_a_kept_intermediate_that_is_also_a_result_is_written_out_once(machine: Machine) -> None:
    kept = replace(CHAIN, outputs=("T", "U"))
    nest = Nest((Loop("M", 2), keep("inner", "T")), (T, U))
    found = moved(count(kept, machine(), Block("block", nest)))
    assert found["T", "DRAM", "T"] == (0, 30)
    assert found["T", "inner", "T"] == (30, 30)
    assert ("U", "DRAM", "T") not in found


def test_two_einsums_that_share_a_kept_input_fill_it_once(machine: Machine) -> None:
    shared = Nest((Loop("M", 2), keep("inner", "A")), (U, V))
    found = moved(count(SIBLINGS, machine(), Block("block", shared)))
    assert found["U", "DRAM", "A"] == (18, 0)
    assert ("V", "DRAM", "A") not in found
    # The second only reads what lies there: once for every n, of 5.
    assert found["U", "inner", "A"] == (18, 18)
    assert found["V", "inner", "A"] == (5 * 18, 0)


def test_each_einsum_fills_a_keep_of_its_own(machine: Machine) -> None:
    own = tuple(Nest((keep("inner", "A"),), (compute,)) for compute in (U, V))
    found = moved(count(SIBLINGS, machine(), Block("block", Nest((), own))))
    assert found["U", "DRAM", "A"] == found["V", "DRAM", "A"] == (18, 0)


def test_an_einsum_that_fills_a_shared_keep_more_often_adds_the_difference(
    machine: Machine,
) -> None:
    """Only V has the loop over N, inside of which A is taken anew for every tile of M."""
    shared = Nest((Loop("N", 1), Loop("M", 2), keep("inner", "A")), (U, V))
    found = moved(count(SIBLINGS, machine(), Block("block", shared)))
    assert found["U", "DRAM", "A"] == (18, 0)
    assert found["V", "DRAM", "A"] == (4 * 18, 0)


def test_two_reads_of_one_tensor_fill_its_keep_once(machine: Machine) -> None:
    cascade = cascade_from_text(
        "T[m,n] = A[m] * A[n]", ranks={"M": 4, "N": 4}, tensors={"A": ("M",)}
    )
    found = moved(count(cascade, machine(), Block("b", Nest((keep("inner", "A"),), (T,)))))
    assert found["T", "DRAM", "A"] == (4, 0)
    assert found["T", "inner", "A"] == (4 + 4 * 4, 4)


def test_a_forwarded_input_makes_no_transfers(machine: Machine) -> None:
    forwarding = Compute("U", "array", forward=("T",))
    found = moved(count(CHAIN, machine(), Block("block", Nest((), (T, forwarding)))))
    assert {key for key in found if key[2] == "T"} == set()
    assert found["U", "DRAM", "U"] == (0, 6)


def test_a_partial_result_is_read_back_but_not_the_first_time(machine: Machine) -> None:
    nest = Nest((Loop("K"), Loop("M", 2), keep("inner", "T")), (T,))
    found = moved(count(CHAIN, machine(), Block("block", nest)))
    assert found["T", "DRAM", "T"] == (2 * 30, 3 * 30)
    # On the PEs' side the same again: K is around their loops, too.
    assert found["T", "inner", "T"] == (3 * 30 + 2 * 30, 2 * 30 + 3 * 30)


def test_a_ragged_end_counts_as_full_where_the_inner_rank_is_looped_first(machine: Machine) -> None:
    """As documented at ``axes_of``; nothing is read back for it."""
    cascade = cascade_from_text(
        "T[m1,m0] = A[M0*m1+m0] + 1",
        ranks={"M": 5, "M0": 2, "M1": "ceil(M / M0)"},
        tensors={"A": ("M",)},
    )
    counts = count(cascade, machine(), Block("b", Nest((Loop("M0"), Loop("M1")), (T,))))
    assert (counts.einsums[0].steps, counts.einsums[0].points) == (6, 5)
    assert moved(counts) == {("T", "DRAM", "A"): (6, 0), ("T", "DRAM", "T"): (0, 6)}


def test_a_copy_takes_a_cycle_and_no_operation(machine: Machine) -> None:
    cascade = cascade_from_text("T[m] = A[m]", ranks={"M": 7}, tensors={"A": ("M",)})
    compute = Compute("T", "array", columns="M")
    (copied,) = count(cascade, machine(1, 3), Block("b", Nest((), (compute,)))).einsums
    assert (copied.steps, copied.cycles, copied.pe_cycles, copied.operations) == (3, 3, 7, 0)


def test_a_layer_counts_its_blocks_in_order_and_names_them(machine: Machine) -> None:
    mapped = MappedLayer("mine", tuple(Block(f"b{c.einsum}", Nest((), (c,))) for c in (T, U)))
    counts = count_layer(mapped, CHAIN, machine(), bits=lambda _: 8, layer="first", repeat=3)
    assert (counts.layer, counts.repeat) == ("first", 3)
    assert [block.name for block in counts.blocks] == ["bT", "bU"]
    full = MappedLayer("mine", (Block("b", Nest((keep("inner", "T"),), (T,))),))
    with pytest.raises(InputError, match=r"^mapping 'mine' of 'cascade': tile of T"):
        count_layer(full, CHAIN, machine(inner_bytes=29), bits=lambda _: 8)


# ---- what bypasses the registers


def registers_of(counts: BlockCounts) -> dict[str, tuple[Fraction, Fraction]]:
    """Tensor -> elements that the registers read and write."""
    (einsum,) = counts.einsums
    return {
        t.tensor: (Fraction(t.read_bits, 8), Fraction(t.written_bits, 8))
        for t in einsum.transfers
        if t.memory == "registers"
    }


def test_a_bypassed_input_is_read_above_whenever_it_changes(machine: Machine) -> None:
    """T on 2 x 1 PEs, M over them: loops over N, K, and M in threes, innermost."""
    toy, bypass = machine(2, 1), {"bypass": ("B",), "rows": "M"}
    nest = Nest((Loop("M", 6), Loop("N"), Loop("K")), (Compute("T", "array", **bypass),))
    counts = count(CHAIN, toy, Block("b", nest))
    # B changes with N and K and stays while M runs: once each, for both PEs together.
    assert moved(counts)["T", "DRAM", "B"] == (15, 0)
    # 90 points: a read of A and one of T, which was there before for all but 30; T's way out.
    assert registers_of(counts)["A"] == (0, 90)
    assert registers_of(counts)["T"][0] == 2 * 90 - 30 + 3 * 30
    assert "B" not in registers_of(counts)
    whole = count(CHAIN, toy, Block("b", replace(nest, body=(Compute("T", "array", "M"),))))
    assert registers_of(whole)["B"] == (0, 30)
    assert registers_of(whole)["T"][0] == 3 * 90 - 30 + 3 * 30


def test_a_bypassed_result_is_neither_read_nor_written_in_registers(machine: Machine) -> None:
    nest = Nest((Loop("M"), Loop("K"), Loop("N")), (Compute("T", "array", bypass=("T",)),))
    counts = count(CHAIN, machine(), Block("b", nest))
    # It changes at every point: written 90 times, and read back but for the first 30.
    assert moved(counts)["T", "DRAM", "T"] == (60, 90)
    assert registers_of(counts) == {"A": (0, 18), "B": (0, 90), "T": (2 * 90, 0)}
    nest = Nest((Loop("M"), Loop("N"), Loop("K")), nest.body)
    assert moved(count(CHAIN, machine(), Block("b", nest)))["T", "DRAM", "T"] == (0, 30)


def test_without_registers_nothing_changes_for_what_bypasses_them(machine: Machine) -> None:
    toy = machine(2, 2, registers=False)
    found = [
        count(CHAIN, toy, Block("b", Nest((), (Compute("T", "array", "M", "K", bypass=names),))))
        for names in ((), ("A", "B", "T"))
    ]
    assert found[0] == found[1]


# ---- windows that PEs share, or that tiles keep

CONVOLUTION = cascade_from_text(
    "T[k,p] = A[p+r] * B[k,r]",
    ranks={"K": 2, "P": 12, "R": 3, "H": "P + R - 1"},
    tensors={"A": ("H",), "B": ("K", "R")},
)


@pytest.mark.parametrize(("halo", "delivered"), [("whole", 4 * 5), ("overlap", 14)])
def test_pes_fetch_a_window_each_unless_they_share_it(
    machine: Machine, halo: Halo, delivered: int
) -> None:
    """4 PEs take 3 outputs and so 5 inputs each, on two rows for the values of K."""
    compute = Compute("T", "array", rows="K", columns=(("P", 4),))
    block = Block("b", Nest((keep("registers", "A"),), (compute,)), halo=halo)
    counts = count(CONVOLUTION, machine(2, 5), block)
    assert counts.halo == halo
    assert moved(counts)["T", "DRAM", "A"] == (delivered, 0)
    assert registers_of(counts)["A"] == (0, 2 * 4 * 5)
    # Space for 5 in each of the 10 PEs, of which 8 are in use.
    assert counts.occupancy_bits == {"registers": {"A": 10 * 5 * 8}}


@pytest.mark.parametrize(("halo", "fetched"), [("whole", 6 + 6 + 6), ("overlap", 14)])
def test_a_tile_may_keep_what_its_neighbour_held(
    machine: Machine, halo: Halo, fetched: int
) -> None:
    compute = Compute("T", "array")
    block = Block("b", Nest((Loop("P", 4), keep("inner", "A")), (compute,)), halo=halo)
    assert moved(count(CONVOLUTION, machine(), block))["T", "DRAM", "A"] == (fetched, 0)
    # What comes back after a loop over something else is not there any more.
    again = Nest((Loop("P", 8), Loop("R", 1), Loop("P", 4), keep("inner", "A")), (compute,))
    found = moved(count(CONVOLUTION, machine(), replace(block, nest=again)))
    assert found["T", "DRAM", "A"] == (3 * 12, 0)


def test_a_tile_of_every_other_element_has_nothing_in_common_with_the_next(
    machine: Machine,
) -> None:
    strided = cascade_from_text(
        "T[p] = A[2*p+r] * B[r]",
        ranks={"P": 4, "R": 4, "H": "2*P + R - 2"},
        tensors={"A": ("H",), "B": ("R",)},
    )
    for step, fetched in ((1, 4 * 4), (2, 10), (3, 10)):
        nest = Nest((Loop("R", step), keep("inner", "A")), (Compute("T", "array"),))
        counts = count(strided, machine(), Block("b", nest, halo="overlap"))
        assert moved(counts)["T", "DRAM", "A"] == (fetched, 0)


# ---- what tools made by others count, on the machine that ships for it

MATMUL = load_cascade("matmul")


def on_ref3(*steps: Loop | Keep, compute: Compute) -> tuple[BlockCounts, dict[str, Any]]:
    """Counts, and memory -> tensor -> values read and written."""
    block = Block("block", Nest(steps, (compute,)))
    counts = count(MATMUL, load_architecture("ref3"), block)
    found: dict[str, Any] = {}
    for t in counts.einsums[0].transfers:
        found.setdefault(t.memory, {})[t.tensor] = (t.read_bits // 8, t.written_bits // 8)
    return counts, found


def energy_uj(counts: BlockCounts) -> dict[str, float]:
    table, missing = energy_of(counts.einsums[0], load_architecture("ref3"))
    assert not missing
    return {component: sum(actions.values()) / 1e6 for component, actions in table.items()}


def test_the_best_mapping_of_a_product_counts_as_in_accelforge() -> None:
    """1024 x 1024 x 1024 on 16 x 16 PEs: nest and counts as AccelForge 1.0.467 reports them."""
    steps = (
        *(Loop("M", 512), Loop("N", 512), keep("GLB", "Z"), Loop("K", 256), keep("GLB", "A")),
        *(Loop("N", 256), keep("GLB", "B"), Loop("M", 256), keep("RF", "Z"), Loop("K", 1)),
        *(keep("RF", "A"), Loop("N", 16), keep("RF", "B")),
    )
    counts, found = on_ref3(*steps, compute=Compute("Z", "PEs", rows="M", columns="N"))
    total = {m: tuple(map(sum, zip(*t.values(), strict=True))) for m, t in found.items()}
    assert total == {
        "DRAM": (4_194_304, 1_048_576),
        "GLB": (12_582_912, 8_388_608),
        "RF": (3_224_371_200, 1_211_105_280),
    }
    parts = {"RF": 887.095, "GLB": 41.943, "DRAM": 335.544, "PEs": 107.374}
    assert energy_uj(counts) == pytest.approx(parts, abs=5e-4)
    assert sum(energy_uj(counts).values()) == pytest.approx(1371.957, abs=5e-4)
    assert counts.einsums[0].cycles == block_cycles(counts, load_architecture("ref3")) == 4_194_304
    # A PE holds 16 x 16 of Z, 16 of A and 1 of B.
    assert sum(counts.occupancy_bits["RF"].values()) == 256 * (256 + 16 + 1) * 8


TIMELOOP = (
    *(Loop("M", 512), Loop("N", 512), Loop("K", 512), keep("GLB", "B", "Z")),
    *(Loop("M", 32), Loop("K", 256), Loop("N", 128), keep("RF", "A", "Z")),
)
PAST_RF = Compute("Z", "PEs", rows=(("K", 4), ("N", 4)), columns="M", bypass=("B",))


def test_a_product_that_bypasses_the_registers_counts_as_in_timeloop() -> None:
    """The nest that Timeloop 4 found: A and Z in the RF, B straight from the GLB.

    Timeloop reads B at every step, so the innermost loop here is one that changes it; and it does
    not count reading what goes up: Z out of the RF and out of the GLB.
    """
    innermost = (Loop("K", 4), Loop("M", 16), Loop("N", 4))
    counts, found = on_ref3(*TIMELOOP, *innermost, compute=PAST_RF)
    points, pes, drained, result = 1024**3, 256, 16 * 2**20, 2**20
    assert found["DRAM"] == {"A": (2_097_152, 0), "B": (2_097_152, 0), "Z": (0, 1_048_576)}
    assert found["GLB"] == {
        "B": (67_108_864, 2_097_152),
        "Z": (3_145_728 + result, 4_194_304),
    }
    assert points == 4_194_304 * pes
    assert found["RF"] == {
        "A": (0, 32_768 * pes),
        # A's own reads are the operations', as are the updates of Z.
        "Z": (points + 4_177_920 * pes + drained, points + 49_152 * pes),
    }
    assert counts.einsums[0].cycles == block_cycles(counts, load_architecture("ref3")) == 4_194_304
    total, ups = sum(energy_uj(counts).values()), (drained * 0.2 + result * 2) / 1e6
    assert total == pytest.approx(1249.064, abs=5e-4)
    assert total - ups == pytest.approx(1243.6, abs=0.05)


def test_a_latched_operand_is_not_read_again_while_it_stays() -> None:
    """Timeloop's own order has M innermost, by twos: that halves what the GLB reads of B."""
    counts, found = on_ref3(*TIMELOOP, Loop("K", 4), Loop("N", 4), Loop("M", 16), compute=PAST_RF)
    assert found["GLB"]["B"] == (67_108_864 // 2, 2_097_152)
    assert sum(energy_uj(counts).values()) == pytest.approx(1249.064 - 67.109, abs=2e-3)


# ---- spilling


def spilling(machine: Machine, inner_bytes: int) -> BlockCounts:
    """A, B and T kept: 18 + 15 + 30 = 63 bytes."""
    nest = Nest((keep("inner", "A", "B", "T"),), (T, U))
    return count(CHAIN, machine(inner_bytes=inner_bytes), Block("b", nest, spill=("inner",)))


def test_what_fits_does_not_spill(machine: Machine) -> None:
    assert spilling(machine, 63).spilled == {}
    assert moved(spilling(machine, 63)) == moved(spilling(machine, 1000))
    assert spilling(machine, 62).spilled == {"inner": Fraction(1, 63)}


def test_exactly_what_does_not_fit_is_accessed_in_the_memory_above(machine: Machine) -> None:
    whole, part = moved(spilling(machine, 63)), moved(spilling(machine, 42))
    assert spilling(machine, 42).spilled == {"inner": Fraction(1, 3)}
    # A is read by the PEs once for every n; a third of that now comes straight from above, and
    # only two thirds are moved into the buffer first.
    assert whole["T", "inner", "A"] == (5 * 18, 18)
    assert part["T", "inner", "A"] == (5 * 12, 12)
    assert part["T", "outer", "A"] == (5 * 6, 0)
    assert part["T", "DRAM", "A"] == (12, 0)
    # The intermediate is written there and read there.
    assert part["T", "inner", "T"] == (0, 20)
    assert part["T", "outer", "T"] == (0, 10)
    assert part["U", "inner", "T"] == (20, 0)
    assert part["U", "outer", "T"] == (10, 0)
    assert part["U", "DRAM", "U"] == whole["U", "DRAM", "U"]


def test_a_result_that_spills_is_not_drained_twice(machine: Machine) -> None:
    nest = Nest((keep("inner", "T"),), (T,))
    block = Block("b", nest, spill=("inner",))
    found = moved(count(CHAIN, machine(inner_bytes=15), block))
    assert found["T", "DRAM", "T"] == (0, 15)
    assert found["T", "inner", "T"] == (15, 15)
    assert found["T", "outer", "T"] == (0, 15)


# ---- epochs


def test_epochs_hold_the_cycles_of_their_einsums_and_links(machine: Machine) -> None:
    toy = replace(machine(1, 5), links={"link": Link("link", "array", "array", 7)})
    body = (Compute("T", "array", columns="N"), Compute("U", "array", columns="N"))
    nest = Nest((Loop("M", 2),), body)
    whole = count(CHAIN, toy, Block("b", nest))
    # A maximum takes two cycles here.
    assert whole.epochs == ({"array": 6 * 3 + 6 * 2},)
    epochs = (("T",), (Move("U", "link"), Move("U", "link")), ("U",))
    split = count(CHAIN, toy, Block("b", nest, epochs=epochs))
    assert split.epochs == ({"array": 18}, {"link": 2 * 6 * 7}, {"array": 12})
    assert split.einsums == whole.einsums
