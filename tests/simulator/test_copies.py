"""How many tiles are held: what the block asks for and what fits, never more."""

from __future__ import annotations

from collections import Counter

import pytest
from random_blocks import drawn_block

from accelsim.architecture import Architecture, Array, Memory, OperationCost
from accelsim.errors import InputError
from accelsim.mapping import Block, Compute, Keep, Loop, Nest
from accelsim.mapping.mapping import Step
from accelsim.mapping.occupancy import kept_tiles, occupancy_of
from accelsim.mapping.residency import Residency
from accelsim.simulator.copies import Copies
from accelsim.simulator.stages import stages_of
from accelsim.workload import cascade_from_text


def held_bits(residency: Residency, copies: Copies, bits: object) -> dict[str, int]:
    """Memory -> bits of all tiles that it holds; registers hold those of one Einsum."""
    double = residency.block.double_buffer
    most: dict[str, int] = {}
    always: dict[str, int] = {}
    seen: set[object] = set()
    for schedule in residency.schedules.values():
        own: Counter[str] = Counter()
        addresses = [address for _, address, _ in schedule.keeps]
        for kept in kept_tiles(residency, bits):  # type: ignore[arg-type]
            if kept.address not in addresses:
                continue
            # Where the block asks for two, the size is that of both already.
            size = kept.size_bits
            if kept.memory not in double:
                size *= copies.of(kept.address, kept.tensors[0])
            inside = residency.architecture.memories[kept.memory].parent
            if inside in residency.architecture.arrays:
                own[kept.memory] += size
            elif kept not in seen:
                always[kept.memory] = always.get(kept.memory, 0) + size
            seen.add(kept)
        for memory, filled in own.items():
            most[memory] = max(most.get(memory, 0), filled)
    return {**always, **most}


def test_no_memory_holds_more_than_it_can() -> None:
    """In drawn blocks, with and without what their stages need."""
    seen: Counter[str] = Counter()
    for seed in range(160):
        found = drawn_block(seed, fused=seed % 3 != 0)
        if found is None or found[0].block.spill:
            continue
        drawn, counts = found
        residency = Residency(drawn.cascade, drawn.architecture, drawn.block)
        for stages in (False, True):
            copies = Copies(residency, drawn.bits)
            if stages:
                cycles = {einsum.name: einsum.cycles for einsum in counts.einsums}
                try:
                    stages_of(residency, copies, cycles=cycles, turns=1)
                except InputError:
                    continue
            copies.prefetch()
            for name, filled in held_bits(residency, copies, drawn.bits).items():
                capacity = drawn.architecture.memories[name].capacity_bytes
                seen["limited"] += capacity is not None
                assert capacity is None or filled <= capacity * 8, (seed, name)
        for kept in kept_tiles(residency, drawn.bits):
            number = copies.of(kept.address, kept.tensors[0])
            assert number >= 1
            seen[f"{number} tiles"] += 1
    assert seen["limited"] >= 60, seen
    assert seen["1 tiles"] >= 60, seen
    assert seen["2 tiles"] >= 60, seen


def copies_of(
    steps: list[Step],
    *,
    inner_bytes: int | None,
    double_buffer: tuple[str, ...] = (),
    reserve: int = 0,
    prefetch: bool = True,
) -> tuple[Residency, Copies]:
    """Of Z = A * B with M = 8, N = 6: 8 bits per element."""
    cascade = cascade_from_text(
        "Z[m,n] = A[m] * B[n]", ranks={"M": 8, "N": 6}, tensors={"A": ("M",), "B": ("N",)}
    )
    costs = {"multiply": OperationCost(1, {"multiply": 1})}
    memories = {
        "DRAM": Memory("DRAM", None, None, None, 8, 1.0, 1.0, 1.0),
        "inner": Memory("inner", "DRAM", inner_bytes, None, 8, 1.0, 1.0, 1.0),
    }
    array = Array("array", "inner", 1, 1, costs, {"multiply": 1.0}, {})
    machine = Architecture("toy", 1e9, 8, "auto", memories, {"array": array}, {})
    nest = Nest(tuple(steps), (Compute("Z", "array"),))
    reserved = {"inner": reserve} if reserve else {}
    block = Block("block", nest, double_buffer=double_buffer, reserve_bytes=reserved)
    residency = Residency(cascade, machine, block)
    copies = Copies(residency, lambda _: 8)
    if prefetch:
        copies.prefetch()
    return residency, copies


