"""How a host cuts a product for a matrix core: tiles in their order, and what each is sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

__all__ = ["Tile", "tiles_of"]


@dataclass(frozen=True)
class Tile:
    """Elements of each rank, those beyond the product's end included."""

    m: slice
    n: slice
    k: slice
    new_a: bool
    """Whether its operands come with it; those of the tile before are still there otherwise."""
    new_b: bool
    ends: bool
    """Whether its results are complete."""


def tiles_of(counts: Sequence[int], units: Sequence[int], most: Sequence[int]) -> Iterator[Tile]:
    """Tiles of a product; K changes fastest, then N, then M.

    Args:
        counts: units of ranks M, N and K in the product.
        units: elements of each in a unit.
        most: units of each in the largest tile.
    """
    ms, ns, ks = (
        [slice(first * unit, min(first + step, count) * unit) for first in range(0, count, step)]
        for count, unit, step in zip(counts, units, most, strict=True)
    )
    for i, m in enumerate(ms):
        for j, n in enumerate(ns):
            for at, k in enumerate(ks):
                yield Tile(
                    m,
                    n,
                    k,
                    new_a=len(ks) > 1 or j == 0,
                    new_b=len(ks) > 1 or len(ns) > 1 or i == 0,
                    ends=at == len(ks) - 1,
                )
