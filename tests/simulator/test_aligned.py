"""Aligned memories, bytes a cycle, pipelines and slow results, by hand and on random blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_blocks import Drawn, drawn_block

from accelsim.architecture import Architecture, Array, Memory, OperationCost
from accelsim.architecture.architecture import Dram, Systolic
from accelsim.architecture.dram.load import load_dram
from accelsim.errors import InputError
from accelsim.mapping import Block, Compute, Keep, Loop, Nest
from accelsim.mapping.mapping import Step
from accelsim.model import count_block
from accelsim.model.cost import block_cycles, traffic_of
from accelsim.model.counts import BlockCounts
from accelsim.simulator.play import play_block
from accelsim.simulator.timing import BlockTiming
from accelsim.workload import cascade_from_text

CLOCK_HZ = 1e9
MAX = "Z[n] = max(k) A[n,k]"
PRODUCT = "Z[m,n] = A[m,k] * B[k,n]"
OPERATIONS = ("max", "multiply", "multiply-add")
SHAPES = {
    MAX: {"A": ("N", "K")},
    "Z[n] = max(k) A[k,n]": {"A": ("K", "N")},
    PRODUCT: {"A": ("M", "K"), "B": ("K", "N")},
    "Z[m] = A[m+k] * B[k]": {"A": ("H",), "B": ("K",)},
    "Z[m] = A[2*m+k] * B[k]": {"A": ("H",), "B": ("K",)},
    "Z[m1] = A[M0*m1+m0] * B[m0]": {"A": ("M",), "B": ("M0",)},
    "Z[p] = A[M0*m1+m0] * B[p]": {"A": ("M",), "B": ("P",)},
}


def machine(
    rows: int = 1,
    columns: int = 4,
    *,
    rates: Mapping[str, int],
    aligned: Sequence[str] = (),
    ports: int = 1,
    registers: bool = False,
    systolic: Systolic | None = None,
) -> Architecture:
    """DRAM, buffer, array, and registers where asked for; what has no rate (bytes a cycle) takes
    no time, and nothing has a size."""

    def memory(name: str, parent: str | None, instances: int = 1) -> Memory:
        rate = rates[name] * Fraction(CLOCK_HZ) if name in rates else None
        figures = (None, rate, None, None, None, None, instances, None, ports)
        return Memory(name, parent, *figures, aligned=name in aligned)  # type: ignore[arg-type]

    memories = [memory("DRAM", None), memory("buffer", "DRAM")]
    if registers:
        memories.append(memory("registers", "array", rows * columns))
    costs = {name: OperationCost(1, {name: 1}) for name in OPERATIONS}
    array = Array("array", "buffer", rows, columns, costs, {}, {}, systolic)
    memories_by_name = {m.name: m for m in memories}
    return Architecture("toy", CLOCK_HZ, 8, "auto", memories_by_name, {"array": array}, {})


def play(
    text: str,
    ranks: Mapping[str, int | str],
    steps: Sequence[Step],
    compute: Compute,
    on: Architecture,
    bits: Mapping[str, int],
) -> tuple[BlockTiming, BlockCounts]:
    """One Einsum below some steps; with and without fast-forward."""
    cascade = cascade_from_text(text, ranks=dict(ranks), tensors=SHAPES[text])
    block = Block("block", Nest(tuple(steps), (compute,)))

    def bits_of(tensor: str) -> int:
        return bits.get(tensor, 0)

    counts = count_block(block, cascade, on, bits=bits_of, where="")
    quick, slow = (
        play_block(block, cascade, on, counts, bits=bits_of, fast_forward=forward)
        for forward in (True, False)
    )
    assert (quick.cycles, quick.stalls) == (slow.cycles, slow.stalls)
    return quick, counts


# Aligned memories: four PEs side by side but where it says otherwise; DRAM moves a byte a cycle.

OVER_N = Compute("Z", "array", columns="N", order=("K",))
OVER_M = Compute("Z", "array", columns="M")
KEEP_A = Keep("buffer", (("A",),))
FOURS = Compute("Z", "array", rows=(("K", 4), ("N", 4)), columns="M")
SPLIT = {"M0": 6, "M1": "ceil(M / M0)", "M": 15, "P": 1}

CASES = {
    # 3 x 5 bytes as 4 x 5, then 5 cycles of work.
    "smaller than the array": (MAX, {"N": 3, "K": 5}, [KEEP_A], OVER_N, 15 + 5, 20 + 5),
    # Tiles of 4, 4 and 2: the last one takes as long as the others.
    "a ragged last tile": (
        *(MAX, {"N": 10, "K": 5}, [Loop("N", 4), KEEP_A], OVER_N),
        *(50 + 5, 3 * 20 + 5),
    ),
    # Only the unrolled rank is filled up: tiles of 2, 2 and 1 along K, 8 in place of 7 along N.
    # Both folds of the last one are worked on when it is there.
    "a ragged rank that is not unrolled": (
        *(MAX, {"N": 7, "K": 5}, [Loop("K", 2), KEEP_A], OVER_N),
        *(35 + 2, 40 + 2),
    ),
    # Tiles of 5 and 5 are tiles of 8 and 8, not one of 12: each is filled up by itself.
    "tiles that are no whole folds": (
        *(MAX, {"N": 10, "K": 5}, [Loop("N", 5), KEEP_A], OVER_N),
        *(50 + 10, 80 + 10),
    ),
    # M + K - 1: 7 bytes are 10 with M = 8, although the tensor has but 7. 2 x 3 cycles of work.
    "a window at the edge": (
        *("Z[m] = A[m+k] * B[k]", {"M": 5, "K": 3, "H": "M + K - 1"}, [KEEP_A], OVER_M),
        *(7 + 6, 10 + 6),
    ),
    "windows side by side": (
        *("Z[m] = A[m+k] * B[k]", {"M": 10, "K": 3, "H": "M + K - 1"}, [Loop("M", 5), KEEP_A]),
        *(OVER_M, 14 + 6, 20 + 6),
    ),
    # 2 * 4 + 3 bytes are 2 * 7 + 3.
    "a window with a stride": (
        *("Z[m] = A[2*m+k] * B[k]", {"M": 5, "K": 3, "H": "2*(M-1) + K"}, [KEEP_A], OVER_M),
        *(11 + 6, 17 + 6),
    ),
    # Chunks of 6, 6 and 3 are 8, 8 and 4; 2 + 2 + 1 cycles of work.
    "a split rank": (
        *("Z[p] = A[M0*m1+m0] * B[p]", SPLIT, [Loop("M1"), Keep("buffer", (("B",),))]),
        *(Compute("Z", "array", columns="M0"), 15, 20),
    ),
    "a split rank, kept": (
        *("Z[p] = A[M0*m1+m0] * B[p]", SPLIT, [KEEP_A, Loop("M1")]),
        *(Compute("Z", "array", columns="M0"), 15 + 5, 20 + 5),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_tiles_are_filled_up_to_whole_multiples_of_the_pes(case: str) -> None:
    text, ranks, steps, compute, plain, filled = CASES[case]
    found = {}
    counted = set()
    for aligned in ((), ("buffer",), ("DRAM",), ("buffer", "DRAM")):
        on = machine(rates={"DRAM": 1}, aligned=aligned)
        found[aligned], counts = play(text, ranks, steps, compute, on, {"A": 8})
        counted.add(traffic_of(counts.einsums)["DRAM"])
    # What is counted is what there is.
    assert counted == {found[()].stalls["DRAM"]["busy"]}
    passes = case == "a split rank"  # From DRAM into the PEs: the buffer has no part in it.
    assert found[()].cycles == plain
    assert found["buffer",].cycles == (plain if passes else filled)
    assert found["DRAM",].cycles == found["buffer", "DRAM"].cycles == filled


def test_several_ranks_on_one_side() -> None:
    """16 rows take 4 of K by 4 of N, 2 columns M: K = 6, N = 5, M = 3 are 8, 8 and 4."""
    ranks, bits = {"K": 6, "N": 5, "M": 3}, {"A": 8, "B": 8}
    steps = [Keep("buffer", (("A",), ("B",)))]
    plain, _ = play(PRODUCT, ranks, steps, FOURS, machine(16, 2, rates={"DRAM": 1}), bits)
    # 3 x 6 and 6 x 5 bytes, then 2 x 2 x 2 folds of one cycle.
    assert plain.cycles == 18 + 30 + 8
    on = machine(16, 2, rates={"DRAM": 1}, aligned=["buffer"])
    assert play(PRODUCT, ranks, steps, FOURS, on, bits)[0].cycles == 4 * 8 + 8 * 8 + 8


def test_both_parts_of_a_split_rank() -> None:
    """Chunks of 6 are 8, of which there are three all the same: 8 bytes of B, 3 of Z."""
    text, ranks = "Z[m1] = A[M0*m1+m0] * B[m0]", {"M0": 6, "M1": "ceil(M / M0)", "M": 15}
    steps = [Keep("buffer", (("B",), ("Z",))), Loop("M1")]
    compute = Compute("Z", "array", columns="M0")
    for aligned, filled in (((), 6), (("buffer",), 8)):
        on = machine(rates={"DRAM": 1}, aligned=aligned)
        timing, _ = play(text, ranks, steps, compute, on, {"B": 8, "Z": 8})
        assert timing.cycles == filled + 5 + 3


def test_what_passes_while_the_array_works() -> None:
    """From the buffer into 4 PEs, a byte a cycle: 5 cycles of work for each of 2 folds."""
    ranks, bits = {"N": 6, "K": 5}, {"A": 8}
    for aligned, cycles in (((), 30), (("buffer",), 40)):
        on = machine(rates={"buffer": 1}, aligned=aligned)
        # A passes the buffer by without a Keep, from DRAM: neither is limited.
        assert play(MAX, ranks, [], OVER_N, on, bits)[0].cycles == 10
        on = machine(rates={"DRAM": 1}, aligned=["DRAM"] if aligned else [])
        assert play(MAX, ranks, [], OVER_N, on, bits)[0].cycles == cycles
    # Cut into 5 and 1 first: 8 and 4 values of N.
    on = machine(rates={"DRAM": 1}, aligned=["DRAM"])
    assert play(MAX, ranks, [Loop("N", 5)], OVER_N, on, bits)[0].cycles == 5 * (8 + 4)


def test_results_are_filled_up_on_their_way_out() -> None:
    """6 results of 2 bytes at a byte a cycle: 12 cycles, or 16; 10 of work."""
    ranks, steps = {"N": 6, "K": 5}, [Keep("buffer", (("Z",),))]
    for aligned, cycles in (((), 12), (("buffer",), 16)):
        on = machine(rates={"DRAM": 1}, aligned=aligned)
        assert play(MAX, ranks, steps, OVER_N, on, {"Z": 16})[0].cycles == 10 + cycles


def test_registers_that_are_aligned() -> None:
    """One value of N of 4, at a byte a cycle in each PE: as long as four of them.

    The bandwidth of all four serves what there is, be it in one of them.
    """
    ranks, bits = {"N": 1, "K": 5}, {"A": 8, "Z": 8}
    busy = {}
    for aligned in ((), ("registers",)):
        on = machine(rates={"registers": 1}, registers=True, aligned=aligned)
        timing, counts = play(MAX, ranks, [], OVER_N, on, bits)
        busy[aligned] = timing.stalls["registers"]["busy"]
        assert traffic_of(counts.einsums)["registers"] == 4 * busy[()]
    assert busy["registers",] == 4 * busy[()]


def test_banks_move_what_is_filled_up_in_as_many_pieces() -> None:
    """Of rows of 10 bytes in DDR4, tiles of 4 and a last one of 2, which takes as long."""
    dram = Dram(load_dram("ddr4"), 1)
    found = {}
    for columns, aligned in ((10, False), (12, False), (10, True)):
        on = machine(rates={}, aligned=["buffer"] if aligned else [])
        rate = float(dram.peak_bytes_per_s)
        root = replace(on.memories["DRAM"], bandwidth_bytes_per_s=rate, dram=dram)
        on = replace(on, memories={**on.memories, "DRAM": root})
        text, steps = "Z[n] = max(k) A[k,n]", [Loop("N", 4), KEEP_A]
        timing, counts = play(text, {"N": columns, "K": 64}, steps, OVER_N, on, {"A": 8})
        found[columns, aligned] = timing.cycles
        assert timing.cycles >= block_cycles(counts, on)
    # The same 64 pieces of one burst each, whatever they hold.
    assert found[10, True] == found[12, False]
    assert found[10, True] >= found[10, False]


# The same as a workload whose unrolled ranks are whole multiples.


@st.composite
def ragged(draw: st.DrawFn) -> tuple[str, dict[str, int], list[Step], Compute, int, int, bool]:
    text = draw(st.sampled_from([PRODUCT, "Z[m] = A[m+k] * B[k]", "Z[m] = A[2*m+k] * B[k]"]))
    rows, columns = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    names = ["M", "N", "K"] if text == PRODUCT else ["M", "K"]
    ranks = {name: draw(st.integers(1, 11)) for name in names}
    over = draw(st.permutations(names))[: draw(st.integers(0, 2))]
    sides = dict(zip(("rows", "columns"), over, strict=False))
    pes = {sides[side]: n for side, n in (("rows", rows), ("columns", columns)) if side in sides}
    steps: list[Step] = []
    for _ in range(draw(st.integers(0, 4))):
        rank = draw(st.sampled_from(names))
        steps.append(Loop(rank, draw(st.integers(1, 4)) * pes.get(rank, 1)))
    for tensor in draw(st.lists(st.sampled_from("ABZ"), unique=True)):
        steps.insert(draw(st.integers(0, len(steps))), Keep("buffer", ((tensor,),)))
    order = tuple(draw(st.permutations(names)))
    compute = Compute("Z", "array", sides.get("rows"), sides.get("columns"), order)
    return text, ranks, steps, compute, rows, columns, draw(st.booleans())


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(ragged(), st.booleans())
def test_ragged_ranks_take_as_long_as_whole_ones(
    drawn: tuple[str, dict[str, int], list[Step], Compute, int, int, bool], systolic: bool
) -> None:
    text, ranks, steps, compute, rows, columns, registers = drawn
    # What operations do to registers depends on how many PEs share a sum.
    shared = "K" in dict(compute.rows + compute.columns)
    on = machine(
        rows,
        columns,
        rates={"DRAM": 2, "buffer": 3, **({} if shared else {"registers": 1})},
        aligned=["DRAM", "buffer", "registers"],
        registers=registers,
        systolic=Systolic() if systolic else None,
    )
    pes = compute.widths(on.arrays["array"])
    whole = {r: -(-n // pes.get(r, 1)) * pes.get(r, 1) for r, n in ranks.items()}
    step = 2 if "2*m" in text else 1
    length: dict[str, int | str] = {} if text == PRODUCT else {"H": f"{step}*(M-1) + K"}
    bits = {"A": 8, "B": 4, "Z": 16}
    found = [
        play(text, {**sizes, **length}, steps, compute, on, bits)[0] for sizes in (ranks, whole)
    ]
    assert found[0].cycles == found[1].cycles
    assert found[0].stalls == found[1].stalls


# Random blocks.


def varied(drawn: Drawn, seed: int) -> Drawn:
    """Some memories aligned, and bandwidths of whole bytes a cycle."""
    rng = Random(seed)
    memories = {}
    for name, memory in drawn.architecture.memories.items():
        rate, clock = memory.bandwidth_bytes_per_s, Fraction(drawn.architecture.clock_hz)
        if rate is not None and rng.random() < 0.7:
            each = rng.randint(1, 9)
            memory = replace(memory, bandwidth_bytes_per_s=each * clock, bytes_per_cycle=each)
        memories[name] = replace(memory, aligned=rng.random() < 0.5)
    return replace(drawn, architecture=replace(drawn.architecture, memories=memories))


def check(seed: int, *, fused: bool, skewed: bool) -> str:
    """Never faster than the analytic model or than without alignment; fast-forward skips only."""
    found = drawn_block(seed, fused=fused)
    if found is None:
        return "unsound"
    drawn, counts = varied(found[0], seed), found[1]
    if skewed:
        rng = Random(seed)
        arrays = {}
        for name, array in drawn.architecture.arrays.items():
            systolic = Systolic(rng.random() < 0.7, rng.random() < 0.7, rng.randint(0, 9))
            arrays[name] = replace(array, systolic=systolic)
        drawn = replace(drawn, architecture=replace(drawn.architecture, arrays=arrays))
    plain = {n: replace(m, aligned=False) for n, m in drawn.architecture.memories.items()}
    runs = []
    for memories, forward in (
        (drawn.architecture.memories, True),
        (drawn.architecture.memories, False),
        (plain, True),
    ):
        on = replace(drawn.architecture, memories=memories)
        try:
            runs.append(
                play_block(
                    drawn.block, drawn.cascade, on, counts, bits=drawn.bits, fast_forward=forward
                )
            )
        except InputError:
            return "refused"
    quick, slow, unaligned = runs
    assert quick.cycles == slow.cycles >= block_cycles(counts, drawn.architecture)
    assert quick.stalls == slow.stalls
    for name, row in quick.stalls.items():
        assert min(row.values()) >= 0
        assert sum(row.values()) == quick.cycles
        memory = drawn.architecture.memories.get(name)
        if memory is not None and memory.ports == 1:
            assert row["busy"] >= unaligned.stalls[name]["busy"]
    assert sum((link.cycles for link in quick.chain), Fraction(0)) == quick.cycles
    busy = [{n: row["busy"] for n, row in run.stalls.items()} for run in (quick, unaligned)]
    return "same" if busy[0] == busy[1] else "longer"


def many(first: int, last: int) -> Counter[str]:
    return Counter(
        check(seed, fused=seed % 3 == 2, skewed=seed % 2 == 1) for seed in range(first, last)
    )


def test_random_blocks() -> None:
    outcomes = many(0, 60)
    assert outcomes["longer"] >= 10, outcomes
    assert outcomes["same"] >= 4, outcomes


@pytest.mark.slow
def test_many_random_blocks() -> None:
    outcomes = many(1_000, 1_600)
    assert outcomes["longer"] >= 120, outcomes


# Pipelines behind arrays.


@pytest.mark.parametrize(
    ("systolic", "cycles"),
    [
        # 2 x 2 folds of 10 values, one after the other: 4 * 10 + 4 + 4 + 4 - 2, and 7 registers.
        (Systolic(pipeline_cycles=7), 50 + 7),
        (Systolic(drain=False, pipeline_cycles=7), 46 + 7),
        # Each fold by itself: 10 + 4 + 4 + 4 - 2 and 7 registers.
        (Systolic(overlap_folds=False, pipeline_cycles=7), 4 * (20 + 7)),
        (Systolic(overlap_folds=False, drain=False, pipeline_cycles=7), 4 * (16 + 7)),
    ],
)
def test_registers_behind_an_array(systolic: Systolic, cycles: int) -> None:
    ranks, compute = {"M": 10, "N": 6, "K": 5}, Compute("Z", "array", "K", "N", ("M",))
    on = machine(4, 4, rates={}, registers=True, systolic=systolic)
    timing, _ = play(PRODUCT, ranks, [], compute, on, {"A": 8, "B": 8, "Z": 8})
    assert timing.cycles == cycles
    assert timing.stalls["array"]["busy"] == (40 if systolic.overlap_folds else cycles)


# Results that leave more slowly than they are computed: 2 x 2 folds of 16 results in 4 x 4 PEs,
# each computed in 2 cycles. Rows, columns and skew: 4 + 4 - 2 = 6 cycles, and 4 to leave.

OUTPUTS_STAY = Compute("Z", "array", "M", "N", ("K",))
SIZES = {"M": 8, "N": 8, "K": 2}


@pytest.mark.parametrize(
    ("rate", "systolic", "cycles"),
    [
        # 2 cycles to leave: the array need not wait. 4 * 2 + 6 + 4.
        (8, Systolic(), 8 + 10),
        # 4 cycles to leave, from cycle 8 on, when the first fold is done: until 8 + 4 * 4.
        (4, Systolic(), 24),
        # 16/5 cycles in the DRAM: of the 4 of the last fold 4 - (16/5 - 2) are left.
        (5, Systolic(), Fraction(4 * 16, 5) + 6 + 4 - (Fraction(16, 5) - 2)),
        # 8 cycles a fold: the way out of the last one is over before its results have left.
        (2, Systolic(), 4 * 8 + 6),
        # Registers behind the PEs and the skew remain.
        (2, Systolic(pipeline_cycles=5), 4 * 8 + 6 + 5),
        # Without a way out nothing is shortened.
        (4, Systolic(drain=False), 4 * 4 + 6),
        # Folds by themselves take 2 + 6 + 4 cycles each, results among them.
        (4, Systolic(overlap_folds=False), 4 * 12),
        (1, Systolic(overlap_folds=False), 4 * 16),
    ],
)
def test_results_that_leave_slowly(rate: int, systolic: Systolic, cycles: Fraction | int) -> None:
    on = machine(4, 4, rates={"DRAM": rate}, systolic=systolic)
    assert play(PRODUCT, SIZES, [], OUTPUTS_STAY, on, {"Z": 8})[0].cycles == cycles


def test_results_that_pass_do_not_shorten_the_way() -> None:
    """Weights stay: 2 folds of 10 rows of 4 results at 2 bytes a cycle, 20 cycles each. The first
    result leaves after 10 cycles, and the others follow it as slowly as the DRAM takes them."""
    ranks, compute = {"M": 10, "N": 8, "K": 4}, Compute("Z", "array", "K", "N", ("M",))
    on = machine(4, 4, rates={"DRAM": 2}, systolic=Systolic())
    assert play(PRODUCT, ranks, [], compute, on, {"Z": 8})[0].cycles == 2 * 20 + 10


def test_results_that_leave_before_their_successors_are_computed() -> None:
    """A fold's 8 bytes of A take 8 cycles to come, its results 4 to leave: nothing waits for
    those, and the last ones take all 4. 16 bytes of A fill the buffer first."""
    on = machine(4, 4, rates={"DRAM": 4, "buffer": 1}, systolic=Systolic())
    timing, _ = play(PRODUCT, SIZES, [KEEP_A], OUTPUTS_STAY, on, {"A": 8, "Z": 8})
    # The buffer takes A in at a byte a cycle, too.
    assert timing.cycles == 16 + 4 * 8 + 6 + 4


def test_folds_by_themselves_have_had_their_way_out() -> None:
    """64 results at a byte a cycle into the buffer, longer than 4 folds of 12 cycles take; then 64
    out of it again, which begin when the last one is there, not before."""
    on = machine(4, 4, rates={"buffer": 1}, systolic=Systolic(overlap_folds=False))
    steps = [Keep("buffer", (("Z",),))]
    assert play(PRODUCT, SIZES, steps, OUTPUTS_STAY, on, {"Z": 8})[0].cycles == 64 + 64
