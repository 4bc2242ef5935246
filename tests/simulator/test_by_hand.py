"""Times that are worked out by hand, as literals: streams, pipelines, latencies, epochs, links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from accelsim.architecture import Architecture, Array, Link, Memory, OperationCost
from accelsim.mapping import Block, Compute, Keep, Loop, Move, Nest
from accelsim.mapping.mapping import Step
from accelsim.model import count_block
from accelsim.simulator.play import play_block
from accelsim.simulator.timing import BlockTiming
from accelsim.workload import cascade_from_text

MAX = "Z[m] = max(k) A[m,k]"
PAIR = "X[m,k] = A[m] * B[k]\nZ[m] = max(k) X[m,k]"


def machine(
    *,
    rates: Mapping[str, float] | None = None,
    sizes: Mapping[str, int] | None = None,
    latencies: Mapping[str, int] | None = None,
    ports: Mapping[str, int] | None = None,
    arrays: Sequence[str] = ("array",),
    cycles: Mapping[str, int] | None = None,
    link: int | None = None,
    registers: str = "",
) -> Architecture:
    """DRAM, outer, inner, and arrays of one PE at 1 GHz; what is not said has no limit."""
    rates, sizes, latencies, ports = rates or {}, sizes or {}, latencies or {}, ports or {}

    def memory(name: str, parent: str | None) -> Memory:
        rate = rates[name] * 1e9 if name in rates else None
        figures = (8, 1.0, 1.0, 1.0, 1, latencies.get(name), ports.get(name, 1))
        return Memory(name, parent, sizes.get(name), rate, *figures)

    places = {"DRAM": None, "outer": "DRAM", "inner": "outer"}
    if registers:
        places["registers"] = registers
    operations = {"max": 1, "multiply": 1, "multiply-add": 1, "subtract": 1, **(cycles or {})}
    costs = {name: OperationCost(n, {name: 1}) for name, n in operations.items()}
    energy = dict.fromkeys(costs, 1.0)
    built = {name: Array(name, "inner", 1, 1, costs, energy, {}) for name in arrays}
    links = {} if link is None else {"link": Link("link", arrays[0], arrays[1], link)}
    memories = {name: memory(name, parent) for name, parent in places.items()}
    return Architecture("toy", 1e9, 8, "auto", memories, built, links)


def play(
    text: str,
    ranks: Mapping[str, int],
    steps: Sequence[Step],
    on: Architecture,
    *,
    arrays: Sequence[str] = ("array",),
    epochs: tuple[tuple[str | Move, ...], ...] = (),
    double_buffer: tuple[str, ...] = (),
    bits: Mapping[str, int] | None = None,
) -> BlockTiming:
    """One block with all Einsums below the same steps; 8 bits per element."""
    shapes = {"A": ("M", "K"), "B": ("K",)} if text == MAX else {"A": ("M",), "B": ("K",)}
    used = {name: shape for name, shape in shapes.items() if f"{name}[" in text}
    cascade = cascade_from_text(text, ranks=dict(ranks), tensors=used)
    body = tuple(
        Compute(einsum.name, array) for einsum, array in zip(cascade.einsums, arrays, strict=True)
    )
    block = Block("block", Nest(tuple(steps), body), epochs, double_buffer=double_buffer)

    def bits_of(tensor: str) -> int:
        return (bits or {}).get(tensor, 8)

    counts = count_block(block, cascade, on, bits=bits_of, where="")
    timings = [
        play_block(block, cascade, on, counts, bits=bits_of, fast_forward=forward)
        for forward in (True, False)
    ]
    assert timings[0].cycles == timings[1].cycles
    assert timings[0].stalls == timings[1].stalls
    return timings[0]


def stream(
    on: Architecture, *, tiles: int = 10, double_buffer: tuple[str, ...] = ()
) -> BlockTiming:
    """The largest of so many tiles of four bytes; one byte goes back at the end."""
    steps = [Loop("K", 4), Keep("inner", (("A",),))]
    return play(MAX, {"M": 1, "K": 4 * tiles}, steps, on, double_buffer=double_buffer)


# One array: load 4 bytes, compute 4 values, ten times, store 1 byte.


@pytest.mark.parametrize(
    ("rate", "cycles", "total"),
    [
        # Compute-bound: 4 to load the first, ten times 12, 1 to store.
        (1.0, 3, 4 + 10 * 12 + 1),
        # Memory-bound: ten times 16 to load, 12 for the last tile, 4 to store.
        (0.25, 3, 10 * 16 + 12 + 4),
        # In balance.
        (1.0, 1, 4 + 10 * 4 + 1),
    ],
)
def test_a_double_buffered_stream_takes_the_longer_of_both(
    rate: float, cycles: int, total: int
) -> None:
    on = machine(rates={"DRAM": rate}, cycles={"max": cycles})
    timing = stream(on)
    assert timing.copies["inner"]["A"] == 2
    assert timing.cycles == total
    assert timing.stalls["array"]["busy"] == 40 * cycles


def test_a_single_buffered_stream_takes_both() -> None:
    """Where the memory holds one tile; where it holds two, one is filled while one is used."""
    rates, cycles = {"DRAM": 1.0}, {"max": 3}
    single = stream(machine(rates=rates, cycles=cycles, sizes={"inner": 4}))
    assert single.copies["inner"]["A"] == 1
    assert single.cycles == 10 * (4 + 12) + 1
    assert stream(machine(rates=rates, cycles=cycles, sizes={"inner": 7})).cycles == single.cycles
    double = stream(machine(rates=rates, cycles=cycles, sizes={"inner": 8}))
    assert double.copies["inner"]["A"] == 2
    assert double.cycles == 4 + 10 * 12 + 1
    asked = machine(rates=rates, cycles=cycles, sizes={"inner": 8})
    assert stream(asked, double_buffer=("inner",)).cycles == double.cycles


def test_every_state_of_a_single_buffered_stream() -> None:
    timing = stream(machine(rates={"DRAM": 1.0}, cycles={"max": 3}, sizes={"inner": 4}))
    assert {s: int(c) for s, c in timing.stalls["array"].items() if c} == {
        **{"busy": 120, "input": 40, "idle": 1},
    }
    # While the array works, DRAM has a tile to send and no space for it.
    assert {s: int(c) for s, c in timing.stalls["DRAM"].items() if c} == {
        **{"busy": 41, "space": 108, "input": 12},
    }
    chain = {(link.component, link.what): link.cycles for link in timing.chain}
    assert chain == {("DRAM", "A"): 40, ("array", "Z"): 120, ("DRAM", "Z"): 1}


def test_a_ragged_last_tile_takes_its_own_length() -> None:
    """Tiles of 4, 4 and 2 bytes, at 1 byte a cycle; 3 cycles a value."""
    steps = [Loop("K", 4), Keep("inner", (("A",),))]
    on = machine(rates={"DRAM": 1.0}, cycles={"max": 3}, sizes={"inner": 4})
    assert play(MAX, {"M": 1, "K": 10}, steps, on).cycles == 10 + 30 + 1


def test_a_memory_that_is_read_and_written_takes_both() -> None:
    """outer -> inner at half the rate of inner: both are held together, each for its own time."""
    steps = [Keep("outer", (("A",),)), Loop("K", 4), Keep("inner", (("A",),))]
    on = machine(rates={"outer": 0.5, "inner": 1.0}, sizes={"inner": 4})
    timing = play(MAX, {"M": 1, "K": 12}, steps, on)
    # 12 bytes fill outer in 24 cycles; then thrice 8 to move a tile and 4 to work on it, in which
    # inner is read at its rate of 1 byte a cycle.
    assert timing.cycles == 24 + 3 * (8 + 4)
    assert timing.stalls["outer"]["busy"] == 24 + 3 * 8
    assert timing.stalls["inner"]["busy"] == 3 * (4 + 4)


def test_an_array_waits_for_operands_that_pass_while_it_works() -> None:
    """Nothing is kept: each of 40 values takes 2 cycles to come and 1 to work on."""
    timing = play(MAX, {"M": 1, "K": 40}, [], machine(rates={"DRAM": 0.5}))
    # The result leaves the array while it works, too: one byte more.
    assert timing.cycles == 2 * 41
    assert timing.stalls["array"]["busy"] == 40
    assert timing.stalls["array"]["input"] == 42


# Latencies.


def test_a_latency_is_exposed_with_one_tile_and_hidden_with_two() -> None:
    """Load 4, on the way for 5, work for 12: of two tiles, one comes while one is worked on."""
    rates, cycles, latencies = {"DRAM": 1.0}, {"max": 3}, {"DRAM": 5}
    one = machine(rates=rates, cycles=cycles, latencies=latencies, sizes={"inner": 4})
    two = machine(rates=rates, cycles=cycles, latencies=latencies, sizes={"inner": 8})
    assert stream(one).cycles == 10 * (4 + 5 + 12) + 1
    assert stream(two).cycles == 4 + 5 + 10 * 12 + 1


def test_a_long_latency_shows_every_other_tile() -> None:
    """Load 4, on the way for 30, work for 12: two tiles come every 4 + 30 + 12."""
    on = machine(rates={"DRAM": 1.0}, cycles={"max": 3}, latencies={"DRAM": 30}, sizes={"inner": 8})
    timing = stream(on)
    # Tiles 0 and 1 are worked on from 34 on; tile 2 is asked for at 46 and there at 80; and so on.
    assert timing.cycles == 5 * (4 + 30 + 12) + 12 + 1
    assert {link.what for link in timing.chain} == {"A", "Z", "latency"}


def test_what_is_on_its_way_does_not_hold_the_memory() -> None:
    """Four copies' worth of requests follow each other: DRAM is busy for 40, whatever the way."""
    for latency in (0, 30):
        timing = stream(machine(rates={"DRAM": 1.0}, latencies={"DRAM": latency}))
        assert timing.stalls["DRAM"]["busy"] == 41


