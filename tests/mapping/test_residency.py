"""The memories between a tensor's home and the PEs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from accelsim.architecture import Architecture
from accelsim.einsum import Cascade
from accelsim.mapping import Block, Compute, Keep, Loop, Nest
from accelsim.mapping.mapping import Step
from accelsim.mapping.residency import Residency
from accelsim.workload import cascade_from_text

Machine = Callable[..., Architecture]

MATMUL = cascade_from_text(
    "Z[m,n] = A[m,k] * B[k,n]",
    ranks={"M": 4, "N": 3, "K": 2},
    tensors={"A": ("M", "K"), "B": ("K", "N")},
)
CHAIN = cascade_from_text(
    "T[m] = A[m,k]\nU[m,k] = A[m,k] - T[m]\nV[m] = U[m,k]",
    ranks={"M": 4, "K": 3},
    tensors={"A": ("M", "K")},
)


def keep(memory: str, *tensors: str) -> Keep:
    return Keep(memory, tuple((tensor,) for tensor in tensors))


def residency(
    cascade: Cascade, machine: Architecture, steps: Sequence[Step], *body: Compute | Nest
) -> Residency:
    return Residency(cascade, machine, Block("block", Nest(tuple(steps), body)))


def way(found: Residency, einsum: str, tensor: str) -> list[tuple[str, int]]:
    """(memory, loops around it), outermost first."""
    accesses = found.cascade[einsum]
    output = tensor == einsum
    access = accesses.output if output else next(a for a in accesses.inputs if a.tensor == tensor)
    stores = found.way(einsum, access, output=output)
    return [(store.memory, store.depth) for store in stores]


def test_what_is_not_kept_goes_straight_to_the_registers(machine: Machine) -> None:
    found = residency(MATMUL, machine(), (Loop("M", 2),), Compute("Z", "array"))
    # M by 2, M by 1, N by 1, K by 1.
    assert way(found, "Z", "A") == way(found, "Z", "Z") == [("DRAM", 0), ("registers", 4)]


def test_a_keep_lies_between_at_its_depth(machine: Machine) -> None:
    steps = (Loop("M", 2), keep("buffer", "A"), Loop("N", 1), keep("buffer", "Z"))
    found = residency(MATMUL, machine(), steps, Compute("Z", "array"))
    assert way(found, "Z", "A") == [("DRAM", 0), ("buffer", 1), ("registers", 4)]
    assert way(found, "Z", "Z") == [("DRAM", 0), ("buffer", 2), ("registers", 4)]
    assert way(found, "Z", "B") == [("DRAM", 0), ("registers", 4)]


def test_an_array_without_registers_takes_values_itself(machine: Machine) -> None:
    found = residency(MATMUL, machine(registers=False), (), Compute("Z", "array"))
    assert way(found, "Z", "A") == [("DRAM", 0), ("array", 3)]


def test_a_keep_in_the_registers_is_the_last_store(machine: Machine) -> None:
    found = residency(MATMUL, machine(), (Loop("M"), keep("registers", "B")), Compute("Z", "array"))
    assert way(found, "Z", "B") == [("DRAM", 0), ("registers", 1)]


def test_loops_over_foreign_ranks_are_not_around_a_store(machine: Machine) -> None:
    steps = (Loop("K", 1), Loop("M", 2), keep("buffer", "T", "A"))
    body = (Compute("T", "array"), Compute("U", "array"))
    found = residency(CHAIN, machine(), steps, *body)
    assert way(found, "T", "A")[1] == ("buffer", 2)
    steps = (Loop("M", 2), Loop("K", 1), keep("buffer", "T"))
    two = cascade_from_text(
        "T[m] = A[m]\nU[m,k] = T[m] * B[k]",
        ranks={"M": 4, "K": 3},
        tensors={"A": ("M",), "B": ("K",)},
    )
    found = residency(two, machine(), steps, Compute("T", "array"), Compute("U", "array"))
    assert way(found, "T", "T")[0] == ("buffer", 1)
    assert way(found, "U", "T")[0] == ("buffer", 2)


def test_an_intermediate_under_a_common_keep_never_sees_dram(machine: Machine) -> None:
    found = residency(
        CHAIN,
        machine(),
        (Loop("M", 2), keep("buffer", "T")),
        *(Compute(name, "array") for name in "TUV"),
    )
    assert found.made_here("T")
    assert not found.leaves("T")
    assert way(found, "T", "T") == [("buffer", 1), ("registers", 3)]
    assert way(found, "U", "T") == [("buffer", 1), ("registers", 3)]


def test_without_a_common_keep_it_goes_out_and_comes_back(machine: Machine) -> None:
    inner = [Nest((keep("buffer", "T"),), (Compute(name, "array"),)) for name in "TUV"]
    found = residency(CHAIN, machine(), (Loop("M", 2),), *inner)
    assert not found.made_here("T")
    assert found.leaves("T")
    path = [("DRAM", 0), ("buffer", 1), ("registers", 3)]
    assert way(found, "T", "T") == way(found, "U", "T") == path


def test_keeps_outside_the_common_one_are_passed_over(machine: Machine) -> None:
    own = Nest((keep("registers", "T"),), (Compute("T", "array"),))
    found = residency(CHAIN, machine(), (keep("buffer", "T"),), own, Compute("U", "array"))
    assert way(found, "T", "T") == [("buffer", 0), ("registers", 0)]
    assert way(found, "U", "T") == [("buffer", 0), ("registers", 2)]


@pytest.mark.parametrize("outputs", [("T",), ()])
def test_what_others_need_leaves_as_well(machine: Machine, outputs: tuple[str, ...]) -> None:
    """Kept in common, and an output of the cascade or read by a later block."""
    cascade = cascade_from_text(
        "T[m] = A[m]\nU[m] = T[m] + 1\nV[m] = T[m] + 2",
        ranks={"M": 4},
        tensors={"A": ("M",)},
        outputs=outputs,
    )
    names = "TUV" if outputs else "TU"
    computes = [Compute(name, "array") for name in names]
    found = residency(cascade, machine(), (keep("buffer", "T"),), *computes)
    assert found.made_here("T")
    assert found.leaves("T")
    assert way(found, "T", "T") == [("DRAM", 0), ("buffer", 0), ("registers", 1)]
    assert way(found, "U", "T") == [("buffer", 0), ("registers", 1)]


def test_a_forwarded_input_has_no_way_and_its_maker_none_either(machine: Machine) -> None:
    body = (Compute("U", "array"), Compute("V", "array", forward=("U",)))
    found = residency(CHAIN, machine(), (Loop("M"),), *body)
    assert not found.leaves("U")
    assert way(found, "V", "U") == way(found, "U", "U") == []


def test_forwarded_and_also_needed_elsewhere(machine: Machine) -> None:
    """A reader that takes it from the registers does not need the keep that the others share."""
    cascade = cascade_from_text(
        "T[m] = A[m]\nU[m] = T[m] + 1\nV[m] = T[m] + 2", ranks={"M": 4}, tensors={"A": ("M",)}
    )
    together = Nest((keep("buffer", "T"),), (Compute("T", "array"), Compute("V", "array")))
    forwarding = Compute("U", "array", forward=("T",))
    found = residency(cascade, machine(), (), together, forwarding)
    assert found.made_here("T")
    assert way(found, "U", "T") == []
    assert way(found, "T", "T") == way(found, "V", "T") == [("buffer", 0), ("registers", 1)]


def test_what_bypasses_the_registers_ends_at_the_array(machine: Machine) -> None:
    compute = Compute("Z", "array", bypass=("B", "Z"))
    found = residency(MATMUL, machine(), (keep("buffer", "B"),), compute)
    assert way(found, "Z", "A") == [("DRAM", 0), ("registers", 3)]
    assert way(found, "Z", "B") == [("DRAM", 0), ("buffer", 0), ("array", 3)]
    assert way(found, "Z", "Z") == [("DRAM", 0), ("array", 3)]
    stores = [found.way("Z", access, output=False)[-1] for access in MATMUL["Z"].inputs]
    assert all(found.in_pes("array", store) for store in stores)
