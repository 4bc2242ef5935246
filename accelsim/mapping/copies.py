"""How often PEs take a value of their own: one element a PE and tile, multicast or not."""

from __future__ import annotations

from math import prod

from accelsim.einsum.cascade import TensorAccess
from accelsim.mapping.extents import Axis, Cut, largest
from accelsim.mapping.schedule import Schedule

__all__ = ["copies", "first_copies"]


def copies(schedule: Schedule, cut: Cut) -> int:
    """PEs at work, summed over the tiles of a cut; each takes its element of a tensor.

    Args:
        schedule: of the Einsum.
        cut: state of the ranks at which the PEs take a tile.
    """
    widths = _widths(schedule)
    return prod(
        sum(count * min(extent, width) for extent, count in extents)
        for width, extents in zip(widths, cut.extents, strict=True)
    )


def first_copies(schedule: Schedule, access: TensorAccess) -> int:
    """Copies of a result that PEs begin: one for every element, times the PEs that reduce it."""
    widths = _widths(schedule)
    axes = schedule.cuts[0].axes
    return prod(_first(axis, access, width) for axis, width in zip(axes, widths, strict=True))


def _widths(schedule: Schedule) -> tuple[int, ...]:
    """PEs along each axis: after the last loop only what is unrolled is longer than one."""
    return tuple(largest(extents) for extents in schedule.cuts[-1].extents)


def _first(axis: Axis, access: TensorAccess, width: int) -> int:
    used = access.ranks & {axis.outer, axis.inner}
    if not used:
        return width
    if axis.inner is None or len(used) == 2:
        return axis.length
    if used == {axis.inner}:
        return min(axis.chunk, axis.length)
    whole, rest = divmod(axis.length, axis.chunk)
    return whole * width + min(rest, width)
