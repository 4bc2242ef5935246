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
from accelsim.mapping.mapping import Halo, Unrolled
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
def cascades(draw: st.DrawFn, kinds: list[Kind], *, dilation: int = 3) -> tuple[Kind, Cascade]:
    kind = draw(st.sampled_from(kinds))
    ranks: dict[str, int | str] = {rank: draw(SIZE) for rank in kind.ranks}
    steps = {}
    if kind in WINDOW:
        steps = {"s": draw(st.integers(1, 3)), "d": draw(st.integers(1, dilation))}
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
def unrolled(draw: st.DrawFn, ranks: list[str], pes: int) -> Unrolled:
    """All of a dimension for one rank, or parts of it for some."""
    if not ranks or not draw(st.booleans()):
        return ((draw(st.sampled_from(ranks)), None),) if ranks and draw(st.booleans()) else ()
    found = []
    for rank in draw(st.lists(st.sampled_from(ranks), unique=True)):
        found.append((rank, draw(st.integers(1, pes))))
        pes //= found[-1][1]
    return tuple(found)


@st.composite
def blocks(
    draw: st.DrawFn, cascade: Cascade, memories: Sequence[str], sides: tuple[int, ...], halo: Halo
) -> Block:
    sizes = cascade["Z"].sizes
    ranks = st.sampled_from(list(sizes))
    loops = draw(st.lists(st.builds(Loop, ranks, SIZE), max_size=5))
    order = draw(st.lists(ranks, unique=True))
    spatial = list(sizes)
    if cascade["Z"].constraints:
        loops = _outer_first(draw, loops)
        spatial.remove("M1")
    rows, columns, *lanes = (draw(unrolled(spatial, side)) for side in sides)
    steps: list[list[Loop | Keep]] = [[] for _ in range(len(loops) + 1)]
    bypass = []
    for tensor in dict.fromkeys(a.tensor for a in (cascade["Z"].output, *cascade["Z"].inputs)):
        depths = sorted(draw(st.tuples(*[st.integers(0, len(loops))] * len(memories))))
        for memory, depth in zip(memories, depths, strict=True):
            if draw(st.booleans()):
                steps[depth].append(Keep(memory, ((tensor,),)))
            elif memory == memories[-1] and draw(st.booleans()):
                bypass.append(tensor)
    nest = []
    for i, keeps in enumerate(steps):
        nest += [*keeps, *loops[i : i + 1]]
    compute = Compute(
        "Z", "array", rows, columns, tuple(order), bypass=tuple(bypass), lanes=(*lanes, ())[0]
    )
    twice = draw(st.lists(st.sampled_from(memories), unique=True))
    body = Nest(tuple(nest), (compute,))
    return Block("block", body, halo=halo, double_buffer=tuple(twice))


def check(
    data: st.DataObject,
    kinds: list[Kind],
    machine: Machine,
    play: Play,
    halo: Halo = "whole",
    *,
    lanes: bool = False,
) -> None:
    kind, cascade = data.draw(cascades(kinds, dilation=1 if halo == "overlap" else 3))
    # PEs with lanes have no registers.
    registers = not lanes and data.draw(st.booleans())
    memories = ["outer", "inner", *(["registers"] if registers else [])]
    # The larger array first: it is the more telling, and the first choice is drawn most.
    side = st.sampled_from([3, 2, 4, 1])
    sides = [data.draw(side) for _ in range(2 + lanes)]
    block = data.draw(blocks(cascade, memories, tuple(sides), halo))
    toy = machine(*sides[:2], lanes=(*sides, 1)[2], registers=registers)
    counts = count_block(block, cascade, toy, bits=BITS.__getitem__, where="")
    (counted,) = counts.einsums
    played = play(cascade["Z"], cascade.tensors, block, toy)

    expected = {key: list(amounts) for key, amounts in played.moved.items()}
    if registers:
        own = expected.setdefault(("registers", "Z"), [0, 0])
        (path,) = block.paths()
        bypass = path.compute.bypass
        reads = kind.reads - sum(access.tensor in bypass for access in cascade["Z"].inputs)
        first = 0 if "Z" in bypass else played.first_copies
        own[0] += max((reads - kind.reduces * ("Z" in bypass)) * played.points, 0)
        own[0] -= kind.reduces * first
        own[1] += max(kind.writes - ("Z" in bypass), 0) * played.points
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
    given = {t.tensor: t.deliveries for t in counted.transfers if t.deliveries}
    assert given == played.deliveries
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
    max_examples=120,
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


@settings(QUICK, max_examples=30)
@given(data=st.data())
def test_lanes(data: st.DataObject, machine: Machine, play: Play) -> None:
    check(data, [*MATMUL, *PLAIN], machine, play, lanes=True)


@QUICK
@given(data=st.data())
def test_windows(data: st.DataObject, machine: Machine, play: Play) -> None:
    check(data, WINDOW, machine, play)


@QUICK
@given(data=st.data())
def test_split_ranks(data: st.DataObject, machine: Machine, play: Play) -> None:
    check(data, SPLIT, machine, play)


@QUICK
@given(data=st.data())
def test_windows_that_keep_what_their_neighbour_held(
    data: st.DataObject, machine: Machine, play: Play
) -> None:
    check(data, WINDOW, machine, play, halo="overlap")


@pytest.mark.slow
@settings(QUICK, max_examples=2000)
@given(data=st.data())
def test_many_of_all(data: st.DataObject, machine: Machine, play: Play) -> None:
    check(data, [*MATMUL, *PLAIN, *WINDOW, *SPLIT], machine, play, lanes=data.draw(st.booleans()))


@pytest.mark.slow
@settings(QUICK, max_examples=1000)
@given(data=st.data())
def test_many_windows_that_keep(data: st.DataObject, machine: Machine, play: Play) -> None:
    check(data, WINDOW, machine, play, halo="overlap")
