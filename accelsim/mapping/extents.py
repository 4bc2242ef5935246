"""How loops cut the ranks of an Einsum: exact tile sizes, imperfect ones included.

A rank at some depth of a nest is a collection of tile extents with how often each occurs:
256 cut by 100 and then by 30 is {30: 7, 26: 1, 10: 2}. Ranks are independent of each other, so
counts multiply. Two ranks that split a third (``M0*m1 + m0`` with a ragged end) are one axis: a
loop over the outer rank cuts it in multiples of M0, a loop over the inner rank cuts inside M0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from accelsim.einsum.affine import Affine
from accelsim.einsum.cascade import Einsum

__all__ = [
    "Axis",
    "Cut",
    "Extents",
    "axes_of",
    "cut_by",
    "full_cut",
    "iterations",
    "largest",
]

Extents = tuple[tuple[int, int], ...]
"""(extent, how many tiles have it), largest first."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One rank, or the outer and inner rank of a split with the length of what they split."""

    outer: str
    inner: str | None
    length: int
    chunk: int
    """Elements that one step of the outer rank spans: 1 where there is no inner rank."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The state of every axis at one depth: its extents in elements."""

    axes: tuple[Axis, ...]
    extents: tuple[Extents, ...]

    def of(self, rank: str) -> tuple[Axis, Extents]:
        """The axis that holds a rank, and its extents."""
        for axis, extents in zip(self.axes, self.extents, strict=True):
            if rank in (axis.outer, axis.inner):
                return axis, extents
        raise KeyError(rank)

    def replaced(self, axis: Axis, extents: Extents) -> Cut:
        """The same with one axis cut further."""
        index = self.axes.index(axis)
        parts = (*self.extents[:index], extents, *self.extents[index + 1 :])
        return Cut(self.axes, parts)


def iterations(extents: Extents) -> int:
    """Number of tiles."""
    return sum(count for _, count in extents)


def largest(extents: Extents) -> int:
    """The longest tile."""
    return max(extent for extent, _ in extents)


def axes_of(
    einsum: Einsum, loop_order: Sequence[str], unrolled: Sequence[str] = ()
) -> tuple[Axis, ...]:
    """The axes of an Einsum's iteration space.

    Args:
        einsum: whose conditions tell which ranks split another.
        loop_order: ranks of the loops that cut, outermost first. A split whose inner rank is
            looped first is treated as two plain ranks (its ragged end then takes the time and the
            traffic of a full one).
        unrolled: ranks unrolled over an array; a split whose outer rank is among them is treated
            in the same way.
    """
    axes: list[Axis] = []
    taken: set[str] = set()
    for condition in einsum.constraints:
        split = _split(condition, einsum.sizes)
        if split and not taken & {split.outer, str(split.inner)}:
            both = [rank for rank in loop_order if rank in (split.outer, split.inner)]
            if split.outer not in unrolled and both == sorted(both, key=split.outer.__ne__):
                axes.append(split)
                taken |= {split.outer, str(split.inner)}
    rest = [Axis(r, None, n, 1) for r, n in einsum.sizes.items() if r not in taken]
    return (*axes, *rest)


def _split(condition: Affine, sizes: Mapping[str, int]) -> Axis | None:
    """``length - 1 - (chunk*outer + inner) >= 0`` with inner as long as chunk, else None."""
    terms = dict(condition.terms)
    if len(terms) != 2 or condition.constant < 0:
        return None
    for inner, outer in (tuple(terms), tuple(reversed(terms))):
        chunk = -terms[outer]
        if terms[inner] == -1 and chunk == sizes[inner] and chunk > 1:
            return Axis(outer, inner, condition.constant + 1, chunk)
    return None


def full_cut(axes: tuple[Axis, ...]) -> Cut:
    """Nothing cut yet."""
    return Cut(axes, tuple(((axis.length, 1),) for axis in axes))


def cut_by(cut: Cut, rank: str, tile: int) -> Cut:
    """After a loop over a rank in tiles of ``tile`` of its own values."""
    axis, extents = cut.of(rank)
    size = tile * axis.chunk if rank == axis.outer else tile
    if all(extent <= size for extent, _ in extents):
        return cut
    counts: dict[int, int] = {}
    for extent, count in extents:
        whole, rest = divmod(extent, size)
        if whole:
            counts[size] = counts.get(size, 0) + whole * count
        if rest:
            counts[rest] = counts.get(rest, 0) + count
    return cut.replaced(axis, tuple(sorted(counts.items(), reverse=True)))
