"""The Pareto front of energy and latency, as it grows during a search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelsim.search.tiles import Floats

__all__ = ["Front", "undominated"]

_SAME = 1 - 1e-12
"""Sums of floating-point numbers in another order differ by less."""


def undominated(
    columns: Sequence[Floats], groups: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """Positions of candidates that no other one of their group beats or equals in every column.

    Of equal ones one stays. With more than two columns a few dominated ones may stay, which
    costs time later and nothing else.
    """
    if groups is None:
        groups = np.zeros(len(columns[0]), np.int64)
    order = np.lexsort((*reversed(columns), groups))
    groups, columns = groups[order], [column[order] for column in columns]
    keep = np.ones(len(order), bool)
    if len(columns) == 1:
        keep[1:] = groups[1:] != groups[:-1]
        return order[keep]
    at = np.arange(len(order))
    for column in columns[1:]:
        # Whoever was the least in this column before: is it no worse in all the others?
        values, places = np.unique(column, return_inverse=True)
        falling = places - groups * len(values)
        least = np.minimum.accumulate(falling)
        fresh = np.concatenate(([True], falling[1:] < least[:-1]))
        leader = np.maximum.accumulate(np.where(fresh, at, 0))
        beaten = leader < at
        for other in columns:
            beaten &= other[leader] <= other
        keep &= ~beaten
    return order[keep]


class Front:
    """Mappings of which none is both slower and dearer than another.

    Args:
        most_cycles: mappings that take longer are of no interest.
        most_energy_pj: nor are those that need more.
    """

    def __init__(self, most_cycles: float = np.inf, most_energy_pj: float = np.inf) -> None:
        self.most_cycles, self.most_energy_pj = most_cycles, most_energy_pj
        self.energy: Floats = np.empty(0)
        self.cycles: Floats = np.empty(0)
        self.found: list[Any] = []

    def __len__(self) -> int:
        return len(self.found)

    def worth(self, energy: Floats, cycles: Floats) -> NDArray[np.bool_]:
        """Of lower bounds, which may still lead to something that is not on the front yet."""
        hopeful = (cycles <= self.most_cycles) & (energy <= self.most_energy_pj)
        if len(self.found):
            # The front ascends in energy, so the last one that is not dearer is the fastest.
            at = np.searchsorted(self.energy * _SAME, energy, side="right") - 1
            fastest = np.where(at >= 0, self.cycles[at], np.inf)
            hopeful &= cycles < fastest * _SAME
        return hopeful

    def add(self, energy: Floats, cycles: Floats, found: Sequence[Any]) -> None:
        """Take in candidates; what they beat leaves."""
        every = [*self.found, *found]
        energies = np.concatenate((self.energy, energy))
        times = np.concatenate((self.cycles, cycles))
        kept = undominated((energies, times))
        self.energy, self.cycles = energies[kept], times[kept]
        self.found = [every[i] for i in kept.tolist()]