def test_operands_that_stream_are_late_once() -> None:
    on = machine(rates={"DRAM": 0.5}, latencies={"DRAM": 5})
    assert play(MAX, {"M": 1, "K": 40}, [], on).cycles == 5 + 2 * 41


def test_the_latency_of_each_memory_on_the_way_counts_once() -> None:
    steps = [Keep("outer", (("A",),)), Keep("inner", (("A",),))]
    on = machine(latencies={"DRAM": 100, "outer": 10, "inner": 1})
    assert play(MAX, {"M": 1, "K": 4}, steps, on).cycles == 100 + 10 + 1 + 4


def test_a_result_that_nothing_is_there_of_is_not_waited_for() -> None:
    """Inner holds one of two values of Z, whose second half needs what DRAM holds of the first.

    The first of A is there at 50. At 50 and 51 both are begun, which nothing precedes; at 52 the
    first is asked for, there at 102 and done at 103, the second there at 153 and done at 154.
    """
    steps = [Loop("K"), Loop("M"), Keep("inner", (("Z",),))]
    on = machine(latencies={"DRAM": 50}, sizes={"inner": 1})
    assert play(MAX, {"M": 2, "K": 2}, steps, on).cycles == 154


def test_what_was_begun_is_written_before_it_is_read_again() -> None:
    """Three values of Z in tiles of two: in the last tile, both visits are of the same value.

    A is there at 6, ten cycles a value, four to move one of Z. The fifth visit is computed from 46
    to 56 and written from 56 to 60; so the sixth is read from 60 to 64, computed until 74 and
    written until 78.
    """
    steps = [
        *(Keep("outer", (("A",),)), Loop("M", 2), Loop("K"), Loop("M"), Keep("inner", (("Z",),))),
    ]
    on = machine(rates={"DRAM": 1.0}, cycles={"max": 10})
    assert play(MAX, {"M": 3, "K": 2}, steps, on, bits={"Z": 32}).cycles == 78


