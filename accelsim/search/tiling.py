"""Tile sizes of one Einsum in a buffer: the ones with the least traffic, over a whole lattice.

The lattice holds, for every rank, powers of two of what the array takes at once, and the whole
rank. Traffic and occupancy are computed for all combinations together, in NumPy; they are
estimates in floating point that only choose the candidates, which are then counted exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from math import gcd, prod

import numpy as np
from numpy.typing import NDArray

from accelsim.einsum.cascade import Einsum, TensorAccess
from accelsim.mapping.mapping import Loop

__all__ = ["Tiling"]

_MAX_TILINGS = 200_000

Floats = NDArray[np.float64]


class Tiling:
    """All tilings of an Einsum.

    Args:
        einsum: the Einsum.
        words: tensor -> bits per element.
        widths: rank -> values that the array takes at once.
    """

    def __init__(
        self,
        einsum: Einsum,
        words: Mapping[str, int | float],
        widths: Mapping[str, int],
    ) -> None:
        self.einsum, self.words, self.widths = einsum, words, widths
        self.tensors = tuple(dict.fromkeys((einsum.output, *einsum.inputs)))

    def candidates(self, capacity_bits: int, *, keep_output: bool) -> list[tuple[Loop, ...]]:
        """For each tensor that may stay longest: the tile loops with the least traffic.

        Of tilings with the same traffic, the one that fills least. Where nothing fits, the
        smallest tiles, so that a full count can say what does not.

        Args:
            capacity_bits: of the buffer.
            keep_output: whether the output's tile stays in the buffer too.
        """
        ranks = list(self.einsum.sizes)
        if not ranks:
            return [()]
        filled = self._filled(keep_output)
        legal = filled <= capacity_bits
        if not np.any(legal):
            return [tuple(Loop(rank, self._lattice[rank][0]) for rank in ranks)]
        # Everything whole, where that fits; elsewhere the least traffic for each tensor.
        found: list[tuple[Loop, ...]] = [()] if legal.ravel()[-1] else []
        for stays in self.tensors:
            order = sorted(ranks, key=lambda rank: rank not in stays.ranks)
            traffic = np.where(legal, self._traffic(order, keep_output), np.inf).ravel()
            least = np.flatnonzero(traffic <= traffic.min() * (1 + 1e-12))
            pick = least[np.argmin(filled.ravel()[least])]
            chosen = {rank: int(self._tiles[rank].ravel()[pick]) for rank in ranks}
            loops = (Loop(r, chosen[r]) for r in order if chosen[r] < self.einsum.sizes[r])
            found.append(tuple(loops))
        return list(dict.fromkeys(found))

    @cached_property
    def _lattice(self) -> Mapping[str, list[int]]:
        """Tile sizes of each rank, coarser steps where there would be too many combinations."""
        factor = 2
        while True:
            sizes = {}
            for rank, size in self.einsum.sizes.items():
                tile, found = min(self.widths[rank], size), []
                while tile < size:
                    found.append(tile)
                    tile *= factor
                sizes[rank] = [*found, size]
            if prod(map(len, sizes.values())) <= _MAX_TILINGS:
                return sizes
            if max(map(len, sizes.values())) <= 2:
                break
            factor *= 2
        # Very many ranks: the shortest are taken whole.
        for rank in sorted(sizes, key=self.einsum.sizes.__getitem__):
            sizes[rank] = sizes[rank][-1:]
            if prod(map(len, sizes.values())) <= _MAX_TILINGS:
                break
        return sizes

    @cached_property
    def _tiles(self) -> Mapping[str, Floats]:
        """Rank -> its tile size, over all combinations."""
        axes = [np.array(sizes, float) for sizes in self._lattice.values()]
        return dict(zip(self._lattice, np.meshgrid(*axes, indexing="ij"), strict=True))

    @cached_property
    def _trips(self) -> Mapping[str, Floats]:
        """Rank -> how many tiles it is cut into."""
        return {r: np.ceil(n / self._tiles[r]) for r, n in self.einsum.sizes.items()}

    def _filled(self, keep_output: bool) -> Floats:
        """Bits in the buffer."""
        total = np.zeros_like(next(iter(self._tiles.values())))
        for access in self.tensors if keep_output else self.einsum.inputs:
            total = total + self._spans[access] * self.words[access.tensor]
        return total

    @cached_property
    def _spans(self) -> Mapping[TensorAccess, Floats]:
        """Elements of each access's tile."""
        return {access: self._tile(access) for access in self.tensors}

    def _tile(self, access: TensorAccess) -> Floats:
        """Elements of a tensor's tile, a halo included."""
        elements: Floats = np.ones_like(next(iter(self._tiles.values())))
        for index in access.indices:
            reach, combinations = np.zeros_like(elements), np.ones_like(elements)
            for rank, coefficient in index.terms:
                reach = reach + abs(coefficient) * (self._tiles[rank] - 1)
                combinations = combinations * self._tiles[rank]
            stride = gcd(*(coefficient for _, coefficient in index.terms)) or 1
            elements = elements * np.minimum(reach // stride + 1, combinations)
        return elements

    def _traffic(self, order: Sequence[str], keep_output: bool) -> Floats:
        """Bits between the outermost memory and the chip for tile loops in this order."""
        total: Floats = np.zeros_like(next(iter(self._tiles.values())))
        for access in self.tensors:
            output = access is self.einsum.output
            moved = self._spans[access]
            again = np.ones_like(moved)
            # An output that is not kept is drained before the next tile in any case.
            inner = np.full(moved.shape, output and not keep_output)
            for rank in reversed(order):
                trips = self._trips[rank]
                if rank in access.ranks:
                    moved = moved * trips
                    inner = inner | (trips > 1)
                else:
                    again = again * np.where(inner, trips, 1.0)
            # A partial result is written and read again; the first time it is only written.
            factor = 2 * again - 1 if output else again
            total = total + moved * factor * self.words[access.tensor]
        return total
