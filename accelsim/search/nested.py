"""Ragged tiles in ragged tiles, for many candidates at once: exact, whatever the tile sizes.

A rank that is cut by ever smaller tiles has full tiles of the last size, and one shorter piece for
every cut so far: what a cut leaves over of a full tile is the same everywhere. Later cuts make
these pieces shorter, their number stays. So a rank is two rows of numbers for every cut.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from accelsim.search.tiles import Floats

__all__ = ["Nested", "exact_type"]

_SINGLE, _DOUBLE = 2**22, 2**51
"""Of whole numbers up to these, the rounded quotient has the exact one's integer part."""


def exact_type(sizes: Sequence[int]) -> type[np.float32] | type[np.float64]:
    """The shortest floating-point type that divides ranks of these sizes exactly."""
    largest = max(sizes, default=1)
    if largest > _DOUBLE:
        raise ValueError(f"rank of {largest}, must be at most {_DOUBLE}")
    return np.float32 if largest <= _SINGLE else np.float64


class Nested:
    """The tiles of all ranks at one depth, [rank, candidate] each.

    Args:
        sizes: of the ranks.
        cuts: how many at most.
        count: candidates.
    """

    def __init__(self, sizes: Sequence[int], cuts: int, count: int) -> None:
        kind = exact_type(sizes)
        shape = (len(sizes), count)
        self.tile: Floats = np.empty(shape, kind)
        """Size of the full tiles."""
        self.tile[:] = np.array(sizes, kind)[:, None]
        self.full: Floats = np.ones(shape, kind)
        """How many full tiles there are."""
        self._rest: Floats = np.empty((cuts, *shape), kind)
        self._times: Floats = np.empty((cuts, *shape), kind)
        self._work: Floats = np.empty((cuts, *shape), kind)
        self._more: Floats = np.empty((cuts, *shape), kind)
        self.depth = 0

    def cut(self, tiles: Floats) -> None:
        """Cut every rank; tiles are no larger than those before."""
        at = self.depth
        quotient = self.tile / tiles
        np.floor(quotient, out=quotient)
        rest = self._rest[at]
        np.multiply(quotient, tiles, out=rest)
        np.subtract(self.tile, rest, out=rest)
        self._times[at] = self.full
        quotient *= self.full
        if at:
            shorter, work, more = self._rest[:at], self._work[:at], self._more[:at]
            np.divide(shorter, tiles, out=work)
            np.floor(work, out=work)
            np.multiply(work, tiles, out=more)
            np.subtract(shorter, more, out=shorter)
            np.multiply(work, self._times[:at], out=work)
            for part in work:
                quotient += part
        self.full, self.tile = quotient, tiles
        self.depth += 1

    def pieces(self, most: Floats | float = 1.0) -> Floats:
        """How many tiles there are; or the sum of their lengths, each counted up to ``most``."""
        at = self.depth
        total: Floats = self.full * np.minimum(self.tile, most)
        work = self._work[:at]
        np.minimum(self._rest[:at], most, out=work)
        np.multiply(work, self._times[:at], out=work)
        for part in work:
            total += part
        return total

    def columns(self, rank: int) -> list[tuple[Floats, Floats]]:
        """(length, how many) of the tiles of one rank, in double precision."""
        found = [(self.tile[rank], self.full[rank])]
        for i in range(self.depth):
            if self._rest[i, rank].any():
                found.append((self._rest[i, rank], self._times[i, rank]))
        return [(length.astype(np.float64), times.astype(np.float64)) for length, times in found]
