"""Rounds: what is sent again where two operands exceed both of their memories."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import product

import pytest

from accelsim.architecture import Architecture, Array, Memory, OperationCost
from accelsim.errors import InputError
from accelsim.mapping import Block, Compute, Keep, Loop, Nest
from accelsim.model import count_block
from accelsim.model.counts import BlockCounts
from accelsim.workload import cascade_from_text

Bits = Callable[[str], int | Fraction]


def machine(left_bytes: int | None, right_bytes: int | None) -> Architecture:
    memories = [
        Memory("DRAM", None, None, None, 8, 1.0, 1.0, None),
        Memory("left", "DRAM", left_bytes, None, 8, 1.0, 1.0, None),
        Memory("right", "left", right_bytes, None, 8, 1.0, 1.0, None),
    ]
    array = Array("array", "right", 2, 2, {"multiply-add": OperationCost(1, {"mac": 1})}, {}, {})
    known = {memory.name: memory for memory in memories}
    return Architecture("toy", 1e9, 8, "auto", known, {"array": array}, {})


def counted(
    sizes: tuple[int, int, int],
    held: tuple[int | None, int | None],
    *,
    rounds: tuple[str, ...] = ("left", "right"),
    bits: Bits = lambda tensor: 8,
) -> BlockCounts:
    """M, N and K; A of M times K in ``left``, B of K times N in ``right``."""
    ranks = dict(zip("MNK", sizes, strict=True))
    tensors = {"A": ("M", "K"), "B": ("K", "N")}
    cascade = cascade_from_text("Z[m,n] = A[m,k] * B[k,n]", ranks=ranks, tensors=tensors)
    steps = (Keep("left", (("A",),)), Keep("right", (("B",),)), Loop("N", 2), Loop("M", 2))
    block = Block("b", Nest(steps, (Compute("Z", "array", "N", "M"),)), rounds=rounds)
    return count_block(block, cascade, machine(*held), bits=bits, where="here")


def sent_bits(found: BlockCounts) -> dict[str, int | Fraction]:
    (einsum,) = found.einsums
    return {t.tensor: t.read_bits for t in einsum.transfers if t.memory == "DRAM" and t.read_bits}


@pytest.mark.parametrize(
    ("sizes", "held", "rounds", "sent"),
    [
        # 40 bytes and 60 in 20 and 20: two parts of A send B twice, 40 + 120; three of B, 60 + 120.
        ((4, 6, 10), (20, 20), {"left": 1, "right": 2}, (40, 120)),
        # 60 and 40: the other way round.
        ((6, 4, 10), (20, 20), {"left": 2, "right": 1}, (120, 40)),
        # 40 and 40: both cost the same, the second is held.
        ((4, 4, 10), (20, 20), {"left": 2, "right": 1}, (80, 40)),
        # 40 fits into 40: held whole, and B is sent once, though it exceeds its memory.
        ((4, 6, 10), (40, 20), {"left": 1, "right": 1}, (40, 60)),
        # So it is where only the second fits, and where both do.
        ((4, 6, 10), (20, 60), {"left": 1, "right": 1}, (40, 60)),
        ((4, 6, 10), (40, 60), {"left": 1, "right": 1}, (40, 60)),
        # A byte too small is two parts; memories without a size take all.
        ((4, 6, 10), (39, 20), {"left": 1, "right": 2}, (40, 120)),
        ((4, 6, 10), (None, 20), {"left": 1, "right": 1}, (40, 60)),
        ((4, 6, 10), (20, None), {"left": 1, "right": 1}, (40, 60)),
    ],
)
def test_by_hand(
    sizes: tuple[int, int, int],
    held: tuple[int | None, int | None],
    rounds: dict[str, int],
    sent: tuple[int, int],
) -> None:
    found = counted(sizes, held)
    assert found.rounds == rounds
    assert sent_bits(found) == {"A": 8 * sent[0], "B": 8 * sent[1]}


def played(held_bits: int, passing_bits: int, room_bits: int) -> int:
    """Bits that are sent: one is filled in until the memory is full, then the other passes by."""
    total, left = 0, held_bits
    while left > 0:
        part = min(left, room_bits)
        total += part + passing_bits
        left -= part
    return total


def test_all_small_products_against_filling_a_buffer_bit_by_bit() -> None:
    for m, n, k, left, right in product((1, 3, 5), (1, 4, 6), (1, 7), (3, 8, 50), (2, 9, 50)):
        found = counted((m, n, k), (left, right), bits={"A": 8, "B": 5, "Z": 8}.__getitem__)
        a, b = m * k * 8, n * k * 5
        expected = min(played(a, b, left * 8), played(b, a, right * 8))
        assert sum(sent_bits(found).values()) == expected, (m, n, k, left, right)


def test_bits_may_be_fractions() -> None:
    """40 values of 4.1 bits are three parts of 80, 60 of 8 are six: 480 + 6 * 164 is less than
    164 + 3 * 480, and of 2 bits less is 164 + 3 * 120."""
    bits = {"A": Fraction("4.1"), "B": 8, "Z": 8}
    found = counted((4, 6, 10), (10, 10), bits=bits.__getitem__)
    assert found.rounds == {"left": 6, "right": 1}
    assert sent_bits(found) == {"A": 6 * 164, "B": 480}
    narrow = counted((4, 6, 10), (10, 1), bits={**bits, "B": 2}.__getitem__)
    assert sent_bits(narrow) == {"A": 164, "B": 3 * 120}


def test_only_the_way_from_the_outermost_memory_is_repeated() -> None:
    """What PEs take from their buffers, results and time stay as they were."""
    (with_rounds,), (without,) = (
        counted((4, 6, 10), (held, held), rounds=rounds).einsums
        for held, rounds in ((20, ("left", "right")), (None, ()))
    )
    assert with_rounds.cycles == without.cycles == 3 * 2 * 10
    taken = [
        {
            (t.memory, t.tensor): (t.delivered_bits, t.deliveries)
            for t in each.transfers
            if t.memory != "DRAM"
        }
        for each in (with_rounds, without)
    ]
    assert taken[0] == taken[1]
    written = {(t.memory, t.tensor): t.written_bits for t in with_rounds.transfers}
    assert written["right", "B"] == 2 * 60 * 8
    assert written["DRAM", "Z"] == 24 * 8


def test_what_lies_in_a_memory_further_out_is_sent_from_there() -> None:
    """B waits in ``left``: it comes there once, and goes to ``right`` for both parts of A."""
    ranks = {"M": 4, "N": 6, "K": 10}
    cascade = cascade_from_text(
        "Z[m,n] = A[m,k] * B[k,n]", ranks=ranks, tensors={"A": ("M", "K"), "B": ("K", "N")}
    )
    outer = Memory("outer", "DRAM", None, None, 8, 1.0, 1.0, None)
    small = machine(20, 20)
    left = replace(small.memories["left"], parent="outer")
    on = replace(small, memories={**small.memories, "outer": outer, "left": left})
    keeps = (Keep("outer", (("B",),)), Keep("left", (("A",),)), Keep("right", (("B",),)))
    nest = Nest(keeps, (Compute("Z", "array", "N", "M"),))
    block = Block("b", nest, rounds=("left", "right"))
    found = count_block(block, cascade, on, bits=lambda tensor: 8, where="")
    assert found.rounds == {"left": 1, "right": 2}
    moved = {
        (t.memory, t.tensor): (t.read_bits, t.written_bits) for t in found.einsums[0].transfers
    }
    assert moved["DRAM", "B"] == (480, 0)
    assert moved["outer", "B"] == (2 * 480, 480)
    assert moved["right", "B"][1] == 2 * 480


def test_without_rounds_the_tiles_must_fit() -> None:
    assert not counted((4, 6, 10), (40, 60), rounds=()).rounds
    with pytest.raises(InputError, match="tile of B needs 60 bytes, right holds 20"):
        counted((4, 6, 10), (40, 20), rounds=())