# Ports.


def test_ports_share_the_bandwidth() -> None:
    """Two inputs of 8 bytes at 2 bytes a cycle: each of two ports takes 8 cycles for one."""
    text, ranks = "Z[m] = A[m] * B[k]", {"M": 8, "K": 8}
    steps = [Keep("inner", (("A",), ("B",)))]
    for ports in (1, 2):
        on = machine(rates={"DRAM": 2.0}, ports={"DRAM": ports})
        timing = play(text, ranks, steps, on, bits={"Z": 0})
        assert timing.cycles == 8 + 64
        assert timing.stalls["DRAM"]["busy"] == 8


# Several arrays.


def pair(
    on: Architecture,
    *,
    epochs: tuple[tuple[str | Move, ...], ...] = (),
    kept: str = "inner",
    tiles: int = 10,
) -> BlockTiming:
    """X on the first array, Z on the second, a tile of four values at a time."""
    steps = [Loop("M"), Keep(kept, (("X",),))]
    names = tuple(on.arrays) if len(on.arrays) > 1 else tuple(on.arrays) * 2
    return play(PAIR, {"M": tiles, "K": 4}, steps, on, arrays=names, epochs=epochs)


TWO = ("first", "second")


@pytest.mark.parametrize(("x", "z"), [(2, 3), (3, 2), (2, 2)])
def test_two_arrays_with_two_copies_overlap(x: int, z: int) -> None:
    on = machine(arrays=TWO, cycles={"multiply": x, "max": z})
    timing = pair(on)
    assert timing.copies["inner"]["X"] == 2
    assert timing.cycles == 4 * x + 9 * 4 * max(x, z) + 4 * z


