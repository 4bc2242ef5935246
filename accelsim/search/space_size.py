"""How many mappings an exact search covers: what its proof is worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from math import factorial, prod

import numpy as np

from accelsim.errors import InputError
from accelsim.search.layer import Unit
from accelsim.search.mapspace import MapSpace
from accelsim.search.problem import problem_of

__all__ = ["choices_of", "dividing_ranks"]


def choices_of(unit: Unit) -> float:
    """Mappings in the space of an exact search, as far as they can differ in what they cost.

    Counted are, for every array: which memory keeps which tensor, the order of the stores in each
    memory and in the PEs, what is unrolled, and the tile of every rank at every store. Those that
    do not fit or that a rule excludes are among them; they are what the search has to tell apart.

    Args:
        unit: with method ``exact``; of several Einsums the choices for each add up, and ways to
            fuse them are not counted.
    """
    return sum(map(_of_space, _spaces(unit)))


def dividing_ranks(unit: Unit) -> tuple[str, ...]:
    """Ranks whose tiles must divide what they are in; of the others the last may be smaller."""
    found = {
        rank: i not in space.ragged
        for space in _spaces(unit)
        for i, rank in enumerate(space.problem.ranks)
    }
    return tuple(rank for rank, divides in found.items() if divides)


def _spaces(unit: Unit) -> Iterator[MapSpace]:
    """One for each Einsum and each array that performs it."""
    for name in unit.names:
        for array in unit.architecture.arrays.values():
            try:
                problem = problem_of(
                    name, unit.cascade, unit.architecture, array, bits=unit.words.__getitem__
                )
            except InputError:
                continue  # Does not perform its operations.
            yield MapSpace(problem, unit.search)


def _of_space(space: MapSpace) -> float:
    uses = len(space.problem.uses)
    orders = Counter[int]()
    for holding in space.holdings():
        # In the PEs every tensor is either kept or latched.
        held = [uses, *(len(kept) for kept in holding[1:])]
        orders[sum(held)] += prod(map(factorial, held))
    widths, _ = space.unrollings(space.ragged)
    total = 0.0
    for stores, ways in orders.items():
        chains = np.ones(len(widths))
        for rank, size in enumerate(space.problem.sizes):
            known, which = np.unique(widths[:, rank], return_inverse=True)
            perfect = rank not in space.ragged
            counts = [_chains(size, int(width), stores, perfect) for width in known]
            chains *= np.array(counts, float)[which.reshape(-1)]
        total += ways * float(chains.sum())
    return total


@cache
def _chains(size: int, tile: int, stores: int, perfect: bool) -> int:
    """Tile sizes of a rank at some stores, one in the other, from a tile outwards."""
    if stores == 0 or tile >= size:
        return 1
    count = -(-size // tile)
    growth = [by for by in range(1, count + 1) if not perfect or count % by == 0]
    return sum(_chains(size, min(tile * by, size), stores - 1, perfect) for by in growth)
