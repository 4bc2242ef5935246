"""Tile sizes of one rank, and what tiles of windows hold, for whole columns of candidates.

Tiles are nested so that each holds a whole number of the tiles inside it; with ``imperfect``
sizes the last one at every level may be smaller, at the end of its rank. A tile of ``e`` then
occurs ``ceil(N / e)`` times, whatever lies around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from accelsim.search.fit import divisors

__all__ = ["Floats", "Ints", "Kind", "factors", "grown", "span", "window_total"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

Kind = Literal["perfect", "fewest", "any"]
"""Which tile sizes a rank may have; see :func:`factors`."""


@lru_cache(maxsize=65536)
def factors(count: int, kind: Kind) -> tuple[int, ...]:
    """By how much a tile that occurs ``count`` times may grow, ascending from 1 to ``count``.

    Perfect: the divisors. Fewest: ``ceil(count / c)`` for every c; any other factor leaves as
    many tiles as a smaller one of these. Any: all.

    Example:
        >>> factors(10, "perfect"), factors(10, "fewest")
        ((1, 2, 5, 10), (1, 2, 3, 4, 5, 10))
    """
    if kind == "any":
        return tuple(range(1, count + 1))
    if kind == "perfect":
        return tuple(divisors(count))
    found, factor = [1], count
    while factor > 1:
        found.append(factor)
        factor = -(-count // -(-count // (factor - 1)))
    return tuple(sorted(found))


def grown(extents: Ints, size: int, kind: Kind, also: Ints | None = None) -> tuple[Ints, Ints]:
    """Every way in which the tiles of one rank may grow.

    Args:
        extents: tile sizes, one a candidate.
        size: of the rank, or of the tile that they may fill at most.
        kind: which tile sizes there are.
        also: sizes to which every smaller tile may grow besides.

    Returns:
        For each new candidate: the old one's position, and its tile size.
    """
    if not len(extents):
        return np.empty(0, np.int64), extents
    values, which = np.unique(extents, return_inverse=True)
    options = [_options(e, size, kind, also) for e in values.tolist()]
    lengths = np.array([len(option) for option in options])
    starts = np.concatenate(([0], np.cumsum(lengths)[:-1]))
    repeats = lengths[which]
    source = np.repeat(np.arange(len(extents)), repeats)
    offset = np.arange(len(source)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    flat = np.concatenate(options)
    return source, flat[starts[which[source]] + offset]


def _options(extent: int, size: int, kind: Kind, also: Ints | None) -> Ints:
    found = np.minimum(np.array(factors(-(-size // extent), kind), np.int64) * extent, size)
    if also is None:
        return found
    return np.unique(np.concatenate((found, also[also > extent])))


def span(coefficients: Sequence[int], extents: Sequence[Ints], length: int) -> Ints:
    """Elements from the first to the last that ``sum(c * i)`` reaches, as one strided run.

    The same as ``accelsim.mapping.volume`` counts for one tile; a rank of extent 0 empties it.
    """
    stride = np.zeros_like(extents[0])
    reach, combinations = np.zeros_like(stride), np.ones_like(stride)
    for coefficient, extent in zip(coefficients, extents, strict=True):
        stride = np.gcd(stride, np.where(extent > 1, abs(coefficient), 0))
        reach = reach + abs(coefficient) * np.maximum(extent - 1, 0)
        combinations = combinations * extent
    found = np.minimum(reach // np.maximum(stride, 1) + 1, np.minimum(combinations, length))
    return np.asarray(np.where(combinations > 0, found, 0), np.int64)


def window_total(
    coefficients: Sequence[int], parts: Sequence[Sequence[tuple[Ints, Ints]]], length: int
) -> Ints:
    """Elements that all tiles of a window hold together.

    Args:
        coefficients: one a rank.
        parts: for each rank, the extents of its tiles with how often each occurs.
        length: of the dimension.
    """
    total = np.zeros_like(parts[0][0][0])
    for choice in product(*parts):
        times = np.ones_like(total)
        for _, count in choice:
            times = times * count
        total = total + times * span(coefficients, [extent for extent, _ in choice], length)
    return total
