"""Fibers: what a loop over a rank walks along, also where the rank is split or has another name.

A rank M that some access splits, as in ``K[e, M0*m1+m0]``, is one fiber with the parts M1 and M0:
position ``M0*m1 + m0``. What holds only M1 is a summary per tile of it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property
from itertools import pairwise

from accelsim.einsum.cascade import Cascade, Einsum, Gathered, Index, TensorAccess, accesses
from accelsim.einsum.syntax import Access, walk

__all__ = ["Cover", "Fiber", "Reach", "fibers_of"]


class Cover(IntEnum):
    """How much of a fiber some ranks walk along."""

    NONE = 0
    """Not at all, or only inside a tile (M0 without M1): no position along the fiber."""
    COARSE = 1
    """The outermost part, but not all: a value per tile."""
    FINE = 2
    """Every element."""


class Reach(IntEnum):
    """Which part of a tensor's fiber an Einsum needs at one position of its own."""

    NONE = 0
    """The tensor has no such fiber."""
    ALIGNED = 1
    """What lies at the same position, or a bounded distance away."""
    FIRST = 2
    """The first element."""
    LAST = 3
    """One element further on, such as the last."""
    ANYWHERE = 4
    """Elements at other positions: from the far end, or wherever data say."""


@dataclass(frozen=True)
class Fiber:
    """One rank and the ranks that walk along it in its place.

    ``depth`` counts the outer parts that are held fixed: with M split into M1 and M0, depth 1 is
    the fiber of one tile.
    """

    rank: str
    splits: tuple[tuple[str, ...], ...]
    """Every way in which the rank is split, outermost part first; (Q,) is another name for it."""
    sizes: Mapping[str, int]
    depth: int = 0

    @cached_property
    def ways(self) -> tuple[tuple[str, ...], ...]:
        """Tuples of ranks that walk along the whole fiber."""
        whole = () if self.depth else ((self.rank,),)
        return whole + tuple(split[self.depth :] for split in self.splits if split[self.depth :])

    @property
    def name(self) -> str:
        """The rank; of one tile, the rank inside it."""
        return self.ways[0][0]

    @property
    def inside(self) -> Fiber | None:
        """The fiber of one tile, or None where the rank is not split further."""
        deeper = replace(self, depth=self.depth + 1)
        return deeper if deeper.ways else None

    @cached_property
    def weights(self) -> Mapping[str, int]:
        """Rank -> elements of the whole rank that one step of it spans."""
        found = {} if self.depth else {self.rank: 1}
        for split in self.splits:
            for i, part in enumerate(split[self.depth :], self.depth):
                found[part] = math.prod(self.sizes[inner] for inner in split[i + 1 :])
        return found

    def reported(self, rank: str) -> str:
        """The rank under which one of the fiber's ranks is reported: a part as the whole."""
        part = any(rank in split and len(split) > 1 for split in self.splits)
        return self.rank if part else rank

    def cover(self, ranks: Collection[str]) -> Cover:
        """How much of the fiber some ranks walk along."""
        found = Cover.NONE
        for way in self.ways:
            held = [rank in ranks for rank in way]
            if all(held):
                return Cover.FINE
            if held[0]:
                found = Cover.COARSE
        return found

    def reach(self, access: TensorAccess, tensor_ranks: Collection[str]) -> Reach:
        """Which part of the tensor's fiber an access needs."""
        if self.cover(tensor_ranks) < Cover.COARSE:
            return Reach.NONE
        dims = [
            (self.weights[rank], index)
            for rank, index in zip(tensor_ranks, access.indices, strict=True)
            if rank in self.weights
        ]
        # The outermost part says where along the fiber; what happens inside a tile stays there.
        weight, index = max(dims, key=lambda dim: dim[0])
        if isinstance(index, Gathered):
            return Reach.ANYWHERE
        along = [(self.weights[rank], c) for rank, c in index.terms if rank in self.weights]
        if not along:
            if index.terms:
                return Reach.ANYWHERE
            return Reach.LAST if index.constant else Reach.FIRST
        outer, coefficient = max(along)
        return Reach.ALIGNED if coefficient * weight == outer else Reach.ANYWHERE