def a_of(copies: Copies, at: int) -> int:
    return copies.of((-1 - at,), "A")


A_BY_4: list[Step] = [Loop("M", 4), Keep("inner", (("A",),))]


@pytest.mark.parametrize(("inner_bytes", "number"), [(None, 2), (8, 2), (7, 1), (4, 1), (1000, 2)])
def test_a_second_tile_where_there_is_space(inner_bytes: int | None, number: int) -> None:
    assert a_of(copies_of(A_BY_4, inner_bytes=inner_bytes)[1], 1) == number


def test_reserved_space_holds_no_tile() -> None:
    assert a_of(copies_of(A_BY_4, inner_bytes=10, reserve=2)[1], 1) == 2
    assert a_of(copies_of(A_BY_4, inner_bytes=10, reserve=3)[1], 1) == 1


def test_what_is_not_replaced_is_held_once() -> None:
    """All of A, and a tile that only loops over other ranks go around."""
    assert a_of(copies_of([Keep("inner", (("A",),))], inner_bytes=None)[1], 0) == 1
    steps: list[Step] = [Loop("N", 2), Keep("inner", (("A",),))]
    assert a_of(copies_of(steps, inner_bytes=None)[1], 1) == 1


def test_the_innermost_tiles_are_doubled_first() -> None:
    """Four of A, two of B: 6 bytes; with two more B is doubled, with six A, too."""
    steps: list[Step] = [
        *(Loop("M", 4), Keep("inner", (("A",),)), Loop("N", 2), Keep("inner", (("B",),))),
    ]
    for inner_bytes, numbers in ((7, (1, 1)), (8, (1, 2)), (11, (1, 2)), (12, (2, 2))):
        _, copies = copies_of(steps, inner_bytes=inner_bytes)
        assert (a_of(copies, 1), copies.of((-4,), "B")) == numbers
        assert copies.as_table() == {"inner": {"A": numbers[0], "B": numbers[1]}}


def test_what_is_asked_for_is_taken_once() -> None:
    residency, copies = copies_of(A_BY_4, inner_bytes=16)
    assert sum(occupancy_of(residency, lambda _: 8)["inner"].values()) == 4 * 8
    assert copies.ask([((-2,), "A", 4)])
    assert copies.ask([((-2,), "A", 3)])  # There already.
    assert a_of(copies, 1) == 4
    assert not copies.ask([((-2,), "A", 5)])
    assert a_of(copies, 1) == 4


def test_what_is_worked_on_comes_before_what_is_fetched_ahead() -> None:
    """Ten bytes hold four of A and two of B, and one more of either."""
    steps: list[Step] = [
        *(Loop("M", 4), Keep("inner", (("A",),)), Loop("N", 2), Keep("inner", (("B",),))),
    ]
    _, copies = copies_of(steps, inner_bytes=10, prefetch=False)
    assert (a_of(copies, 1), copies.of((-4,), "B")) == (1, 1)
    assert copies.ask([((-2,), "A", 2)])
    copies.prefetch()
    assert (a_of(copies, 1), copies.of((-4,), "B")) == (2, 1)


def test_all_that_is_asked_for_is_held_or_nothing() -> None:
    steps: list[Step] = [
        *(Loop("M", 4), Keep("inner", (("A",),)), Loop("N", 2), Keep("inner", (("B",),))),
    ]
    _, copies = copies_of(steps, inner_bytes=11, prefetch=False)
    assert not copies.ask([((-4,), "B", 2), ((-2,), "A", 2)])
    assert copies.as_table() == {"inner": {"A": 1, "B": 1}}
    assert copies.ask([((-2,), "A", 2)])
    assert not copies.ask([((-4,), "B", 2)])
    assert copies.as_table() == {"inner": {"A": 2, "B": 1}}


def test_a_memory_that_is_buffered_twice_holds_two() -> None:
    _, copies = copies_of(A_BY_4, inner_bytes=8, double_buffer=("inner",), prefetch=False)
    assert a_of(copies, 1) == 2
    assert not copies.ask([((-2,), "A", 3)])


def test_a_third_tile_takes_the_space_of_one() -> None:
    _, copies = copies_of(A_BY_4, inner_bytes=12, double_buffer=("inner",))
    assert copies.ask([((-2,), "A", 3)])
