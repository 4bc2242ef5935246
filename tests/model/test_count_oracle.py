"""Random nests: the closed-form counts against the interpreter of ``conftest.py``, exactly."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from accelsim.architecture import Architecture
from accelsim.einsum import Cascade
from accelsim.mapping import Block, Compute, Keep, Loop, Nest
from accelsim.model import count_block
from accelsim.workload import cascade_from_text

Machine = Callable[..., Architecture]
Play = Callable[..., Any]

BITS = {"Z": 32, "A": 8, "B": 4, "X": 16}


@dataclass(frozen=True)
class Kind:
    """Einsums to draw sizes for; Z is mapped. What its operations do to the registers a point."""

    text: str
    ranks: tuple[str, ...]
    tensors: Mapping[str, tuple[str, ...]]
    reads: int
    writes: int = 1
    cycles: int = 1
    reduces: bool = True


MATMUL = [
    Kind("Z[m,n] = A[m,k] * B[k,n]", ("M", "N", "K"), {"A": ("M", "K"), "B": ("K", "N")}, 3),
    Kind("Z[m] = A[m,k] * B[k]", ("M", "K"), {"A": ("M", "K"), "B": ("K",)}, 3),
    Kind(
        "Z[b,m,n] = A[b,m,k] * B[b,k,n]",
        ("B", "M", "N", "K"),
        {"A": ("B", "M", "K"), "B": ("B", "K", "N")},
        3,
    ),
    Kind(
        "Z[m,n] = A[m,k,l] * B[k,l,n]",
        ("M", "N", "K", "L"),
        {"A": ("M", "K", "L"), "B": ("K", "L", "N")},
        3,
    ),
]
PLAIN = [
    Kind("Z[m,n] = A[m] * B[n]", ("M", "N"), {"A": ("M",), "B": ("N",)}, 2, reduces=False),
    Kind("Z[m,n] = A[m,n] + B[m]", ("M", "N"), {"A": ("M", "N"), "B": ("M",)}, 2, reduces=False),
    Kind(
        "Z[m,n] = max(A[m,n], B[n])",
        ("M", "N"),
        {"A": ("M", "N"), "B": ("N",)},
        2,
        cycles=2,
        reduces=False,
    ),
    Kind("Z[m,n] = A[n,m]", ("M", "N"), {"A": ("N", "M")}, 0, 0, reduces=False),
    Kind("Z[m] = max(n) A[m,n]", ("M", "N"), {"A": ("M", "N")}, 2, cycles=2),
    Kind("Z[n] = A[m,n]", ("M", "N"), {"A": ("M", "N")}, 2),
]
WINDOW = [
    Kind("Z[p] = A[s*p+d*r] * B[r]", ("P", "R"), {"A": ("H",), "B": ("R",)}, 3),
    Kind(
        "Z[k,p] = A[c,s*p+d*r] * B[k,c,r]",
        ("K", "P", "C", "R"),
        {"A": ("C", "H"), "B": ("K", "C", "R")},
        3,
    ),
    Kind(
        "Z[p,q] = A[s*p+d*r,d*q+s*u] * B[r,u]",
        ("P", "Q", "R", "U"),
        {"A": ("H", "W"), "B": ("R", "U")},
        3,
    ),
]
_SPLIT = "X[m1,m0,p] = A[M0*m1+m0,p]\n"
SPLIT = [
    Kind("Z[m1,m0,p] = A[M0*m1+m0] * B[p]", ("P",), {"A": ("M",), "B": ("P",)}, 2, reduces=False),
    Kind("Z[p] = A[M0*m1+m0] * B[p]", ("P",), {"A": ("M",), "B": ("P",)}, 3),
    Kind(_SPLIT + "Z[m1,p] = max(m0) X[m1,m0,p]", ("P",), {"A": ("M", "P")}, 2, cycles=2),
    Kind(
        _SPLIT + "Z[m1,m0,p] = X[m1,m0,p] - B[m1,p]",
        ("P",),
        {"A": ("M", "P"), "B": ("M1", "P")},
        2,
        reduces=False,
    ),
    Kind(_SPLIT + "Z[m0,p] = X[m1,m0,p]", ("P",), {"A": ("M", "P")}, 2),
    Kind(_SPLIT + "Z[p] = X[m1,m0,p] * B[m0]", ("P",), {"A": ("M", "P"), "B": ("M0",)}, 3),
]

SIZE = st.integers(1, 7)


@st.composite
def cascades(draw: st.DrawFn, kinds: list[Kind]) -> tuple[Kind, Cascade]:
    kind = draw(st.sampled_from(kinds))
    ranks: dict[str, int | str] = {rank: draw(SIZE) for rank in kind.ranks}
    steps = {}
    if kind in WINDOW:
        steps = {"s": draw(st.integers(1, 3)), "d": draw(st.integers(1, 3))}
        ranks |= {"H": "s*(P-1) + d*(R-1) + 1", "W": "d*(Q-1) + s*(U-1) + 1"}
        if "Q" not in ranks:
            del ranks["W"]
    if kind in SPLIT:
        ranks |= {"M": draw(st.integers(1, 9)), "M0": draw(st.integers(2, 4)), "M1": "ceil(M / M0)"}
    cascade = cascade_from_text(kind.text, ranks=ranks, tensors=kind.tensors, parameters=steps)
    return kind, cascade


def _outer_first(draw: st.DrawFn, loops: list[Loop]) -> list[Loop]:
    """All loops over M1 before those over M0: else a ragged end counts as full (see axes_of)."""
    at = draw(st.integers(0, len(loops)))
    before = [loop for loop in loops[:at] if loop.rank != "M0"]
    return [*before, Loop("M1"), *(loop for loop in loops[at:] if loop.rank != "M1")]


@st.composite
def blocks(draw: st.DrawFn, cascade: Cascade, memories: Sequence[str]) -> Block:
    sizes = cascade["Z"].sizes
    ranks = st.sampled_from(list(sizes))
    loops = draw(st.lists(st.builds(Loop, ranks, SIZE), max_size=5))
    rows = draw(st.none() | ranks)
    columns = draw(st.none() | ranks.filter(lambda rank: rank != rows)) if len(sizes) > 1 else None
    order = draw(st.lists(ranks, unique=True))
    if cascade["Z"].constraints:
        loops = _outer_first(draw, loops)
        rows, columns = (None if rank == "M1" else rank for rank in (rows, columns))
    steps: list[list[Loop | Keep]] = [[] for _ in range(len(loops) + 1)]
    for tensor in dict.fromkeys(a.tensor for a in (cascade["Z"].output, *cascade["Z"].inputs)):
        depths = sorted(draw(st.tuples(*[st.integers(0, len(loops))] * len(memories))))
        for memory, depth in zip(memories, depths, strict=True):
            if draw(st.booleans()):
                steps[depth].append(Keep(memory, ((tensor,),)))
    nest = []
    for i, keeps in enumerate(steps):
        nest += [*keeps, *loops[i : i + 1]]
    compute = Compute("Z", "array", rows, columns, tuple(order))
    return Block("block", Nest(tuple(nest), (compute,)))


def check(
    data: st.DataObject,
    kinds: list[Kind],
    machine: Machine,
    play: Play,
) -> None:
    kind, cascade = data.draw(cascades(kinds))
    registers = data.draw(st.booleans())
    memories = ["outer", "inner"]
    if registers and kind not in WINDOW:
        # Windows that PEs share in part are not kept there: their overlap in a PE is not counted.
        memories.append("registers")
    block = data.draw(blocks(cascade, memories))
    # The larger array first: it is the more telling, and the first choice is drawn most.
    sides = st.sampled_from([3, 2, 4, 1])
    toy = machine(data.draw(sides), data.draw(sides), registers=registers)
    counts = count_block(block, cascade, toy, bits=BITS.__getitem__, where="")
    (counted,) = counts.einsums
    played = play(cascade["Z"], cascade.tensors, block, toy)

    expected = {key: list(amounts) for key, amounts in played.moved.items()}
    if registers:
        own = expected.setdefault(("registers", "Z"), [0, 0])
        own[0] += kind.reads * played.points - kind.reduces * played.first_copies
        own[1] += kind.writes * played.points
    bits = {
        (memory, tensor): (reads * BITS[tensor], writes * BITS[tensor])
        for (memory, tensor), (reads, writes) in expected.items()
        if reads or writes
    }
    found: dict[tuple[str, str], tuple[object, object]] = {}
    for t in counted.transfers:
        assert (t.memory, t.tensor) not in found
        found[t.memory, t.tensor] = (t.read_bits, t.written_bits)
    note(f"{dict(cascade['Z'].sizes)} {cascade['Z'].constraints}")
    assert found == bits
    assert counted.points == played.points
    assert counted.pe_cycles == played.points * kind.cycles
    assert counted.steps == played.steps
    assert counted.cycles == played.steps * kind.cycles
    filled: dict[str, dict[str, int]] = {}
    for (memory, tensor), elements in played.tiles.items():
        filled.setdefault(memory, {})[tensor] = elements * BITS[tensor]
    assert counts.occupancy_bits == filled


QUICK = settings(
    derandomize=True,
    deadline=None,
    max_examples=200,
    suppress_health_check=[HealthCheck.too_slow],
)


@QUICK
@given(data=st.data())
def test_products(data: st.DataObject, machine: Machine, play: Play) -> None:
    check(data, MATMUL, machine, play)


@QUICK
@given(data=st.data())
def test_elementwise_and_reductions(data: st.DataObject, machine: Machine, play: Play) -> None:
    check(data, PLAIN, machine, play)


@QUICK
@given(data=st.data())
def test_windows(data: st.DataObject, machine: Machine, play: Play) -> None:
    check(data, WINDOW, machine, play)


@QUICK
@given(data=st.data())
def test_split_ranks(data: st.DataObject, machine: Machine, play: Play) -> None:
    check(data, SPLIT, machine, play)


@pytest.mark.slow
@settings(QUICK, max_examples=2000)
@given(data=st.data())
def test_many_of_all(data: st.DataObject, machine: Machine, play: Play) -> None:
    check(data, [*MATMUL, *PLAIN, *WINDOW, *SPLIT], machine, play)
