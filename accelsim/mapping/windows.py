"""Windows: several ranks in one index, such as the ``p + r`` of a convolution, and their halo.

A tile of a window is one run from its first element to its last. PEs along one of its ranks take
contiguous parts of the tile, each with a halo of its own. A tile may keep what its neighbour
held; then only what is new crosses into its store.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from accelsim.einsum.cascade import Index, TensorAccess
from accelsim.mapping.extents import Axis, Cut, Extents, cut_by, largest
from accelsim.mapping.mapping import Loop

__all__ = ["Sweep", "have_halo", "in_runs", "run_length", "sweep_of", "window_total"]

_Pairs = list[tuple[int, int]]
"""(coefficient, extent) of ranks in an index."""


@dataclass(frozen=True)
class Sweep:
    """The loops directly above a store that move its tile along one rank of a window."""

    rank: str
    tiles: tuple[int, ...]
    """Their tile sizes, outermost first."""
    axis: int
    """Position of the rank's axis in the cuts."""
    before: Extents
    """Extents of this axis outside of them."""


def sweep_of(
    access: TensorAccess,
    loops: Sequence[Loop],
    cuts: Sequence[Cut],
    depth: int,
    widths: Sequence[int] | None,
) -> Sweep | None:
    """How a tile moves over a window, None where it does not or where PEs share the window.

    Args:
        access: how the Einsum reads or writes the tensor.
        loops: the loops of the Einsum.
        cuts: state of the ranks before each loop.
        depth: loops around the tile, the last of which changes it.
        widths: PEs along each axis, for a store that each PE has.
    """
    if not depth:
        return None
    rank, above = loops[depth - 1].rank, depth
    cut = cuts[depth]
    index = next((i for i in access.indices if rank in dict(i.terms)), None)
    axes = [cut.axes.index(cut.of(other)[0]) for other, _ in index.terms] if index else []
    if len(set(axes)) < 2 or (widths and any(widths[i] > 1 for i in axes)):
        return None
    while above and loops[above - 1].rank == rank:
        above -= 1
    axis = cut.axes.index(cut.of(rank)[0])
    tiles = tuple(loop.tile for loop in loops[above:depth])
    return Sweep(rank, tiles, axis, cuts[above].extents[axis])


