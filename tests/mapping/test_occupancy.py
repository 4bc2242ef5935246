"""How much of a memory the kept tiles fill."""

from __future__ import annotations

from collections.abc import Callable

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
