"""Systolic arrays against the closed forms of SCALE-Sim (arXiv 1811.02883), fold by fold."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accelsim import simulate
from accelsim.architecture import Architecture, Array, Memory, OperationCost, load_architecture
from accelsim.architecture.architecture import Systolic
from accelsim.mapping import Block, Compute, Keep, Loop, Nest
from accelsim.model import count_block
from accelsim.simulator.play import play_block
from accelsim.workload import cascade_from_text, load_workload

SIZE = st.integers(1, 40)
SIDE = st.integers(1, 8)

# Stationary operand -> the ranks over the array's rows and columns, and the streamed one.
DATAFLOWS = {"output": ("M", "N", "K"), "weight": ("K", "N", "M"), "input": ("K", "M", "N")}


def machine(rows: int, columns: int, systolic: Systolic | None, *, registers: bool) -> Architecture:
    def memory(name: str, parent: str | None, instances: int = 1) -> Memory:
        return Memory(name, parent, None, None, None, None, None, None, instances)

    memories = [memory("DRAM", None), memory("buffer", "DRAM")]
    if registers:
        memories.append(memory("registers", "array", rows * columns))
    array = Array(
        "array",
        "buffer",
        rows,
        columns,
        {"multiply-add": OperationCost(1, {"mac": 1})},
        {},
        {},
        systolic,
    )
    return Architecture("toy", 1e9, 8, "auto", {m.name: m for m in memories}, {"array": array}, {})


def cycles_of(
    text: str,
    sizes: dict[str, int | str],
    tensors: dict[str, tuple[str, ...]],
    block: Block,
    toy: Architecture,
) -> int:
    cascade = cascade_from_text(text, ranks=sizes, tensors=tensors)
    counts = count_block(block, cascade, toy, bits=lambda _: 8, where="")
    timing = play_block(block, cascade, toy, counts, bits=lambda _: 8)
    assert timing.cycles.denominator == 1
    return timing.cycles.numerator


def product(sizes: dict[str, int], block: Block, toy: Architecture) -> int:
    tensors = {"A": ("M", "K"), "B": ("K", "N")}
    return cycles_of("Z[m,n] = A[m,k] * B[k,n]", dict(sizes), tensors, block, toy)


@settings(max_examples=150, deadline=None)
@given(
    dataflow=st.sampled_from(sorted(DATAFLOWS)),
    sizes=st.fixed_dictionaries({"M": SIZE, "N": SIZE, "K": SIZE}),
    rows=SIDE,
    columns=SIDE,
    overlap=st.booleans(),
    drain=st.booleans(),
    registers=st.booleans(),
    tile=st.integers(1, 20),
)
def test_products_take_what_the_closed_form_says(
    dataflow: str,
    sizes: dict[str, int],
    rows: int,
    columns: int,
    overlap: bool,
    drain: bool,
    registers: bool,
    tile: int,
) -> None:
    over_rows, over_columns, streamed = DATAFLOWS[dataflow]
    folds = ceil(sizes[over_rows] / rows) * ceil(sizes[over_columns] / columns)
    # SCALE-Sim's paper: 2 * S_R + S_C + T - 2 a fold; its version 3: without the way out.
    own = (2 * rows if drain else rows) + columns - 2
    length = sizes[streamed]
    expected = folds * length + own if overlap else folds * (length + own)
    # Tiles in the buffer change nothing as long as they are whole folds.
    steps = (Loop(over_rows, rows), Loop(over_columns, columns * tile), Keep("buffer", (("A",),)))
    compute = Compute("Z", "array", over_rows, over_columns, (streamed,))
    toy = machine(rows, columns, Systolic(overlap, drain), registers=registers)
    assert product(sizes, Block("b", Nest(steps, (compute,))), toy) == expected


def test_figures_worked_out_by_hand() -> None:
    sizes = {"M": 10, "N": 6, "K": 5}
    compute = Compute("Z", "array", "K", "N", ("M",))
    block = Block("b", Nest((), (compute,)))
    # 2 x 2 folds of 4 x 4 PEs: each 2 * 4 + 4 + 10 - 2 = 20 cycles by itself.
    serial = machine(4, 4, Systolic(overlap_folds=False), registers=True)
    assert product(sizes, block, serial) == 80
    version_3 = machine(4, 4, Systolic(overlap_folds=False, drain=False), registers=True)
    assert product(sizes, block, version_3) == 64
    # One after the other without a bubble: 4 * 10, filled and drained once.
    assert product(sizes, block, machine(4, 4, Systolic(), registers=True)) == 50
    assert product(sizes, block, machine(4, 4, None, registers=True)) == 40


@settings(max_examples=60, deadline=None)
@given(
    p=st.integers(1, 9),
    q=st.integers(1, 9),
    r=st.integers(1, 3),
    c=st.integers(1, 9),
    k=st.integers(1, 9),
    rows=SIDE,
    columns=SIDE,
    overlap=st.booleans(),
)
def test_convolutions_hold_a_weight_still_for_all_pixels(
    p: int, q: int, r: int, c: int, k: int, rows: int, columns: int, overlap: bool
) -> None:
    """Channels over rows and columns, one fold for each position in the filter."""
    folds = ceil(c / rows) * ceil(k / columns) * r * r
    own = 2 * rows + columns - 2
    ranks: dict[str, int | str] = {"P": p, "Q": q, "R": r, "S": r, "C": c, "K": k}
    ranks |= {"H": "P + R - 1", "W": "Q + S - 1"}
    steps = (Loop("R"), Loop("S"), Keep("buffer", (("I",),)))
    compute = Compute("O", "array", "C", "K", ("P", "Q"))
    toy = machine(rows, columns, Systolic(overlap), registers=True)
    found = cycles_of(
        "O[k,p,q] = I[c,p+r,q+s] * F[k,c,r,s]",
        ranks,
        {"I": ("C", "H", "W"), "F": ("K", "C", "R", "S")},
        Block("b", Nest(steps, (compute,))),
        toy,
    )
    assert found == (folds * p * q + own if overlap else folds * (p * q + own))


@pytest.mark.parametrize("name", ["systolic-ws", "systolic-os"])
def test_shipped_arrays_fill_and_drain(name: str) -> None:
    machine = load_architecture(name)
    plain = {"array": replace(machine.arrays["array"], systolic=None)}
    with_skew = simulate("matmul", on=machine, fidelity="event")
    without = simulate("matmul", on=replace(machine, arrays=plain), fidelity="event")
    # Once where tiles follow each other, and again wherever the buffer makes the array wait.
    assert 94 <= with_skew.cycles - without.cycles < 94 * 64
    busy = [r.timing["stalls"]["array"]["busy"] for r in (with_skew, without) if r.timing]
    assert busy == [1_048_576, 1_048_576]


def test_results_that_stay_on_the_array_need_not_leave_it() -> None:
    """FuseMax's numerators and maxima are used where they are made: no drain between them."""
    machine = load_architecture("fusemax")
    array = replace(machine.arrays["array_2d"], systolic=Systolic())
    skewed = replace(machine, arrays={**machine.arrays, "array_2d": array})
    sizes = {"B": 1, "H": 1, "M": 4096, "P": 4096}
    load = {
        name: simulate(load_workload("attention/one-pass", sizes), on=on, fidelity="event").cycles
        for name, on in (("plain", machine), ("skewed", skewed))
    }
    assert load["plain"] < load["skewed"] < 1.5 * load["plain"]


def test_tiles_enough_hide_the_drain() -> None:
    """A tile of the output is 4 cycles of work and 94 on its way: a few dozen are under way."""
    sizes = {"N": 1, "C": 64, "K": 64, "R": 1, "S": 1}
    result = simulate("conv2d", on="systolic-ws", set=sizes, fidelity="event")
    assert result.timing is not None
    assert result.cycles < 1.02 * result.timing["analytic_cycles"]


def test_an_array_goes_before_what_is_fetched_ahead() -> None:
    """Both come to be ready as a tile ends; the memory is half used, and nothing has to wait."""
    sizes = {"M": 65536, "K": 768, "N": 768}
    result = simulate("matmul", on="fusemax", set=sizes, fidelity="event")
    assert result.timing is not None
    assert result.cycles < 1.02 * result.timing["analytic_cycles"]