def run_length(extent: int, width: int) -> int:
    """Values that a PE takes, and the last one at most, where ``width`` PEs share ``extent``."""
    return -(-extent // width)


def in_runs(access: TensorAccess, cut: Cut, widths: Sequence[int]) -> Cut:
    """The ranks of windows cut further, into the runs that the PEs take."""
    for index in access.indices:
        axes = {cut.axes.index(cut.of(rank)[0]) for rank, _ in index.terms}
        if len(axes) > 1 and have_halo(index, cut, sorted(axes)):
            for i in axes:
                cut = cut.replaced(cut.axes[i], _runs(cut.extents[i], widths[i]))
    return cut


def have_halo(index: Index, cut: Cut, axes: Sequence[int]) -> bool:
    """Whether windows of neighbours may have elements in common.

    Those of ``M0*m1 + m0`` have none. Nor are they looked for where one of the ranks is part of a
    split with a ragged end.
    """
    if any(cut.axes[i].inner for i in axes):
        return False
    pairs = [pair for i in axes for pair in _pairs(index, cut.axes[i], largest(cut.extents[i]))]
    stride = math.gcd(*(c for c, extent in pairs if extent > 1)) or 1
    return _reach(pairs) // stride + 1 < math.prod(extent for _, extent in pairs)


def _runs(extents: Extents, width: int) -> Extents:
    counts: dict[int, int] = {}
    for extent, n in extents:
        run = run_length(extent, width)
        whole, rest = divmod(extent, run)
        counts[run] = counts.get(run, 0) + whole * n
        if rest:
            counts[rest] = counts.get(rest, 0) + n
    return tuple(sorted(counts.items(), reverse=True))


def window_total(
    index: Index, cut: Cut, axes: Sequence[int], length: int, sweep: Sweep | None
) -> int:
    """Elements that all tiles of a window take up.

    Args:
        index: of the dimension.
        cut: state of the ranks at the store.
        axes: positions of the axes that the index uses.
        length: of the dimension.
        sweep: the loops along which a tile keeps what its neighbour held, if it does.
    """
    swept = sweep if sweep is not None and sweep.axis in axes else None
    others = [i for i in axes if swept is None or i != swept.axis]
    total = 0
    for choice in product(*(cut.extents[i] for i in others)):
        fixed = [
            pair
            for i, (extent, _) in zip(others, choice, strict=True)
            for pair in _pairs(index, cut.axes[i], extent)
        ]
        held = _span(fixed, length) if swept is None else _swept(index, cut, swept, fixed, length)
        total += math.prod(n for _, n in choice) * held
    return total


def _swept(index: Index, cut: Cut, sweep: Sweep, fixed: _Pairs, length: int) -> int:
    """Elements that are new in the tiles of a sweep, the other ranks at one tile each."""
    axis, total = cut.axes[sweep.axis], 0
    for extent, n in sweep.before:
        sizes, last = _tiles_of(axis, sweep, extent)
        tiles = {e: [*fixed, *_pairs(index, axis, e)] for e in sizes}
        new = sum(count * _span(tiles[e], length) for e, count in sizes.items())
        # The last tile need not be continued; that it is shorter may leave gaps in it.
        others = [tiles[e] for e, count in sizes.items() if count > (e == last)]
        if all(_slides(pairs, dict(index.terms)[sweep.rank]) for pairs in others):
            new = min(new, _span([*fixed, *_pairs(index, axis, extent)], length))
        total += n * new
    return total


def _tiles_of(axis: Axis, sweep: Sweep, extent: int) -> tuple[dict[int, int], int]:
    """Extents of the tiles of a sweep with how often each occurs, and the last one's."""
    part, last = Cut((axis,), (((extent, 1),),)), extent
    for tile in sweep.tiles:
        part = cut_by(part, sweep.rank, tile)
        size = tile * axis.chunk if sweep.rank == axis.outer else tile
        last = last % size or size
    return dict(part.extents[0]), last


def _slides(pairs: _Pairs, step: int) -> bool:
    """Whether a tile is an unbroken run that the next tile along a rank continues.

    Otherwise, as for every second element where the neighbour holds those in between, tiles side
    by side have nothing or little in common. That little is left out.
    """
    steps = [abs(c) for c, extent in pairs if extent > 1]
    if not steps:
        return True
    stride = math.gcd(*steps)
    return step % stride == 0 and _reach(pairs) // stride < math.prod(n for _, n in pairs)


def _reach(pairs: _Pairs) -> int:
    return sum(abs(c) * (extent - 1) for c, extent in pairs)


def _span(pairs: _Pairs, length: int) -> int:
    """Elements from the first to the last that ``sum(c * i)`` reaches, as one strided run.

    A convolution's halo: (p - 1) * stride + (r - 1) * dilation + 1. Never more than the number
    of combinations or the length of the dimension.
    """
    steps = [abs(c) for c, extent in pairs if extent > 1]
    if not steps:
        return 1
    combinations = math.prod(extent for _, extent in pairs)
    return min(_reach(pairs) // math.gcd(*steps) + 1, combinations, length)


def _pairs(index: Index, axis: Axis, extent: int) -> _Pairs:
    """(coefficient, extent) of the ranks of one axis in an index."""
    terms = dict(index.terms)
    found = []
    if axis.inner is not None and axis.inner in terms:
        found.append((terms[axis.inner], min(extent, axis.chunk)))
    if axis.outer in terms:
        found.append((terms[axis.outer], -(-extent // axis.chunk)))
    return found
