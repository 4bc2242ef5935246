"""Which place of a genome is which store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accelsim.search.problem import Problem
from accelsim.search.store_order import StoreOrder

__all__ = ["Arrangement"]


@dataclass(frozen=True)
class Arrangement:
    """A store order, and the places of its stores among all places."""

    order: StoreOrder
    places: tuple[int, ...]

    @staticmethod
    def of(
        problem: Problem,
        holding: Sequence[Sequence[int]],
        orders: Sequence[Sequence[int]],
        doubled: frozenset[int],
    ) -> Arrangement:
        """The arrangement of a genome.

        Args:
            problem: the Einsum on an array.
            holding: for every level, innermost first, the tensors that it keeps.
            orders: for every level, outermost first, all tensors in their order.
            doubled: levels that hold every tile twice.
        """
        stores, places = [], []
        for i, tensors in enumerate(orders):
            level = len(problem.levels) - 1 - i
            for j, use in enumerate(tensors):
                if level == 0 or use in holding[level]:
                    stores.append((level, use))
                    places.append(i * len(tensors) + j)
        registers = frozenset() if problem.levels[0].latch else frozenset(holding[0])
        return Arrangement(StoreOrder(tuple(stores), registers, doubled), tuple(places))
