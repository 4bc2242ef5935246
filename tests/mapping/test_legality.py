"""Every rule of a mapping: met on one side, refused on the other with names and numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from accelsim.architecture import Architecture
from accelsim.einsum import Cascade
from accelsim.errors import InputError
from accelsim.mapping import Block, Compute, Keep, Loop, MappedLayer, Move, Nest
from accelsim.mapping.legality import check_capacity, check_operations, check_structure
from accelsim.mapping.residency import Residency
from accelsim.model import count_block
from accelsim.workload import cascade_from_text

Machine = Callable[..., Architecture]

CHAIN = cascade_from_text(
    "T[m,n] = A[m,k] * B[k,n]\nU[m] = max(n) T[m,n]",
    ranks={"M": 4, "N": 3, "K": 2},
    tensors={"A": ("M", "K"), "B": ("K", "N")},
)
T, U = Compute("T", "array"), Compute("U", "array")


def problems(machine: Architecture, *blocks: Block, cascade: Cascade = CHAIN) -> tuple[str, ...]:
    with pytest.raises(InputError) as caught:
        check_structure(MappedLayer("mine", blocks), cascade, machine)
    prefix = "mapping 'mine' of 'cascade': "
    assert all(problem.startswith(prefix) for problem in caught.value.problems)
    return tuple(problem.removeprefix(prefix) for problem in caught.value.problems)


def block(*body: Compute | Nest, steps: tuple[Loop | Keep, ...] = (), **fields: object) -> Block:
    return Block("block", Nest(steps, body), **fields)


def test_a_sound_mapping_is_accepted(machine: Machine) -> None:
    one = block(
        Compute("T", "array", "M", "N", ("K",)),
        Compute("U", "array", columns="M", forward=("T",)),
        steps=(Loop("K", 2), Keep("buffer", (("A", "B"),))),
        epochs=(("T", Move("T", "link")), ("U",)),
        reserve_bytes={"buffer": 1},
        spill=("buffer",),
    )
    check_structure(MappedLayer("mine", (one,)), CHAIN, machine())
    check_structure(MappedLayer("mine", (block(T), block(U))), CHAIN, machine())


# ---- once, in order


def test_every_einsum_is_mapped_once(machine: Machine) -> None:
    assert problems(machine(), block(T)) == ("Einsum 'U' is mapped 0 times, must be once",)
    assert problems(machine(), block(T, U), block(U)) == (
        "Einsum 'U' is mapped 2 times, must be once",
    )


def test_an_einsum_runs_after_what_it_reads(machine: Machine) -> None:
    message = "Einsum 'U' runs before 'T', which it reads; swap them"
    assert problems(machine(), block(U, T)) == (message,)
    assert problems(machine(), block(U), block(T)) == (message,)


def test_a_reader_of_the_step_before_may_run_first(machine: Machine) -> None:
    running = cascade_from_text(
        "P[m] = R[m] * 2\nR[m+1] = P[m] + A[m]  where R[0] = 0",
        ranks={"M": 4},
        tensors={"A": ("M",)},
    )
    p, r = Compute("P", "array"), Compute("R", "array")
    stepwise = block(p, r, steps=(Loop("M"),))
    check_structure(MappedLayer("mine", (stepwise,)), running, machine())
    swapped = block(r, p, steps=(Loop("M"),))
    assert problems(machine(), swapped, cascade=running) == (
        "Einsum 'R' runs before 'P', which it reads; swap them",
    )
    together = (
        "Einsums 'P' and 'R' feed each other step by step, so they need one block with "
        "'for: M' around all of them"
    )
    for apart in ((block(p, r),), (block(p, r, steps=(Loop("M", 2),)),), (block(p), block(r))):
        assert problems(machine(), *apart, cascade=running) == (together,)
    for columns in ("M", (("M", 2),)):
        unrolled = block(p, Compute("R", "array", columns=columns), steps=(Loop("M"),))
        assert problems(machine(), unrolled, cascade=running) == (
            "Einsum 'R' is unrolled over 'M', but each step of it needs the one before; "
            "unroll another rank",
        )


def test_a_forwarded_tensor_was_just_made_on_the_same_array(machine: Machine) -> None:
    reader = Compute("U", "array", forward=("T",))
    message = (
        "Einsum 'U': forwarded tensor 'T' is not made before in block 'block' on array 'array'; "
        "keep it in a memory"
    )
    assert problems(machine(), block(T), block(reader)) == (message,)
    check_structure(MappedLayer("mine", (block(T, reader),)), CHAIN, machine())


def test_further_in_a_tensor_is_kept_further_in(machine: Machine) -> None:
    inside, outside = Keep("registers", (("A",),)), Keep("buffer", (("A",),))
    message = (
        "tensor 'A' is kept in 'registers' and further in, in 'buffer', which lies outside of it; "
        "swap them"
    )
    assert problems(machine(), block(T, U, steps=(inside, outside))) == (message,)
    check_structure(MappedLayer("mine", (block(T, U, steps=(outside, inside)),)), CHAIN, machine())


# ---- names


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (block(Compute("V", "array")), "Einsum 'V' is unknown; valid: T, U"),
        (
            block(Compute("T", "arry")),
            "array 'arry' is unknown; did you mean 'array'? valid: array",
        ),
        (
            block(T, steps=(Loop("X"),)),
            "loop: rank of the block's Einsums 'X' is unknown; valid: K, M, N",
        ),
        (block(T, steps=(Loop("M", 0),)), "tile of rank 'M' is 0, must be at least 1"),
        (
            block(T, steps=(Keep("bufer", (("A",),)),)),
            "memory 'bufer' is unknown; did you mean 'buffer'? valid: DRAM, buffer, registers",
        ),
        (
            block(T, steps=(Keep("buffer", (("X",),)),)),
            "tensor 'X' is unknown; valid: A, B, T, U",
        ),
        (
            block(T, steps=(Keep("DRAM", (("A",),)),)),
            "memory 'DRAM' is the outermost and holds every tensor; leave its keep out",
        ),
        (
            block(T, reserve_bytes={"l2": 1}),
            "memory 'l2' is unknown; valid: DRAM, buffer, registers",
        ),
        (block(T, spill=("l2",)), "memory 'l2' is unknown; valid: DRAM, buffer, registers"),
        (
            block(T, spill=("DRAM",)),
            "memory 'DRAM' is the outermost, nothing above it can take what spills",
        ),
        (
            block(T, spill=("registers",)),
            "memory 'registers' is inside the PEs, which cannot take what spills",
        ),
        (block(T, double_buffer=("l2",)), "memory 'l2' is unknown; valid: DRAM, buffer, registers"),
        (
            block(T, double_buffer=("DRAM",)),
            "memory 'DRAM' is the outermost, its tiles are not replaced",
        ),
        (
            block(T, epochs=(("T", Move("T", "lnk")),)),
            "link 'lnk' is unknown; did you mean 'link'? valid: link",
        ),
    ],
)
def test_names_exist(machine: Machine, wrong: Block, message: str) -> None:
    assert message in problems(machine(), wrong)


# ---- array


@pytest.mark.parametrize(
    ("compute", "message"),
    [
        (
            Compute("U", "array", rows="K"),
            "Einsum 'U': rank 'K' is unknown; valid: M, N",
        ),
        (
            Compute("U", "array", columns="K"),
            "Einsum 'U': rank 'K' is unknown; valid: M, N",
        ),
        (
            Compute("U", "array", order=("N", "K")),
            "Einsum 'U': rank 'K' is unknown; valid: M, N",
        ),
        (
            Compute("U", "array", rows=(("M", 2), ("K", 1))),
            "Einsum 'U': rank 'K' is unknown; valid: M, N",
        ),
        (
            Compute("U", "array", forward=("A",)),
            "Einsum 'U': forwarded tensor 'A' is unknown; valid: T",
        ),
        (
            Compute("U", "array", bypass=("U", "A")),
            "Einsum 'U': bypassed tensor 'A' is unknown; valid: T, U",
        ),
    ],
)
def test_unrolled_ranks_belong_to_the_einsum(
    machine: Machine, compute: Compute, message: str
) -> None:
    assert problems(machine(), block(T, compute)) == (message,)


# ---- fanout


def rows(*ranks: tuple[str, int | None]) -> Compute:
    return Compute("U", "array", rows=ranks)


def test_ranks_on_one_dimension_take_at_most_its_pes(machine: Machine) -> None:
    toy = machine(rows=6, columns=3)
    for fits in (rows(("M", 2), ("N", 3)), rows(("M", 6)), rows(("M", None))):
        check_structure(MappedLayer("mine", (block(T, fits),)), CHAIN, toy)
    assert problems(toy, block(T, rows(("M", 2), ("N", 4)))) == (
        "Einsum 'U': rows take M 2 x N 4 = 8 PEs, array 'array' has 6 rows; unroll fewer values",
    )
    assert problems(toy, block(T, rows(("M", 7)))) == (
        "Einsum 'U': rows take M 7 PEs, array 'array' has 6 rows; unroll fewer values",
    )
    wide = Compute("U", "array", columns=(("M", 2), ("N", 2)))
    assert problems(toy, block(T, wide)) == (
        "Einsum 'U': columns take M 2 x N 2 = 4 PEs, array 'array' has 3 columns; "
        "unroll fewer values",
    )
    assert problems(toy, block(T, rows(("M", 0)))) == (
        "Einsum 'U': rows: rank 'M' takes 0 PEs, must be at least 1",
    )


def test_lanes_are_a_dimension_too(machine: Machine) -> None:
    toy = machine(rows=6)
    array = replace(toy.arrays["array"], lanes=4)
    toy = replace(toy, arrays={"array": array})
    for lanes in ("M", (("M", 2), ("N", 2)), (("M", 4),)):
        check_structure(
            MappedLayer("m", (block(T, Compute("U", "array", lanes=lanes)),)), CHAIN, toy
        )
    assert Compute("U", "array", rows="M", lanes=(("M", 2), ("N", 2))).widths(array) == {
        "M": 12,
        "N": 2,
    }
    refused = {
        (("M", 5),): "lanes take M 5 lanes, array 'array' has 4 lanes; unroll fewer values",
        (("M", 2), ("N", 3)): "lanes take M 2 x N 3 = 6 lanes, array 'array' has 4 lanes; unroll "
        "fewer values",
        (("M", 0),): "lanes: rank 'M' takes 0 lanes, must be at least 1",
        (("M", 2), ("N", None)): "lanes hold M, N, of which 'N' takes all; say how many lanes each "
        "takes",
        (("L", None),): "rank 'L' is unknown",
    }
    for lanes, message in refused.items():
        (problem,) = problems(toy, block(T, Compute("U", "array", lanes=lanes)))
        assert message in problem


def test_a_rank_takes_a_whole_dimension_only_alone(machine: Machine) -> None:
    assert problems(machine(rows=6), block(T, rows(("M", 2), ("N", None)))) == (
        "Einsum 'U': rows hold M, N, of which 'N' takes all; say how many PEs each takes",
    )


def test_a_rank_may_take_rows_and_columns(machine: Machine) -> None:
    both = Compute("U", "array", rows="M", columns="M")
    check_structure(MappedLayer("mine", (block(T, both),)), CHAIN, machine())
    toy = machine(rows=6, columns=4).arrays["array"]
    assert both.widths(toy) == {"M": 24}
    mixed = Compute("U", "array", (("N", 2), ("M", 3)), (("M", 2),))
    assert mixed.widths(toy) == {"N": 2, "M": 6}
    assert Compute("U", "array", rows="M") == rows(("M", None))
    assert Compute("U", "array", rows=None).rows == ()


# ---- bypass


def test_what_bypasses_the_registers_is_not_kept_in_them(machine: Machine) -> None:
    past = Compute("T", "array", bypass=("B",))
    for memory, tensors in (("buffer", "B"), ("registers", "A")):
        sound = block(past, U, steps=(Keep(memory, ((tensors,),)),))
        check_structure(MappedLayer("mine", (sound,)), CHAIN, machine())
    kept = block(past, U, steps=(Keep("registers", (("A",), ("B",))),))
    assert problems(machine(), kept) == (
        "Einsum 'T': bypassed tensor 'B' is kept in 'registers'; keep it further out, or leave "
        "it out of bypass",
    )


@pytest.mark.parametrize(("maker", "reader"), [(("T",), ()), ((), ("T",))])
def test_what_bypasses_the_registers_is_not_forwarded_in_them(
    machine: Machine, maker: tuple[str, ...], reader: tuple[str, ...]
) -> None:
    body = (
        Compute("T", "array", bypass=maker),
        Compute("U", "array", forward=("T",), bypass=reader),
    )
    assert problems(machine(), block(*body)) == (
        "Einsum 'U': forwarded tensor 'T' bypasses the registers in which it would be found; "
        "leave it out of bypass or of forward",
    )


# ---- epochs


def test_what_is_reduced_is_read_once_it_is_complete(machine: Machine) -> None:
    cascade = cascade_from_text(
        "T[m,n] = A[m] * B[n]\nG[m] = max(n) T[m,n]\nU[m,n] = T[m,n] - G[m]",
        ranks={"M": 4, "N": 3},
        tensors={"A": ("M",), "B": ("N",)},
    )
    body = [Compute(name, "array") for name in "TGU"]
    early = block(*body, steps=(Loop("M"), Loop("N"), Keep("buffer", (("T", "G"),))))
    assert problems(machine(), early, cascade=cascade) == (
        "Einsum 'U' reads 'G' in a loop over 'N' before that has been reduced over all of 'N'; "
        "move 'U' out of the loop, or end the loop before it",
    )
    # A loop that turns once, one over another rank, and readers outside of it are fine.
    once = block(*body, steps=(Loop("M"), Loop("N", 3), Keep("buffer", (("T", "G"),))))
    inside = Nest((Loop("N"),), (body[0], body[1]))
    apart = block(inside, body[2], steps=(Loop("M"), Keep("buffer", (("T", "G"),))))
    for sound in (once, apart):
        check_structure(MappedLayer("mine", (sound,)), cascade, machine())


def test_an_einsum_is_in_one_epoch(machine: Machine) -> None:
    assert problems(machine(), block(T, U, epochs=(("T",),))) == (
        "Einsum 'U' is in 0 epochs, must be in one",
    )
    assert problems(machine(), block(T, U, epochs=(("T", "U"), ("U",)))) == (
        "Einsum 'U' is in 2 epochs, must be in one",
    )


def test_an_epoch_holds_einsums_of_its_block(machine: Machine) -> None:
    found = problems(machine(), block(T, epochs=(("T", "U"),)), block(U))
    assert found == ("epoch: Einsum 'U' is unknown; valid: T",)
    found = problems(machine(), block(T, epochs=(("T", Move("A", "link")),)), block(U))
    assert found == ("epoch: Einsum 'A' is unknown; valid: T",)


def test_all_problems_are_told_at_once_and_each_one_once(machine: Machine) -> None:
    wrong = block(T, T, steps=(Loop("X"), Loop("X")), spill=("l2",))
    assert len(problems(machine(), wrong)) == 4


# ---- operation, capacity


def test_the_array_performs_every_operation(machine: Machine) -> None:
    array = machine(operations=("multiply-add", "add")).arrays["array"]
    check_operations("T", ["multiply-add"], array)
    with pytest.raises(InputError) as caught:
        check_operations("U", ["max", "add", "max", "exp"], array)
    assert str(caught.value) == (
        "Einsum 'U' needs max, exp, which array 'array' does not perform; "
        "it performs add, multiply-add"
    )
    with pytest.raises(InputError, match="Einsum 'U' needs max"):
        count_block(block(U), CHAIN, machine(operations=("add",)), bits=lambda _: 8, where="here")


KEPT = block(T, steps=(Loop("M", 3), Keep("buffer", (("A",), ("B",)))))
"""3 x 2 of A at 12 bits are 9 bytes, 2 x 3 of B at 3 bits are 2.25."""


def bits(tensor: str) -> int:
    return {"A": 12, "B": 3}.get(tensor, 8)


@pytest.mark.parametrize(("reserved", "needed"), [(0, 12), (1000, 1012)])
def test_tiles_fit_to_the_byte(machine: Machine, reserved: int, needed: int) -> None:
    kept = Block("block", KEPT.nest, reserve_bytes={"buffer": reserved} if reserved else {})
    check_capacity(Residency(CHAIN, machine(buffer_bytes=needed), kept), bits, where="here")
    smaller = Residency(CHAIN, machine(buffer_bytes=needed - 1), kept)
    with pytest.raises(InputError) as caught:
        check_capacity(smaller, bits, where="here")
    tiles = "A, B, reserved" if reserved else "A, B"
    most = "reserved alone 1,000" if reserved else "A alone 9"
    assert str(caught.value) == (
        f"here: tiles of {tiles} need {needed:,} bytes ({most}), buffer holds {needed - 1:,}; "
        "use a larger memory or smaller tiles"
    )


def test_a_single_tile_that_does_not_fit_is_named(machine: Machine) -> None:
    kept = block(T, steps=(Keep("buffer", (("T",),)),))
    with pytest.raises(InputError) as caught:
        count_block(kept, CHAIN, machine(buffer_bytes=11), bits=bits, where="here")
    assert str(caught.value) == (
        "here: tile of T needs 12 bytes, buffer holds 11; use a larger memory or smaller tiles"
    )
    assert count_block(kept, CHAIN, machine(buffer_bytes=12), bits=bits, where="").spilled == {}


def test_registers_fit_in_each_pe_to_the_byte(machine: Machine) -> None:
    """M = 4 over three of four PEs: two have 2 of it, one is idle; so 2 x 3 of T in each."""
    steps = (Keep("registers", (("T",), ("A",))),)
    kept = block(Compute("T", "array", rows=(("M", 3),)), steps=steps)
    toy = machine(rows=4, columns=1, register_bytes=10)
    counts = count_block(kept, CHAIN, toy, bits=lambda _: 8, where="here")
    assert counts.occupancy_bits == {"registers": {"T": 4 * 6 * 8, "A": 4 * 4 * 8}}
    with pytest.raises(InputError) as caught:
        count_block(
            kept,
            CHAIN,
            machine(rows=4, columns=1, register_bytes=9),
            bits=lambda _: 8,
            where="here",
        )
    assert str(caught.value) == (
        "here: tiles of T, A need 10 bytes in each PE (T alone 6), registers holds 9; "
        "use a larger memory or smaller tiles"
    )


def test_a_memory_that_may_spill_or_has_no_limit_is_never_too_small(machine: Machine) -> None:
    spilling = Block("block", KEPT.nest, spill=("buffer",))
    check_capacity(Residency(CHAIN, machine(buffer_bytes=1), spilling), bits, where="here")
    check_capacity(Residency(CHAIN, machine(buffer_bytes=None), KEPT), bits, where="here")
