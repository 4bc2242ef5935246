"""What passes a memory that holds words as an array takes them: tiles are filled up to whole
multiples of the PEs."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

from accelsim.einsum.cascade import Tensor, TensorAccess
from accelsim.mapping.extents import Axis, Cut, cut_by
from accelsim.mapping.residency import Residency
from accelsim.mapping.schedule import Schedule
from accelsim.mapping.volume import moved_elements
from accelsim.mapping.windows import in_runs
from accelsim.model.crossings import Crossing

__all__ = ["filled_factor"]


def filled_factor(
    residency: Residency,
    schedule: Schedule,
    crossing: Crossing,
    cut: Cut,
    applied: int,
    *,
    into: str,
) -> Fraction:
    """How many times as much of a tile passes a memory, as long as it takes: whole multiples of
    the PEs along all unrolled ranks where one of its ends holds it as the array takes it.

    Args:
        residency: of the block.
        schedule: of the Einsum.
        crossing: what passes.
        cut: the tiles of an iteration.
        applied: loops of the schedule that the cut has been through.
        into: the memory.
    """
    memories = residency.architecture.memories
    ends = (crossing.above.memory, crossing.below.memory)
    if not any(end in memories and memories[end].aligned for end in ends):
        return Fraction(1)
    for loop in schedule.loops[applied : crossing.depth]:
        cut = cut_by(cut, loop.rank, loop.tile)
    if crossing.kind == "operands":
        return Fraction(_points(_filled_cut(cut, schedule)), _points(cut))
    tensor = residency.cascade.tensors[crossing.access.tensor]
    if residency.in_pes(schedule.array.name, crossing.below):
        return _in_pes(schedule, tensor, crossing, cut, into=into == crossing.below.memory)
    return _outside(schedule, tensor, crossing.access, cut)


def _pes(schedule: Schedule) -> tuple[int, ...]:
    """PEs that are set aside along each axis, whether its tiles reach so far or not."""
    pes = schedule.path.compute.widths(schedule.array)
    axes = schedule.cuts[0].axes
    return tuple(pes.get(axis.inner or axis.outer, 1) for axis in axes)


def _filled_axis(axis: Axis, pes: int) -> Axis:
    """PEs stand along the inner rank of a split: each of its chunks is filled up."""
    return replace(axis, chunk=_up(axis.chunk, pes)) if axis.inner else axis


def _filled_extent(axis: Axis, extent: int, pes: int) -> int:
    whole, rest = divmod(extent, axis.chunk) if axis.inner else (0, extent)
    return whole * _up(axis.chunk, pes) + _up(rest, pes)


def _filled_cut(cut: Cut, schedule: Schedule) -> Cut:
    """The same tiles, each of whole multiples of the PEs along unrolled ranks."""
    axes, extents = [], []
    for axis, tiles, pes in zip(cut.axes, cut.extents, _pes(schedule), strict=True):
        axes.append(_filled_axis(axis, pes))
        counts: dict[int, int] = {}
        for extent, n in tiles:
            full = _filled_extent(axis, extent, pes)
            counts[full] = counts.get(full, 0) + n
        extents.append(tuple(counts.items()))
    return Cut(tuple(axes), tuple(extents))


def _filled_tensor(tensor: Tensor, access: TensorAccess, schedule: Schedule) -> Tensor:
    """The same with longer dimensions, so that its edge does not cut off what is filled up."""
    more: dict[str, int] = {}
    for axis, pes in zip(schedule.cuts[0].axes, _pes(schedule), strict=True):
        unrolled = axis.inner or axis.outer
        values = schedule.einsum.sizes[unrolled]
        more[unrolled] = _up(values, pes) - values
    grown = [
        length + sum(abs(c) * more.get(rank, 0) for rank, c in index.terms)
        for length, index in zip(tensor.shape, access.indices, strict=True)
    ]
    return replace(tensor, shape=tuple(grown))


def _outside(schedule: Schedule, tensor: Tensor, access: TensorAccess, cut: Cut) -> Fraction:
    """How many times as much is delivered for the tiles of a cut once they are filled up."""
    whole = _filled_tensor(tensor, access, schedule)
    moved = moved_elements(access, whole, _filled_cut(cut, schedule))
    return Fraction(moved, moved_elements(access, tensor, cut))


def _in_pes(
    schedule: Schedule, tensor: Tensor, crossing: Crossing, cut: Cut, *, into: bool
) -> Fraction:
    """The same of a store that each PE has: what is delivered, or what all of them take."""
    access, pes, full_pes = crossing.access, schedule.widths, _pes(schedule)
    whole, full = _filled_tensor(tensor, access, schedule), _filled_cut(cut, schedule)
    delivered = moved_elements(access, tensor, in_runs(access, cut, pes))
    if not into:
        return Fraction(moved_elements(access, whole, in_runs(access, full, full_pes)), delivered)
    # What several PEs need each of them takes; a share spreads that over all tiles alike.
    every = schedule.cuts[crossing.depth]
    taken = moved_elements(access, tensor, every, pes)
    copies = Fraction(taken, moved_elements(access, tensor, in_runs(access, every, pes)))
    return moved_elements(access, whole, full, full_pes) / (delivered * copies)


def _up(extent: int, pes: int) -> int:
    return -(-extent // pes) * pes


def _points(cut: Cut) -> int:
    return math.prod(sum(extent * n for extent, n in extents) for extents in cut.extents)
