"""How many elements of a tensor a tile holds, and how many cross into a memory over all tiles."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from accelsim.einsum.cascade import Index, Tensor, TensorAccess
from accelsim.errors import UnsupportedError
from accelsim.mapping.extents import Axis, Cut, largest
from accelsim.mapping.windows import Sweep, have_halo, in_runs, run_length, window_total

__all__ = ["moved_elements", "pe_elements", "same_elements", "tile_elements"]


def _plain_span(axis: Axis, ranks: Iterable[str], extent: int, width: int) -> int:
    """Elements that a tile of ``extent`` along one axis holds, in all PEs along it."""
    used = set(ranks) & {axis.outer, axis.inner}
    if not used:
        return min(extent, width)
    if used == {axis.outer} and axis.inner is not None:
        whole, rest = divmod(extent, axis.chunk)
        return whole * width + min(rest, width)
    return min(extent, axis.chunk) if used == {axis.inner} else extent


def _groups(access: TensorAccess, cut: Cut) -> list[tuple[list[int], Index | None, int]]:
    """Axes that an access uses: alone (no index given) or jointly in one dimension."""
    axis_of = {axis.outer: i for i, axis in enumerate(cut.axes)}
    axis_of |= {axis.inner: i for i, axis in enumerate(cut.axes) if axis.inner is not None}
    dims = [
        (sorted({axis_of[rank] for rank, _ in index.terms}), index, dim)
        for dim, index in enumerate(access.indices)
    ]
    joint = [(axes, index, dim) for axes, index, dim in dims if len(axes) > 1]
    for axes, _, dim in joint:
        for others, _, other in dims:
            if other != dim and set(axes) & set(others):
                raise UnsupportedError(
                    f"{access}: a rank stands in two indices, one of them a sum; what its tiles "
                    "hold is not counted (evaluate can run it)"
                )
    in_joint = {i for axes, _, _ in joint for i in axes}
    alone = {i for axes, _, _ in dims for i in axes} - in_joint
    groups: list[tuple[list[int], Index | None, int]] = [([i], None, -1) for i in sorted(alone)]
    return groups + [(axes, index, dim) for axes, index, dim in joint]


def moved_elements(
    access: TensorAccess,
    tensor: Tensor,
    cut: Cut,
    widths: Sequence[int] | None = None,
    *,
    sweep: Sweep | None = None,
) -> int:
    """Elements that cross into a store over a whole Einsum.

    Tiles of an axis that the tensor does not depend on move it again.

    Args:
        access: how the Einsum reads or writes the tensor.
        tensor: the tensor.
        cut: state of the ranks at the store.
        widths: PEs along each axis, for a store that each PE has: what several PEs need then
            counts for each of them.
        sweep: loops along which a tile of a window keeps what its neighbour held.
    """
    runs = in_runs(access, cut, widths) if widths else cut
    widths = widths or (1,) * len(cut.axes)
    total = 1
    used: set[int] = set()
    for axes, index, dim in _groups(access, cut):
        used |= set(axes)
        unrolled = any(widths[i] > 1 for i in axes)
        if index is None or (unrolled and not have_halo(index, cut, axes)):
            total *= math.prod(_axis_total(cut, i, access, widths[i]) for i in axes)
        else:
            total *= window_total(index, runs, axes, tensor.shape[dim], sweep)
    idle = [i for i in range(len(cut.axes)) if i not in used]
    return total * math.prod(_axis_total(cut, i, access, widths[i]) for i in idle)


def _axis_total(cut: Cut, i: int, access: TensorAccess, width: int) -> int:
    axis, extents = cut.axes[i], cut.extents[i]
    return sum(n * _plain_span(axis, access.ranks, extent, width) for extent, n in extents)


def same_elements(
    first: TensorAccess, second: TensorAccess, sizes: Mapping[str, int], *, skip: int | None = None
) -> bool:
    """Whether two accesses of a tensor walk over the same elements, so that a tile serves both.

    They do where they differ by a shift that leaves them overlapping: `A[m]` and `A[m-1]`, but
    not `A[2*m]` and `A[2*m+1]`, `A[m]` and `A[m+M]`, or `A[m,k]` and `A[n,k]`.

    Args:
        first: one access.
        second: another of the same tensor.
        sizes: sizes of the ranks.
        skip: a dimension of which only the running value is kept.
    """
    for dim, (a, b) in enumerate(zip(first.indices, second.indices, strict=True)):
        if dim == skip or a == b:
            continue
        low, high = a.bounds(sizes)
        stride = math.gcd(*(c for _, c in a.terms)) or 1
        shift = abs(a.constant - b.constant)
        if a.terms != b.terms or shift % stride or shift > high - low:
            return False
    return True


def tile_elements(
    access: TensorAccess, tensor: Tensor, cut: Cut, *, running: str | None = None
) -> int:
    """Elements of the largest tile of a tensor at some depth.

    Args:
        access: how an Einsum reads or writes the tensor.
        tensor: the tensor.
        cut: state of the ranks at that depth.
        running: a rank along which only the running value is kept.
    """
    return moved_elements(access, tensor, _largest_tile(cut, running))


def pe_elements(
    access: TensorAccess,
    tensor: Tensor,
    cut: Cut,
    widths: Sequence[int],
    *,
    running: str | None = None,
) -> int:
    """Elements of the largest part of a tile that one PE takes.

    Args:
        access: as in :func:`tile_elements`.
        tensor: the tensor.
        cut: state of the ranks at that depth.
        widths: PEs along each axis.
        running: as in :func:`tile_elements`.
    """
    cut = _largest_tile(cut, running)
    axes, extents = [], []
    for axis, ((extent, _),), width in zip(cut.axes, cut.extents, widths, strict=True):
        run = run_length(min(extent, axis.chunk) if axis.inner else extent, width)
        if axis.inner is not None:
            # PEs stand along the inner rank: each takes the same part of every chunk.
            whole, rest = divmod(extent, axis.chunk)
            axis, run = replace(axis, chunk=run), whole * run + min(rest, run)
        axes.append(axis)
        extents.append(((run, 1),))
    return moved_elements(access, tensor, Cut(tuple(axes), tuple(extents)))


def _largest_tile(cut: Cut, running: str | None) -> Cut:
    tiles = []
    for axis, extents in zip(cut.axes, cut.extents, strict=True):
        extent = largest(extents)
        if running == axis.outer:
            extent = min(extent, axis.chunk)
        tiles.append(((extent, 1),))
    return Cut(cut.axes, tuple(tiles))
