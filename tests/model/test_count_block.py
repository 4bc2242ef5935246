"""Counts of fused Einsums in small numbers: what is shared, what stays, what spills, epochs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import pytest

from accelsim.architecture import Architecture, Array, Link, Memory, OperationCost
from accelsim.einsum import Cascade
from accelsim.errors import InputError
from accelsim.mapping import Block, Compute, Keep, Loop, MappedLayer, Move, Nest
from accelsim.model import BlockCounts, count_block, count_layer
from accelsim.workload import cascade_from_text

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


# ---- what a tool made by others counts


def test_the_best_mapping_of_a_product_counts_as_in_accelforge() -> None:
    """1024 x 1024 x 1024 on 16 x 16 PEs: nest and counts as AccelForge 1.0.467 reports them."""
    memories = {
        name: Memory(name, parent, None, None, 8, 1.0, 1.0, None, instances)
        for name, parent, instances in (("DRAM", None, 1), ("GLB", "DRAM", 1), ("RF", "PEs", 256))
    }
    array = Array("PEs", "GLB", 16, 16, {"multiply-add": OperationCost(1, {"mac": 1})}, {}, {})
    ref3 = Architecture("ref3", 1e9, 8, "auto", memories, {"PEs": array}, {})
    cascade = cascade_from_text(
        "Z[m,n] = A[m,k] * B[k,n]",
        ranks={"M": 1024, "N": 1024, "K": 1024},
        tensors={"A": ("M", "K"), "B": ("K", "N")},
    )
    steps = (
        *(Loop("M", 512), Loop("N", 512), keep("GLB", "Z"), Loop("K", 256), keep("GLB", "A")),
        *(Loop("N", 256), keep("GLB", "B"), Loop("M", 256), keep("RF", "Z"), Loop("K", 1)),
        *(keep("RF", "A"), Loop("N", 16), keep("RF", "B")),
    )
    block = Block("block", Nest(steps, (Compute("Z", "PEs", rows="M", columns="N"),)))
    counts = count(cascade, ref3, block)
    (product,) = counts.einsums
    total = dict.fromkeys(memories, (0, 0))
    for t in product.transfers:
        read, written = total[t.memory]
        total[t.memory] = read + t.read_bits // 8, written + t.written_bits // 8
    assert total == {
        "DRAM": (4_194_304, 1_048_576),
        "GLB": (12_582_912, 8_388_608),
        "RF": (3_224_371_200, 1_211_105_280),
    }
    assert product.cycles == 4_194_304
    # A PE holds 16 x 16 of Z, 16 of A and 1 of B.
    assert sum(counts.occupancy_bits["RF"].values()) == 256 * (256 + 16 + 1) * 8


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
