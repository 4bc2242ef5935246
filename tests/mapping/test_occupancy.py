"""How much of a memory the kept tiles fill."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from accelsim.architecture import Architecture
from accelsim.einsum import Cascade
from accelsim.mapping import Block, Compute, Keep, Loop, Nest
from accelsim.mapping.occupancy import Occupancy, occupancy_of
from accelsim.mapping.residency import Residency
from accelsim.workload import cascade_from_text, load_cascade

Machine = Callable[..., Architecture]

BITS = {"A": 8, "B": 4, "Z": 32, "T": 16, "U": 2}

MATMUL = cascade_from_text(
    "Z[m,n] = A[m,k] * B[k,n]",
    ranks={"M": 7, "N": 5, "K": 3},
    tensors={"A": ("M", "K"), "B": ("K", "N")},
)
CHAIN = cascade_from_text(
    "T[m] = A[m,k]\nU[m,k] = A[m,k] - T[m]\nZ[m] = U[m,k]",
    ranks={"M": 7, "K": 3},
    tensors={"A": ("M", "K")},
)


def filled(cascade: Cascade, machine: Architecture, nest: Nest, **reserve_bytes: int) -> Occupancy:
    block = Block("block", nest, reserve_bytes=reserve_bytes)
    return occupancy_of(Residency(cascade, machine, block), lambda tensor: BITS.get(tensor, 1))


def test_each_tensor_takes_its_largest_tile(machine: Machine) -> None:
    nest = Nest((Loop("M", 4), Keep("buffer", (("A",), ("Z",)))), (Compute("Z", "array"),))
    spaces = {"A": 4 * 3 * 8, "Z": 4 * 5 * 32}
    assert filled(MATMUL, machine(), nest) == {"buffer": spaces}


def test_tensors_of_one_group_share_the_space_of_the_largest(machine: Machine) -> None:
    nest = Nest((Keep("buffer", (("A", "Z"), ("B",))),), (Compute("Z", "array"),))
    spaces = {"A=Z": 7 * 5 * 32, "B": 3 * 5 * 4}
    assert filled(MATMUL, machine(), nest) == {"buffer": spaces}


def test_what_is_reserved_comes_on_top(machine: Machine) -> None:
    nest = Nest((Keep("buffer", (("B",),)),), (Compute("Z", "array"),))
    found = filled(MATMUL, machine(), nest, buffer=10, registers=2)
    assert found == {"buffer": {"B": 60, "reserved": 80}, "registers": {"reserved": 16}}


def test_a_keep_around_several_einsums_counts_once(machine: Machine) -> None:
    body = tuple(Compute(name, "array") for name in "TUZ")
    nest = Nest((Loop("M", 2), Keep("buffer", (("A",), ("T",)))), body)
    assert filled(CHAIN, machine(), nest) == {"buffer": {"A": 2 * 3 * 8, "T": 2 * 16}}


def test_keeps_of_their_own_add_up(machine: Machine) -> None:
    keeps = (Keep("buffer", (("A",),)),)
    inner = [Nest((Loop("M", m), *keeps), (Compute(e, "array"),)) for e, m in (("T", 2), ("U", 3))]
    assert filled(CHAIN, machine(), Nest((), tuple(inner))) == {"buffer": {"A": (2 + 3) * 3 * 8}}


def test_a_keep_is_as_large_as_the_einsum_there_that_needs_most(machine: Machine) -> None:
    """One Einsum loops over K above the keep, the other does not have K."""
    cascade = cascade_from_text(
        "T[m] = B[m]\nZ[m,k] = B[m] * A[k]",
        ranks={"M": 7, "K": 3},
        tensors={"A": ("K",), "B": ("M",)},
    )
    body = tuple(Compute(name, "array") for name in "TZ")
    nest = Nest((Loop("K"), Keep("buffer", (("B",), ("A",)))), body)
    assert filled(cascade, machine(), nest) == {"buffer": {"B": 7 * 4, "A": 8}}


def test_of_a_running_result_one_step_is_kept(machine: Machine) -> None:
    cascade = load_cascade(
        "attention/one-pass",
        {"B": 1, "H": 1, "E": 2, "F": 3, "P": 5, "M": 10, "M0": 4},
    )
    names = [einsum.name for einsum in cascade.einsums]
    body = tuple(Compute(name, "array") for name in names)
    kept = Keep("buffer", (("RM",), ("RNV",), ("BQK",), ("LM",)))
    found = filled(cascade, machine(), Nest((Loop("P", 2), kept), body))
    # Above the loop over M1: of RM and RNV the running value, of the others all of M.
    assert found == {"buffer": {"RM": 2, "RNV": 3 * 2, "BQK": 10 * 2, "LM": 3 * 2}}


def test_a_halo_is_part_of_the_tile(machine: Machine) -> None:
    cascade = cascade_from_text(
        "Z[p] = A[2*p+r] * B[r]",
        ranks={"P": 6, "R": 3, "H": 13},
        tensors={"A": ("H",), "B": ("R",)},
    )
    nest = Nest((Loop("P", 4), Keep("buffer", (("A",),))), (Compute("Z", "array"),))
    assert filled(cascade, machine(), nest) == {"buffer": {"A": (3 * 2 + 2 + 1) * 8}}


# ---- registers: every PE needs as much space as the fullest


REGISTERS = Keep("registers", (("A",), ("B",), ("Z",)))


def test_every_pe_holds_as_much_as_the_fullest(machine: Machine) -> None:
    """M = 7 on 3 of 4 rows and N = 5 on 2 of 3 columns: 3 and 3 values in the fullest PE."""
    compute = Compute("Z", "array", rows=(("M", 3),), columns=(("N", 2),))
    found = filled(MATMUL, machine(rows=4, columns=3), Nest((REGISTERS,), (compute,)))
    spaces = {"A": 3 * 3 * 8, "B": 3 * 3 * 4, "Z": 3 * 3 * 32}
    assert found == {"registers": {name: 12 * bits for name, bits in spaces.items()}}


def test_along_a_split_rank_a_pe_takes_the_same_of_every_chunk(machine: Machine) -> None:
    cascade = cascade_from_text(
        "T[m1,m0] = A[M0*m1+m0] + 1\nZ[m1,m0] = T[m1,m0] * B[m1] * U[m0]",
        ranks={"M": 10, "M0": 4, "M1": "ceil(M / M0)"},
        tensors={"A": ("M",), "B": ("M1",), "U": ("M0",)},
    )
    kept = Keep("registers", (("T",), ("B",), ("U",)))
    compute = Compute("Z", "array", rows=(("M0", 3),))
    found = filled(cascade, machine(rows=3, columns=1), Nest((kept,), (compute,)))
    # Two of four in each of the chunks 0-3, 4-7 and 8-9.
    assert found == {"registers": {"T": 3 * 6 * 16, "B": 3 * 3 * 4, "U": 3 * 2 * 2}}


def test_a_pe_holds_the_window_of_its_own_values(machine: Machine) -> None:
    cascade = cascade_from_text(
        "Z[p] = A[2*p+r] * B[r]",
        ranks={"P": 6, "R": 3, "H": 13},
        tensors={"A": ("H",), "B": ("R",)},
    )
    nest = Nest((Keep("registers", (("A",),)),), (Compute("Z", "array", rows="P"),))
    assert filled(cascade, machine(rows=3, columns=1), nest) == {"registers": {"A": 3 * 5 * 8}}


def test_what_another_array_hands_over_is_spread_evenly(machine: Machine) -> None:
    """Z is made on an array without these registers: its 35 elements over 4 PEs, 9 in each."""
    toy = machine()
    other = replace(toy.arrays["array"], name="other")
    two = replace(toy, arrays={**toy.arrays, "other": other})
    nest = Nest((Keep("registers", (("Z",),)),), (Compute("Z", "other"),))
    assert filled(MATMUL, two, nest) == {"registers": {"Z": 4 * 9 * 32}}


# ---- two copies of what is replaced


def test_tiles_that_are_replaced_take_twice_their_space(machine: Machine) -> None:
    steps = (Loop("M", 4), Keep("buffer", (("A",), ("B",))), Keep("registers", (("A",),)))
    nest = Nest(steps, (Compute("Z", "array", rows=(("M", 2),)),))
    once = {"buffer": {"A": 4 * 3 * 8, "B": 3 * 5 * 4}, "registers": {"A": 4 * 2 * 3 * 8}}
    assert filled(MATMUL, machine(), nest) == once
    twice = Block("block", nest, double_buffer=("buffer",), reserve_bytes={"buffer": 1})
    found = occupancy_of(Residency(MATMUL, machine(), twice), BITS.__getitem__)
    # B stays for the whole block; what is reserved is what was asked for.
    assert found["buffer"] == {"A": 2 * 4 * 3 * 8, "B": 3 * 5 * 4, "reserved": 8}
    assert found["registers"] == once["registers"]
    both = replace(twice, double_buffer=("buffer", "registers"))
    found = occupancy_of(Residency(MATMUL, machine(), both), BITS.__getitem__)
    assert found["registers"] == {"A": 2 * 4 * 2 * 3 * 8}


def test_in_place_tensors_share_two_copies_of_the_largest(machine: Machine) -> None:
    nest = Nest((Loop("M", 4), Keep("buffer", (("A", "B"),))), (Compute("Z", "array"),))
    twice = Block("block", nest, double_buffer=("buffer",))
    found = occupancy_of(Residency(MATMUL, machine(), twice), lambda t: {"A": 8, "B": 10}[t])
    assert found == {"buffer": {"A=B": 2 * 12 * 8}}


def test_two_copies_of_a_half_are_not_the_whole(machine: Machine) -> None:
    """A[m] and A[n] walk over different elements: a tile of 2 each, of 4, and two copies."""
    cascade = cascade_from_text(
        "Z[m,n] = A[m] * A[n]", ranks={"M": 4, "N": 4}, tensors={"A": ("M",)}
    )
    nest = Nest((Loop("M", 2), Loop("N", 2), Keep("buffer", (("A",),))), (Compute("Z", "array"),))
    twice = Block("block", nest, double_buffer=("buffer",))
    found = occupancy_of(Residency(cascade, machine(), twice), lambda _: 8)
    assert found == {"buffer": {"A": 2 * (2 + 2) * 8}}
