"""How a crossing is spread over the visits of its tile: in proportion to what each visit moves.

The crossing itself is counted in closed form (:mod:`accelsim.model.crossings`); summed over all
visits, the parts are exactly that count.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import prod

from accelsim.mapping.extents import Cut, cut_by, largest
from accelsim.mapping.residency import Residency
from accelsim.mapping.volume import moved_elements
from accelsim.model.crossings import Crossing, delivered_elements
from accelsim.simulator.loops import Cursor, Way

__all__ = ["Share", "fresh_levels", "run_elements", "share_of", "tile_cut"]


@dataclass(frozen=True)
class Share:
    """Of the bits of a crossing, those of one iteration of the loops around an actor."""

    crossing: Crossing
    per_element: dict[str, tuple[Fraction, Fraction]]
    """Memory -> bits read and written for each element that a visit moves."""
    elements: Callable[[Cursor, tuple[int, ...]], int]
    """Elements that are moved in the iteration that a cursor stands at, and in a tile of so many
    values along each axis."""
    fresh: tuple[int, ...]
    """Loops whose first iterations are unlike the others."""


def tile_cut(way: Way, extents: tuple[int, ...]) -> Cut:
    """The state of an Einsum's ranks where one tile of given extents is all that there is."""
    return Cut(way.schedule.cuts[0].axes, tuple(((extent, 1),) for extent in extents))


def fresh_levels(way: Way, depth: int, crossing: Crossing) -> tuple[int, ...]:
    """Loops in whose later iterations a result is there already, in part."""
    own = set(way.schedule.addresses)
    return tuple(
        i
        for i, level in enumerate(way.levels[:depth])
        if level.address in own and level.rank not in crossing.access.ranks
    )


def share_of(residency: Residency, way: Way, depth: int, crossing: Crossing) -> Share:
    """How a crossing is spread over the iterations of an actor's loops.

    Args:
        residency: the block.
        way: the loops around the Einsum.
        depth: how many of them are around the actor.
        crossing: what crosses, in all iterations together.
    """
    schedule = way.schedule
    access, tensor = crossing.access, residency.cascade.tensors[crossing.access.tensor]
    inner = schedule.loops[way.applied[depth] : crossing.depth]
    whole = schedule.cuts[0]
    if crossing.kind == "operands":
        total, again = prod(axis.length for axis in whole.axes), False
    else:
        cut = schedule.cuts[crossing.depth]
        total = delivered_elements(residency, schedule, access, crossing.below, cut)
        begun = moved_elements(access, tensor, whole) if crossing.kind == "partial" else 0
        # Where only copies inside the PEs are read again, all visits take their part.
        again = total > begun > 0
        total -= begun * again
    fresh = fresh_levels(way, depth, crossing)
    known: dict[tuple[tuple[int, ...], bool], int] = {}

    def count(extents: tuple[int, ...], first: bool) -> int:
        if crossing.kind == "operands":
            return prod(extents)
        cut = tile_cut(way, extents)
        begun = moved_elements(access, tensor, cut) if first else 0
        for loop in inner:
            cut = cut_by(cut, loop.rank, loop.tile)
        found = delivered_elements(residency, schedule, access, crossing.below, cut)
        return found - begun

    def elements(cursor: Cursor, extents: tuple[int, ...]) -> int:
        key = extents, again and not any(cursor.at[i] for i in fresh)
        if key not in known:
            known[key] = count(*key)
        return known[key]

    per_element = {
        memory: (Fraction(reads) / total, Fraction(writes) / total)
        for memory, (reads, writes) in crossing.moved.items()
    }
    return Share(crossing, per_element, elements, fresh if again else ())


def run_elements(residency: Residency, crossing: Crossing, cut: Cut) -> int:
    """Elements of a tile that lie in one piece, where a tensor is stored row by row.

    Args:
        residency: the block.
        crossing: whose tile it is.
        cut: the state of the ranks in which the tile is all that there is.
    """
    tensor, run = residency.cascade.tensors[crossing.access.tensor], 1
    for dim in reversed(range(len(tensor.shape))):
        index = crossing.access.indices[dim]
        reach = sum(abs(c) * (_values(cut, rank) - 1) for rank, c in index.terms) + 1
        run *= min(reach, tensor.shape[dim])
        if reach < tensor.shape[dim]:
            break
    return run


def _values(cut: Cut, rank: str) -> int:
    """Values of a rank in a tile."""
    axis, extents = cut.of(rank)
    extent = largest(extents)
    if axis.inner is None:
        return extent
    return min(extent, axis.chunk) if rank == axis.inner else -(-extent // axis.chunk)