def fibers_of(cascade: Cascade) -> tuple[Fiber, ...]:
    """The fibers of a cascade, in the order of its sizes; parts and other names are no fibers."""
    splits: dict[str, dict[tuple[str, ...], None]] = {}
    for rank, parts in _splits(cascade):
        splits.setdefault(rank, {})[parts] = None
    flat = {rank: tuple(_flattened(rank, splits, ())) for rank in splits}
    fibers = {rank: Fiber(rank, flat[rank], cascade.sizes) for rank in splits}
    for rank, other in _names(cascade):
        _merge(cascade, fibers, rank, other)
    inner = {part for fiber in fibers.values() for split in fiber.splits for part in split}
    used = {rank for tensor in cascade.tensors.values() for rank in tensor.ranks}
    used |= {rank for einsum in cascade.einsums for rank in einsum.sizes}
    return tuple(
        fibers.get(rank, Fiber(rank, (), cascade.sizes))
        for rank in cascade.sizes
        if rank in used and rank not in inner
    )


def _splits(cascade: Cascade) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(rank, its parts) of every access that splits a rank."""
    for einsum in cascade.einsums:
        for access, written in _written(einsum):
            ranks = cascade.tensors[access.tensor].ranks
            for rank, index, text in zip(ranks, access.indices, written.indices, strict=True):
                parts = _parts(index, str(text), cascade.sizes)
                if parts:
                    yield rank, parts


def _written(einsum: Einsum) -> Iterator[tuple[TensorAccess, Access]]:
    """Every access beside its text."""
    assert einsum.statement is not None
    texts = [node for node in walk(einsum.statement.expression) if isinstance(node, Access)]
    return zip(accesses(einsum.expression), texts, strict=True)


def _parts(index: Index, text: str, sizes: Mapping[str, int]) -> tuple[str, ...]:
    """The ranks that split another, outermost first, or none.

    Every step must span just what the ranks inside it walk through. A step of 1 splits only where
    the text names the size, as in ``M0*m1 + m0`` with M0 = 1: ``p + r`` is a window.
    """
    if isinstance(index, Gathered) or len(index.terms) < 2:
        return ()
    named = set(re.findall(r"\b[A-Z]\w*\b", text))
    parts = sorted(index.terms, key=lambda term: (-abs(term[1]), term[0] in named))
    span = 1
    for rank, coefficient in reversed(parts):
        if coefficient != span:
            return ()
        span *= sizes[rank]
    told = all(step > 1 or inner in named for (_, step), (inner, _) in pairwise(parts))
    return tuple(rank for rank, _ in parts) if told else ()


def _flattened(
    rank: str, splits: Mapping[str, Collection[tuple[str, ...]]], above: tuple[str, ...]
) -> Iterator[tuple[str, ...]]:
    """Every split of a rank, parts that are split in turn written out."""
    for parts in splits.get(rank, ()):
        if any(part in above or part == rank for part in parts):
            continue  # A rank that is a part of itself tells nothing.
        yield parts
        for i, part in enumerate(parts):
            for inner in _flattened(part, splits, (*above, rank)):
                yield (*parts[:i], *inner, *parts[i + 1 :])


def _names(cascade: Cascade) -> Iterator[tuple[str, str]]:
    """(rank of a tensor, rank of a reader that walks along it): `O[q] = T[q+r]`."""
    for einsum in cascade.einsums:
        for access in einsum.inputs:
            for rank, index in zip(
                cascade.tensors[access.tensor].ranks, access.indices, strict=True
            ):
                if isinstance(index, Gathered):
                    continue
                kept = [r for r, c in index.terms if c == 1 and r not in einsum.reduced]
                lost = [r for r, _ in index.terms if r in einsum.reduced]
                if len(kept) == 1 and len(kept) + len(lost) == len(index.terms):
                    yield rank, kept[0]


def _merge(cascade: Cascade, fibers: dict[str, Fiber], rank: str, other: str) -> None:
    """Treat two ranks as one fiber, unless some Einsum walks along both or one is a part."""
    first = _fiber_with(fibers, rank, cascade)
    second = _fiber_with(fibers, other, cascade)
    if first.rank == second.rank or second.splits or first.weights.get(rank) != 1:
        return
    if any(first.cover(einsum.sizes) and second.cover(einsum.sizes) for einsum in cascade.einsums):
        return
    fibers[first.rank] = replace(first, splits=(*first.splits, (second.rank,)))


def _fiber_with(fibers: Mapping[str, Fiber], rank: str, cascade: Cascade) -> Fiber:
    for fiber in fibers.values():
        if rank in fiber.weights:
            return fiber
    return fibers.get(rank, Fiber(rank, (), cascade.sizes))