def test_two_arrays_with_one_copy_take_turns() -> None:
    on = machine(arrays=TWO, cycles={"multiply": 2, "max": 3}, sizes={"inner": 4})
    timing = pair(on)
    assert timing.copies["inner"]["X"] == 1
    assert timing.cycles == 10 * (8 + 12)
    assert timing.stalls["first"]["space"] == 9 * 12
    assert timing.stalls["second"]["input"] == 10 * 8
    chain = {(link.component, link.what): link.cycles for link in timing.chain}
    assert chain == {("first", "X"): 80, ("second", "Z"): 120}


def test_one_array_works_on_both_in_turn() -> None:
    assert pair(machine(cycles={"multiply": 2, "max": 3})).cycles == 10 * (8 + 12)


def test_epochs_are_barriers() -> None:
    on = machine(arrays=TWO, cycles={"multiply": 2, "max": 3})
    assert pair(on, epochs=(("X", "Z"),)).cycles == 8 + 10 * 12
    apart = pair(on, epochs=(("X",), ("Z",)))
    assert apart.cycles == 10 * (8 + 12)
    assert apart.stalls["first"]["barrier"] == 9 * 12
    # Z before X: it works on the tile before, and nothing overlaps either.
    assert pair(on, epochs=(("Z",), ("X",))).cycles == 10 * (8 + 12)


def test_a_link_that_an_epoch_waits_for_takes_its_latency_every_tile() -> None:
    on = machine(arrays=TWO, cycles={"multiply": 2, "max": 3}, link=5)
    timing = pair(on, epochs=(("X",), (Move("X", "link"),), ("Z",)))
    # Four values of X are made in every turn, and cross one by one.
    assert timing.cycles == 10 * (8 + 4 * 5 + 12)
    assert timing.stalls["link"]["busy"] == 10 * 4 * 5


@pytest.mark.parametrize(
    ("latency", "total"),
    [
        # 8 to make the first tile, 4 to cross, ten times 12.
        (4, 8 + 4 + 10 * 12),
        # A tile is made once the one before the last is read: 8 + 5, one more than the 12 that
        # the last one takes, before the third, fifth, seventh and ninth.
        (5, 8 + 5 + 10 * 12 + 4),
    ],
)
def test_a_link_that_no_epoch_waits_for_is_hidden(latency: int, total: int) -> None:
    """X lands in the second array's registers some cycles after it is made."""
    on = machine(arrays=TWO, cycles={"multiply": 2, "max": 3}, link=latency, registers="second")
    timing = pair(on, kept="registers")
    assert timing.copies["registers"]["X"] == 2
    assert timing.cycles == total
    assert timing.stalls["link"]["busy"] == 10 * latency  # One tile at a time is on its way.
    assert any(link.what == "latency" for link in timing.chain)
